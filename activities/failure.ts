import { ApplicationFailure } from '@temporalio/common';
import { failures, type FailureType } from '../domain/failures.ts';

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
