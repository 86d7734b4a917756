import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../../catalogue/database.ts';
import { TwoSides } from '../../support/two-sides.ts';

/** A database was lost, or set back to what it was some time ago, while the other operator has gone on. */
let sides: TwoSides;
let binding: string;
const name = `f${'a'.repeat(25)}`;

beforeAll(async () => {
  sides = await TwoSides.set();
});
afterAll(async () => await sides?.strike());
beforeEach(async () => await sides.begin());

const TABLES = ['will', 'agreement', 'system', 'zone', 'platform', 'offer', 'alias', 'binding', 'ledger'] as const;

/** As it is now, to be set back to. */
async function saved(catalogue: Catalogue): Promise<() => Promise<void>> {
  const rows = await Promise.all(
    TABLES.map(async (table) => {
      const all = sql<{ all: string }>`select coalesce(jsonb_agg(t), '[]')::text as all from ${sql.table(table)} as t`;
      return [table, (await all.execute(catalogue)).rows[0]?.all ?? '[]'] as const;
    }),
  );
  return async () => {
    await sql`truncate ${sql.join(TABLES.map((table) => sql.table(table)))} cascade`.execute(catalogue);
    for (const [table, all] of rows)
      await sql`insert into ${sql.table(table)} overriding system value
        select * from jsonb_populate_recordset(null::${sql.table(table)}, ${all}::jsonb)`.execute(catalogue);
  };
}

/** What we offer ourselves is told again by our orchestrators. */
async function lost(catalogue: Catalogue): Promise<void> {
  for (const table of ['agreement', 'will', 'ledger', 'binding'] as const) await catalogue.deleteFrom(table).execute();
}

async function open(): Promise<void> {
  ({ id: binding } = await sides.reserved(name));
  await sides.announcedUnheard();
  expect(await sides.openedThere()).toBe(true);
  await sides.means.bindings.announced(binding);
  expect(await sides.means.bindings.opened(binding, null)).toBe(true);
  // What was only just announced is left alone
  await sql`update binding set asked_at = now() - interval '2 minutes'`.execute(sides.there.catalogue);
}

const held = async ({ catalogue }: TwoSides['here']): Promise<string[]> =>
  (await catalogue.selectFrom('binding').select('name').where('state', '!=', 'closed').execute()).map(
    (row) => row.name,
  );

/** Until nothing changes any more; what was told on the way. */
async function settled(): Promise<(string | null)[]> {
  const told = [await sides.round(), await sides.round()];
  expect([await held(sides.here), await held(sides.there)]).toEqual([[], []]);
  expect(await sides.round()).toBeNull();
  expect(await sides.means.bindings.left('a')).toEqual([]);
  return told;
}

const why = async (): Promise<string | null | undefined> => (await sides.means.bindings.one(binding))?.why;

/** It can be used as before. */
async function anew(): Promise<void> {
  ({ id: binding } = await sides.reserved(`g${'b'.repeat(25)}`));
  await sides.announcedUnheard();
  expect(await sides.openedThere()).toBe(true);
}

describe('whoever serves', () => {
  it('to nothing: what was bound is over, and is bound again under another agreement', async () => {
    await open();
    await lost(sides.there.catalogue);
    await sides.endsHere(); // as its relation is gone
    await sides.joins();
    expect(await settled()).toEqual([null, null]);
    await anew();
  });

  it('to before it was announced: it is over, and it is told that only one ledger has it', async () => {
    const back = await saved(sides.there.catalogue);
    await open();
    await back();
    expect(await settled()).toEqual([null, null]);
    expect(await why()).toBe('the partner has ended it; its ledger has no line of it, as ours has: was it set back?');
    await anew();
  });

  it('to when what is over was open: it is ended there, once more', async () => {
    await open();
    const back = await saved(sides.there.catalogue);
    await sides.withdraws(binding);
    await back();
    expect(await settled()).toEqual([null, null]);
    const { here, there } = await sides.ledgers();
    expect(here).toEqual(there);
    expect(await why()).toBe('given up');
  });
});

describe('whoever uses', () => {
  it('to nothing: it gets the same context, and what the partner holds for it is ended and told', async () => {
    await open();
    const { context } = sides;
    await lost(sides.here.catalogue);
    await sides.joins();
    expect(sides.context).toBe(context);
    expect(await settled()).toEqual([
      `a held ${name} for us, of which our ledger has no line, as the one of a has: was our database set back? It is ended there`,
      null,
    ]);
    await anew();
  });

  it('to before it was announced: it is ended there, and told', async () => {
    const back = await saved(sides.here.catalogue);
    await open();
    await back();
    expect(await settled()).toEqual([expect.stringContaining(`a held ${name} for us`), null]);
    await anew();
  });

  it('to when what is over was open: it is over', async () => {
    await open();
    const back = await saved(sides.here.catalogue);
    await sides.withdraws(binding);
    await sql`update binding set closed_at = now() - interval '3 days'`.execute(sides.there.catalogue);
    await sql`delete from binding`.execute(sides.there.catalogue); // swept
    await back();
    expect(await settled()).toEqual([null, null]);
    const { here, there } = await sides.ledgers();
    expect(here).toEqual(there);
  });
});
