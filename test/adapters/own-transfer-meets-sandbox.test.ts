import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Site } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { withoutContract } from '../../adapters/application/without-contract.ts';
import { Exchange } from '../../adapters/http.ts';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { Pace } from '../../configuration/peers.ts';
import { Carrier } from '../../sandbox/carrier/carrier.ts';
import { type Habits, wellBehaved } from '../../sandbox/carrier/state.ts';
import { ask } from '../support/asking.ts';
import { attemptOf } from '../support/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { PortWorld } from '../support/world.ts';

/**
 * What a provider answers for with `transfer: mec021`, seen: the activities and the adapter as they are, the sandbox's platform,
 * and two real instances of its carrier, with each of its four habits and without.
 */
const NET = `127.${(await claimNetwork()).net}`;
const DEVICE = `${NET}.100.1`;
const at = { cloud: `${NET}.41.1`, a1: `${NET}.21.1` } as const;
type Where = keyof typeof at;
const platform = new Exchange(
  { name: 'platform', url: `http://${NET}.2.11:8080`, timeoutMs: 4_000 },
  pino({ level: 'silent' }),
);
const mobility = mec021Mobility(platform, pino({ level: 'silent' }));

class Carried extends PortWorld {
  override readonly context = withoutContract;

  override async application(name: string) {
    return { ...(await super.application(name)), management: undefined, transfer: 'mec021' as const };
  }

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    const host = at[name as Where];
    const instance = { id: name, name: null, state: 'started' as const, endpoint: { host, port: 7_000 } };
    return { ...site, mobility, instances: { ...site.instances, list: async () => [instance] } };
  }
}

let system: MecSystem;
let carriers: Carrier[] = [];
const both = { chain: 'relocation:c/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
const order = { ...both, from: 'cloud', to: 'a1' };
const activities = relocationActivities({
  catalogue: new Carried(),
  pace: { ...Pace.parse({}), pollMs: 5 },
  digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
  turns: takingTurns(),
});

async function begin(lacking: Partial<Habits>): Promise<void> {
  const habits = { ...wellBehaved, ...lacking };
  carriers = (['cloud', 'a1'] as const).map(
    (id) => new Carrier({ id, host: at[id], port: 7_000, providerPort: 7_001, habits, lateMs: 60_000 }),
  );
  const [source, target] = carriers;
  await source?.open(undefined);
  await target?.open(`http://${NET}.2.11:8080`);
  await ask('POST', `http://${at.cloud}:7001/provider/found`, {
    users: { u: DEVICE },
    platform: `http://${NET}.2.11:8080`,
  });
  expect(await write('cloud', 1)).toBe(200);
}

const write = async (where: Where, number: number): Promise<number> =>
  (await ask('POST', `http://${at[where]}:7000/users/u/writes`, { number })).status;
const accepted = async (where: Where): Promise<unknown> =>
  (await ask<{ accepted: unknown }>('GET', `http://${at[where]}:7000/users/u`)).body.accepted;
const transfer = async (attempt = 1): Promise<unknown> =>
  await attemptOf({ attempt }).run<[typeof order], unknown, typeof activities.transferContext>(
    activities.transferContext,
    order,
  );
const fail = async (): Promise<void> => {
  const failed = { ...order, relied: true, calmAt: 0 };
  await attemptOf().run<[typeof failed], void, typeof activities.tellFailed>(activities.tellFailed, failed);
};

beforeAll(async () => {
  system = await mecSystem({
    name: 'cellular',
    meo: `${NET}.2.1`,
    hosts: [{ id: 'a1', address: `${NET}.2.11`, instances: `${NET}.21`, etag: 'version' }],
  });
});
afterEach(async () => {
  await Promise.all(carriers.map(async (carrier) => await carrier.close()));
  for (const id of ['cloud', 'a1']) system.platforms[0]?.mobility.dismiss(id);
});
afterAll(async () => await system?.close());

describe('a transfer by the application itself', () => {
  it('is over when the target has everything; the source accepts nothing more, until it is told FAILED', async () => {
    await begin({});
    expect(await transfer()).toMatchObject({ users: 1 });
    expect(await accepted('a1')).toEqual([[1, 1]]);
    expect([await write('cloud', 2), await write('a1', 3)]).toEqual([503, 200]);
    await fail();
    await eventually(async () => (await write('cloud', 2)) === 200);
  });

  it('is not asked for twice: what an earlier attempt has brought about is read', async () => {
    await begin({});
    await transfer();
    await transfer(2);
    const { body } = await ask<{ told: string[] }>('GET', `http://${at.cloud}:7001/provider/state`);
    expect(body.told).toEqual(['TRIGGERED']);
  });

  it('has two writers where the source goes on accepting: which the plan says is possible', async () => {
    await begin({ freezes: false });
    await transfer();
    expect([await write('cloud', 2), await write('a1', 3)]).toEqual([200, 200]);
    expect(await accepted('a1')).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });

  it('leaves users unserved for ever where the source does not accept again on FAILED', async () => {
    await begin({ thaws: false });
    await transfer();
    await fail();
    const told = async (): Promise<string[]> =>
      (await ask<{ told: string[] }>('GET', `http://${at.cloud}:7001/provider/state`)).body.told;
    await eventually(async () => (await told()).includes('FAILED'));
    expect(await write('cloud', 2)).toBe(503);
  });

  it('loses what was reported and is not there', async () => {
    await begin({ reportsTruly: false });
    expect(await transfer()).toMatchObject({ users: 1 });
    expect(await accepted('a1')).toEqual([]);
  });

  it('needs no target that refuses unknown users: the path turns after it', async () => {
    await begin({ refusesUnknown: false });
    expect(await write('a1', 7)).toBe(200);
    await transfer();
    expect(await accepted('a1')).toEqual([
      [1, 1],
      [7, 7],
    ]);
  });
});
