import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { failures, isFailureType, type FailureType } from '../../domain/failures.ts';

export interface Reason {
  readonly type: FailureType;
  readonly message: string;
}

/** Whatever is no failure of the domain is a bug of ours: nothing is undone, the task waits for its fix. */
export function foreseen(error: unknown): Reason {
  if (!(error instanceof TemporalFailure)) throw error;
  return reasonOf(error) ?? { type: 'Unexpected', message: error.cause?.message ?? error.message };
}

/** The failure of the domain behind what a step threw. Undefined: nobody foresaw it. */
function reasonOf(error: TemporalFailure): Reason | undefined {
  const cause = causeOf(error);
  if (cause instanceof CancelledFailure) return { type: 'Cancelled', message: 'it was cancelled' };
  if (cause instanceof TimeoutFailure) return lastWords(cause) ?? silence;
  return cause instanceof ApplicationFailure ? domainFailure(cause.type, cause.message) : undefined;
}

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

const domainFailure = (type: unknown, message: string): Reason | undefined =>
  isFailureType(type) ? { type, message } : undefined;

const silence: Reason = {
  type: 'PeerUnavailable',
  message: 'the step gave no sign of life, or was not done in time',
};

/** A timeout says nothing by itself; the failure of the last attempt, which the server put behind it, does. */
function lastWords({ failure: told }: TimeoutFailure): Reason | undefined {
  const last = told?.cause; // the SDK decodes no cause of a timeout
  return domainFailure(last?.applicationFailureInfo?.type, last?.message ?? '');
}

/**
 * What a step had kept when it failed (`Wait.keep`): with its last failure, or with its last sign of life where it
 * ran out of time or lost its worker.
 */
export function keptIn(error: unknown): Readonly<Record<string, unknown>> {
  const cause = causeOf(error);
  const told =
    cause instanceof TimeoutFailure
      ? cause.lastHeartbeatDetails
      : cause instanceof ApplicationFailure || cause instanceof CancelledFailure
        ? cause.details?.[0]
        : undefined;
  const kept = typeof told === 'object' && told !== null && 'kept' in told ? told.kept : undefined;
  return typeof kept === 'object' && kept !== null ? (kept as Readonly<Record<string, unknown>>) : {};
}

/** A failure that the procedure itself finds. */
export const failure = (type: FailureType, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: !failures[type].retry });
