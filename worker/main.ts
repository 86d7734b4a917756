import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { effectOf } from '../activities/effect.ts';
import { relocationActivities } from '../activities/relocation/index.ts';
import { takingTurns } from '../activities/relocation/turns.ts';
import { surveyActivities } from '../activities/survey.ts';
import { digest } from '../configuration/digest.ts';
import { sealWith } from '../configuration/seal.ts';
import { orExit, workerSettings } from '../configuration/settings.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { endEarlierWorlds } from './earlier-worlds.ts';
import { configured } from './sites.ts';

/** The composition root: configuration -> adapters -> sites -> activities -> Temporal worker. */
const { environment, configuration, secret } = orExit(workerSettings);
const log = pino(
  { name: 'worker', level: environment.FERRY_LOG_LEVEL, mixin: effectOf(digest) },
  pino.destination({ dest: 2, sync: true }),
);
const { catalogue, survey } = configured(configuration, sealWith(secret), log);

Runtime.install({
  shutdownSignals: [], // ours: the order of things at the end matters
  logger: {
    log: (level, message, meta) =>
      log[level === 'WARN' ? 'warn' : level === 'ERROR' ? 'error' : 'debug'](meta ?? {}, message),
    trace: (message, meta) => log.trace(meta ?? {}, message),
    debug: (message, meta) => log.debug(meta ?? {}, message),
    info: (message, meta) => log.info(meta ?? {}, message),
    warn: (message, meta) => log.warn(meta ?? {}, message),
    error: (message, meta) => log.error(meta ?? {}, message),
  },
});

const { connectionOptions, namespace } = connectionSettings();
const [connection, bundle] = await Promise.all([NativeConnection.connect(connectionOptions), workflowBundle()]);
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: environment.FERRY_TASK_QUEUE,
  workflowBundle: bundle,
  activities: {
    ...relocationActivities({ catalogue, pace: configuration.pace, digest, turns: takingTurns() }),
    ...surveyActivities(survey),
  },
  maxCachedWorkflows: configuration.worker.maxCachedWorkflows,
  stickyQueueScheduleToStartTimeout: '2 seconds',
  shutdownGraceTime: '1 second',
  shutdownForceTime: '4 seconds',
});

if (configuration.world !== undefined) {
  const ended = await endEarlierWorlds(new Client({ connection, namespace }), configuration.world);
  if (ended > 0) log.warn({ ended }, 'ended runs of an earlier world, whose peers are gone');
}

const stop = (): void => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
};
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered')) process.stdin.once('close', stop).once('end', stop).resume();

const running = worker.run();
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
try {
  await running;
} catch (error) {
  log.error(error, 'the worker did not end cleanly');
  process.exitCode = 1;
} finally {
  process.stdin.destroy();
  await connection.close().catch((error: unknown) => log.error(error, 'the connection did not close'));
}
