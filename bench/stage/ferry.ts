import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { readConfiguration } from '../../configuration/peers.ts';
import { relocationOf } from '../../temporal/relocating.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import { applicationOf, siteOf } from '../peers/plan.ts';
import { OWN_CORE, start } from './process.ts';
import type { Temporal } from './server.ts';
import { portOfBench } from './ports.ts';

/** A worker of Ferry as it is, a process of its own. */
export interface Ferry {
  readonly pid: number;
  readonly configuration: string;
  readonly taskQueue: string;
  readonly metrics: string;
  readonly stop: () => Promise<void>;
}

export const SECRET = 'the secret of every worker of a benchmark';

export async function startFerry(
  temporal: Pick<Temporal, 'address'>,
  plan: { readonly namespace: string; readonly folder: string; readonly name: string; readonly configuration: object },
): Promise<Ferry> {
  const file = join(plan.folder, `${plan.name}.json`);
  writeFileSync(file, JSON.stringify(plan.configuration));
  const taskQueue = `ferry-${plan.name}`;
  const metricsPort = await portOfBench();
  const { pid, stop } = await start('worker/main.ts', [], {
    core: OWN_CORE,
    environment: {
      FERRY_CONFIG: file,
      FERRY_SECRET: SECRET,
      FERRY_TASK_QUEUE: taskQueue,
      FERRY_METRICS_PORT: String(metricsPort),
      FERRY_LOG_LEVEL: 'error',
      FERRY_PROMOTE: 'true',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: plan.namespace,
    },
  });
  return { pid, configuration: file, taskQueue, metrics: `http://127.0.0.1:${metricsPort}/metrics`, stop };
}

export type Relocation = WorkflowHandleWithFirstExecutionRunId<typeof relocateApplication>;

/** The n-th application from the left to the right, as the API would have it started. */
export async function relocate(
  client: Client,
  ferry: Pick<Ferry, 'configuration' | 'taskQueue'>,
  n: number,
  pairs: number,
): Promise<Relocation> {
  const { taskQueue } = ferry;
  const plan = {
    workflowId: `relocation:${randomUUID()}`,
    pace: paceOf(ferry.configuration),
    requestId: randomUUID(),
    memo: {
      request: {
        application: applicationOf(n),
        users: '*',
        source: siteOf('left', n % pairs),
        target: siteOf('right', n % pairs),
        cutOver: 'immediately' as const,
      },
      direction: 'hostToHost' as const,
      key: '',
      body: '',
    },
  };
  return await client.workflow.start<typeof relocateApplication>(
    'relocateApplication',
    relocationOf(plan, { taskQueue, world: undefined }),
  );
}

const paces = new Map<string, ReturnType<typeof readConfiguration>['pace']>();

function paceOf(file: string) {
  const pace = paces.get(file) ?? readConfiguration(file).pace;
  paces.set(file, pace);
  return pace;
}
