import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, measured, subscribers, unharmed, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** After the hand-over there is only forward: what cannot be finished is parked, and an operator says how to go on. */
const { net: NETWORK } = await claimNetwork();
const CLOUD = `127.${NETWORK}.41.1`;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { insistMs: 5_000, drainLimitMs: 1_500 } });
  await fleet(stage, 3);
});
afterEach(async () => await stage.clearFaults());
afterAll(async () => await stage?.strike());

/** The platform at which the source's subscriptions are refuses to delete them for as long as the fault is there. */
async function parkedAtRetire(): Promise<Relocation> {
  const operation = 'DELETE /rni/v2/subscriptions/*';
  await stage.fault({ peer: 'platform-a1', operation, kind: 'status', status: 503 });
  return await stage.reaches((await stage.begin('cloud', 'a1')).id, ['parked']);
}

const command = async (action: string, { id }: Relocation): Promise<number> =>
  (await stage.post(`/v1/relocations/${id}/${action}`)).status;

describe('a relocation whose source cannot be retired', () => {
  it('is parked again when it is retried too early, and no device notices', async () => {
    const { figures } = await measured(stage, async () => {
      const parked = await parkedAtRetire();
      const { peers, devices } = await worldOf(stage);
      const [target] = peers['meo-cellular'].instances;
      expect([...new Set(devices.devices.map(({ instance }) => instance))]).toEqual([target?.id]);
      expect(peers['cloud-manager'].instances).toMatchObject([{ state: 'running' }]);
      await expect(command('retry', parked)).resolves.toBe(200);
      await eventually(async () => (await stage.show(parked.id)).state === 'working');
      await stage.reaches(parked.id, ['parked']);
      await stage.clearFaults();
      await expect(command('retry', parked)).resolves.toBe(200);
      await expect(stage.ends(parked.id)).resolves.toMatchObject({ outcome: 'relocated', failure: null });
    });
    expect(figures).toMatchObject(unharmed);
    const after = await worldOf(stage);
    expect(after.peers['cloud-manager'].instances).toMatchObject([{ state: 'stopped' }]);
    expect(subscribers(after)).toHaveLength(3);
    expect(subscribers(after)).not.toContain(CLOUD);
    await expect(stage.relocate('a1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' });
  });

  it('leaves a relay when it is abandoned, to which the users can move back', async () => {
    const { figures } = await measured(stage, async () => {
      const parked = await parkedAtRetire();
      await expect(command('abandon', parked)).resolves.toBe(200);
      await expect(stage.ends(parked.id)).resolves.toMatchObject({ outcome: 'relocatedSourceKept' });
      await stage.clearFaults();
      await expect(stage.relocate('a1', 'cloud')).resolves.toMatchObject({
        outcome: 'relocated',
        moved: { instance: 'shared' },
      });
    });
    expect(figures).toMatchObject(unharmed);
    const { peers } = await worldOf(stage);
    expect(peers['meo-cellular'].instances).toEqual([]);
    expect(subscribers(await worldOf(stage))).toEqual([CLOUD, CLOUD, CLOUD]);
  });
});

describe('a relocation whose source is still in use', () => {
  it('is parked when the drain has lasted long enough, and its source kept as a relay on demand', async () => {
    /** A client that never looks for the new path, and writes until it is told to end. */
    const done = new AbortController();
    const visits = async (): Promise<{ written: number; answers: number[] }> => {
      const answers = new Set<number>();
      let written = 0;
      for (; !done.signal.aborted; written += 1) {
        const body = JSON.stringify({ number: written + 1 });
        const write = await fetch(`http://${CLOUD}:7000/users/ue-9/writes`, { method: 'POST', body });
        await write.arrayBuffer();
        answers.add(write.status);
        await new Promise((resume) => setTimeout(resume, 20));
      }
      return { written, answers: [...answers] };
    };
    const visiting = visits();
    try {
      const { id } = await stage.begin('cloud', 'a1');
      const parked = await stage.reaches(id, ['parked']);
      expect(parked).toMatchObject({ step: 'drain' });
      expect(parked.waitingFor?.lastFailure).toMatch(/^StillInUse: cloud: /);
      await expect(command('abandon', parked)).resolves.toBe(200);
      await expect(stage.ends(id)).resolves.toMatchObject({
        outcome: 'relocatedSourceKept',
        failure: { type: 'StillInUse', step: 'drain' },
      });
    } finally {
      done.abort();
    }
    const { written, answers } = await visiting;
    expect(answers).toEqual([200]);
    const { peers } = await worldOf(stage);
    expect(peers['cloud-manager'].instances).toMatchObject([{ state: 'running' }]);
    const seen = await fetch(`http://${CLOUD}:7000/users/ue-9`);
    await expect(seen.json()).resolves.toMatchObject({ counter: written });
  });
});
