import { randomUUID } from 'node:crypto';
import { type Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { digest } from '../../configuration/digest.ts';
import { type Action, actionsOf, isAlreadySo } from '../../domain/actions.ts';
import { Refusal } from '../../domain/failures.ts';
import { type Acceptance, WARY } from '../../domain/recovery.ts';
import type { RelocationStatus } from '../../domain/relocation.ts';
import { abandon, approve, cancel, pause, recoverAccepting, resume, retry } from '../../workflows/messages.ts';
import { unavailable } from '../problem.ts';
import type { Seen } from '../seen.ts';
import type { Asked, Handlers } from '../serve.ts';
import type { Reader } from './reader.ts';
import type { NorthboundTable } from './table.ts';

type Commanded = Pick<Asked<NorthboundTable['pauseRelocation']>, 'params' | 'headers' | 'res'>;

const WORKER_MS = 5_000;
/** So long a command that was carried out is remembered here, for whoever lost its answer. */
const LATELY_MS = 60_000;
const updates = { pause, resume, cancel, approve, retry, abandon };

/**
 * An operator's commands: workflow updates, which the workflow's own validators refuse where its state does not allow
 * them. An update is carried out once for its id, and answers the same as long as Temporal keeps the run, so that a
 * command may be asked again whose answer was lost: with its Idempotency-Key at every process and at any time.
 */
export function commandHandlers(temporal: Client, reader: Reader): Handlers<NorthboundTable, `${Action}Relocation`> {
  const lately = new Map<string, string>();

  /** Without a key: what happens once in a run is named by itself, what happens again by the state that it ends. */
  const unkeyed = async (action: Action, seen: Seen): Promise<{ updateId: string } | { so: RelocationStatus }> => {
    if (action === 'approve' || action === 'cancel') return { updateId: action };
    const status = await reader.ask(seen);
    if (typeof status !== 'string' && isAlreadySo(action, status)) return { so: status };
    if (action === 'pause') return { updateId: randomUUID() }; // a step may be paused, resumed and paused again
    if (typeof status !== 'string' && actionsOf(status).includes(action))
      return { updateId: `${action} ${status.state} ${status.since}` };
    return { updateId: lately.get(`${seen.id} ${action}`) ?? randomUUID() };
  };

  const execute = async (
    action: Action,
    { workflowId, runId, id }: Seen,
    updateId: string,
    until: number,
    accept: Acceptance,
  ): Promise<RelocationStatus> => {
    const name = `${id} ${action}`;
    const forget = (): void => void (lately.get(name) === updateId && lately.delete(name));
    lately.set(name, updateId);
    setTimeout(forget, LATELY_MS).unref();
    try {
      return await temporal.withDeadline(until, async () => {
        const handle = temporal.workflow.getHandle(workflowId, runId);
        return action === 'recover'
          ? await handle.executeUpdate(recoverAccepting, { updateId, args: [accept] })
          : await handle.executeUpdate(updates[action], { updateId });
      });
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) forget();
      if (error instanceof WorkflowNotFoundError) throw await overNow(action, id);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
        throw unavailable(
          `no worker has answered to "${action}" within ${WORKER_MS / 1_000} s`,
          'Start a Ferry worker, which may still do it, and ask again: with the same Idempotency-Key nothing is done twice.',
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
      `/v1/relocations/${encodeURIComponent(id)}`,
    );
  };

  const command =
    (action: Action) =>
    async ({ params, headers, res }: Commanded, accept: Acceptance = WARY): Promise<void> => {
      const until = Date.now() + WORKER_MS;
      const seen = await reader.look(params.id);
      const key = headers['idempotency-key'];
      if (key === undefined && seen.ended !== undefined) throw await overNow(action, seen.id);
      // Whoever accepts more says something else, and is not answered as to less
      const more = action === 'recover' ? ` ${JSON.stringify(accept)}` : '';
      const named = key === undefined ? await unkeyed(action, seen) : { updateId: `${action} ${digest(key + more)}` };
      const told = 'so' in named ? named.so : await execute(action, seen, named.updateId, until, accept);
      // The update tells the state that it met; what it made of it, the workflow says when it is asked next
      const now = await reader.ask(seen);
      res.json(await reader.show(await reader.look(seen.id), typeof now === 'string' ? told : now));
    };

  const recovering = command('recover');
  return {
    pauseRelocation: command('pause'),
    resumeRelocation: command('resume'),
    cancelRelocation: command('cancel'),
    approveRelocation: command('approve'),
    retryRelocation: command('retry'),
    abandonRelocation: command('abandon'),
    recoverRelocation: async (asked) => await recovering(asked, asked.body.accept),
  };
}
