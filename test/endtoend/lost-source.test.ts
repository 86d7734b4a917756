import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/asking.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, processOf, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The process of the source is killed: what the target has of its users is the only copy. */
const { net: NETWORK } = await claimNetwork();

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { stepMs: 4_000, insistMs: 4_000 } });
  await fleet(stage, 3, { giveUpMs: 1_000 });
});
afterAll(async () => await stage?.strike());

interface Dump {
  readonly relocations: readonly { readonly phase: string }[];
  readonly users: readonly { readonly user: string; readonly accepted: readonly (readonly [number, number])[] }[];
}
const countsIn = ({ users }: Dump): [string, number][] =>
  users
    .filter(({ user }) => user !== '*')
    .map(({ user, accepted }) => [user, accepted.reduce((sum, [from, to]) => sum + to - from + 1, 0)]);

const kill = async (name: string): Promise<void> => void process.kill(await processOf(stage, name), 'SIGKILL');

describe('a source whose process is killed', () => {
  it('in the drain has no clients any more: relocated', async () => {
    const notice = await hold(stage, {
      peer: 'lcm-proxy',
      operation: 'POST /notifications/address_change',
      when: 'before',
    });
    const { id } = await stage.begin('cloud', 'a1');
    await notice.held();
    await kill('counter-0');
    await notice.release();
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
  });

  it('while the cut-over is held is lost: nothing at the target is destroyed, and the target takes its place when an operator says so', async () => {
    const [source] = (await worldOf(stage)).peers['meo-cellular'].instances;
    const { id } = await stage.begin('a1', 'a2', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    await kill(source?.id ?? '');
    await stage.post(`/v1/relocations/${id}/approve`);
    const parked = await stage.reaches(id, ['parked']);
    const [target] = (await worldOf(stage)).peers['meo-cellular'].instances.filter(
      ({ id: other }) => other !== source?.id,
    );
    expect(parked.waitingFor?.lastFailure).toMatch(
      new RegExp(`SourceLost: a1: .*instance ${target?.id} at a2.* is kept`),
    );
    expect(parked.actions).toEqual(['retry', 'abandon', 'recover']);
    expect(await processOf(stage, target?.id ?? '')).toBeGreaterThan(0);
    const state = `http://127.${NETWORK}.22.1:7001/provider/state`;
    expect((await ask<Dump>('GET', state)).body.relocations).toMatchObject([{ phase: 'receiving' }]);

    expect((await stage.post(`/v1/relocations/${id}/recover`)).status).toBe(400);
    const copied = countsIn((await ask<Dump>('GET', state)).body);
    const accepted = { accept: { lostWrites: true } };
    expect((await stage.post(`/v1/relocations/${id}/recover`, accepted)).status).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'recovered',
      leftovers: [],
      pathObserved: true,
      recovery: { fence: 'stopped' },
    });
    await eventually(async () => {
      const { devices } = (await worldOf(stage)).devices;
      return devices.every(({ instance }) => instance === target?.id);
    });
    const after = countsIn((await ask<Dump>('GET', state)).body);
    expect(copied.length).toBeGreaterThan(0);
    for (const [user, count] of copied) expect(new Map(after).get(user)).toBeGreaterThanOrEqual(count);
    const { instances } = (await worldOf(stage)).peers['meo-cellular'];
    expect(instances.map((instance) => instance.id)).toEqual([target?.id]);
  });
});
