import { expect, it } from 'vitest';
import { Tally } from '../../sandbox/devices/tally.ts';

it('a write is lost that was acknowledged and is missing; one that never had an answer is given up, and not lost', () => {
  const tally = new Tally(1, 0);
  for (const number of [1, 2]) tally.acknowledged(number, { at: number * 50, stale: false });
  for (const number of [3, 4, 5]) tally.gaveUp(number);
  tally.end(5);
  const figures = tally.figures(null, { ended: 250, doubled: 0 });
  expect(figures).toMatchObject({ requests: 5, lost: 2, givenUp: 3, longestGapMs: 150 });
});
