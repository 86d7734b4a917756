import { status as grpc } from '@grpc/grpc-js';
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { failure } from '../activities/failure.ts';
import type { Begun, PartOf, RunEnded, Runs } from '../activities/evacuation/runs.ts';
import { digest } from '../configuration/digest.ts';
import { directionBetween } from '../configuration/direction.ts';
import type { Configuration } from '../configuration/peers.ts';
import { atOnce } from '../domain/at-once.ts';
import { parseRelocationId, relocationId, relocationWorkflowId } from '../domain/identity.ts';
import type { Outcome, RelocationRequest, RelocationResult } from '../domain/relocation.ts';
import { undos } from '../domain/steps.ts';
import { isWaits, waitsForPerson } from '../domain/waits.ts';
import { relocationOf } from '../temporal/relocating.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { EvacuationMemo, RelocationMemo } from '../workflows/messages.ts';
import type { relocateApplication } from '../workflows/relocation/relocate-application.ts';
import { CALL_MS, callsOver } from './calls.ts';

/** Of all pages of a list; of one poll for an end. */
const [LIST_MS, POLL_MS] = [60_000, 60_000];
/** Of those that are looked at one by one. */
const AT_ONCE = 8;

type Means = Pick<Configuration, 'sites' | 'pace' | 'world'> & { readonly taskQueue: string };

/** `temporal`: over a connection whose calls end when they are told to; a worker that stops waits for none. */
export function runsOver(temporal: Client, { sites, pace, world, taskQueue }: Means): Runs {
  const call = callsOver(temporal);
  const listed = async <T>(query: string, signal: AbortSignal, see: (info: WorkflowExecutionInfo) => T): Promise<T[]> =>
    await call(signal, LIST_MS, async () => {
      const all: T[] = [];
      for await (const info of temporal.workflow.list({ query })) all.push(see(info));
      return all;
    });

  return {
    wish: async (workflowId, signal) =>
      await call(signal, CALL_MS, async () => {
        const { memo } = await temporal.workflow.getHandle(workflowId).describe();
        return (memo as unknown as EvacuationMemo).wish;
      }),

    begun: async (evacuation, signal) => await listed(ofEvacuation(evacuation), signal, begunAs),

    begin: async (request, part, signal) => {
      const workflowId = relocationWorkflowId(request, digest);
      const memo = memoOf(request, part, sites);
      const requestId = digest(`${memo.key}\n${memo.body}`);
      const of = 'evacuation' in part ? { evacuation: part.evacuation } : {};
      const start = relocationOf({ workflowId, memo, pace, requestId, ...of }, { taskQueue, world });
      return await call(signal, CALL_MS, async () => {
        try {
          const started = await temporal.workflow.start<typeof relocateApplication>('relocateApplication', start);
          return { id: relocationId(workflowId, started.firstExecutionRunId), own: true };
        } catch (error) {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
          const other = await temporal.workflow.getHandle(workflowId).describe();
          return { id: relocationId(workflowId, other.runId), own: other.memo?.['key'] === memo.key };
        }
      });
    },

    begunBy: async ({ chain, application, user, among }, signal) => {
      const key = digest(keyOfLook(chain));
      const named = await atOnce(AT_ONCE, among, async (source) => {
        const workflowId = relocationWorkflowId({ application, source, users: user }, digest);
        const run = await call(signal, CALL_MS, async () => await describedOrGone(temporal, workflowId));
        return run?.memo?.['key'] === key ? [begunAs(run)] : [];
      });
      const [found] = named.flat();
      if (found !== undefined) return found;
      // Others may have had its name since
      const byKey = `${searchAttributes.key.name} = '${key}'`;
      const [run] = await listed(`${RELOCATIONS} AND ${byKey}`, signal, begunAs);
      return run;
    },

    ended: async (id, signal) => {
      const { workflowId, runId } = parseRelocationId(id) ?? { workflowId: id, runId: '' };
      const handle = temporal.workflow.getHandle<typeof relocateApplication>(workflowId, runId);
      for (;;) {
        const ended = await call(signal, POLL_MS, async () => await endOf(handle));
        if (ended !== undefined) return ended;
      }
    },

    resting: async (from, signal) => {
      const waits = `${searchAttributes.outcome.name} IN (${quoted(waitsForPerson)})`;
      const query = `${RELOCATIONS} AND ExecutionStatus = 'Running' AND ${searchAttributes.source.name} IN (${quoted(from)}) AND ${waits}`;
      return new Set(await listed(query, signal, ({ workflowId, runId }) => relocationId(workflowId, runId)));
    },

    comingTo: async (site, signal) => {
      const { outcome, target } = searchAttributes;
      const query = `WorkflowType = 'relocateApplication' AND ExecutionStatus = 'Running' AND ${target.name} = '${site}' AND ${outcome.name} IS NULL`;
      return await call(signal, LIST_MS, async () => (await temporal.workflow.count(query)).count);
    },

    goingBack: async (ids, signal) => {
      const seen = await atOnce(AT_ONCE, ids, async (id) => {
        const { workflowId, runId } = parseRelocationId(id) ?? { workflowId: id, runId: '' };
        const handle = temporal.workflow.getHandle(workflowId, runId);
        return (await call(signal, CALL_MS, async () => await isUndone(handle))) ? [id] : [];
      });
      return new Set(seen.flat());
    },
  };
}

async function describedOrGone(
  temporal: Client,
  workflowId: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await temporal.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Nothing is carried out for it but an undo. */
async function isUndone(handle: WorkflowHandle): Promise<boolean> {
  try {
    const { pendingActivities } = (await handle.describe()).raw;
    const under = (pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? '');
    return under.length > 0 && under.every((name) => Object.hasOwn(undos, name));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

const RELOCATIONS = "WorkflowType = 'relocateApplication'";
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ');
const ofEvacuation = (evacuation: string): string =>
  `${RELOCATIONS} AND ${searchAttributes.evacuation.name} = '${evacuation}'`;

function begunAs({
  workflowId,
  runId,
  memo,
  startTime,
  typedSearchAttributes,
}: Omit<WorkflowExecutionInfo, 'raw'>): Begun {
  const { application, users, source, target, accept } = (memo as unknown as RelocationMemo).request;
  const word = typedSearchAttributes.get(searchAttributes.outcome);
  const outcome = word === undefined || isWaits(word) ? undefined : (word as Outcome);
  const id = relocationId(workflowId, runId);
  return {
    id,
    own: true,
    application,
    users,
    source,
    target,
    ...(accept !== undefined && { accept }),
    startedAt: startTime.toISOString(),
    outcome,
  };
}

/** Undefined: it has not ended in the time of one poll. */
async function endOf(handle: WorkflowHandle<typeof relocateApplication>): Promise<RunEnded | undefined> {
  try {
    return endedAs(await handle.result());
  } catch (error) {
    if (error instanceof WorkflowFailedError) return terminated('it was ended from outside');
    if (error instanceof WorkflowNotFoundError) return terminated('Temporal does not keep it any longer');
    if (isGivenUp(error)) return undefined;
    throw error;
  }
}

const isGivenUp = (error: unknown): boolean =>
  isGrpcServiceError(error)
    ? error.code === grpc.CANCELLED || error.code === grpc.DEADLINE_EXCEEDED
    : error instanceof ServiceError && isGivenUp(error.cause);

const keyOfLook = (follower: string): string => `follower/${follower}`;

/** Each target is another request: what could not go to one may go to the next. */
function memoOf(request: RelocationRequest, part: PartOf, sites: Means['sites']): RelocationMemo {
  const { application, users, target } = request;
  const direction = directionBetween(request, { sites });
  if (direction === undefined) throw failure('UnknownName', `${request.source} and ${target} are both clouds`);
  const key = digest(
    'evacuation' in part ? `evacuation/${part.evacuation}/${application}/${users}/${target}` : keyOfLook(part.follower),
  );
  return { request, direction, key, body: digest(JSON.stringify(request)) };
}

const endedAs = ({ outcome, failure: why, leftovers }: RelocationResult): RunEnded => ({
  outcome,
  failure: why === null ? null : { type: why.type, message: why.message },
  leftovers: leftovers.length,
});

const terminated = (message: string): RunEnded => ({
  outcome: 'terminated',
  failure: { type: 'Unexpected', message },
  leftovers: 0,
});
