import { afterEach, describe, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, measured, processOf, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The source alone freezes and thaws: what happens to the worker or the target meanwhile costs at most the freeze limit. */
const { net: NETWORK } = await claimNetwork();
const CLOUD = `127.${NETWORK}.41.1`;
const FREEZE_LIMIT_MS = 2_000;

let stage: Stage;
let stopped: number | undefined;
afterEach(async () => {
  if (stopped !== undefined) process.kill(stopped, 'SIGCONT');
  stopped = undefined;
  await stage.strike();
});

interface Provided {
  readonly frozen: readonly string[];
  readonly freezes: number;
  readonly users: readonly { readonly user: string; readonly role: string }[];
}

const provided = async (host: string): Promise<Provided> =>
  (await (await fetch(`http://${host}:7001/provider/state`)).json()) as Provided;
const rolesAt = async (host: string): Promise<string[]> => [
  ...new Set((await provided(host)).users.map(({ role }) => role)),
];

interface Target {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

async function targetAtA1(): Promise<Target> {
  const meo = `http://127.${NETWORK}.2.1:8080/app_lcm/v1/app_instances`;
  const [instance] = (await (await fetch(meo)).json()) as {
    id: string;
    communicationInterface: { ipAddresses: { host: string }[] };
  }[];
  const host = instance?.communicationInterface.ipAddresses[0]?.host;
  if (instance === undefined || host === undefined) throw new Error('there is no instance at a1');
  return { id: instance.id, host, pid: await processOf(stage, instance.id) };
}

/** Begins cloud → a1; when the path was seen to lead to the target, and the hand-over begins, does `then` before it can. */
async function justBeforeTheHandOver(then: (target: Target) => void): Promise<{ id: string; target: Target }> {
  const rule = { peer: 'platform-a1', operation: 'PUT /mec_app_support/v1/applications/*/traffic_rules/*' };
  const lastRule = await hold(stage, { ...rule, when: 'executed' });
  const { id } = await stage.begin('cloud', 'a1');
  await lastRule.held();
  // Of what is asked for the source's instance, the first is for the observation of the path, the second for the hand-over
  const source = { peer: 'cloud-manager', operation: 'GET /cloud/v1/instances' };
  const handOver = await hold(stage, { ...source, nth: 2, when: 'before' });
  await lastRule.release();
  await handOver.held();
  const target = await targetAtA1();
  then(target);
  await handOver.release();
  return { id, target };
}

describe('while the source is frozen for a target that does not answer', () => {
  it('a killed worker is not needed for the thaw, and another one ends the relocation', async () => {
    stage = await Stage.set(NETWORK);
    await fleet(stage, 3, { rate: 10 });
    const { result, figures } = await measured(stage, async () => {
      const { id, target } = await justBeforeTheHandOver(({ pid }) => {
        process.kill(pid, 'SIGSTOP');
        stopped = pid;
      });
      await eventually(async () => (await provided(CLOUD)).frozen.length > 0, FREEZE_LIMIT_MS);
      const frozenAt = performance.now();
      await stage.killWorker();
      expect((await provided(CLOUD)).frozen).not.toEqual([]);

      const write = await fetch(`http://${CLOUD}:7000/users/ue-9/writes`, {
        method: 'POST',
        body: JSON.stringify({ number: 1 }),
      });
      expect(write.status).toBe(200);
      const frozenMs = performance.now() - frozenAt;
      expect(frozenMs).toBeGreaterThan(FREEZE_LIMIT_MS / 2);
      expect(frozenMs).toBeLessThan(FREEZE_LIMIT_MS + 300 * busy());
      expect(await provided(CLOUD)).toMatchObject({ frozen: [], freezes: 1 });
      expect(await rolesAt(CLOUD)).toEqual(['authority']);

      process.kill(target.pid, 'SIGCONT');
      stopped = undefined;
      await eventually(async () => (await rolesAt(target.host)).includes('standby'));
      expect(await rolesAt(target.host)).not.toContain('authority');
      const retirement = await hold(stage, {
        peer: 'oss',
        operation: 'POST /tmf-api/serviceOrdering/v4/serviceOrder',
        when: 'before',
      });
      await stage.startWorker();
      await retirement.held();
      expect(await rolesAt(CLOUD)).toEqual(['relay']);
      expect(await rolesAt(target.host)).toEqual(['authority']);
      expect((await provided(CLOUD)).freezes).toBe(2);
      await retirement.release();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'relocated', epoch: 3, leftovers: [] });
    expect(figures).toMatchObject({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
    expect(figures.longestGapMs).toBeGreaterThan(FREEZE_LIMIT_MS / 2);
    expect(figures.longestGapMs).toBeLessThan(FREEZE_LIMIT_MS + 1_000 * busy());
  });

  it('and the target dies for good, the source keeps its users, and the path leads back to it', async () => {
    stage = await Stage.set(NETWORK, { pace: { handOverMs: 5_000 } });
    await fleet(stage, 3, { rate: 10 });
    const { result, figures } = await measured(stage, async () => {
      const { id } = await justBeforeTheHandOver(({ pid }) => process.kill(pid, 'SIGKILL'));
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'rolledBack', failure: { step: 'handOver' }, leftovers: [] });
    expect(figures).toMatchObject({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
    expect(await rolesAt(CLOUD)).toEqual(['authority']);
    const { peers, devices } = await worldOf(stage);
    expect(peers['meo-cellular'].instances).toEqual([]);
    expect([...new Set(devices.devices.map(({ instance }) => instance))]).toEqual(['counter-0']);
  });
});
