import { sql } from 'kysely';
import { type Catalogue, inOne } from './database.ts';
import { notTheirs, ownedBy } from './systems.ts';

/** Which devices a system of ours serves, by their tags, as its MEO tells it. */

interface Told {
  readonly id: string;
  readonly client: string;
  readonly tag: string;
}

export interface DeviceHad {
  readonly platform?: string | undefined;
  readonly application?: string | undefined;
  readonly expiresInSeconds: number;
}

export async function deviceTold(
  catalogue: Catalogue,
  { id, client, tag }: Told,
  { platform, application, expiresInSeconds }: DeviceHad,
): Promise<'kept' | 'unknown' | 'foreign' | 'noPlatform'> {
  return await inOne(catalogue, async (transaction) => {
    const system = await transaction
      .selectFrom('system')
      .select('id')
      .where(ownedBy(client, id))
      .forKeyShare()
      .executeTakeFirst();
    if (system === undefined) return await notTheirs(transaction, { agreements: [] }, id);
    const at =
      platform === undefined
        ? null
        : await transaction
            .selectFrom('platform')
            .select('id')
            .where('system', '=', id)
            .where('foreign_id', '=', platform)
            .executeTakeFirst();
    if (at === undefined) return 'noPlatform';
    const told = {
      platform: at?.id ?? null,
      application: application ?? null,
      valid_until: sql<Date>`now() + make_interval(secs => ${expiresInSeconds})`,
    };
    await transaction
      .insertInto('device')
      .values({ tag, system: id, ...told })
      .onConflict((conflict) => conflict.columns(['tag', 'system']).doUpdateSet({ ...told, seen_at: sql`now()` }))
      .execute();
    return 'kept';
  });
}

/** One that is not there is gone too. */
export async function deviceLeft(
  catalogue: Catalogue,
  { id, client, tag }: Told,
): Promise<'gone' | 'unknown' | 'foreign'> {
  return await inOne(catalogue, async (transaction) => {
    const system = await transaction.selectFrom('system').select('id').where(ownedBy(client, id)).executeTakeFirst();
    if (system === undefined) return await notTheirs(transaction, { agreements: [] }, id);
    await transaction.deleteFrom('device').where('system', '=', id).where('tag', '=', tag).execute();
    return 'gone';
  });
}
