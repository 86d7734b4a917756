import type { Facts } from './facts.ts';
import type { Point } from './measure.ts';
import type { Judged, Verdict } from './verdict.ts';

/** What a bad variant came to: it survives where no figure noticed it. */
export interface Proof {
  readonly variant: string;
  readonly noticed: readonly { readonly figure: string; readonly verdict: Verdict }[];
}

export interface Result {
  readonly id: string;
  readonly name: string;
  readonly question: string;
  readonly verdict: Verdict;
  readonly figures: readonly Judged[];
  readonly points: readonly Point[];
  /** How long it took, of how long it might take; bad variants apart. */
  readonly seconds: number;
  readonly budgetSeconds: number;
  /** Why it came to no end. */
  readonly broken?: string;
  /** Where a measure was published that another run had: what that has to be read with. */
  readonly facts?: Facts;
  /** Only with `--prove`. */
  readonly proofs: readonly Proof[];
}

/** What one run of the benchmark found; its raw data is beside it, a file of JSON lines for each measure. */
export interface Results {
  readonly facts: Facts;
  readonly measures: readonly Result[];
}

/** Was the bad variant noticed by each figure that has to? `noisy`: by none that could be judged. */
export function proven({ noticed }: Proof): 'noticed' | 'survived' | 'noisy' {
  if (noticed.some(({ verdict }) => verdict === 'pass' || verdict === 'reported')) return 'survived';
  return noticed.some(({ verdict }) => verdict === 'fail') ? 'noticed' : 'noisy';
}
