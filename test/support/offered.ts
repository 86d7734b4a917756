import type { Catalogue } from '../../catalogue/database.ts';
import type { Tables } from '../../catalogue/tables.ts';
import { type Insertable, sql } from 'kysely';

type More<T extends keyof Tables> = Partial<Insertable<Tables[T]>>;

/** Rows as an orchestrator's inventory makes them. */
export class Offered {
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  async system(local: string, more: More<'system'> = {}): Promise<string> {
    const row = { local, name: local.replace('system-', ''), provider: 'Operator A', operator: 'operator-a', ...more };
    return await this.#made('system', { meo: 'meo-inner', told_at: new Date(), ...row });
  }

  async zone(system: string, id: string, at: { lat: number; lon: number }): Promise<string> {
    return await this.#made('zone', { system, foreign_id: id, at: `(${at.lon},${at.lat})` });
  }

  async platform(system: string, host: string, zone: string | null = null): Promise<string> {
    return await this.#made('platform', { system, foreign_id: host, zone });
  }

  async offer(platform: string, name: string, { kind = 'service', ...more }: More<'offer'> = {}): Promise<string> {
    const { system, zone, foreign_id } = await this.#catalogue
      .selectFrom('platform')
      .select(['system', 'zone', 'foreign_id'])
      .where('id', '=', platform)
      .executeTakeFirstOrThrow();
    return await this.#made('offer', {
      platform,
      system,
      zone,
      kind,
      platform_foreign_id: foreign_id,
      foreign_id: `${kind}-of-${name}-inside`,
      name,
      version: '1',
      state: 'ACTIVE',
      transport: 'REST_HTTP',
      serializer: 'JSON',
      endpoint: 'http://10.3.0.7:8080/inner',
      ...more,
    });
  }

  /** Many of one name at once. */
  async crowd(platform: string, name: string, many: number): Promise<void> {
    await sql`
      insert into offer (platform, platform_foreign_id, system, kind, foreign_id, name, version, state)
      select platform.id, platform.foreign_id, platform.system, 'service', 'inside-' || nth, ${name}, '1', 'ACTIVE'
      from platform, generate_series(1, ${many}::int) as nth where platform.id = ${platform}`.execute(this.#catalogue);
  }

  async device(tag: string, system: string): Promise<void> {
    const valid_until = new Date(Date.now() + 3_600_000);
    await this.#catalogue.insertInto('device').values({ tag, system, valid_until }).execute();
  }

  async #made(table: 'system' | 'zone' | 'platform' | 'offer', row: object): Promise<string> {
    const made = await this.#catalogue
      .insertInto(table)
      .values(row as never)
      .returning('id' as never)
      .executeTakeFirstOrThrow();
    return (made as { id: string }).id;
  }
}
