import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fencing } from '../../api/northbound/table/fences.ts';
import type { Waiting, WaitingList } from '../../api/northbound/table/waiting.ts';
import { ask } from '../support/asking.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { busy } from '../support/busy.ts';
import { fleet, hold, measured, processOf, subscribers, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The process of the source is killed: what the target has of its users is the only copy. */
const { net: NETWORK } = await claimNetwork();

/** Writes of a device in a second. */
const RATE = 20;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { stepMs: 4_000, insistMs: 4_000 } });
  await fleet(stage, 3, { rate: RATE, giveUpMs: 1_000 });
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

const signal = async (name: string, what: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> =>
  void process.kill(await processOf(stage, name), what);
const kill = async (name: string): Promise<void> => await signal(name, 'SIGKILL');

const served = async (): Promise<string> => {
  const { devices } = (await worldOf(stage)).devices;
  const ids = new Set(devices.map(({ instance }) => instance));
  const [only = null] = ids;
  if (ids.size !== 1 || only === null) throw new Error(`devices are served by ${[...ids].join(', ')}`);
  return only;
};
const servedBy = async (id: string): Promise<void> =>
  await eventually(async () => (await served().catch(() => '')) === id, 30_000, 50);

/** Held, and kept warm. */
async function protectedBy(source: string, target: string): Promise<{ id: string; from: string; to: string }> {
  const from = await served();
  const { id } = await stage.begin(source, target, { cutOver: { standby: true } });
  await stage.reaches(id, ['held']);
  await eventually(async () => (await listed(id))?.waitingFor.what.includes('the standby is kept warm') === true);
  const { instances } = (await worldOf(stage)).peers['meo-cellular'];
  const to = instances.find((instance) => instance.id !== from)?.id ?? '';
  return { id, from, to };
}

/** A list tells of its waiting, and of no attempt: the source is looked at again and again. */
async function listed(id: string): Promise<Waiting | undefined> {
  const { waiting } = (await (await stage.ask('/v1/waiting')).json()) as WaitingList;
  const one = waiting.find((each) => each.id === id);
  if (one !== undefined) {
    const { attempt, lastFailure } = one.waitingFor;
    expect({ attempt, lastFailure, actions: one.actions }).toStrictEqual({
      attempt: null,
      lastFailure: null,
      actions: ['recover', 'cancel', 'approve'],
    });
  }
  return one;
}

const silenceTold = async (id: string): Promise<void> =>
  await eventually(async () => /silent since/.test((await listed(id))?.waitingFor.what ?? ''), 30_000, 100);

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
    // What it had at the platform that served it went with it
    const hosts = new Set(subscribers(await worldOf(stage)));
    expect([...hosts]).toEqual([`127.${NETWORK}.21.1`]);
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

  it('and that a standby protects costs at most what it acknowledged in the last 50 ms, and users are served within 3 s', async () => {
    const { id, from, to } = await protectedBy('a2', 'a1');
    const { figures, result: tookMs } = await measured(stage, async () => {
      await kill(from);
      await silenceTold(id);
      const begun = performance.now();
      const answer = await stage.post(`/v1/relocations/${id}/recover`, { accept: { lostWrites: true } });
      expect(answer.status).toBe(200);
      await servedBy(to);
      return performance.now() - begun;
    });
    expect(tookMs).toBeLessThan(3_000 * busy());
    // Acknowledged, and in nobody's context: each device has written at most once or twice in that time
    expect(figures.lost).toBeLessThanOrEqual(3 * Math.ceil(0.05 * RATE));
    expect(figures.doubled).toBe(0);
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'recovered',
      leftovers: [],
      recovery: { fence: 'stopped', fencing: null },
    });
  });
});

it('a source that is frozen, and that nobody can stop, is replaced once that is accepted; it wakes up, is fenced, and what it has is counted', async () => {
  const { id, from, to } = await protectedBy('a1', 'a2');
  await stage.fault({
    peer: 'meo-cellular',
    operation: 'POST /app_lcm/v1/app_instances/*/terminate',
    kind: 'status',
    status: 503,
  });
  // A client whose connection no rule turns: what it sends to a source that stands still is answered when that wakes up
  const { radio } = (await worldOf(stage)).peers['platform-a1']; // the cloud's are there, too
  const subscription = radio.find(({ callbackReference }) => callbackReference.includes(`127.${NETWORK}.21.`));
  const source = `http://${new URL(subscription?.callbackReference ?? '').hostname}`;
  const write = async (number: number): Promise<number> =>
    (await fetch(`${source}:7000/users/ue-9/writes`, { method: 'POST', body: JSON.stringify({ number }) })).status;
  await expect(write(1)).resolves.toBe(200);
  await signal(from, 'SIGSTOP');
  const late = write(2);
  await silenceTold(id);
  const accept = { lostWrites: true, fence: 'ledAway' };
  expect((await stage.post(`/v1/relocations/${id}/recover`, { accept })).status).toBe(200);
  const { outcome, recovery } = await stage.ends(id);
  expect({ outcome, recovery }).toMatchObject({
    outcome: 'recovered',
    recovery: { fence: 'ledAway', fencing: id },
  });
  await servedBy(to);
  const fence = async (): Promise<Fencing> => (await (await stage.ask(`/v1/fences/${id}`)).json()) as Fencing;
  await expect(fence()).resolves.toMatchObject({ state: 'waiting', source: 'a1', result: null });

  await signal(from, 'SIGCONT');
  await eventually(async () => (await fence()).state !== 'waiting', 30_000, 100);
  await expect(late).resolves.toBe(200);
  // It accepts nothing any more: what it has, less what the target was given, is what is stranded, to the last write
  const has = countsIn((await ask<Dump>('GET', `${source}:7001/provider/state`)).body);
  const stranded = has.reduce((sum, [, count]) => sum + count, 0) - (recovery?.writes ?? 0);
  expect(stranded).toBeGreaterThan(0);
  await stage.clearFaults();
  await eventually(async () => (await fence()).state === 'ended', 60_000, 200);
  await expect(fence()).resolves.toMatchObject({ result: { outcome: 'fenced', stranded, kept: null } });
  await expect(served()).resolves.toBe(to);
  const { instances } = (await worldOf(stage)).peers['meo-cellular'];
  expect(instances.map((instance) => instance.id)).toEqual([to]);
});
