import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../catalogue/database.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';

let own: CatalogueOfTest;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());

const addSystem = async (): Promise<void> =>
  void (await own.catalogue
    .insertInto('system')
    .values({ name: 'cellular', provider: 'Operator A', operator: 'operator-a' })
    .execute());

const opened = async (world?: string): Promise<void> =>
  await (await openCatalogue({ url: own.url, connections: 2, world })).destroy();

const systems = async (): Promise<number> => (await own.catalogue.selectFrom('system').select('id').execute()).length;

describe('a catalogue', () => {
  it('is brought up to date by whichever program is first, also by many at once', async () => {
    await sql`drop schema public cascade; create schema public`.execute(own.catalogue);
    await Promise.all(Array.from({ length: 8 }, async () => await opened()));
    expect(await systems()).toBe(0);
  });

  it('belongs to a world: what another one has left is thrown away, and its own kept', async () => {
    await opened('one');
    await addSystem();
    await opened('one');
    expect(await systems()).toBe(1);
    await opened('two');
    expect(await systems()).toBe(0);
  });

  it('has a system of ours once, however its name is spelt', async () => {
    await addSystem();
    await expect(
      own.catalogue
        .insertInto('system')
        .values({ name: 'Cellular', provider: 'OPERATOR A', operator: 'operator-a' })
        .execute(),
    ).rejects.toMatchObject({ code: '23505' });
  });
});
