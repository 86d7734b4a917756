import { type Client, type WorkflowExecutionDescription, WorkflowFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { failure } from '../activities/failure.ts';
import type { Ways } from '../activities/following/leading.ts';
import { digest } from '../configuration/digest.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { AnchorStatus } from '../domain/anchor-request.ts';
import { anchorId, anchorWorkflowId, parseAnchorId } from '../domain/identity.ts';
import { anchorIdOf, anchorOf } from '../temporal/anchoring.ts';
import type { AnchorMemo } from '../workflows/messages.ts';
import type { anchorApplication } from '../workflows/relocation/anchor-application.ts';
import { CALL_MS, callsOver } from './calls.ts';

type Means = Pick<Configuration, 'pace' | 'world'> & { readonly taskQueue: string };

/** Ordinary anchors, for followers. Whose an anchor is stands in its memo: one of somebody else is never given back. */
export function waysOver(temporal: Client, { pace, ...ours }: Means): Ways {
  const call = callsOver(temporal);

  const chainOf = (id: string) => {
    const { workflowId = id, runId: firstExecutionRunId = '' } = parseAnchorId(id) ?? {};
    return temporal.workflow.getHandle<typeof anchorApplication>(workflowId, undefined, { firstExecutionRunId });
  };
  /** Undefined: another chain has its name by now, or none. */
  const look = async (id: string, signal: AbortSignal): Promise<WorkflowExecutionDescription | undefined> => {
    const seen = await orGone(call(signal, CALL_MS, async () => await chainOf(id).describe()));
    return seen !== undefined && anchorIdOf(seen) === id ? seen : undefined;
  };

  return {
    begin: async (request, follower, signal) => {
      const workflowId = anchorWorkflowId(request, digest);
      const start = anchorOf({ request, pace }, workflowId, { ...ours, follower });
      const run = await call(
        signal,
        CALL_MS,
        async () => await temporal.workflow.start<typeof anchorApplication>('anchorApplication', start),
      );
      const id = anchorId(workflowId, run.firstExecutionRunId);
      const known = ((await look(id, signal))?.memo ?? start.memo) as unknown as AnchorMemo;
      const led = known.standing?.source ?? known.request.source;
      if (led !== request.source)
        throw failure('AlreadyAnchored', `${request.network} is led to ${led} for this user, by the anchor ${id}`);
      return { id, own: known.follower === follower };
    },

    begun: async ({ application, users, network }, follower, signal) => {
      const handle = temporal.workflow.getHandle(anchorWorkflowId({ application, users, network }, digest));
      const seen = await orGone(call(signal, CALL_MS, async () => await handle.describe()));
      if (seen?.status.name !== 'RUNNING') return null;
      return (seen.memo as Partial<AnchorMemo> | undefined)?.follower === follower ? anchorIdOf(seen) : null;
    },

    holds: async (id, signal) => {
      const seen = await look(id, signal);
      if (seen?.status.name !== 'RUNNING') return { why: await whyOf(id, signal) };
      if (((seen.memo ?? {}) as Partial<AnchorMemo>).standing == null) return undefined;
      // Where it leads stands there also while it is given back: then its end is waited for
      const status = await orGone(call(signal, CALL_MS, async () => await chainOf(id).query<AnchorStatus>('status')));
      return status?.state === 'held' ? null : undefined;
    },

    release: async (id, signal) => {
      if ((await look(id, signal))?.status.name !== 'RUNNING') return;
      await orGone(call(signal, CALL_MS, async () => await chainOf(id).cancel()));
    },
  };

  async function whyOf(id: string, signal: AbortSignal): Promise<string> {
    try {
      const { failure: why } = await call(signal, CALL_MS, async () => await chainOf(id).result());
      return why === null ? 'the anchor was released' : `${why.type}: ${why.message}`;
    } catch (error) {
      if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError)
        return 'the anchor was ended from outside';
      throw error;
    }
  }
}

async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
