import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Acquaintances } from '../../adapters/mec-services/memory.ts';

const neighbour = { subscriber: 'neighbour-1', host: null };

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('remembers for a while: a server may give a name again', () => {
  const known = new Acquaintances();
  known.remember('/a/1', neighbour);
  known.remember('/a/2', null);
  expect([known.whose('/a/1'), known.whose('/a/2'), known.whose('/a/3')]).toEqual([neighbour, null, undefined]);
  vi.advanceTimersByTime(3_600_000);
  expect(known.whose('/a/1')).toBeUndefined();
});

it('believes that one is hidden once it is so again, a while later', () => {
  const known = new Acquaintances();
  known.remember('/a/1', null);
  vi.advanceTimersByTime(3_000);
  expect(known.whose('/a/1')).toBeUndefined();
  known.remember('/a/1', null);
  vi.advanceTimersByTime(500_000);
  expect(known.whose('/a/1')).toBeNull();
  vi.advanceTimersByTime(500_000);
  expect(known.whose('/a/1')).toBeUndefined();
});

it('forgets what is not listed any more, of that collection only', () => {
  const known = new Acquaintances();
  for (const id of ['/a/1', '/a/2', '/ab/2']) known.remember(id, neighbour);
  known.keepOnly('/a', new Map([['/a/2', {}]]));
  expect([...known.ids]).toEqual(['/a/2', '/ab/2']);
});

it('is bounded in each collection: the oldest goes first', () => {
  const known = new Acquaintances();
  for (let n = 0; n <= 100_000; n += 1) known.remember(`/a/${n}`, neighbour);
  known.remember('/b/0', neighbour);
  expect(known.ids.size).toBe(100_001);
  expect([known.whose('/a/0'), known.whose('/a/1'), known.whose('/b/0')]).toEqual([undefined, neighbour, neighbour]);
});
