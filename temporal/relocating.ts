import type { WorkflowOptions } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import type { RelocationMemo, RelocationOrder } from '../workflows/messages.ts';
import { type InternalWorkflowStartOptions, InternalWorkflowStartOptionsSymbol } from './internals.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [RelocationOrder] };

export interface RelocationPlan {
  readonly workflowId: string;
  readonly memo: RelocationMemo;
  readonly pace: RelocationOrder['pace'];
  /** By it Temporal joins what is asked twice, also where the first has ended. */
  readonly requestId: string;
  /** The evacuation that it is part of. */
  readonly evacuation?: string;
}

/** How a relocation is started, by whoever starts it: one of the same users at a time. */
export function relocationOf({ workflowId, memo, pace, requestId, evacuation }: RelocationPlan, ours: Ours): Start {
  const { request, direction } = memo;
  const sameRun: Pick<InternalWorkflowStartOptions, typeof InternalWorkflowStartOptionsSymbol> = {
    [InternalWorkflowStartOptionsSymbol]: { requestId },
  };
  return {
    workflowId,
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue: ours.taskQueue,
    args: [{ request, direction, pace }],
    memo: { ...memo },
    typedSearchAttributes: attributes(memo, ours.world, evacuation),
    staticSummary: summary(memo),
    staticDetails: details(memo, evacuation),
    ...sameRun,
  };
}

/** What Temporal is told of a relocation at its start, so that people find and understand it there. */
const attributes = (
  { request, direction, key }: RelocationMemo,
  world: string | undefined,
  evacuation: string | undefined,
): SearchAttributePair[] => [
  { key: searchAttributes.application, value: request.application },
  { key: searchAttributes.direction, value: direction },
  { key: searchAttributes.source, value: request.source },
  { key: searchAttributes.target, value: request.target },
  ...(key === '' ? [] : [{ key: searchAttributes.key, value: key }]),
  ...(evacuation === undefined ? [] : [{ key: searchAttributes.evacuation, value: evacuation }]),
  ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
];

const whose = (users: string): string => (users === '*' ? 'all users' : 'one user');

const summary = ({ request: { application, users, source, target } }: RelocationMemo): string =>
  `${application}: ${source} → ${target}, ${whose(users)}`;

function details({ request, direction }: RelocationMemo, evacuation: string | undefined): string {
  const { application, users, source, target, cutOver, maxInterruptionMs, deadline, sourceLost } = request;
  const when =
    cutOver === 'immediately'
      ? 'as soon as it can'
      : 'at' in cutOver
        ? `at ${cutOver.at}`
        : 'standby' in cutOver
          ? 'never by itself: the target is kept warm, should the source be lost'
          : 'when an operator approves';
  return [
    `Moves ${whose(users)} of **${application}** from **${source}** to **${target}** (${direction}; ETSI GR MEC 035, 5.3 and 5.4).`,
    '',
    `- Cut-over: ${when}`,
    ...(sourceLost === undefined
      ? []
      : [`- **The source is taken to be dead.** Accepted: lost writes, fence ${sourceLost.accept.fence ?? 'stopped'}`]),
    ...(maxInterruptionMs === undefined ? [] : [`- Interruption: at most ${maxInterruptionMs} ms`]),
    ...(deadline === undefined ? [] : [`- Deadline of the hand-over: ${deadline}`]),
    ...(evacuation === undefined ? [] : [`- Part of evacuation ${evacuation}`]),
  ].join('\n');
}
