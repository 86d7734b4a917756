import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Owner, Wait } from '../../activities/ports.ts';
import {
  type Carriage,
  type CopiedSubscriptions,
  copySubscriptions,
  dropVanished,
  foreseeSubscriptions,
  releaseSubscriptions,
  sightOf,
  strays,
} from '../../activities/relocation/subscriptions.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { busy } from '../support/busy.ts';
import type { Reply } from '../support/faulty-server.ts';
import { type PlayedServices, playedServices } from '../support/played-services.ts';

/** A service that is not there at one look, and there again before anybody does anything about it. */
const rni = '/rni/v2/subscriptions';
const amsi = '/amsi/v1/subscriptions';
const from: Owner = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
const to: Owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
const soon = (): AbortSignal => AbortSignal.timeout(Math.ceil(20_000 * busy()));
const kept = (keep: Wait['keep'] = () => undefined) => ({ signal: soon(), keep });

let source: PlayedServices;
let target: PlayedServices;
let carriage: Carriage;

beforeEach(async () => {
  source = await playedServices([rni, amsi], Math.ceil(1_000 * busy()));
  target = await playedServices([rni, amsi], Math.ceil(1_000 * busy()));
  carriage = {
    source: { name: 'a1', subscriptions: mecSubscriptions(source.peer.exchange) },
    target: { name: 'a2', subscriptions: mecSubscriptions(target.peer.exchange) },
    from,
    to,
    device: null,
    before: {},
  };
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([source.peer.close(), target.peer.close()]);
});

const measured = ({ instance, endpoint }: Owner, n: number, ...devices: readonly string[]) => ({
  subscriptionType: 'MeasRepUeSubscription',
  callbackReference: `http://${endpoint.host}:7000/reports/${n}`,
  filterCriteriaAssocTri: {
    appInstanceId: instance,
    associateId: [`10.0.0.${n}`, ...devices].map((value) => ({ type: 1, value })),
  },
});

const mobility = ({ instance, endpoint }: Owner) => ({
  subscriptionType: 'MobilityProcedureSubscription',
  callbackReference: `http://${endpoint.host}:7000/mobility`,
  filterCriteria: { appInstanceId: instance, mobilityStatus: [1] },
});

/** Somebody looks while no service is there. */
async function unseenAt(platform: PlayedServices, owner: Owner): Promise<void> {
  platform.before = () => ({ status: 404 });
  const { subscriptions } = platform === source ? carriage.source : carriage.target;
  expect(await subscriptions.list(owner, soon())).toMatchObject({ held: [], notCarried: [] });
  platform.before = () => undefined;
}

describe('where the service of the target was away a moment ago', () => {
  beforeEach(async () => {
    for (let n = 0; n < 9; n += 1) {
      source.hold(rni, `s${n}`, measured(from, n));
      target.hold(rni, `t${n}`, measured(to, n));
    }
    await unseenAt(target, to);
  });

  it.each([0, 61_000])('nothing is doubled, whether it is made at once or %d ms after the look', async (laterMs) => {
    const { subscriptions } = carriage.target;
    const now = performance.now.bind(performance);
    const list: typeof subscriptions.list = async (...asked) => {
      const seen = await subscriptions.list(...asked);
      vi.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
      return seen;
    };
    const { made } = await copySubscriptions(
      { ...carriage, target: { name: 'a2', subscriptions: { ...subscriptions, list } } },
      soon(),
    );
    expect([made, target.held.size]).toEqual([[], 9]);
  });

  it('nothing is doubled by two who copy to one instance at once', async () => {
    const copies = await Promise.all([copySubscriptions(carriage, soon()), copySubscriptions(carriage, soon())]);
    expect([copies.map(({ made }) => made), target.held.size]).toEqual([[[], []], 9]);
  });

  it("the target's own are not taken for copies whose answer was lost", async () => {
    const before: string[] = [];
    const journal = {
      begins: ({ had }: { readonly had: readonly { readonly id: string }[] }) =>
        void before.push(...had.map(({ id }) => id)),
      made: () => undefined,
    };
    await copySubscriptions(carriage, soon(), journal);
    expect(strays(carriage, await copySubscriptions(carriage, soon()), before)).toEqual([]);
  });
});

describe('where a service is away at one look of a step, and there at its next call', () => {
  const awayOnce = (platform: PlayedServices): void => {
    let away = true;
    platform.before = ({ method, path }) => {
      if (!away || method !== 'GET' || path !== rni) return undefined;
      away = false;
      return { status: 404 };
    };
  };

  beforeEach(() => void source.hold(rni, 's0', measured(from, 0)));

  it('at the target, nothing is doubled, and what it has is known', async () => {
    target.hold(rni, 't0', measured(to, 0));
    awayOnce(target);
    const copied = await copySubscriptions(carriage, soon());
    expect(copied).toMatchObject({ made: [], had: [{ id: `${rni}/t0` }] });
    expect([...target.held.keys()]).toEqual([`${rni}/t0`]);
  });

  it('at the source, copies of an earlier pass stay', async () => {
    const { made } = await copySubscriptions(carriage, soon());
    awayOnce(source);
    expect(await dropVanished(carriage, await copySubscriptions(carriage, soon()), made, soon())).toEqual([]);
    expect([...target.held.keys()]).toEqual(made);
  });

  it('at the source, nothing is released before all of it was seen', async () => {
    awayOnce(source);
    const copied = await copySubscriptions(carriage, soon());
    await expect(releaseSubscriptions(carriage, copied, kept())).rejects.toMatchObject({ type: 'NotYet' });
    expect([...source.held.keys()]).toEqual([`${rni}/s0`]);
  });
});

describe('what this relocation has made at the target', () => {
  beforeEach(() => void source.hold(rni, 's0', measured(from, 0)));
  const comparedLater = async ({ made, seen }: CopiedSubscriptions): Promise<CopiedSubscriptions> =>
    await copySubscriptions({ ...carriage, made, before: seen }, soon(), undefined, 'later');

  it.each([
    ['a list that is empty for a moment', { status: 200, json: { _links: { subscription: [] } } }],
    ['no entity for a moment', { status: 204 }],
  ])('is not made once more where there is %s', async (_, empty) => {
    const copied = await copySubscriptions(carriage, soon());
    target.before = ({ method, path }) => (method === 'GET' && path === rni ? empty : undefined);
    expect((await comparedLater(copied)).made).toEqual([]);
    expect([...target.held.keys()]).toEqual(copied.made);
  });

  it('is not made once more while its list is not there', async () => {
    const copied = await copySubscriptions(carriage, soon());
    target.before = ({ method, path }) => (method === 'GET' && path === rni ? { status: 404 } : undefined);
    await expect(comparedLater(copied)).rejects.toMatchObject({ type: 'NotYet' });
    expect([...target.held.keys()]).toEqual(copied.made);
  });

  it('is made once more where it is gone', async () => {
    const copied = await copySubscriptions(carriage, soon());
    target.held.clear();
    expect((await comparedLater(copied)).made).toHaveLength(1);
    expect([...target.held.values()]).toEqual([measured(to, 0)]);
  });
});

describe('where the service of the source was away a moment ago', () => {
  it('what is about the one who moves, and about others, is carried at the last comparison', async () => {
    carriage = { ...carriage, device: '10.0.0.1' };
    await unseenAt(source, from);
    source.hold(rni, 's0', measured(from, 1, '10.0.0.2'));
    expect((await foreseeSubscriptions(carriage, soon())).wanted).toHaveLength(1);
    await unseenAt(source, from);
    const copied = await copySubscriptions(carriage, soon());
    await releaseSubscriptions(carriage, copied, kept());
    expect([...target.held.values()]).toEqual([measured(to, 1, '10.0.0.2')]);
  });

  it('copies of an earlier pass stay', async () => {
    source.hold(rni, 's0', measured(from, 0));
    const { made } = await copySubscriptions(carriage, soon());
    await unseenAt(source, from);
    expect(await dropVanished(carriage, await copySubscriptions(carriage, soon()), made, soon())).toEqual([]);
    expect([...target.held.keys()]).toEqual(made);
  });

  it('what the target has no service for is foreseen', async () => {
    source.hold(rni, 's0', measured(from, 0));
    target.before = () => ({ status: 404 });
    await unseenAt(source, from);
    expect(await foreseeSubscriptions(carriage, soon())).toMatchObject({ wanted: [{}], lacking: [{}] });
  });
});

describe('what a step has seen at the source, and a later one of the same run does not see', () => {
  const one = `${rni}/s0`;
  const answering = (path: string, reply: Reply): void => {
    source.before = (heard) => (heard.method === 'GET' && heard.path === path ? reply : undefined);
  };
  const compared = async (): Promise<CopiedSubscriptions> => await copySubscriptions(carriage, soon());

  beforeEach(async () => {
    source.hold(rni, 's0', measured(from, 0));
    carriage = { ...carriage, before: (await compared()).seen };
  });

  it.each([404, 501, 403])('is not gone because its list is answered by %d', async (status) => {
    answering(rni, { status });
    await expect(compared()).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining(String(status)),
    });
  });

  it('is asked for by its id where its list is empty, and released', async () => {
    answering(rni, { status: 200, json: [] });
    const copied = await compared();
    expect([copied.made, copied.wanted.map(({ id }) => id)]).toEqual([[], [one]]);
    await releaseSubscriptions(carriage, copied, kept());
    expect([...source.held]).toEqual([]);
  });

  it.each<[string, Reply]>([
    ['it is said not to be there, and its list shows it', { status: 404 }],
    ['it may not be read', { status: 403 }],
    ['it is nothing', { status: 200, json: {} }],
    [
      'it cannot be carried over as it is now',
      { status: 200, json: { ...measured(from, 0), subscriptionType: 'Odd' } },
    ],
  ])('is not gone where %s', async (_, reply) => {
    answering(one, reply);
    await expect(compared()).rejects.toMatchObject({ type: 'NotYet', message: expect.stringContaining(one) });
  });

  it.each([404, 410])('is gone where its list does not show it, and it is answered by %d itself', async (status) => {
    source.held.clear();
    answering(one, { status });
    expect(await compared()).toMatchObject({ wanted: [], seen: { [rni]: [] } });
  });

  it('is gone where its name is that of somebody else by now', async () => {
    source.hold(rni, 's0', measured(to, 0));
    expect(await compared()).toMatchObject({ wanted: [], seen: { [rni]: [] } });
  });

  it('and was never there: a list without an entry of his that is not there any more may hide one', async () => {
    answering(amsi, { status: 501 });
    await expect(compared()).rejects.toMatchObject({ type: 'NotYet', message: expect.stringContaining(amsi) });
  });

  it('is not released for certain while its list is not there', async () => {
    const copied = await compared();
    answering(rni, { status: 404 });
    await expect(releaseSubscriptions(carriage, copied, kept())).rejects.toMatchObject({ type: 'NotYet' });
    source.before = () => undefined;
    const again = await compared();
    await releaseSubscriptions(carriage, again, kept());
    expect([[...source.held], again.made, target.held.size]).toEqual([[], [], 1]);
  });

  it('is not gone either where nobody but a first check has seen it', async () => {
    carriage = { ...carriage, before: (await foreseeSubscriptions(carriage, soon())).seen };
    answering(rni, { status: 404 });
    await expect(compared()).rejects.toMatchObject({ type: 'NotYet' });
  });

  it('costs no call where it is seen again', async () => {
    const began = source.peer.heard.length;
    await compared();
    const once = source.peer.heard.length - began;
    carriage = { ...carriage, before: {} };
    await compared();
    expect(source.peer.heard.length - began).toBe(2 * once);
  });
});

it('what is made at a service that comes up meanwhile is carried', async () => {
  for (const platform of [source, target])
    platform.before = ({ path }) => (path.startsWith(amsi) ? { status: 404 } : undefined);
  await copySubscriptions(carriage, soon());
  for (const platform of [source, target]) platform.before = () => undefined;
  source.hold(amsi, 'late', mobility(from));
  const copied = await copySubscriptions(carriage, soon());
  await releaseSubscriptions(carriage, copied, kept());
  expect([...source.held]).toEqual([]);
  expect([...target.held.values()]).toEqual([mobility(to)]);
});

it('what the source has is carried at the end also by a run that has seen none of its lists', async () => {
  source.hold(rni, 's0', measured(from, 0));
  const copied = await copySubscriptions(carriage, soon(), undefined, 'later');
  await releaseSubscriptions(carriage, copied, kept());
  expect([[...source.held], [...target.held.values()]]).toEqual([[], [measured(to, 0)]]);
});

it('what is made at a service that comes up before the last step is found by it, and carried by its next attempt', async () => {
  source.hold(rni, 's0', measured(from, 0));
  for (const platform of [source, target])
    platform.before = ({ path }) => (path.startsWith(amsi) ? { status: 404 } : undefined);
  const { seen } = await copySubscriptions(carriage, soon());
  for (const platform of [source, target]) platform.before = () => undefined;
  source.hold(amsi, 'late', mobility(from));
  const attempts = new Map<string, string>();
  const attempt = async (): Promise<void> => {
    const step = { ...carriage, ...sightOf({ seen }, { kept: (name) => attempts.get(name) }) };
    const copied = await copySubscriptions(step, soon(), undefined, 'later');
    await releaseSubscriptions(
      step,
      copied,
      kept((name, value) => void attempts.set(name, typeof value === 'string' ? value : value())),
    );
  };
  await expect(attempt()).rejects.toMatchObject({ type: 'NotYet' });
  expect([...source.held.keys()]).toEqual([`${amsi}/late`]);
  await attempt();
  expect([...source.held]).toEqual([]);
  expect([...target.held.values()]).toEqual([measured(to, 0), mobility(to)]);
});

it('what tells of others too, and was made after the comparison, is not left without a copy', async () => {
  carriage = { ...carriage, device: '10.0.0.1' };
  source.hold(rni, 's0', measured(from, 1, '10.0.0.2'));
  const copied = await copySubscriptions(carriage, soon());
  source.hold(rni, 'late', measured(from, 1, '10.0.0.3'));
  await expect(releaseSubscriptions(carriage, copied, kept())).rejects.toMatchObject({ type: 'NotYet' });
  const again = await copySubscriptions(carriage, soon());
  await releaseSubscriptions(carriage, again, kept());
  expect(target.held.size).toBe(2);
});
