import { expect, it } from 'vitest';
import { keptSeconds } from '../../domain/rule.ts';

it.each([
  [0, 0],
  [300, 300],
  [604_801, 604_800],
  [2 ** 31 - 1, 604_800],
  [2 ** 31, 0],
  [4_294_967_295, 0],
  [-1, 0],
])('an answer of the DNS that may be kept for %i seconds is kept for %i: a relocation ends', (ttl, kept) => {
  expect(keptSeconds(ttl)).toBe(kept);
});
