import { type Client, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import type { RelocationStatus } from '../../domain/relocation.ts';
import { abandon, approve, cancel, pause, resume, retry } from '../../workflows/messages.ts';
import { unavailable } from '../problem.ts';
import type { Reader } from './reader.ts';
import type { Action } from '../resources.ts';
import type { Seen } from '../seen.ts';
import type { Asked, Handlers } from '../serve.ts';
import type { NorthboundTable } from './table.ts';

const WORKER_MS = 5_000;
const updates = { pause, resume, cancel, approve, retry, abandon };

/**
 * An operator's commands: workflow updates, which the workflow's own validators refuse where its state does not allow
 * them.
 */
export function commandHandlers(temporal: Client, reader: Reader): Handlers<NorthboundTable, `${Action}Relocation`> {
  const execute = async (action: Action, { workflowId, runId, id }: Seen): Promise<RelocationStatus> => {
    try {
      return await temporal.withDeadline(
        Date.now() + WORKER_MS,
        async () => await temporal.workflow.getHandle(workflowId, runId).executeUpdate(updates[action]),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw await overNow(action, id);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
        throw unavailable(
          `no worker has answered to "${action}" within ${WORKER_MS / 1_000} s`,
          'Start a Ferry worker, and look whether it was carried out meanwhile before asking again.',
        );
      throw error;
    }
  };

  /** Why an ended one cannot be commanded. */
  const overNow = async (action: Action, id: string): Promise<Refusal> => {
    const { state, outcome } = await reader.read(id);
    const moved = outcome !== null && outcome !== 'rolledBack' && outcome !== 'refused';
    return new Refusal(
      action === 'cancel' && moved ? 'CancelTooLate' : 'NotPossibleNow',
      `${action} is not possible: it is ${state}${outcome === null ? '' : ` (${outcome})`}`,
      `/v1/relocations/${id}`,
    );
  };

  const command =
    (action: Action) =>
    async ({ params, res }: Asked<NorthboundTable['pauseRelocation']>): Promise<void> => {
      const seen = await reader.look(params.id);
      if (seen.ended !== undefined) throw await overNow(action, seen.id);
      const told = await execute(action, seen);
      res.json(await reader.show(await reader.look(seen.id), told));
    };

  return {
    pauseRelocation: command('pause'),
    resumeRelocation: command('resume'),
    cancelRelocation: command('cancel'),
    approveRelocation: command('approve'),
    retryRelocation: command('retry'),
    abandonRelocation: command('abandon'),
  };
}
