import type { HandedOver } from '../../activities/relocation/hand-over.ts';
import { failures } from '../../domain/failures.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { Reason } from '../failure.ts';
import type { Progress } from '../progress.ts';

/** Collects what the result tells. */
export class Outcome {
  outcome: RelocationResult['outcome'] = 'rolledBack';
  guarantee: RelocationResult['guarantee'] = null;
  pathObserved = false;
  leftovers: string[] = [];
  handedOver: HandedOver | undefined;
  readonly moved: RelocationResult['moved'] = { users: 0, subscriptions: 0, instance: 'none', package: 'none' };
  readonly #progress: Progress;
  #failure: RelocationResult['failure'] = null;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  fail({ type, message }: Reason): void {
    this.#failure = { type, step: this.#progress.step, message, remedy: failures[type].remedy };
  }

  told(cancelled: boolean): RelocationResult {
    const { outcome, guarantee, pathObserved, leftovers, handedOver, moved } = this;
    return {
      outcome,
      failure: this.#failure,
      leftovers,
      durationsMs: { ...this.#progress.durationsMs },
      totalMs: this.#progress.totalMs,
      moved: outcome === 'refused' || outcome === 'rolledBack' ? { ...moved, users: 0, subscriptions: 0 } : moved,
      freezeMs: handedOver?.freezeMs ?? null,
      epoch: handedOver?.epoch ?? null,
      guarantee,
      pathObserved,
      cancelTooLate: cancelled && handedOver !== undefined,
    };
  }
}
