import { CancellationScope, patched, setCurrentDetails } from '@temporalio/workflow';
import { foreseen } from '../kit/failure.ts';
import type { BindingOrder } from '../messages.ts';
import { consumingAt } from './consuming-steps.ts';

/**
 * A partner has decided to use what we offer (GR MEC 035, 6.5.3 steps 13 and 14): our orchestrator and platform hear of it, then
 * it is let through. The row in the catalogue is what the partner is told.
 */
export async function admitConsumer({ binding, pace }: BindingOrder): Promise<void> {
  const { there, undo } = consumingAt(pace);
  try {
    setCurrentDetails('Admits a partner: tells our orchestrator, and by it the platform.');
    await there.tellOrchestrator({ binding });
    setCurrentDetails('Admits a partner: sees the producer, and lets the partner through.');
    await there.openBinding({ binding });
    setCurrentDetails('Admitted.');
  } catch (error) {
    const { type, message } = foreseen(error);
    setCurrentDetails(`Not admitted. ${type}: ${message}.`);
    const over = { binding, why: type === 'DecisionRefused' ? message : type };
    await CancellationScope.nonCancellable(async () => {
      // The retraction closes it first; a step of its own, insisted on, would only keep that waiting
      if (!patched('a-retraction-closes')) await there.closeBinding(over);
      await undo.retractDecision(over);
    });
  }
}
