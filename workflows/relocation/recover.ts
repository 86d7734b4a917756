import type { Switched, SwitchOrder } from '../../activities/relocation/switch-path.ts';
import type { Fence, TakenOver, TakeOverOrder } from '../../activities/relocation/take-over.ts';
import type { Both } from '../../activities/relocation/subject.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName, UndoName } from '../../domain/steps.ts';
import type { Procedure } from '../kit/procedure.ts';
import type { Outcome } from './outcome.ts';

export interface Recovering {
  confirmLost(order: Both): Promise<void>;
  switchPath(order: SwitchOrder): Promise<Switched>;
  fenceSource(order: Both): Promise<Fence>;
  takeOver(order: TakeOverOrder): Promise<TakenOver>;
}

const SINCE = Date.UTC(2020, 0);

/** Higher than any that was heard does not do: the source may have proposed just that. Seconds leave all of them behind. */
const epochOfNow = (): number => Math.floor((Date.now() - SINCE) / 1_000) * 2 ** 20;

/**
 * An operator takes the source to be dead: the target takes its place, with the copy that it has (GR MEC 035, 5.3.1). The
 * path first, else writes are lost that need not be; the source is fenced before anybody takes over.
 */
export async function recover(
  procedure: Procedure<StepName, UndoName, RelocationResult>,
  step: Recovering,
  order: SwitchOrder,
  switchBack: () => Promise<void>,
  result: Outcome,
): Promise<void> {
  const { turns, ...both } = order;
  await procedure.step('check', () => step.confirmLost(both));
  const path = await procedure.step('switchPath', () => step.switchPath({ ...both, turns, lost: true }), {
    switchBack,
  });
  const fence = await procedure.step('handOver', () => step.fenceSource(both));

  // From here on there is only forward, and no second way to recover
  procedure.recovery = undefined;
  const epoch = epochOfNow();
  const taken = await procedure.forward('handOver', () => step.takeOver({ ...both, epoch }), 'inDoubt');
  result.pathObserved = path.observed;
  result.handedOver = { ...taken, freezeMs: null };
  result.recovery = { fence, users: taken.users, writes: taken.writes };
}
