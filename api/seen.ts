import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { relocationId } from '../domain/identity.ts';
import type { Outcome } from '../domain/relocation.ts';
import type { Waits } from '../domain/waits.ts';
import { isWatch } from '../domain/watches.ts';
import { optionalTsToDate } from '../temporal/internals.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { RelocationMemo } from '../workflows/messages.ts';

/** What Temporal itself knows of a relocation, whether or not a worker runs. */
export interface Seen {
  readonly id: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly memo: RelocationMemo;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Undefined: it runs. Without a result it was ended from outside. */
  readonly ended: 'withResult' | 'without' | undefined;
  readonly outcome: Outcome | Waits | undefined;
  readonly historyLength: number;
  /** The step under way, where it was looked for. */
  readonly pending: Pending | undefined;
}

export interface Pending {
  readonly activity: string;
  /** Null: it watches, and has not failed. */
  readonly attempt: number | null;
  /** What its heartbeat told last: a sentence. */
  readonly sentence: string | undefined;
  readonly lastFailure: string | null;
  readonly since: string;
  readonly until: string | null;
  /** When the next attempt begins; null: one is under way. */
  readonly nextAt: string | null;
}

/** Undefined: a run that the API has not started, which has no memo of ours; and nobody told the order that it has. */
export function seenIn(
  info: WorkflowExecutionInfo | WorkflowExecutionDescription,
  order?: Pick<RelocationMemo, 'request' | 'direction'>,
): Seen | undefined {
  const { workflowId, runId, memo, startTime, closeTime, status, historyLength, typedSearchAttributes } = info;
  if (info.type !== 'relocateApplication' || (memo?.['request'] ?? order) === undefined) return undefined;
  return {
    id: relocationId(workflowId, runId),
    workflowId,
    runId,
    memo: order === undefined ? (memo as unknown as RelocationMemo) : { ...order, key: '', body: '' },
    startedAt: startTime.toISOString(),
    endedAt: closeTime?.toISOString() ?? null,
    ended: status.name === 'RUNNING' ? undefined : status.name === 'COMPLETED' ? 'withResult' : 'without',
    outcome: typedSearchAttributes.get(searchAttributes.outcome) as Seen['outcome'],
    historyLength,
    pending: 'pendingActivities' in info.raw ? pendingIn(info as WorkflowExecutionDescription) : undefined,
  };
}

export function pendingIn({ raw }: WorkflowExecutionDescription): Pending | undefined {
  const pending = raw.pendingActivities ?? [];
  const nameOf = ({ activityType }: (typeof pending)[number]): string => activityType?.name ?? '';
  // A watch goes on beside whatever is being done
  const activity = pending.find((each) => !isWatch(nameOf(each))) ?? pending[0];
  if (activity === undefined) return undefined;
  const [told] = activity.heartbeatDetails?.payloads ?? [];
  const pulse: unknown = told == null ? undefined : defaultPayloadConverter.fromPayload(told);
  // Beside the sentence it may carry what the next attempt needs
  const sentence: unknown = typeof pulse === 'object' && pulse !== null && 'told' in pulse ? pulse.told : pulse;
  const failure = activity.lastFailure;
  const type = failure?.applicationFailureInfo?.type ?? '';
  const watches = isWatch(nameOf(activity));
  return {
    activity: nameOf(activity),
    attempt: watches ? null : (activity.attempt ?? 1),
    sentence: typeof sentence === 'string' && sentence !== '' ? sentence : undefined,
    lastFailure:
      failure == null || (watches && type === 'NotYet')
        ? null
        : `${type === '' ? '' : `${type}: `}${failure.message ?? ''}`,
    since: instant(activity.scheduledTime) ?? instant(activity.lastStartedTime) ?? new Date().toISOString(),
    until: instant(activity.expirationTime),
    nextAt: watches ? null : instant(activity.nextAttemptScheduleTime),
  };
}

const instant = (timestamp: Parameters<typeof optionalTsToDate>[0]): string | null =>
  optionalTsToDate(timestamp)?.toISOString() ?? null;
