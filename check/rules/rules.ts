import { moved, type Scenario } from '../moves.ts';
import { authorityRefuses, olderEpoch, relays, takeover } from './authority.ts';
import { calls, sameAnswer } from './calls.ts';
import { intervals, sums } from './context.ts';
import { decisionIsTold, freezeNumber, sourceDecides, tombstone } from './deciding.ts';
import { restarted, stays } from './ending.ts';
import type { Rule } from './rule.ts';

/** What others presuppose comes first, so that a cause is told before what follows from it; what cannot be undone, last. */
export const rules: readonly Rule[] = [
  calls,
  sameAnswer,
  intervals,
  sourceDecides,
  freezeNumber,
  tombstone,
  authorityRefuses,
  relays,
  olderEpoch,
  sums,
  restarted,
  decisionIsTold,
  takeover,
  stays,
];

/** A plain hand-over, to see what one tells the other. */
export const plain: Scenario = { needs: ['between'], moves: moved() };
