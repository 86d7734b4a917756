import { describe } from 'vitest';
import { onAJoinedPair } from '../support/joined-pair.ts';
import { finding } from './joined/finding.ts';
import { passing } from './joined/passing.ts';
import { using } from './joined/using.ts';

/** Two operators' Ferrys that have joined once: what each finds at the other, uses of it, and lets pass, in this turn. */
onAJoinedPair();

describe('A', () => {
  finding();
});

describe('a consumption', () => {
  using();
});

describe('what gateways carry', () => {
  passing();
});
