import type { HandedOver, Settled } from '../../activities/relocation/hand-over.ts';
import type { Both } from '../../activities/relocation/subject.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName, UndoName } from '../../domain/steps.ts';
import { failure, foreseen } from '../kit/failure.ts';
import type { Procedure } from '../kit/procedure.ts';

export interface HandingOver {
  handOver(order: Both): Promise<HandedOver>;
  settle(order: Both): Promise<Settled>;
}

/**
 * Step 6. Without an answer the source is asked what became of it: its word is for ever. As long as that is not known
 * nobody may give the relocation up. KeptBySource: it serves its users as before, and everything is undone.
 */
export async function handOver(
  procedure: Procedure<StepName, UndoName, RelocationResult>,
  step: HandingOver,
  both: Both,
): Promise<HandedOver> {
  try {
    return await procedure.step('handOver', () => step.handOver(both));
  } catch (error) {
    const reason = foreseen(error);
    const settled = await procedure.forward('handOver', () => step.settle(both), 'inDoubt');
    if (settled !== 'handedOver') throw failure(settled === 'kept' ? 'KeptBySource' : 'SourceLost', reason.message);
    return await procedure.forward('handOver', () => step.handOver(both), 'inDoubt');
  }
}
