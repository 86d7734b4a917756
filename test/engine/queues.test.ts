import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { optionalTsToDate } from '../../temporal/internals.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

const DRAINS = 300;
const taskQueue = 'crowded';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

/** How long a run's one activity waited for a slot. */
async function scheduleToStart(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  const at = (of: 'activityTaskScheduledEventAttributes' | 'activityTaskStartedEventAttributes'): number =>
    optionalTsToDate(events?.find((event) => event[of])?.eventTime)?.getTime() ?? Number.NaN;
  return at('activityTaskStartedEventAttributes') - at('activityTaskScheduledEventAttributes');
}

it(`a hand-over does not queue behind ${DRAINS} drains`, async () => {
  const { nativeConnection: connection, client, namespace = 'default' } = engine.environment;
  let draining = 0;
  let release: () => void = () => undefined;
  const quiet = new Promise<void>((resolve) => {
    release = resolve;
  });
  const workers = await FerryWorkers.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('queues.workflows.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: {
      confirmQuiet: async () => {
        draining += 1;
        const alive = setInterval(() => Context.current().heartbeat(), 15_000);
        await quiet;
        clearInterval(alive);
      },
      handOver: async () => undefined,
    },
    capacity: { slots: { steps: 20, waits: 2 * DRAINS }, maxCachedWorkflows: 500 },
  });
  const patient = { ...quickPace, drainLimitMs: 120_000, heartbeatMs: 60_000, handOverMs: 60_000 };
  const start = async (workflow: string, workflowId: string): Promise<WorkflowHandle> =>
    await client.workflow.start(workflow, { workflowId, taskQueue, args: [patient] });

  await workers.runUntil(
    (async () => {
      const drains = await Promise.all(
        Array.from({ length: DRAINS }, async (_, n) => await start('drainOnly', `drain-${n}`)),
      );
      const handOver = await eventually(() => draining === DRAINS, 60_000)
        .then(async () => await start('handOverOnly', 'hand-over'))
        .then(async (handle) => await handle.result().then(() => handle)) // while every drain holds its slot
        .finally(release);
      await Promise.all(drains.map(async (drain) => await drain.result()));

      const waited = await scheduleToStart(handOver);
      // On a machine that is late with everything: no longer than one of the drains
      const late = waited > 1_000 ? await Promise.all(drains.map(scheduleToStart)) : [];
      expect(waited).toBeLessThanOrEqual(Math.max(1_000, ...late));
    })(),
  );
});
