import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Anchor } from '../../api/anchor.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { restorable } from '../support/restorable.ts';
import { fleet, measured, servingIn, subscribers, unharmed, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** After a refused, failed or cancelled relocation the world is what it was: shown by dumps of the whole sandbox. */
const { net: NETWORK } = await claimNetwork();
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { stepMs: 4_000, heartbeatMs: 1_000, attemptMs: 2_000 } });
});
afterAll(async () => await stage.strike());
afterEach(async () => await stage.clearFaults());

const world = async (): Promise<unknown> => await restorable(stage, NETWORK);

const RNIS = `http://127.${NETWORK}.2.11:8080/mec_service_mgmt/v1/applications/rnis/services/rnis`;

async function setRnis(state: string): Promise<void> {
  const service = (await (await fetch(RNIS)).json()) as object;
  const answer = await fetch(RNIS, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...service, state }),
  });
  if (!answer.ok) throw new Error(`the service was not changed: ${answer.status}`);
}

const PLATFORM = { peer: 'platform-a1', times: 1 };
const RULE = '/mec_app_support/v1/applications/*';

describe('the world is what it was after', () => {
  it('a relocation that was refused since a service is missing', async () => {
    await setRnis('INACTIVE');
    const before = await world();
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({
      outcome: 'refused',
      failure: { type: 'ServiceMissing' },
    });
    expect(await world()).toStrictEqual(before);
    await setRnis('ACTIVE');
  });

  it.each([
    // first of all: once it is there, a package is kept
    [
      'a package that is refused',
      'PeerRejected',
      'package',
      { peer: 'meo-cellular', operation: 'POST /app_pkgm/v1/app_packages', kind: 'status', status: 403 },
    ],
    [
      'a full host',
      'TargetRefused',
      'instance',
      { peer: 'meo-cellular', operation: 'POST /app_lcm/v1/app_instances/*/instantiate', kind: 'status', status: 409 },
    ],
    [
      'an operation that fails for good',
      'LcmOperationFailed',
      'instance',
      {
        peer: 'meo-cellular',
        operation: 'POST /app_lcm/v1/app_instances/*/instantiate',
        kind: 'failedTemp',
        recovers: false,
      },
    ],
    [
      'a subscription that is refused',
      'SubscriptionRefused',
      'copyAhead',
      { ...PLATFORM, nth: 2, operation: 'POST /rni/v2/subscriptions', kind: 'status', status: 403 },
    ],
    [
      'a rule that was accepted without effect',
      'PathNotObserved',
      'switchPath',
      { ...PLATFORM, operation: `PUT ${RULE}/dns_rules/*`, kind: 'noEffect', times: 100 },
    ],
    [
      'a rule that is read back right, but was never told to the resolver',
      'PathNotObserved',
      'switchPath',
      { ...PLATFORM, operation: `PUT ${RULE}/dns_rules/*`, kind: 'noEffect', pushed: false, times: 100 },
    ],
    [
      'a traffic rule that is refused, after the name was turned',
      'PeerRejected',
      'switchPath',
      { ...PLATFORM, operation: `PUT ${RULE}/traffic_rules/*`, kind: 'status', status: 400 },
    ],
  ])('one that failed: %s', async (_, type, step, fault) => {
    const before = await world();
    const injected = await stage.fault(fault);
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({
      outcome: 'rolledBack',
      failure: { type, step },
      leftovers: [],
    });
    expect((await stage.faultState(injected)).fired).toBeGreaterThan(0);
    expect(await world()).toStrictEqual(before);
  });

  it('one that was cancelled by the API', async () => {
    const before = await world();
    const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    expect(await world()).not.toStrictEqual(before); // its traces are seen while it runs
    expect((await stage.post(`/v1/relocations/${id}/cancel`)).status).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'rolledBack',
      failure: { type: 'Cancelled' },
      leftovers: [],
    });
    expect(await world()).toStrictEqual(before);
  });

  it('one that was cancelled in the Temporal UI', async () => {
    const before = await world();
    const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    const run = parseRelocationId(id);
    const connection = await Connection.connect({ address: stage.temporal });
    await new Client({ connection, namespace: stage.namespace }).workflow
      .getHandle(run?.workflowId ?? '', run?.runId)
      .cancel();
    await connection.close();
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'rolledBack',
      failure: { type: 'Cancelled' },
      leftovers: [],
    });
    expect(await world()).toStrictEqual(before);
  });
});

describe('and a difference would be seen', () => {
  it('after one change of a service', async () => {
    const before = await world();
    await setRnis('SUSPENDED');
    expect(await world()).not.toStrictEqual(before);
    await setRnis('ACTIVE');
    expect(await world()).toStrictEqual(before);
  });

  it('after a relocation', async () => {
    const before = await world();
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({ outcome: 'relocated' });
    await stage.relocate('a1', 'cloud');
    expect(await world()).not.toStrictEqual(before); // subscriptions were made again: they have other ids
  });
});

describe('an application whose devices go to another access network', () => {
  it('stays and is reached from there, also while it is moved on, without a loss; given back, nothing is left there', async () => {
    await fleet(stage, 3);
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({ outcome: 'relocated' });
    const before = await wifi();
    const { result, figures } = await measured(stage, async () => {
      const asked = { application: 'counter', source: 'a1', network: 'wifi' };
      const { id } = (await (await stage.post('/v1/anchors', asked)).json()) as Anchor;
      const held = await anchorReaches(id, ({ state }) => state === 'holds');
      const [source] = servingIn(await worldOf(stage));
      await allGo('wifi');
      const served = servingIn(await worldOf(stage));
      expect(await wifi()).not.toStrictEqual(before);
      const moved = await stage.relocate('a1', 'a2');
      await anchorReaches(id, (now) => now.source === 'a2' && now.exposed === 3);
      await allGo('wifi'); // its notice has called them back
      await allGo('cellular');
      expect((await stage.post(`/v1/anchors/${id}/release`)).status).toBe(200);
      const { result: released } = await anchorReaches(id, ({ state }) => state === 'ended');
      return { held, stayed: served.join() === source, moved, released };
    });
    expect(result).toMatchObject({
      held: { way: 'holder', holder: { site: 'w1' }, observed: true, exposed: 3, lacking: 0 },
      stayed: true,
      moved: { outcome: 'relocated', leftovers: [] },
      released: { outcome: 'released', leftovers: [] },
    });
    expect(figures).toMatchObject(unharmed);
    expect(figures.longestGapMs).toBeGreaterThan(0);
    expect(await wifi()).toStrictEqual(before);
    const hosts = subscribers(await worldOf(stage)).map((host) => host.startsWith(`127.${NETWORK}.22.`));
    expect(hosts).toEqual([true, true, true]);
  });
});

/** All that is there of anybody; packages are kept. */
async function wifi(): Promise<unknown> {
  const { peers, network } = await worldOf(stage);
  const { packages: _kept, ...orchestrator } = peers['meo-wifi'];
  return { orchestrator, platform: peers['platform-w1'], rules: network.networks['wifi']?.rules };
}

async function anchorReaches(id: string, wanted: (now: Anchor) => boolean): Promise<Anchor> {
  let now: Anchor | undefined;
  await eventually(async () => {
    now = (await (await stage.ask(`/v1/anchors/${id}`)).json()) as Anchor;
    return wanted(now);
  }, 60_000).catch(() => {
    throw new Error(`it is ${JSON.stringify(now)}`);
  });
  return now as Anchor;
}

/** And write there for a while. */
async function allGo(network: 'cellular' | 'wifi'): Promise<void> {
  const { devices } = (await worldOf(stage)).devices;
  for (const { ue } of devices) await stage.sandbox('/devices/attachments', 'POST', { ue, network });
  const written = new Map(devices.map(({ ue, acknowledged }) => [ue, acknowledged + 10]));
  await eventually(
    async () =>
      (await worldOf(stage)).devices.devices.every(({ ue, acknowledged }) => acknowledged >= (written.get(ue) ?? 0)),
    30_000,
  );
}
