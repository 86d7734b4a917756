import { closeSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporalReady } from '../temporal/readiness.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import { appending } from './log.ts';
import { spawnTethered } from './tether.ts';

export interface DevServerPlan {
  /** Path of the Temporal CLI. */
  readonly cli: string;
  readonly port: number;
  readonly uiPort: number;
  /** What earlier starts have written is served again. */
  readonly database: string;
  readonly log: string;
  /** Besides `default`; they know our search attributes too. */
  readonly namespaces?: readonly string[];
  /**
   * Nothing has to outlive the machine, and nobody looks at it: tests. A server that is killed serves again what it had written
   * all the same, without a UI.
   */
  readonly volatile?: boolean;
  /** Further arguments of `server start-dev`. */
  readonly more?: readonly string[];
}

/** A dev server of ours. It never outlives this process, however that ends. */
export interface DevServer {
  readonly address: string;
  readonly ui: string;
  readonly pid: number;
  /** Resolves with how it ended: `exit status 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  /** Asks it to end, and kills it after `limitMs`. */
  readonly stop: (limitMs?: number) => Promise<void>;
}

/**
 * Of the clocks of the machines of a cluster a server expects a second of difference: so late comes each timer, and with it
 * each next attempt. This one is alone. It reads its timers up to twenty times in a second then, and not once; what it has read
 * three times it would take for stuck and put aside for later, which is minutes where thousands of timers run.
 */
const punctual = set('history.timerProcessorMaxTimeShift="50ms"', 'history.queueReaderStuckCriticalAttempts=60');

/**
 * A run that continues as a new one begins a second after the one before at the earliest. A version of a worker does so for
 * each of its queues: three seconds of its first start were that. A step that its worker has room for begins with the answer
 * to the task that asked for it, and not by way of a queue.
 */
const prompt = set('history.workflowIdReuseMinimalInterval="10ms"', 'system.enableActivityEagerExecution=true');

/**
 * Queues are cut into four, to be spread over the machines of a cluster: each part is loaded, polled and written for itself,
 * and hands on what has come to it to where somebody asks. Uncut they take a sixth less of what this one computes.
 */
const uncut = set(...['Read', 'Write'].map((side) => `matching.numTaskqueue${side}Partitions=1`));

/**
 * Beside the processes of a whole suite it collects its garbage seldom: a tenth of what it computes, for 100 MB more; and keeps
 * to one core: an eighth, which its threads else spend on waking one another.
 */
const thrifty = { GOGC: '400', GOMAXPROCS: '1' };

/**
 * Nobody reads its metrics, and it goes through all of them each second: of each queue some hundreds, which after the engine's
 * tests were most of 280,000, and two thirds of what it computed while it had nothing to do.
 */
const unmeasured = set(...['TaskQueue', 'Partition', 'BuildID'].map((by) => `metrics.breakdownBy${by}=false`));

/**
 * What a queue has done with it keeps in mind for half a minute, and goes through all of it for each range that it reads:
 * three of a hundred seconds that it computed beside the engine's tests.
 */
const forgetful = set(
  ...['transfer', 'timer', 'visibility', 'outbound'].map((queue) => `history.${queue}ProcessorUpdateAckInterval="5s"`),
);

/** As the command line takes settings. */
function set(...settings: readonly string[]): string[] {
  return settings.flatMap((setting) => ['--dynamic-config-value', setting]);
}

/** Returns when it serves and knows our search attributes. Throws an Error when it ends before, or is not there in 30 s. */
export async function startDevServer({
  cli,
  port,
  uiPort,
  database,
  log,
  namespaces = [],
  volatile = false,
  more = [],
}: DevServerPlan): Promise<DevServer> {
  mkdirSync(dirname(database), { recursive: true });
  const written = appending(log);
  const child = spawnTethered(
    [
      cli,
      `server start-dev --ip 127.0.0.1 --port ${port} --log-level error --sqlite-pragma journal_mode=WAL`
        .split(' ')
        .concat(volatile ? ['--headless'] : ['--ui-port', `${uiPort}`])
        .concat('--db-filename', database)
        .concat(volatile ? ['--sqlite-pragma', 'synchronous=OFF', ...unmeasured, ...forgetful] : [])
        .concat(namespaces.flatMap((namespace) => ['--namespace', namespace]))
        .concat(Object.values(searchAttributes).flatMap(({ name }) => ['--search-attribute', `${name}=Keyword`]))
        .concat(punctual, prompt, uncut, more),
    ],
    // A group of its own: Ctrl-C is for us, who end it last.
    { stdio: ['ignore', written, written], detached: true, env: { ...process.env, ...(volatile && thrifty) } },
  );
  closeSync(written);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${cli}: ${await exited}`);

  const stop = async (limitMs = 3_000): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await exited;
    clearTimeout(late);
  };

  const address = `127.0.0.1:${port}`;
  const abandoned = new AbortController();
  try {
    await Promise.race([
      temporalReady({ connectionOptions: { address }, namespace: 'default' }, 30_000, abandoned.signal),
      exited.then((how) => Promise.reject(new Error(`the Temporal server ended at once (${how}); see ${log}`))),
    ]);
  } catch (error) {
    abandoned.abort();
    await stop();
    throw error;
  }
  return { address, ui: `http://127.0.0.1:${uiPort}`, pid, exited, stop };
}
