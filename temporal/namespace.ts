import { type Client, Connection } from '@temporalio/client';
import type { connectionSettings } from './connection.ts';
import { msNumberToTs } from './internals.ts';

/** In the data of a namespace that a sandbox made, or was given whole: what runs there may end with the sandbox. */
const SANDBOX = 'ferry-sandbox';

/** Ids and idempotency keys of what has ended are known for so long. Where others run Temporal, they decide. */
const RETENTION_MS = 30 * 24 * 3_600_000;

const ALREADY_EXISTS = 6;

type Place = Pick<ReturnType<typeof connectionSettings>, 'connectionOptions' | 'namespace'>;

/** A sandbox on somebody's Temporal keeps to itself. */
export const namespaceOfSandbox = (net: number): string => `ferry-sandbox-${net}`;

/** Makes a namespace ours: there, with our retention, and marked when a sandbox may end what runs in it. */
export async function ownNamespace(
  { connectionOptions, namespace }: Place,
  { sandbox }: { sandbox: boolean },
): Promise<void> {
  const workflowExecutionRetentionPeriod = msNumberToTs(RETENTION_MS);
  const data: Record<string, string> = sandbox ? { [SANDBOX]: 'true' } : {};
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5 seconds' });
  try {
    const { workflowService } = connection;
    const description = sandbox ? 'Of a Ferry sandbox: runs of its earlier worlds are ended' : '';
    await workflowService
      .registerNamespace({ namespace, description, data, workflowExecutionRetentionPeriod })
      .catch(async (error: { code?: number }) => {
        if (error.code !== ALREADY_EXISTS) throw error;
        const config = { workflowExecutionRetentionTtl: workflowExecutionRetentionPeriod };
        await workflowService.updateNamespace({ namespace, updateInfo: { data }, config });
      });
  } catch (error) {
    throw new Error(
      `cannot make namespace ${namespace} at ${connectionOptions.address} (${(error as Error).message}): name one that is there with TEMPORAL_NAMESPACE`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
}

/** Was it marked so? */
export async function isOfSandbox({ workflowService, options: { namespace } }: Client): Promise<boolean> {
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
  return namespaceInfo?.data?.[SANDBOX] === 'true';
}
