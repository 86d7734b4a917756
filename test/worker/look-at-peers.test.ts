import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Exchange } from '../../adapters/http.ts';
import type { Peers } from '../../worker/peers.ts';
import { PeersSeen } from '../../worker/peers-seen.ts';
import { lookAtPeers, surveyPeers } from '../../worker/survey.ts';

const unending = new AbortController().signal;

/** So many MEOs, how they are asked, and what becomes of the n-th call. */
function many(count: number, answer: (nth: number, signal: AbortSignal) => unknown = () => undefined) {
  const names = Array.from({ length: count }, (_, n) => `meo-${n}`);
  const seen = new PeersSeen(names);
  const asked: string[] = [];
  let [underWay, most] = [0, 0];
  const exchange = (name: string): Exchange =>
    ({
      ask: async (_: unknown, signal: AbortSignal) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await Promise.all([turn(), answer(asked.push(name), signal)]);
        underWay -= 1;
        seen.note(name, null);
        return { status: 200, told: 'answered 200' };
      },
    }) as unknown as Exchange;
  const all = names.map((name) => [name, { kind: 'meo', packages: { collection: 'app_packages' } }]);
  const peers = { all, exchange } as unknown as Peers;
  const look = async (signal = unending): Promise<string[]> =>
    (await lookAtPeers(peers, seen, signal)).map(({ name }) => name);
  const survey = async () => await surveyPeers({ sites: {} }, peers, () => undefined, unending);
  return { asked, look, survey, seen, names, mostAtOnce: () => most };
}

it('of 2,500 peers 1,000 are asked by a look, each by one call, a hundred at once; the others by the next ones', async () => {
  const { asked, look, names, mostAtOnce } = many(2_500);
  const told = [await look(), await look(), await look(), await look()];
  expect(asked).toEqual(names); // each once: the last look finds all of them seen
  expect(told.map(({ length }) => length)).toEqual([1_000, 2_000, 2_000, 2_000]);
  expect(new Set(told.slice(0, 3).flat()).size).toBe(2_500);
  expect(mostAtOnce()).toBe(100);
});

it('who was asked is told of, however many were called meanwhile', async () => {
  const call = (): void => {
    for (const name of names.slice(1_000)) seen.note(name, null);
  };
  const { look, seen, names } = many(4_000, (nth) => nth === 900 && setImmediate(call));
  call();
  const told = await look();
  expect(told).toHaveLength(2_000);
  expect(told.slice(0, 1_000).toSorted()).toEqual(names.slice(0, 1_000).toSorted());
});

it('a look that nobody waits for asks nobody more', async () => {
  const leave = new AbortController();
  const { asked, look } = many(1_000, (nth) => nth === 150 && leave.abort());
  await expect(look(leave.signal)).rejects.toThrow(/abort/i);
  expect(asked).toHaveLength(150);
});

describe('who does not answer', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('until a look is over is away; who was asked at its end was not waited for, and is told nothing of', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const late = new AbortController();
    const answers: (() => void)[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
    const silent = async (signal: AbortSignal): Promise<never> =>
      await new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)));
    const { asked, look, seen } = many(150, async (nth, signal) => {
      if (nth > 50) return await silent(signal);
      return await new Promise<void>((answered) => answers.push(answered));
    });
    const looked = look();
    await expect.poll(() => asked.length).toBe(100);
    vi.advanceTimersByTime(8_000);
    for (const answered of answers) answered();
    await expect.poll(() => asked.length).toBe(150);
    vi.advanceTimersByTime(2_000);
    late.abort();
    await expect(looked).resolves.toHaveLength(100);
    const failures = seen.told(150, new Map()).flatMap(({ failure }) => failure ?? []);
    expect(failures).toHaveLength(50);
    expect(failures[0]).toMatch(/^meo-\d+: did not answer within 10 s$/);
  });

  it('a survey asks a hundred at once as well, and says of whoever had no turn that it was not asked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { asked, survey, names, mostAtOnce } = many(150, async (_, signal) => {
      await new Promise((_never, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)));
    });
    const surveyed = survey();
    await expect.poll(() => asked.length).toBe(100);
    vi.advanceTimersByTime(10_000);
    const told = await surveyed;
    expect([mostAtOnce(), asked.length]).toEqual([100, 100]);
    expect(told.map(({ name }) => name)).toEqual(names);
    expect(told[0]).toMatchObject({ reachable: false, detail: 'it took too long' });
    expect(told[149]).toMatchObject({ reachable: false, detail: 'not asked: those before it took 10 s' });
  });
});
