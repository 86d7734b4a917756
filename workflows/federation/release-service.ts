import { setCurrentDetails } from '@temporalio/workflow';
import { consumptionUndos, type ConsumptionUndo } from '../../domain/binding.ts';
import { foreseen } from '../kit/failure.ts';
import type { BindingOrder } from '../messages.ts';
import { consumingAt } from './consuming-steps.ts';

const order = ['withdrawService', 'withdrawDecision', 'retractDecision'] as const satisfies readonly ConsumptionUndo[];

/** A consumption is over: taken off the platform, then ended with the partner. Returns what could not be done; tending goes on. */
export async function releaseService({
  binding,
  why,
  pace,
}: BindingOrder): Promise<{ readonly leftovers: readonly string[] }> {
  const { undo } = consumingAt(pace);
  const leftovers: string[] = [];
  for (const name of order)
    try {
      setCurrentDetails(`Releases a service: ${consumptionUndos[name].title}.`);
      await undo[name]({ binding, why });
    } catch (error) {
      foreseen(error);
      leftovers.push(name);
    }
  setCurrentDetails(leftovers.length === 0 ? 'Released.' : `Released; left to tending: ${leftovers.join(', ')}.`);
  return { leftovers };
}
