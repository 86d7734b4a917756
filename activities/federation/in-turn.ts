import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure.ts';
import { within } from '../within.ts';

/**
 * One after the other, for so long at most: a round has an end, and the next one goes on. Which is first changes from round to
 * round, so that none is always the last. One that fails keeps no other from its turn; throws the first failure.
 */
export async function inTurn<T>(
  all: readonly T[],
  patienceMs: number,
  signal: AbortSignal,
  work: (one: T, patient: AbortSignal) => Promise<void>,
): Promise<void> {
  const patient = within(signal, patienceMs);
  const from = Math.floor(Math.random() * all.length);
  let failed: ApplicationFailure | undefined;
  for (const one of [...all.slice(from), ...all.slice(0, from)])
    try {
      patient.throwIfAborted();
      await work(one, patient);
    } catch (error) {
      if (signal.aborted) throw error;
      if (patient.aborted) throw failed ?? failure('NotYet', 'there is more to put right than one round has time for');
      if (!(error instanceof ApplicationFailure)) throw error;
      failed ??= error;
    }
  if (failed !== undefined) throw failed;
}
