import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { failures, isFailureType, type FailureType } from '../domain/failures.ts';

export interface Reason {
  readonly type: FailureType;
  readonly message: string;
}

/** The failure of the domain behind what a step threw. Undefined: nobody foresaw it. */
export function reasonOf(error: unknown): Reason | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof CancelledFailure) return { type: 'Cancelled', message: 'it was cancelled' };
  if (cause instanceof TimeoutFailure) return lastWords(cause) ?? silence;
  return cause instanceof ApplicationFailure ? foreseen(cause.type, cause.message) : undefined;
}

const foreseen = (type: unknown, message: string): Reason | undefined =>
  isFailureType(type) ? { type, message } : undefined;

const silence: Reason = {
  type: 'PeerUnavailable',
  message: 'the step gave no sign of life, or was not done in time',
};

/** A timeout says nothing by itself; the failure of the last attempt, which the server put behind it, does. */
function lastWords({ failure: told }: TimeoutFailure): Reason | undefined {
  const last = told?.cause; // the SDK decodes no cause of a timeout
  return foreseen(last?.applicationFailureInfo?.type, last?.message ?? '');
}

/** A failure that the procedure itself finds. */
export const failure = (type: FailureType, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: !failures[type].retry });
