import type {
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
  WorkflowOptions,
  WorkflowSignalWithStartOptions,
} from '@temporalio/client';
import type { AnchorMemo, AnchorOrder, MarkOrder } from '../workflows/messages.ts';
import { anchorId } from '../domain/identity.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [AnchorOrder] };

export const ANCHORS = "WorkflowType = 'anchorApplication'";

/** By the first run of its chain, however often it went on in a new one: an index may not tell of that. */
export function anchorIdOf({
  workflowId,
  runId,
  raw,
  memo,
}: WorkflowExecutionInfo | WorkflowExecutionDescription): string {
  const described = 'workflowExecutionInfo' in raw ? raw.workflowExecutionInfo?.firstRunId : undefined;
  const first = (memo as Partial<AnchorMemo> | undefined)?.first?.run ?? runId;
  return anchorId(workflowId, described == null || described === '' ? first : described);
}

/** So long the index may take to show the run in which another one goes on. */
const SHOWN_MS = 3_600_000;

/** Whoever is ended so has given nothing back. */
export const ENDED_FROM_OUTSIDE = ['TERMINATED', 'FAILED', 'TIMED_OUT'] as const;

/**
 * Names need no escaping. One that has just gone on in a new run may be shown by the old one alone: it stands. So may the rules
 * of one that was ended from outside, for as long as the index knows of it.
 */
export function anchorsThatStand(application: string, now = Date.now()): string {
  const since = new Date(now - SHOWN_MS).toISOString();
  const goesOn = `ExecutionStatus = 'ContinuedAsNew' AND CloseTime > '${since}'`;
  return `${ofApplication(application)} AND (ExecutionStatus IN ('Running', 'Terminated', 'Failed', 'TimedOut') OR (${goesOn}))`;
}

/** That very run: an earlier one of the same name may be shown as if it ran. */
export const anchorThatRuns = (application: string, run: string): string =>
  `${ofApplication(application)} AND ExecutionStatus = 'Running' AND RunId = '${run}'`;

const ofApplication = (application: string): string =>
  `${ANCHORS} AND ${searchAttributes.application.name} = '${application}'`;

/** One anchor of these users in a network at a time: who asks for the same meanwhile joins it. `follower`: who gives it back. */
export function anchorOf(
  order: AnchorOrder,
  workflowId: string,
  { taskQueue, world, follower }: Ours & { readonly follower?: string },
): Start {
  const { request } = order;
  const { application, users, source, network } = request;
  const whose = users === '*' ? 'all users' : 'one user';
  return {
    workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue,
    args: [{ ...order, watched: true }],
    memo: { request, standing: null, ...(follower !== undefined && { follower }) } satisfies AnchorMemo,
    typedSearchAttributes: [
      { key: searchAttributes.application, value: application },
      { key: searchAttributes.source, value: source },
      { key: searchAttributes.target, value: network },
      ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
    ],
    staticSummary: `${application}: ${network} is led to ${source}, ${whose}`,
    staticDetails: [
      `Devices of **${network}** are led to **${application}** at **${source}**, which stays there: ${whose} (ETSI GR MEC 035, 5.4.1, [5.4.2-6]).`,
      '',
      '- It holds until it is released: `ferry anchor release`, or a cancellation of this run',
      '- A relocation of its source takes it along',
    ].join('\n'),
  };
}

export const markWorkflowId = (application: string): string => `anchored:${application}`;

type Mark = WorkflowSignalWithStartOptions & { readonly workflowId: string; readonly args: [MarkOrder] };

/** One mark of an application at a time: whoever sees to it pokes the one that is there, or starts it. */
export const markOf = ({ application, pace }: MarkOrder, { taskQueue, world }: Ours): Mark => ({
  workflowId: markWorkflowId(application),
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  taskQueue,
  args: [{ application, pace }],
  signal: 'poke',
  signalArgs: [],
  typedSearchAttributes: [
    { key: searchAttributes.application, value: application },
    ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
  ],
  staticSummary: `${application} is anchored`,
  staticDetails: `Anchors stand for **${application}**: as long as this runs, relocations of it look for them. It ends by itself.`,
});
