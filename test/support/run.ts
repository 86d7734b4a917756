import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type QueryDefinition } from '@temporalio/common';
import type { RelocationStatus } from '../../domain/relocation.ts';
import { status } from '../../workflows/messages.ts';
import { eventually } from './eventually.ts';
import { writtenOf } from './written.ts';

/** Whoever is under way writes often. */
const EVERY_MS = 50;

/** What a run says of itself, once that is as wanted. */
export async function says<T>(
  handle: Pick<WorkflowHandle, 'client' | 'workflowId' | 'query'>,
  question: QueryDefinition<T>,
  wanted: (said: T) => boolean,
  limitMs?: number,
): Promise<T> {
  const written = writtenOf(handle.client, handle);
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

/** A run, asked past the API: waits until it is in that state, and tells all of it. */
export async function reached(
  handle: WorkflowHandle,
  state: RelocationStatus['state'],
  limitMs?: number,
): Promise<RelocationStatus> {
  return await says(handle, status, (said) => said.state === state, limitMs);
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
