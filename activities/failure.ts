import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failures, type FailureType, isFailureType } from '../domain/failures.ts';

/**
 * The only place where a failure of the world becomes a Temporal one.
 * `message`: what happened, where, in one sentence, without addresses, tokens or device identifiers.
 * `retryAfterMs`: what the peer asked for (Retry-After).
 */
export const failure = (type: FailureType, message: string, retryAfterMs?: number): ApplicationFailure =>
  ApplicationFailure.create({
    type,
    message,
    nonRetryable: !failures[type].retry,
    ...(retryAfterMs !== undefined && { nextRetryDelay: retryAfterMs }),
  });

/** Can what failed so go well when it is tried again? What nobody foresaw is not taken for final. */
export function mayPass(error: unknown): boolean {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  return !isFailureType(type) || failures[type].retry;
}

/** The same failure, with what the step kept: names and facts for whoever undoes it; what it carries already stays. */
export function keeping(error: unknown, facts: Readonly<Record<string, unknown>>): unknown {
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [{ kept: facts }]);
  if (!(error instanceof ApplicationFailure)) return error;
  const { message, type, nonRetryable, nextRetryDelay, details } = error;
  const [carried] = (details ?? []) as readonly { readonly kept?: object }[];
  const kept = { ...carried?.kept, ...facts };
  return ApplicationFailure.create({
    message,
    ...(type != null && { type }),
    nonRetryable: nonRetryable ?? false,
    details: [{ kept }],
    ...(nextRetryDelay != null && { nextRetryDelay }),
    cause: error,
  });
}

/** The word for what an attempt of an activity has failed with. */
export function outcomeOf(error: unknown): string {
  if (error instanceof ApplicationFailure && isFailureType(error.type)) return error.type;
  return error instanceof CancelledFailure ? 'Cancelled' : 'Unexpected';
}
