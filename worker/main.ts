import { Client } from '@temporalio/client';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { effectOf } from '../activities/effect.ts';
import { relocationActivities } from '../activities/relocation/index.ts';
import { takingTurns } from '../activities/relocation/turns.ts';
import { surveyActivities } from '../activities/survey.ts';
import { whereActivities } from '../activities/where.ts';
import { digest } from '../configuration/digest.ts';
import { sealWith } from '../configuration/seal.ts';
import { orExit, workerSettings } from '../configuration/settings.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { buildIdOf, promote, versionOf } from '../temporal/deployment.ts';
import { endEarlierWorlds } from './earlier-worlds.ts';
import { configured } from './sites.ts';
import { FerryWorkers } from './workers.ts';

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
const taskQueue = environment.FERRY_TASK_QUEUE;
const version = versionOf(taskQueue, environment.FERRY_BUILD_ID ?? buildIdOf(bundle));
const workers = await FerryWorkers.create({
  connection,
  namespace,
  taskQueue,
  workflowBundle: bundle,
  activities: {
    ...relocationActivities({ catalogue, pace: configuration.pace, digest, turns: takingTurns() }),
    ...surveyActivities(survey),
    ...whereActivities({ catalogue }),
  },
  capacity: configuration.worker,
  version,
});
const client = new Client({ connection, namespace });

if (configuration.world !== undefined) {
  const ended = await endEarlierWorlds(client, configuration.world);
  if (ended > 0) log.warn({ ended }, 'ended runs of an earlier world, whose peers are gone');
}

let stopping = false;
const stop = (): void => {
  stopping = true;
  workers.shutdown();
};
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered')) process.stdin.once('close', stop).once('end', stop).resume();

const running = workers.run();
try {
  await Promise.race([promoted(), running]);
  if (!stopping) process.stdout.write(`${JSON.stringify({ ready: true, ...version })}\n`);
  await running;
} catch (error) {
  log.error(error, 'the worker did not end cleanly');
  process.exitCode = 1;
} finally {
  process.stdin.destroy();
  await connection.close().catch((error: unknown) => log.error(error, 'the connection did not close'));
}

/** A version that is not current takes what it began, and what it is given: no reason to end. */
async function promoted(): Promise<void> {
  try {
    const standing = await promote(client, version, taskQueue, { always: environment.FERRY_PROMOTE });
    if (!standing.current)
      log.warn(
        { ...version, current: standing.instead },
        'new runs go to another version; this one takes what it began',
      );
  } catch (error) {
    if (!stopping) log.error(error, 'whether new runs come to this version is not known');
  }
}
