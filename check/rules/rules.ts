import { moved, type Scenario } from '../moves.ts';
import { authorityRefuses, olderEpoch, relays, takeover } from './authority.ts';
import { calls, sameAnswer } from './calls.ts';
import { intervals, sums } from './context.ts';
import { decisionIsTold, freezeNumber, sourceDecides, tombstone } from './deciding.ts';
import { restarted, stays } from './ending.ts';
import type { Rule } from './rule.ts';

/** Whoever breaks one must not hide another: what cannot be undone comes last. */
export const rules: readonly Rule[] = [
  calls,
  sameAnswer,
  sourceDecides,
  freezeNumber,
  tombstone,
  authorityRefuses,
  relays,
  intervals,
  olderEpoch,
  sums,
  restarted,
  decisionIsTold,
  takeover,
  stays,
];

/** A plain hand-over, to see what one tells the other. */
export const plain: Scenario = { needs: ['between'], moves: moved() };
