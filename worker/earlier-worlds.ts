import type { Client } from '@temporalio/client';
import { failures } from '../domain/failures.ts';
import { isOfSandbox } from '../temporal/namespace.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';

/**
 * Runs that belong to a sandbox's earlier world cannot go on: its peers are gone, and those of today know nothing of
 * them. They are ended with that reason, in a namespace that is the sandbox's own: anywhere else another sandbox may be
 * running. Returns how many.
 */
export async function endEarlierWorlds(client: Client, world: string): Promise<number> {
  if (!(await isOfSandbox(client))) return 0;
  const { world: attribute } = searchAttributes;
  let ended = 0;
  const query = `ExecutionStatus = 'Running' AND ${attribute.name} IS NOT NULL AND ${attribute.name} != '${world}'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    await client.workflow.getHandle(workflowId, runId).terminate(`WorldEnded: ${failures.WorldEnded.remedy}`);
    ended += 1;
  }
  return ended;
}
