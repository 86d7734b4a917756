import { readdirSync } from 'node:fs';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection } from '@temporalio/worker';
import { Pace } from '../../configuration/peers.ts';
import { WorkerMetrics } from '../../worker/metrics.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import type { Looked, Told, WorkerPlan } from './hired.ts';
import { Worlds } from './worlds.ts';

/** A worker as Ferry's own is, over peers in its memory; it does what its parent says, and tells what it used. */
const plan = JSON.parse(process.argv[2] ?? '') as WorkerPlan;
process.once('disconnect', () => process.exit());
const worlds = new Worlds(Pace.parse(plan.pace));
const metrics = await WorkerMetrics.install({
  logger: new DefaultLogger('ERROR'),
  // On a busy machine the core warns of every task
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  shutdownSignals: [],
});
const workers = await FerryWorkers.create({
  connection: await NativeConnection.connect({ address: plan.address }),
  taskQueue: plan.taskQueue,
  workflowBundle: { codePath: plan.bundle },
  activities: worlds.activities(),
  capacity: plan.capacity,
  interceptors: metrics.interceptors,
});

/** A worker with very much to do may be late. */
async function shown(): Promise<string> {
  for (let more = TRIES; ; more -= 1)
    try {
      return await metrics.text();
    } catch (error) {
      if (more === 0) throw error;
    }
}
const TRIES = 20;

const said: Record<string, () => Promise<Told | Looked | undefined>> = {
  shut: async () => {
    worlds.shut();
    return undefined;
  },
  open: async () => {
    worlds.open();
    return undefined;
  },
  look: async () => ({ waiting: worlds.waiting, ended: worlds.ended.length }),
  used: async () => {
    const { user, system } = process.cpuUsage();
    return {
      cpuMs: (user + system) / 1_000,
      handles: readdirSync('/proc/self/fd').length,
      ended: worlds.ended,
      metrics: await shown(),
    };
  },
};
process.on('message', (word: string) => {
  void said[word]?.().then((told) => process.send?.(told ?? null));
});
process.once('SIGTERM', () => workers.shutdown());
const running = workers.run();
process.send?.('ready');
await running;
process.exit();
