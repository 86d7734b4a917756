import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callbacks } from '../../adapters/mec040/callbacks.ts';
import { due } from '../../catalogue/notices.ts';
import { Membership } from '../../sandbox/peers/membership.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { eventually } from '../support/eventually.ts';
import { Federator } from '../support/mec040.ts';

/** An orchestrator of the sandbox as a client of MEC 040: nothing between the two but HTTP. */
let own: CatalogueOfTest;
let federator: Federator;
let tokens: Server;
let folder: string;
let meo: Server;
let membership: Membership;
beforeAll(async () => {
  [own, folder] = await Promise.all([catalogueOfTest(), mkdtemp(join(tmpdir(), 'ferry-meo-'))]);
  federator = await Federator.start(own, { plain: true });
  await writeFile(join(folder, 'secret'), 'known to both');
  // The issuer's token endpoint (RFC 6749, 4.4)
  tokens = createServer((_req, res) => {
    void issued(res);
  });
  await once(tokens.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  tokens?.close();
  await federator?.stop();
  await own?.drop();
  await rm(folder, { recursive: true });
});

async function issued(res: ServerResponse): Promise<void> {
  const access_token = await federator.token({ client_id: 'meo-one', scope: 'fed_enablement' });
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ access_token, token_type: 'Bearer', expires_in: 300 }));
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(async () => {
  await sql`truncate system, subscription, notice cascade`.execute(own.catalogue);
  const served = express().use(express.json());
  meo = createServer(served);
  await once(meo.listen(0, '127.0.0.1'), 'listening');
  membership = new Membership('one', urlOf(meo), {
    url: federator.api.url,
    issuer: urlOf(tokens),
    client: 'meo-one',
    secretFile: join(folder, 'secret'),
    provider: 'Operator A',
  });
  served.use(membership.routes());
});
afterEach(async () => {
  await membership.end();
  meo.closeAllConnections();
  meo.close();
});

const systems = async () => await own.catalogue.selectFrom('system').select(['id', 'name', 'endpoint']).execute();
const subscriptions = async () => await own.catalogue.selectFrom('subscription').select('callback').execute();
const settled = async (): Promise<void> =>
  await eventually(async () => (await subscriptions()).length === 1 && (await systems())[0]?.endpoint !== null);

describe('an orchestrator of the sandbox', () => {
  it('registers its system, says where it is, subscribes, and leaves nothing at its end', async () => {
    membership.start();
    await settled();
    expect(await systems()).toMatchObject([{ name: 'one', endpoint: { uris: [urlOf(meo)] } }]);
    expect(await subscriptions()).toEqual([{ callback: `${urlOf(meo)}/fed_notifications` }]);
    await membership.end();
    expect([await systems(), await subscriptions()]).toEqual([[], []]);
  });

  it('finds its system where the answer to its registration was lost', async () => {
    const { status } = await federator.ask('POST', '/fed_enablement/v1/fed_resources/system_info', {
      body: { systemName: 'one', systemProvider: 'Operator A' },
    });
    expect(status).toBe(201);
    const before = await systems();
    membership.start();
    await settled();
    expect((await systems()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });

  it('registers and subscribes again when the federator knows nothing of it any more', async () => {
    membership.start();
    await settled();
    const before = await systems();
    await sql`truncate system, subscription, notice cascade`.execute(own.catalogue);
    await settled();
    expect((await systems())[0]?.id).not.toBe(before[0]?.id);
  });

  it('hears of others', async () => {
    membership.start();
    await settled();
    await sql`delete from notice`.execute(own.catalogue);
    await federator.ask('POST', '/fed_enablement/v1/fed_resources/system_info', {
      client: 'meo-two',
      body: { systemName: 'two', systemProvider: 'Operator A' },
    });
    const tell = callbacks(() => undefined, pino({ level: 'silent' }));
    for (const one of await due(own.catalogue)) await tell(one, AbortSignal.timeout(10_000));
    expect(membership.state()).toMatchObject({ registered: true, subscribed: true, heard: [['two']] });
  });
});
