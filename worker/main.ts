import { setFlagsFromString } from 'node:v8';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, type RuntimeOptions } from '@temporalio/worker';
import { pino } from 'pino';
import { anchoringActivities } from '../activities/anchoring/index.ts';
import { evacuationActivities } from '../activities/evacuation/evacuate-host.ts';
import { followingActivities } from '../activities/following/follow.ts';
import { effectOf } from '../activities/effect.ts';
import { relocationActivities } from '../activities/relocation/index.ts';
import { placementsOf } from '../activities/relocation/placements.ts';
import { takingTurns } from '../activities/relocation/turns.ts';
import { surveyActivities } from '../activities/survey.ts';
import { whereActivities } from '../activities/where.ts';
import { digest } from '../configuration/digest.ts';
import type { Federation } from '../configuration/federation.ts';
import { authority } from '../configuration/hosts.ts';
import { sealWith } from '../configuration/seal.ts';
import { orExit, workerSettings } from '../configuration/settings.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { buildIdOf, promote, versionOf } from '../temporal/deployment.ts';
import { connectionFor } from '../temporal/lazy-connection.ts';
import { pokeTelling } from '../temporal/telling.ts';
import { startTending } from '../temporal/tending.ts';
import { tracesOf } from '../traces/traces.ts';
import { anchorsOver } from './anchors.ts';
import { endEarlierWorlds } from './earlier-worlds.ts';
import type { Federated } from './federated.ts';
import { cordonsOver } from './cordons.ts';
import { runsOver } from './runs.ts';
import { configured } from './sites.ts';
import { waking } from './tending.ts';
import { waysOver } from './ways.ts';
import { whereaboutsOf } from './whereabouts.ts';
import { FerryWorkers } from './workers.ts';

const CLOSING_MS = 5_000;

/** The composition root: configuration -> adapters -> sites -> activities -> Temporal worker. */
const { environment, configuration, secret } = orExit(workerSettings);
const log = pino(
  { name: 'worker', level: environment.FERRY_LOG_LEVEL, mixin: effectOf(digest) },
  pino.destination({ dest: 2, sync: true }),
);
const { catalogue, surveying } = configured(configuration, sealWith(secret), log);

const traces = await tracesOf('ferry-worker', (message) => log.warn(message));
const runtime: RuntimeOptions = {
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
};
const metrics = environment.FERRY_METRICS_PORT === undefined ? undefined : await measured(runtime);
if (metrics === undefined) Runtime.install(runtime);

const { federation, world, pace } = configuration;
const federated = federation === undefined ? undefined : await federatedBy(federation);
const { connectionOptions, namespace } = connectionSettings();
const [connection, bundle] = await Promise.all([
  NativeConnection.connect(connectionOptions),
  workflowBundle(environment.FERRY_WORKFLOW_BUNDLE),
]);
const taskQueue = environment.FERRY_TASK_QUEUE;
/** For what awaits other runs. */
const awaiting = connectionFor(connectionOptions);
const asking = new Client({ connection: awaiting, namespace });
const runs = runsOver(asking, { ...configuration, taskQueue });
const means = {
  catalogue,
  pace,
  digest,
  turns: takingTurns(),
  cordons: cordonsOver(asking),
  anchors: anchorsOver(asking, { ...configuration, taskQueue }),
};
// The SDK takes a stack of each promise of a workflow, at a seventh of its CPU. Who replays the history has them whole
setFlagsFromString('--stack-trace-limit=3');
const version = versionOf(taskQueue, environment.FERRY_BUILD_ID ?? buildIdOf(bundle));
const workers = await FerryWorkers.create({
  connection,
  namespace,
  taskQueue,
  workflowBundle: bundle,
  activities: {
    ...relocationActivities(means),
    ...anchoringActivities(means),
    ...surveyActivities(surveying),
    ...whereActivities({ catalogue }),
    ...evacuationActivities({ catalogue, runs, pace }),
    ...followingActivities({
      whereabouts: whereaboutsOf(configuration, log),
      placements: async (order, wait) => await placementsOf(means, order, wait),
      runs,
      ways: waysOver(asking, { ...configuration, taskQueue }),
      pace,
    }),
    ...federated?.activities({
      systemsChanged: () => void telling(),
      wake: async (partner) => await waking(client, { taskQueue, world })(partner),
    }),
  },
  capacity: configuration.worker,
  version,
  interceptors: {
    activity: [...(traces?.working.activity ?? []), ...(metrics?.interceptors.activity ?? [])],
  },
});
const client = new Client({ connection, namespace });

if (world !== undefined) {
  const ended = await endEarlierWorlds(client, world);
  if (ended > 0) log.warn({ ended }, 'ended runs of an earlier world, whose peers are gone');
}

const stopping = new AbortController();
const stop = (): void => {
  stopping.abort();
  workers.shutdown();
};
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered')) process.stdin.once('close', stop).once('end', stop).resume();

const { FERRY_HOST, FERRY_HOSTS, FERRY_METRICS_PORT = 0 } = environment;
const asked = [...FERRY_HOSTS, authority(FERRY_HOST, FERRY_METRICS_PORT)];
const shown = await metrics?.serve(FERRY_HOST, FERRY_METRICS_PORT, asked).catch((error: Error) => {
  log.error(`no metrics are shown at port ${FERRY_METRICS_PORT}: ${error.message}`);
});

const running = workers.run();
if (federated !== undefined) void telling(); // what this start has changed, or another has not told
const tending = startTending(client, federated?.partners ?? [], { taskQueue, world }, log, stopping.signal);
try {
  await Promise.race([promoted(), running]);
  if (!stopping.signal.aborted) process.stdout.write(`${JSON.stringify({ ready: true, ...version })}\n`);
  await running;
} catch (error) {
  if (stopping.signal.aborted && endedByForce(error))
    log.warn(
      'ended by force: what it had begun could not be given back in time, its Temporal server may be gone; it goes on with ' +
        'another worker, once its time is over',
    );
  else {
    log.error(error, 'the worker did not end cleanly');
    process.exitCode = 1;
  }
} finally {
  stopping.abort();
  // Whatever does not close, or goes on after it was ended by force, does not keep the process
  setTimeout(() => process.exit(), CLOSING_MS).unref();
  shown?.close();
  await tending;
  await federated?.close();
  await traces?.close();
  process.stdin.destroy();
  await awaiting.close();
  await connection.close().catch((error: unknown) => log.error(error, 'the connection did not close'));
}

/** Loaded where they are asked for. */
async function measured(options: RuntimeOptions) {
  const { WorkerMetrics } = await import('./metrics.ts');
  return await WorkerMetrics.install(options);
}

/** Nothing of it, and no database's client, is loaded where nothing is said of a federation. */
async function federatedBy(partners: Federation): Promise<Federated> {
  const { federatedOver } = await import('./federated.ts');
  return await federatedOver({ ...configuration, federation: partners }, environment.DATABASE_URL ?? '', log);
}

/** What is to be told stands in the catalogue: who fails here has lost nothing, and the next who changes something says so. */
async function telling(): Promise<void> {
  await pokeTelling(client, { taskQueue, world }).catch((error: unknown) => {
    if (!stopping.signal.aborted) log.warn(error, 'subscribers are not told yet of what has changed');
  });
}

/** As the SDK says it when its grace is over, by whichever part of it comes to notice first. */
function endedByForce(error: unknown): boolean {
  const { name } = error as Error;
  return name === 'GracefulShutdownPeriodExpiredError' || name === 'IllegalStateError';
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
    if (!stopping.signal.aborted) log.error(error, 'whether new runs come to this version is not known');
  }
}
