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
  if (cause instanceof TimeoutFailure) return { type: 'PeerUnavailable', message: lastWords(cause) };
  if (cause instanceof ApplicationFailure && isFailureType(cause.type))
    return { type: cause.type, message: cause.message };
  return undefined;
}

/** A timeout says nothing by itself; what the last attempt said does. */
function lastWords({ cause }: TimeoutFailure): string {
  return cause instanceof ApplicationFailure ? cause.message : 'the step gave no sign of life, or was not done in time';
}

/** A failure that the procedure itself finds. */
export const failure = (type: FailureType, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: !failures[type].retry });
