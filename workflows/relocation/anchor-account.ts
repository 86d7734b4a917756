import type { AnchorResult } from '../../domain/anchor-request.ts';
import { failures } from '../../domain/failures.ts';
import type { Leftover } from '../../domain/procedure.ts';
import type { Reason } from '../kit/failure.ts';
import type { Account } from '../kit/procedure.ts';
import type { Progress } from '../kit/progress.ts';

interface Anchored {
  readonly held: boolean;
  readonly lastedMs: number;
  readonly procedure: { readonly progress: Pick<Progress<string, AnchorResult>, 'step'> };
}

/** How an anchor came out: released is what held, and was given back. */
export function accountOf(anchoring: Anchored): Account<AnchorResult> {
  let ended: Pick<AnchorResult, 'outcome' | 'failure' | 'leftovers'> = {
    outcome: 'released',
    failure: null,
    leftovers: [],
  };
  return {
    succeeded: () => undefined,
    recovered: () => undefined,
    failed: (how, { type, message }: Reason, left: readonly Leftover[]) => {
      const { step } = anchoring.procedure.progress;
      const released = anchoring.held;
      ended = {
        outcome: released ? 'released' : how === 'refused' ? 'refused' : 'rolledBack',
        failure: released ? null : { type, step, message, remedy: failures[type].remedy },
        leftovers: [...left],
      };
    },
    told: () => ({ ...ended, totalMs: anchoring.lastedMs }),
  };
}
