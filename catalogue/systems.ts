import { type Selectable, sql, type SqlBool } from 'kysely';
import { asking, type Catalogue } from './database.ts';
import { announce } from './notices.ts';
import type { Tables } from './tables.ts';

/** A MEC system: ours, or learned of a partner. */
export type Member = Selectable<Tables['system']>;

/** Which members are seen: ours, and those of these agreements. */
export interface Sight {
  readonly agreements: readonly string[];
}

/** Of each that is given, one of its values; names and providers in any case of letters. */
export interface Wanted {
  readonly ids?: readonly string[];
  readonly names?: readonly string[];
  readonly providers?: readonly string[];
}

export interface Page {
  readonly members: readonly Member[];
  /** The id after which the next page begins; null: this is the last. */
  readonly next: string | null;
}

/** In the order of their ids, so that a page is one range of an index. */
export async function membersListed(
  catalogue: Catalogue,
  sight: Sight,
  { wanted = {}, after, limit }: { wanted?: Wanted; after?: string | undefined; limit: number },
): Promise<Page> {
  const { ids, names, providers } = wanted;
  let query = catalogue.selectFrom('system').selectAll().where(seen(sight));
  if (ids !== undefined) query = query.where(sql<SqlBool>`id = any(${ids.filter(isId)}::uuid[])`);
  if (names !== undefined) query = query.where(sql<SqlBool>`lower(name) in (${lowered(names)})`);
  if (providers !== undefined) query = query.where(sql<SqlBool>`lower(provider) in (${lowered(providers)})`);
  if (after !== undefined) query = query.where('id', '>', after);
  const found = await asking(
    query
      .orderBy('id')
      .limit(limit + 1)
      .execute(),
  );
  const members = found.slice(0, limit);
  return { members, next: found.length > limit ? (members.at(-1)?.id ?? null) : null };
}

export async function memberOf(catalogue: Catalogue, sight: Sight, id: string): Promise<Member | undefined> {
  const { members } = await membersListed(catalogue, sight, { wanted: { ids: [id] }, limit: 1 });
  return members[0];
}

export interface Registration {
  readonly name: string;
  readonly provider: string;
  readonly operator: string;
  /** Its name in the configuration, and its MEO's. */
  readonly local: string;
  readonly meo: string;
  readonly client: string;
}

/** `taken`: another of ours has this name and provider. `registered`: this client has registered its system before. */
export async function register(
  catalogue: Catalogue,
  registration: Registration,
): Promise<Member | 'taken' | 'registered'> {
  const { name, provider } = registration;
  const member = await unlessThere(
    catalogue.transaction().execute(async (transaction) => {
      const made = await transaction.insertInto('system').values(registration).returningAll().executeTakeFirstOrThrow();
      await announce(transaction, [made]);
      return made;
    }),
  );
  if (member !== 'there') return member;
  const { members } = await membersListed(catalogue, onlyOurs, {
    wanted: { names: [name], providers: [provider] },
    limit: 1,
  });
  return members.length > 0 ? 'taken' : 'registered';
}

const onlyOurs: Sight = { agreements: [] };

/** `foreign`: it is not this client's to change. */
export async function change(
  catalogue: Catalogue,
  sight: Sight,
  { id, client, name, endpoint }: { id: string; client: string; name?: string | undefined; endpoint?: unknown },
): Promise<Member | 'unknown' | 'foreign' | 'taken'> {
  const members = await unlessThere(
    catalogue.transaction().execute(async (transaction) => {
      const changed = await transaction
        .updateTable('system')
        .set({
          version: sql`version + 1`,
          seen_at: sql`now()`,
          ...(name !== undefined && { name }),
          ...(endpoint !== undefined && { endpoint: JSON.stringify(endpoint) }),
        })
        .where(ownedBy(client, id))
        .returningAll()
        .execute();
      await announce(transaction, changed);
      return changed;
    }),
  );
  if (members === 'there') return 'taken';
  return members[0] ?? (await notTheirs(catalogue, sight, id));
}

export async function withdraw(
  catalogue: Catalogue,
  sight: Sight,
  { id, client }: { id: string; client: string },
): Promise<'gone' | 'unknown' | 'foreign'> {
  const gone = await asking(
    catalogue.transaction().execute(async (transaction) => {
      const members = await transaction.deleteFrom('system').where(ownedBy(client, id)).returningAll().execute();
      await announce(transaction, members);
      return members.length > 0;
    }),
  );
  return gone ? 'gone' : await notTheirs(catalogue, sight, id);
}

/** Clients whose system is registered. */
export async function registeredClients(catalogue: Catalogue): Promise<ReadonlySet<string>> {
  const rows = await asking(catalogue.selectFrom('system').select('client').where('client', 'is not', null).execute());
  return new Set(rows.flatMap(({ client }) => client ?? []));
}

const seen = ({ agreements }: Sight) =>
  sql<SqlBool>`(agreement is null or 
    (agreement = any(${agreements}::uuid[]) and coalesce(valid_until > now(), true)))`;

export const ownedBy = (client: string, id: string) =>
  sql<SqlBool>`agreement is null and client = ${client} and id = ${isId(id) ? id : null}::uuid`;

export const notTheirs = async (catalogue: Catalogue, sight: Sight, id: string): Promise<'unknown' | 'foreign'> =>
  (await memberOf(catalogue, sight, id)) === undefined ? 'unknown' : 'foreign';

/** Lowered by the database, whose locale decides what is one letter. What it cannot hold is nobody's. */
const lowered = (texts: readonly string[]) =>
  sql.join([sql`null`, ...texts.filter((text) => !text.includes('\0')).map((text) => sql`lower(${text})`)]);

/** What is no id names nothing. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** Of two who write the same at once an index lets one through. */
async function unlessThere<T>(written: Promise<T>): Promise<T | 'there'> {
  try {
    return await asking(written);
  } catch (error) {
    if ((error as { code?: string }).code === '23505') return 'there';
    throw error;
  }
}
