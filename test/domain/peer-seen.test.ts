import { expect, it } from 'vitest';
import { isReachable, type PeerSeen, seenAt, seenNow, together } from '../../domain/peer-seen.ts';

const at = (minute: number): string => `2026-01-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
/** What one has seen: at these minutes, and why not. */
const saw = (...calls: readonly (readonly [minute: number, failure?: string])[]): PeerSeen =>
  calls.reduce<PeerSeen | undefined>(
    (before, [minute, failure]) => seenNow('meo', failure ?? null, at(minute), before),
    undefined,
  ) as PeerSeen;

it('is as it was seen last, since the first call that saw it so', () => {
  const seen = saw([1], [2, 'away'], [3, 'still away'], [4], [5]);
  expect(seen).toEqual({ name: 'meo', servedAt: at(5), failedAt: at(3), failure: 'still away', since: at(4) });
  expect([isReachable(seen), seenAt(seen)]).toEqual([true, at(5)]);
  expect(isReachable(saw([1], [2, 'away']))).toBe(false);
  expect(saw([1, 'away'], [2, 'away'])).toMatchObject({ servedAt: null, since: at(1) });
});

it('is of two the later one, and of those that saw the same the one that saw it first', () => {
  const early = saw([1], [4]);
  const late = saw([3], [6]);
  expect(together(early, late)).toMatchObject({ servedAt: at(6), since: at(1) });
  expect(together(late, early)).toEqual(together(early, late));
  expect(together(early, saw([5, 'away']))).toMatchObject({ since: at(5), failure: 'away' });
});

it('is said to be so no longer than since it was seen otherwise, by whomever', () => {
  // One has seen it serve all along, and not that another saw it away in between
  const away = saw([3, 'away']);
  const served = saw([1], [5]);
  expect(together(away, served)).toMatchObject({ servedAt: at(5), failedAt: at(3), failure: 'away', since: at(5) });
  expect(together(served, away)).toEqual(together(away, served));
  expect(together(saw([2], [4]), saw([1, 'away'], [3, 'away']))).toMatchObject({ since: at(4), failure: 'away' });
});
