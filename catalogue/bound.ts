import { type Selectable, sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';
import type { Tables } from './tables.ts';

/** What is consumed across operators, as it is now. */
export type Binding = Selectable<Tables['binding']>;

/** With whom. */
export type BindingKnown = Binding & { readonly partner: string | null };

type Known = { readonly [K in keyof Binding]: NonNullable<Binding[K]> };

/** What a binding is for. The same words again are the same binding. */
export type Bound = Pick<
  Known,
  'name' | 'agreement' | 'offer' | 'system' | 'platform' | 'kind' | 'offer_name' | 'solution' | 'operator'
> &
  Pick<Binding, 'for_application'>;

const known = (catalogue: Catalogue) =>
  catalogue
    .selectFrom('binding')
    .leftJoin('agreement', 'agreement.id', 'binding.agreement')
    .selectAll('binding')
    .select('agreement.partner');

export async function bindingById(catalogue: Catalogue, id: string): Promise<BindingKnown | undefined> {
  return await asking(known(catalogue).where('binding.id', '=', id).executeTakeFirst());
}

/** Both sides, without tombstones, in the order of their ids. `closed`: those too. */
export async function bindingsListed(
  catalogue: Catalogue,
  { after, limit, closed }: { readonly after?: string | undefined; readonly limit: number; readonly closed: boolean },
): Promise<readonly BindingKnown[]> {
  let query = known(catalogue).where('binding.kind', 'is not', null).orderBy('binding.id').limit(limit);
  if (!closed) query = query.where('binding.state', '!=', 'closed');
  if (after !== undefined) query = query.where('binding.id', '>', after);
  return await asking(query.execute());
}

/** How old it is, in seconds: by the clock of the database. */
export type Aged = Binding & { readonly age: number };

const age = sql<number>`floor(extract(epoch from now() - asked_at))::int`.as('age');

export async function bindingNamed(
  catalogue: Catalogue,
  name: Pick<Known, 'side' | 'agreement' | 'name'>,
): Promise<Aged | undefined> {
  return await asking(named(catalogue, name));
}

export const named = async (
  catalogue: Catalogue,
  { side, agreement, name }: Pick<Known, 'side' | 'agreement' | 'name'>,
): Promise<Aged | undefined> =>
  await catalogue
    .selectFrom('binding')
    .selectAll()
    .select(age)
    .where('side', '=', side)
    .where('agreement', '=', agreement)
    .where('name', '=', name)
    .executeTakeFirst();

/** What a partner uses of ours: not closed, in the order of their names, so that a page follows upon the last one. */
export async function producersOf(
  catalogue: Catalogue,
  agreement: string,
  { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly Aged[]> {
  return await asking(
    catalogue
      .selectFrom('binding')
      .selectAll()
      .select(age)
      .where('side', '=', 'producer')
      .where('agreement', '=', agreement)
      .where('state', '!=', 'closed')
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit)
      .execute(),
  );
}

/** Of the consumer: the address that applications call ends with it. */
export async function bindingOfSecret(catalogue: Catalogue, secret: string): Promise<Binding | undefined> {
  return await asking(catalogue.selectFrom('binding').selectAll().where('path_secret', '=', secret).executeTakeFirst());
}

/** Of one run, the newest candidate first. */
export async function bindingOfRun(catalogue: Catalogue, run: string): Promise<BindingKnown | undefined> {
  const newest = known(catalogue).where('binding.run', '=', run).orderBy('binding.asked_at', 'desc');
  return await asking(newest.executeTakeFirst());
}

type Place = Pick<Bound, 'system' | 'platform' | 'kind' | 'offer_name' | 'for_application'>;

/** What a platform has of what is offered by that name. */
export async function bindingAt(catalogue: Catalogue, place: Place): Promise<BindingKnown | undefined> {
  return await asking(known(catalogue).where(isAt(place)).where('binding.state', '!=', 'closed').executeTakeFirst());
}

export const isAt = ({ system, platform, kind, offer_name, for_application }: Place) =>
  sql<boolean>`side = 'consumer' and system = ${system} and platform = ${platform} and kind = ${kind}
    and offer_name = ${offer_name} and for_application is not distinct from ${for_application}`;
