import { Router } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { Cells } from '../../sandbox/peers/cells.ts';
import { serveControl } from '../../sandbox/peers/control.ts';
import { Location } from '../../sandbox/peers/location.ts';
import { Platform } from '../../sandbox/peers/platform.ts';
import { ask, eventually } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();

const operation = 'GET /things';
let control: Peer;
let things: Peer;
let heard: { srcEcgi: { cellId: string }; trgEcgi: { cellId: string }[]; associateId: { value: string }[] }[];

beforeEach(async () => {
  heard = [];
  const around = { journal: new Journal(), faults: new Faults() };
  const location = new Location(`http://127.${NET}.0.21`);
  const platform = new Platform('platform-a1', `http://127.${NET}.0.21`, 'version');
  const routes = Router()
    .get('/things', (_req, res) => void res.json([]))
    .post('/heard', (req, res) => {
      heard.push(req.body as (typeof heard)[number]);
      res.status(204).end();
    })
    .use(platform.routes(around.faults, async () => undefined));
  things = await servePeer({ name: 'things', address: `127.${NET}.0.21`, port: 0, routes, state: () => 'all' }, around);
  control = await serveControl(`127.${NET}.0.20`, [things], new Cells(NET, [platform], location), around);
});
afterEach(async () => {
  await ask('DELETE', `${control.url}/faults`);
  await Promise.all([control.close(), things.close()]);
});

const faults = async () => (await ask<{ fired: number; held: number }[]>('GET', `${control.url}/faults`)).body;

describe('control over the peers', () => {
  it('orders a fault, shows how it fares, releases what it holds, forgets it', async () => {
    const ordered = await ask<{ id: string }>('POST', `${control.url}/faults`, {
      peer: 'things',
      operation,
      kind: 'hold',
      when: 'before',
    });
    expect(ordered.status).toBe(201);
    const call = ask('GET', `${things.url}/things`);
    await eventually(faults, ([fault]) => fault?.held === 1);
    expect(await faults()).toEqual([
      { id: ordered.body.id, peer: 'things', operation, nth: 1, kind: 'hold', when: 'before', fired: 1, held: 1 },
    ]);
    expect((await ask('POST', `${control.url}/faults/${ordered.body.id}/release`)).status).toBe(204);
    expect((await call).status).toBe(200);
    expect((await ask('DELETE', `${control.url}/faults`)).status).toBe(204);
    expect(await faults()).toEqual([]);
  });

  it('refuses a fault that is none, and the release of one that is not there', async () => {
    expect((await ask('POST', `${control.url}/faults`, { peer: 'things', operation, kind: 'gremlin' })).status).toBe(
      400,
    );
    expect(
      (await ask('POST', `${control.url}/faults`, { peer: 'things', operation: 'things', kind: 'reset' })).status,
    ).toBe(400);
    expect(
      (await ask('POST', `${control.url}/faults`, { peer: 'vantage-wifi', operation, kind: 'reset' })).body,
    ).toMatchObject({ status: 400, detail: 'vantage-wifi takes no faults; these do: things' });
    expect((await ask('POST', `${control.url}/faults/f9/release`)).status).toBe(404);
  });

  it('shows the log of the peers, not its own calls, and the state of each by name', async () => {
    await ask('GET', `${things.url}/things`);
    await ask('GET', `${things.url}/nothing`);
    const log = async (query: string) => (await ask('GET', `${control.url}/log${query}`)).body;
    expect(await log('')).toMatchObject([
      { n: 1, path: '/things' },
      { n: 2, path: '/nothing', status: 404 },
    ]);
    expect(await log('?since=1')).toMatchObject([{ n: 2 }]);
    expect((await ask('GET', `${control.url}/state`)).body).toEqual({ things: 'all' });
  });

  it('moves a device from cell to cell and back, which subscriptions tell', async () => {
    await ask('POST', `${things.url}/rni/v2/subscriptions`, {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `${things.url}/heard`,
      filterCriteriaAssocHo: {},
    });
    for (const user of ['ue-7', `127.${NET}.100.7`]) {
      expect((await ask('POST', `${control.url}/cellChange`, { user })).body).toEqual({ notifications: 1 });
    }
    await eventually(
      () => heard.length,
      (length) => length === 2,
    );
    const moves = heard.map(({ associateId: [device], srcEcgi, trgEcgi: [to] }) =>
      [device?.value, srcEcgi.cellId, to?.cellId].join(' '),
    );
    expect(moves.toSorted()).toEqual([`127.${NET}.100.7 00000a1 00000a2`, `127.${NET}.100.7 00000a2 00000a1`]);
  });
});
