import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answers, asking, openCatalogue } from '../../catalogue/database.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Wire } from '../support/wire.ts';

/** What kysely locks as it migrates. */
const MIGRATIONS = '3853314791062309107';

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

  it('that is brought up to date for longer than any question may take is waited for', async () => {
    await sql`drop schema public cascade; create schema public`.execute(own.catalogue);
    await own.catalogue.connection().execute(async (slow) => {
      await sql`select pg_advisory_lock(${MIGRATIONS}::bigint)`.execute(slow);
      const all = Promise.all([opened(), opened()]);
      all.catch(() => undefined); // told below
      await sql`select pg_sleep(3)`.execute(slow);
      await sql`select pg_sleep(3)`.execute(slow);
      await sql`select pg_advisory_unlock(${MIGRATIONS}::bigint)`.execute(slow);
      await all;
    });
    expect(await systems()).toBe(0);
  });

  it('that is up to date is opened by six questions: of every program that starts', async () => {
    const asked = vi.spyOn(Client.prototype, 'query');
    try {
      await opened();
      expect(asked.mock.calls).toHaveLength(6);
    } finally {
      asked.mockRestore();
    }
  });

  it('belongs to a world: what another one has left is thrown away, and its own kept', async () => {
    await opened('one');
    await addSystem();
    await opened('one');
    expect(await systems()).toBe(1);
    await opened('two');
    expect(await systems()).toBe(0);
  });

  it('whose connection breaks in the middle of a question is away, and the program lives on', async () => {
    const { hostname: host, port } = new URL(own.url);
    const server = await Wire.between('127.0.0.1', 0, { host, port: Number(port) });
    const url = new URL(own.url);
    url.host = `127.0.0.1:${server.port}`;
    const catalogue = await openCatalogue({ url: url.href, connections: 1 });
    const slow = asking(sql`select pg_sleep(60)`.execute(catalogue));
    setTimeout(() => (server.way = 'cut'), 200);
    await expect(slow).rejects.toMatchObject({ type: 'CatalogueUnavailable' });
    server.way = 'whole';
    await answers(catalogue);
    await catalogue.destroy();
    await server.close();
  });

  it('that was not heard in time is asked by another connection, and not by one that stood still', async () => {
    const { hostname: host, port } = new URL(own.url);
    const server = await Wire.between('127.0.0.1', 0, { host, port: Number(port) });
    const url = new URL(own.url);
    url.host = `127.0.0.1:${server.port}`;
    const catalogue = await openCatalogue({ url: url.href, connections: 1 });
    server.way = 'mute';
    await expect(answers(catalogue)).rejects.toMatchObject({ type: 'CatalogueUnavailable' });
    server.way = 'whole';
    await answers(catalogue);
    await catalogue.destroy();
    await server.close();
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
