import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Cordon, Cordons } from '../activities/relocation/cordon.ts';
import { evacuationWorkflowId } from '../temporal/evacuating.ts';
import { holdWorkflowId } from '../temporal/holding.ts';
import { CALL_MS, callsOver } from './calls.ts';

/** A site is closed to what would be moved there while a run of that name goes on: known at once, and without an index. */
export function cordonsOver(temporal: Client): Cordons {
  const call = callsOver(temporal);
  const runs = async (workflowId: string, signal: AbortSignal): Promise<boolean> => {
    try {
      const { status } = await call(
        signal,
        CALL_MS,
        async () => await temporal.workflow.getHandle(workflowId).describe(),
      );
      return status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return async (site, signal): Promise<Cordon | null> => {
    const [evacuated, held] = await Promise.all([
      runs(evacuationWorkflowId(site), signal),
      runs(holdWorkflowId(site), signal),
    ]);
    return evacuated ? 'Evacuating' : held ? 'OnHold' : null;
  };
}
