import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { fleet, measured, subscribers, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** What a peer never finishes, has no room for, or only says that it has done, is given up in time and undone. */
const { net: NETWORK } = await claimNetwork();
const CLOUD = `127.${NETWORK}.41.1`;
const MEO = `http://127.${NETWORK}.2.1:8080/app_lcm/v1/app_instances`;
const OPERATION_MS = 4_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { capacity: 1, pace: { operationMs: OPERATION_MS } });
  await fleet(stage, 3, { giveUpMs: 2_000 });
});
afterEach(async () => await stage.clearFaults());
afterAll(async () => await stage?.strike());

/** Rolled back for this reason, no device noticed, and nothing is left of it at any peer. */
async function rollsBack(target: string, failure: { type: string; step: string }): Promise<void> {
  const { result, figures } = await measured(stage, async () => await stage.relocate('cloud', target));
  expect(result).toMatchObject({ outcome: 'rolledBack', failure, leftovers: [] });
  expect(figures).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
  const world = await worldOf(stage);
  expect(world.peers['cloud-manager'].instances).toMatchObject([{ state: 'running' }]);
  expect(subscribers(world)).toEqual([CLOUD, CLOUD, CLOUD]);
  expect(world.peers['meo-wifi']).toMatchObject({ instances: [], openOperations: [] });
}

describe('within the time of a step that waits for a peer, a relocation is rolled back when', () => {
  it('an instantiation never finishes, and its place is free again', async () => {
    const operation = 'POST /app_lcm/v1/app_instances/*/instantiate';
    const fault = await stage.fault({ peer: 'meo-cellular', operation, kind: 'neverFinishes', times: 1 });
    const begun = performance.now();
    await rollsBack('a1', { type: 'NotYet', step: 'instance' });
    expect(performance.now() - begun).toBeGreaterThan(OPERATION_MS);
    expect((await stage.faultState(fault)).fired).toBe(1);
    expect((await worldOf(stage)).peers['meo-cellular']).toMatchObject({ instances: [], openOperations: [] });
    // The host takes a single instance
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({ outcome: 'relocated' });
    await expect(stage.relocate('a1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' });
  });

  it('a package is never on-boarded, and the next relocation brings another one', async () => {
    const operation = 'PUT /app_pkgm/v1/app_packages/*/package_content';
    await stage.fault({ peer: 'meo-wifi', operation, kind: 'neverFinishes', times: 1 });
    await rollsBack('w1', { type: 'NotYet', step: 'package' });
    await expect(stage.relocate('cloud', 'w1')).resolves.toMatchObject({
      outcome: 'relocated',
      moved: { package: 'distributed' },
    });
    await expect(stage.relocate('w1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' });
  });

  it('an order at the OSS never finishes, and the users stay at the edge', async () => {
    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({ outcome: 'relocated' });
    // The first order only asks whether the cloud is in reach
    const operation = 'POST /tmf-api/serviceOrdering/v4/serviceOrder';
    await stage.fault({ peer: 'oss', operation, nth: 2, times: 1, kind: 'neverFinishes' });
    const { result, figures } = await measured(stage, async () => await stage.relocate('a1', 'cloud'));
    expect(result).toMatchObject({ outcome: 'rolledBack', failure: { step: 'instance' }, leftovers: [] });
    expect(figures).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
    const { peers } = await worldOf(stage);
    expect(peers['cloud-manager'].instances).toMatchObject([{ state: 'stopped' }]);
    expect(peers['meo-cellular'].instances).toHaveLength(1);
    await expect(stage.relocate('a1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' });
  });
});

describe('at once, a relocation is rolled back when', () => {
  it('a subscription was answered as created, and is not there', async () => {
    await stage.fault({ peer: 'platform-a1', operation: 'POST /rni/v2/subscriptions', kind: 'noEffect', times: 1 });
    await rollsBack('a1', { type: 'SubscriptionRefused', step: 'copyAhead' });
    expect((await worldOf(stage)).peers['meo-cellular'].instances).toEqual([]);
  });

  it('the host is full', async () => {
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const appDId = 'counter.edge.example-1';
    const created = await fetch(MEO, {
      ...json,
      body: JSON.stringify({ appDId, appInstanceName: 'of-somebody-else' }),
    });
    const { id } = (await created.json()) as { id: string };
    const operation = 'POST /app_lcm/v1/app_instances/*/instantiate';
    await stage.fault({ peer: 'meo-cellular', operation, kind: 'neverFinishes', times: 1 });
    const place = { selectedMECHostInfo: [{ hostId: { id: 'a1' } }] };
    expect((await fetch(`${MEO}/${id}/instantiate`, { ...json, body: JSON.stringify(place) })).status).toBe(202);

    await rollsBack('a1', { type: 'TargetRefused', step: 'instance' });
    expect((await worldOf(stage)).peers['meo-cellular'].instances).toMatchObject([{ id }]);
  });
});
