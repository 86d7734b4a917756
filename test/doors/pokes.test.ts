import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pokes } from '../../doors/pokes.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const poked: string[] = [];
const pokes = (fails = false): Pokes => {
  poked.length = 0;
  const poke = async (partner: string): Promise<void> => {
    poked.push(partner);
    if (fails) throw new Error('Temporal is away');
  };
  return new Pokes(poke, 10_000, pino({ level: 'silent' }));
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

it('goes on when nobody could be woken', () => {
  const some = pokes(true);
  some.poke('b');
  vi.advanceTimersByTime(10_000);
  some.poke('b');
  expect(poked).toEqual(['b', 'b']);
});
