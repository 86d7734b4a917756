import type { WorkflowOptions } from '@temporalio/client';
import type { FollowerMemo, FollowerOrder } from '../workflows/messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [FollowerOrder] };

export const FOLLOWERS = "WorkflowType = 'followDevice' AND ExecutionStatus = 'Running'";

/** One follower of a device for an application at a time: who asks for the same meanwhile joins it. */
export function followerOf({ request, pace }: FollowerOrder, workflowId: string, { taskQueue, world }: Ours): Start {
  const { application, among, staySeconds, holdSeconds, perHour } = request;
  return {
    workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue,
    args: [{ request, pace }],
    memo: { request } satisfies FollowerMemo,
    typedSearchAttributes: [
      { key: searchAttributes.application, value: application },
      ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
    ],
    staticSummary: `${application} follows one device`,
    staticDetails: [
      `**${application}** goes after the device of one user, among ${among.join(', ')} (ETSI GR MEC 035, 5.3.1, 5.4.1).`,
      '',
      `- After ${staySeconds} s in a network; at least ${holdSeconds} s after a move; at most ${perHour} moves an hour`,
      '- It ends with `ferry unfollow`, or a cancellation of this run; a move under way goes on',
    ].join('\n'),
  };
}
