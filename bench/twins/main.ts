import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { twinActivities } from './activities.ts';

/** A worker of twins, a process of its own: `--address`, `--namespace`, `--taskQueue`. Tells when it is ready. */
const { values } = parseArgs({
  options: { address: { type: 'string' }, namespace: { type: 'string' }, taskQueue: { type: 'string' } },
});
const { address = '', namespace = 'default', taskQueue = 'twins' } = values;
const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  activities: twinActivities,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    preloadModules: ['@temporalio/workflow'],
    logger,
  }),
  maxCachedWorkflows: 500,
});
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await worker.run();
await connection.close();
