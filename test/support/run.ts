import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RelocationStatus } from '../../domain/relocation.ts';
import { status } from '../../workflows/messages.ts';
import { eventually } from './eventually.ts';

/** A run, asked past the API: waits until it is in that state, and tells all of it. */
export async function reached(
  handle: WorkflowHandle,
  state: RelocationStatus['state'],
  limitMs?: number,
): Promise<RelocationStatus> {
  await eventually(async () => (await handle.query(status)).state === state, limitMs);
  return await handle.query(status);
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
