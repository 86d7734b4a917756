import { describe, expect, it } from 'vitest';
import { arcBetween, type Box } from '../../console/parts/arc.ts';

/** Two columns of sites, as they are drawn at 1400 pixels. */
const box = (column: number, row: number): Box => ({
  x: 24 + column * 340,
  y: 40 + row * 150,
  width: 300,
  height: 110,
});
const [a1, a2, cloud, w1] = [box(0, 0), box(0, 1), box(1, 0), box(1, 1)];
const all = [a1, a2, cloud, w1];
const xs = (from: Box, to: Box): number[] => {
  const { at } = arcBetween(from, to, 0, all);
  return [0, 0.25, 0.5, 0.75, 1].map((share) => at(share)[0]);
};

describe('the arc of a move', () => {
  it.each([
    ['down the left column', a1, a2],
    ['up the left column', a2, a1],
    ['down the right column', cloud, w1],
    ['up the right column', w1, cloud],
  ])('stays within the map: %s', (_, from, to) => {
    expect(Math.min(...xs(from, to))).toBeGreaterThan(0);
    expect(Math.max(...xs(from, to))).toBeLessThan(24 + 640 + 24);
  });
});
