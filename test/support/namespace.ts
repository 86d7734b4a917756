import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msNumberToTs } from '../../temporal/internals.ts';
import { temporalReady } from '../../temporal/readiness.ts';

/** A namespace that nobody else uses, with our search attributes, on the dev server that all test files share. */
export async function newNamespace(address: string): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  const workflowExecutionRetentionPeriod = msNumberToTs(86_400_000);
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  await connection.close();
  await temporalReady({ connectionOptions: { address }, namespace }, 30_000);
  return namespace;
}
