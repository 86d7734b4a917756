import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type QueryDefinition } from '@temporalio/common';
import type { RelocationStatus } from '../../domain/relocation.ts';
import { status } from '../../workflows/messages.ts';
import { eventually } from './eventually.ts';
import { type Awaited, telling, writtenOf } from './written.ts';

/** Whoever is under way writes often. */
const EVERY_MS = 50;

/** What a run says of itself, once that is as wanted. */
export async function says<T>(
  handle: Pick<WorkflowHandle, 'client' | 'workflowId' | 'query'>,
  question: QueryDefinition<T>,
  wanted: (said: T) => boolean,
  limitMs?: number,
  awaited?: Awaited,
): Promise<T> {
  const written = writtenOf(handle.client, handle, awaited);
  let said!: T;
  await eventually(
    async () => {
      await written();
      said = await handle.query(question);
      return wanted(said);
    },
    limitMs,
    EVERY_MS,
  );
  return said;
}

/** A run, asked past the API: waits until it is in that state, or one of those, and tells all of it. */
export async function reached(
  handle: Pick<WorkflowHandle, 'client' | 'workflowId' | 'query'>,
  state: RelocationStatus['state'] | readonly RelocationStatus['state'][],
  limitMs?: number,
): Promise<RelocationStatus> {
  const states = [state].flat();
  return await says(handle, status, (said) => states.includes(said.state), limitMs, telling(states));
}

/** The type of the failure with which a command was refused, or `accepted`. */
export async function refusalOf(update: Promise<unknown>): Promise<string | null | undefined> {
  try {
    await update;
    return 'accepted';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
      return error.cause.type;
    throw error;
  }
}
