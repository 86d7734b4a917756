import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Owner } from '../../activities/ports.ts';
import {
  bothHave,
  type Carriage,
  copySubscriptions,
  removeEach,
  foreseeSubscriptions,
  releaseSubscriptions,
  strays,
} from '../../activities/relocation/subscriptions.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { busy } from '../support/busy.ts';
import { type PlayedServices, playedServices } from '../support/played-services.ts';

/** Two platforms, and what a relocation does with the subscriptions at them from its first step to its last. */
const rni = '/rni/v2/subscriptions';
const amsi = '/amsi/v1/subscriptions';
const from: Owner = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
const to: Owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
const soon = (): AbortSignal => AbortSignal.timeout(Math.ceil(20_000 * busy()));
const kept = () => ({ signal: soon(), keep: () => undefined });

let source: PlayedServices;
let target: PlayedServices;
let carriage: Carriage;

beforeEach(async () => {
  source = await playedServices([rni, amsi]);
  target = await playedServices([rni, amsi]);
  carriage = {
    source: { name: 'a1', subscriptions: mecSubscriptions(source.peer.exchange) },
    target: { name: 'a2', subscriptions: mecSubscriptions(target.peer.exchange) },
    from,
    to,
    device: null,
    before: {},
  };
});
afterEach(async () => await Promise.all([source.peer.close(), target.peer.close()]));

const measured = (appInstanceId: string, n: number) => ({
  subscriptionType: 'MeasRepUeSubscription',
  callbackReference: `http://10.2.1.7:7000/reports/${n}`,
  filterCriteriaAssocTri: { appInstanceId, associateId: [{ type: 1, value: `10.0.0.${n}` }] } as object,
});
const fill = (filled: object) => (body: Record<string, unknown>) => ({
  ...body,
  filterCriteriaAssocTri: { ...(body['filterCriteriaAssocTri'] as object), ...filled },
});

/** As the steps of a relocation do it: 1, 4, 7 and 9. */
async function wholeRun(): Promise<number> {
  const began = source.peer.heard.length + target.peer.heard.length;
  const { seen } = await foreseeSubscriptions(carriage, soon());
  const {
    wanted,
    made,
    seen: copiedAhead,
  } = await copySubscriptions({ ...carriage, before: seen }, soon(), undefined, 'ahead');
  expect(wanted).toHaveLength(3);
  expect(made).toHaveLength(3);
  const again = await copySubscriptions({ ...carriage, before: copiedAhead }, soon(), undefined, 'later');
  expect(again.made).toEqual([]);
  const last = await copySubscriptions({ ...carriage, before: again.seen }, soon(), undefined, 'later');
  await releaseSubscriptions(carriage, last, kept());
  expect(last.made).toEqual([]);
  return source.peer.heard.length + target.peer.heard.length - began;
}

describe('subscriptions that go from platform to platform', () => {
  beforeEach(() => {
    for (let n = 0; n < 3; n += 1) source.hold(rni, `s${n}`, measured('i1', n));
  });

  it('stay the same although each server fills in what it likes', async () => {
    source.held.clear();
    const inTheirWay = fill({ trigger: [1], vendor: { since: 1 }, ecgi: [] });
    for (let n = 0; n < 3; n += 1) source.hold(rni, `s${n}`, { ...inTheirWay(measured('i1', n)), id: n });
    // It knows nothing of the other's vendor, and has members of its own
    target.taking = (body) => ({ ...fill({ vendor: undefined, priority: 'low' })(body), owner: 'somebody' });
    await wholeRun();
    expect([...target.held.values()]).toMatchObject(
      [0, 1, 2].map((n) => ({
        callbackReference: `http://10.3.1.7:7000/reports/${n}`,
        filterCriteriaAssocTri: { appInstanceId: 'i9', trigger: [1] },
      })),
    );
    expect([...source.held]).toEqual([]);
  });

  it('cost a relocation the same with a thousand of others at either platform, but for one read of each', async () => {
    const plain = await wholeRun();
    expect(plain).toBe(74);
    for (const platform of [source, target]) {
      platform.held.clear();
      for (let n = 0; n < 1_000; n += 1) platform.hold(rni, `foreign-${n}`, measured('neighbour', n));
    }
    for (let n = 0; n < 3; n += 1) source.hold(rni, `again-${n}`, measured('i1', n));
    expect(await wholeRun()).toBe(plain + 2_000);
  });

  it('are known, before there is an instance, to have no service at the target, or to stay behind', async () => {
    source.hold(rni, 'odd', { ...measured('i1', 8), subscriptionType: 'NewSubscription' });
    const { to: _, ...before } = carriage;
    expect(await foreseeSubscriptions(before, soon())).toMatchObject({
      wanted: [{}, {}, {}],
      notCarried: [{ type: 'NewSubscription' }],
      lacking: [],
    });
    target.before = () => ({ status: 501 });
    const { wanted, lacking } = await foreseeSubscriptions(before, soon());
    expect(lacking).toEqual(wanted);
    source.held.clear();
    expect(await foreseeSubscriptions(before, soon())).toMatchObject({ wanted: [], notCarried: [], lacking: [] });
  });

  it('are taken for ours by no undo where the step has not looked', async () => {
    const mobility = (host: string, appInstanceId: string) => ({
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: `http://${host}:7000/mobility`,
      filterCriteria: { appInstanceId },
    });
    // Its own, and like what the source asks for only after the check
    target.hold(amsi, 'own', mobility('10.3.1.7', 'i9'));
    const step = { ...carriage, before: { [rni]: ['s0', 's1', 's2'] } };
    const { had, made } = await copySubscriptions(step, soon(), undefined, 'ahead');
    const before = had.map(({ id }) => id);
    source.hold(amsi, 'late', mobility('10.2.1.7', 'i1'));
    expect(strays(step, await bothHave(step, soon(), 'ahead'), before).toSorted()).toEqual(made.toSorted());
    expect(strays(step, await bothHave(step, soon()), before)).toContain(`${amsi}/own`);
  });

  it('are gone again after an undo, and nothing else is', async () => {
    target.hold(rni, 'own', measured('i9', 7));
    target.hold(rni, 'foreign', measured('neighbour', 1));
    const { made } = await copySubscriptions(carriage, soon());
    target.hold(amsi, 'late', {
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: 'http://10.3.1.7:7000/mobility',
      filterCriteria: { appInstanceId: 'i9' },
    });
    await removeEach(carriage.target.subscriptions, made, soon());
    expect([...target.held.keys()]).toEqual([`${rni}/own`, `${rni}/foreign`, `${amsi}/late`]);
    expect(source.held.size).toBe(3);
  });
});
