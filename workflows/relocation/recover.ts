import type { FenceOrder } from '../../activities/relocation/fence.ts';
import type { LostOrder } from '../../activities/relocation/lost.ts';
import type { Switched, SwitchOrder } from '../../activities/relocation/switch-path.ts';
import type { TakenOver, TakeOverOrder } from '../../activities/relocation/take-over.ts';
import { type Acceptance, alsoMayWrite, type Copy, type Fenced, lossTold, writersTold } from '../../domain/recovery.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName, UndoName } from '../../domain/steps.ts';
import type { Procedure, Recovery } from '../kit/procedure.ts';
import type { Outcome } from './outcome.ts';

export interface Recovering {
  /** Null, or from an older worker nothing: the target did not tell what it has. */
  confirmLost(order: LostOrder): Promise<Copy | null>;
  switchPath(order: SwitchOrder): Promise<Switched>;
  fenceSource(order: FenceOrder): Promise<Fenced>;
  takeOver(order: TakeOverOrder): Promise<TakenOver>;
}

export interface Lost {
  readonly order: SwitchOrder;
  /** Since when the source is known to be silent; null: nobody has watched it. */
  readonly silentSince: () => string | null;
  readonly switchBack: () => Promise<void>;
  readonly result: Outcome;
  /** What is left to be done, once the target has taken over. */
  readonly leave: (fence: Fenced, epoch: number) => Promise<void>;
}

const SINCE = Date.UTC(2020, 0);

/** Higher than any that was heard does not do: the source may have proposed just that. Seconds leave all of them behind. */
const epochOfNow = (): number => Math.floor((Date.now() - SINCE) / 1_000) * 2 ** 20;

const passing = ({ otherUnknown }: Acceptance): { otherUnknown?: true } =>
  otherUnknown === true ? { otherUnknown } : {};

/**
 * An operator takes the source to be dead: the target takes its place, with the copy that it has (GR MEC 035, 5.3.1). The
 * path first, else writes are lost that need not be; the source is fenced before anybody takes over.
 */
export function recoveryOf(
  procedure: Procedure<StepName, UndoName, RelocationResult>,
  step: Recovering,
  { order: { turns, ...both }, silentSince, switchBack, result, leave }: Lost,
): Recovery {
  let copy: Copy | null | undefined;
  return {
    confirm: async (accept: Acceptance) => {
      copy = await step.confirmLost({ ...both, silentSince: silentSince(), ...passing(accept) });
    },

    replace: async (accept: Acceptance) => {
      // Its users are not served until that is done
      const path = await procedure.step(
        'switchPath',
        () => step.switchPath({ ...both, turns, lost: true }),
        { switchBack },
        'interrupted',
      );
      const fence = await procedure.step('handOver', () => step.fenceSource({ ...both, accept }), {}, 'interrupted');

      // From here on there is only forward, and no second way to recover
      procedure.recovery = undefined;
      const epoch = epochOfNow();
      const taken = await procedure.forward(
        'handOver',
        () => step.takeOver({ ...both, epoch, fence, ...passing(accept), ...(copy && { copy }) }),
        'inDoubt',
      );
      result.pathObserved = path.observed;
      result.handedOver = { ...taken, freezeMs: null };
      result.recovery = {
        fence,
        users: taken.users,
        writes: taken.writes,
        mayBeLost: lossTold(taken.copy),
        mayHaveWritten: `${writersTold[fence]}${alsoMayWrite(taken.notAsked ?? [])}`,
        fencing: null,
      };
      await leave(fence, epoch);
    },
  };
}
