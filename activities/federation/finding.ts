import type { Query } from '../../domain/wish.ts';
import type { Partner } from './ports.ts';
import type { Findings } from './questions.ts';

/** What the steps of a discovery need. */
export interface FindingMeans {
  readonly findings: Findings;
  /** Undefined: it is not in the configuration any more. */
  readonly partner: (name: string) => Partner | undefined;
  /** Our own orchestrators: what has not been heard of for too long, or is missed, is asked for, and learned. */
  readonly orchestrators: { refresh(query: Query, signal: AbortSignal): Promise<void> };
  /** Has the tending of a partner look now; starts it where there is none. */
  readonly wake: (partner: string) => Promise<void>;
  /** A UUID, the same for the same text. */
  readonly uuidOf: (text: string) => string;
  /** Our operator. */
  readonly operator: string;
  readonly pace: FindingPace;
}

export interface FindingPace {
  readonly askMs: number;
  readonly fanOut: number;
  readonly hops: number;
  readonly validSeconds: number;
  readonly missSeconds: number;
}

/** `digest`: of the question, by which its answer is remembered. */
export interface QueryAsked {
  readonly query: Query;
  readonly digest: string;
}
