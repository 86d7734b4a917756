import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tidy } from '../../catalogue/tidying.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { manyOffers } from '../support/many-offers.ts';

let own: CatalogueOfTest;
beforeAll(async () => {
  own = await catalogueOfTest();
  await manyOffers(own.url, 200);
});
afterAll(async () => await own?.drop());

const counted = async (table: string): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(own.catalogue);
  return rows[0]?.n ?? 0;
};

it('what is not valid stays a day, and then goes with its aliases; what is valid stays', async () => {
  await sql`insert into alias (agreement, kind, inner_id)
    select (select id from agreement limit 1), 'offer', id from offer`.execute(own.catalogue);
  await sql`update offer set valid_until = now() - interval '23 hours' where name = 'everywhere'`.execute(
    own.catalogue,
  );
  await sql`update offer set valid_until = now() - interval '25 hours' where kind = 'application'`.execute(
    own.catalogue,
  );
  await sql`update offer set valid_until = now() + interval '1 hour' where name = 'rare'`.execute(own.catalogue);
  await sql`insert into asked (digest, complete, valid_until) values ('old', true, now() - interval '2 days'),
    ('new', true, now())`.execute(own.catalogue);
  await Promise.all([tidy(own.catalogue), tidy(own.catalogue)]);
  await tidy(own.catalogue);
  expect([await counted('offer'), await counted('alias'), await counted('asked')]).toEqual([160, 160, 1]);
});

it('a platform goes with what it offers, and a system with all', async () => {
  await sql`update platform set valid_until = now() - interval '2 days'`.execute(own.catalogue);
  await tidy(own.catalogue);
  expect([await counted('platform'), await counted('offer'), await counted('alias')]).toEqual([0, 0, 0]);
  await sql`delete from system`.execute(own.catalogue);
  expect([await counted('zone'), await counted('device')]).toEqual([0, 0]);
});

it('an answer is kept by nobody once whom there is to ask has changed', async () => {
  await sql`insert into asked (digest, complete, valid_until) values ('x', true, now() + interval '1 hour')`.execute(
    own.catalogue,
  );
  await sql`update agreement set link_ms = 9`.execute(own.catalogue);
  expect(await counted('asked')).toBeGreaterThan(0);
  await sql`update agreement set theirs = 'suspended' where partner = 'partner-1'`.execute(own.catalogue);
  expect(await counted('asked')).toBe(0);
});
