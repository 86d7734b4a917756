import type { Outcome } from './relocation.ts';

/** The users are served by the target now. */
const MOVED: ReadonlySet<Outcome | 'terminated'> = new Set(['relocated', 'relocatedSourceKept', 'recovered']);

/** `terminated`: from outside. */
export const isMoved = (outcome: Outcome | 'terminated' | undefined): boolean =>
  outcome !== undefined && MOVED.has(outcome);
