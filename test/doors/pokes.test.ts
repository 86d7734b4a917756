import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pokes } from '../../doors/pokes.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const poked: string[] = [];
const pokes = (fails = (): boolean => false, everyMs = 10_000): Pokes => {
  poked.length = 0;
  const poke = async (partner: string): Promise<void> => {
    poked.push(partner);
    if (fails()) throw new Error('Temporal is away');
  };
  return new Pokes(poke, everyMs, pino({ level: 'silent' }));
};

it('pokes at once, and what comes within the time once more, at its end', () => {
  const some = pokes();
  for (let nth = 0; nth < 50; nth += 1) some.poke('b');
  expect(poked).toEqual(['b']);
  vi.advanceTimersByTime(9_000);
  some.poke('b');
  expect(poked).toEqual(['b']);
  vi.advanceTimersByTime(1_000);
  expect(poked).toEqual(['b', 'b']);
  vi.advanceTimersByTime(100_000);
  expect(poked).toEqual(['b', 'b']);
});

it('keeps the distance also after one that came late', () => {
  const some = pokes();
  some.poke('b');
  some.poke('b');
  vi.advanceTimersByTime(10_000);
  some.poke('b');
  expect(poked).toEqual(['b', 'b']);
  vi.advanceTimersByTime(10_000);
  expect(poked).toEqual(['b', 'b', 'b']);
});

it('holds no partner up for another', () => {
  const some = pokes();
  some.poke('b');
  some.poke('c');
  expect(poked).toEqual(['b', 'c']);
});

it('is insisted on while nobody can be woken, and then no more', async () => {
  let isAway = true;
  const some = pokes(() => isAway);
  some.poke('b');
  for (let n = 0; n < 3; n += 1) await vi.advanceTimersByTimeAsync(10_000);
  expect(poked).toEqual(['b', 'b', 'b', 'b']);
  isAway = false;
  for (let n = 0; n < 3; n += 1) await vi.advanceTimersByTimeAsync(10_000);
  expect(poked).toEqual(['b', 'b', 'b', 'b', 'b']);
});

it('does not wait with what comes while it is insisted on, where nothing is to be kept apart', async () => {
  let isAway = true;
  const some = pokes(() => isAway, 0);
  some.poke('b');
  await vi.advanceTimersByTimeAsync(1_000);
  isAway = false;
  some.poke('b');
  expect(poked).toEqual(['b', 'b']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(poked).toEqual(['b', 'b']);
});
