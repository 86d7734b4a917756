import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawnTethered } from '../servers/tether.ts';
import { unpacked } from './image.ts';
import { listens } from './listens.ts';
import { validateArchive } from './packages.ts';
import { within } from './within.ts';

/**
 * Runs application instances, as a host does: a process of its own on an address of its own, which dies with this process
 * in whatever way that ends. What it says goes to a file.
 */

const CLIENT_PORT = 7000;
const MANAGEMENT_PORT = 7001;
const START_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 20;
const LAST_SAID = 2_000;
/** Of our own environment: what programs need to be found and to run at all. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'TMPDIR',
  'MANAGEMENT_TOKEN',
  'MANAGEMENT_CA',
  'MANAGEMENT_CERTIFICATE',
  'MANAGEMENT_KEY',
];

export interface InstanceOrder {
  readonly id: string;
  readonly archive: Buffer;
  /** Its own loopback address. */
  readonly address: string;
  /** Besides INSTANCE_ID, HOST, PORT, MANAGEMENT_PORT and DATA_DIR. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningInstance {
  readonly pid: number;
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Asks it to end (SIGTERM), and ends it by force after `graceMs`. Returns when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** The exit status; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

const running = new Map<number, string>();

/** Every instance that this process runs now. */
export const runningInstances = (): { name: string; pid: number }[] =>
  [...running].map(([pid, name]) => ({ name, pid }));

let home: string | undefined;

/** From now on each has `<id>.log` here, and a folder `<id>` with its files and its data; they outlive it. Else each is forgotten. */
export function keepInstancesIn(folder: string | undefined): void {
  home = folder;
}

/** Resolves when it answers `GET /`. Throws PackageInvalid, or an Error that says why it did not start. */
export async function startInstance({ id, archive, address, env = {} }: InstanceOrder): Promise<RunningInstance> {
  const { descriptor, image } = await validateArchive(archive, {});
  if (image === undefined) throw new Error('a host here runs the one image that is in the package: there is none');
  await demandAddress(address);
  const kept = home ?? (await mkdtemp(path.join(tmpdir(), 'sandbox-instance-')));
  const forget = async (): Promise<void> => {
    if (kept !== home) await rm(kept, { recursive: true, force: true });
  };
  try {
    const place = path.join(kept, fileNameOf(id));
    const start = await unpacked(image, descriptor, path.join(place, 'files'));
    await mkdir(path.join(place, 'data'), { recursive: true });
    const launched = launch({ id, address, place, env: { ...start.environment, ...env } }, start.command);
    void launched.instance.exited.then(forget, forget);
    await untilItAnswers(id, launched, address);
    return launched.instance;
  } catch (error) {
    await forget();
    throw error;
  }
}

/** An id is whatever a client of the API has chosen. */
const fileNameOf = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E');

interface Launched {
  readonly instance: RunningInstance;
  /** The last it said. */
  readonly said: () => string;
}

interface Place {
  readonly id: string;
  readonly address: string;
  readonly place: string;
  readonly env: Readonly<Record<string, string>>;
}

function launch({ id, address, place, env }: Place, [program = '', ...args]: readonly string[]): Launched {
  const log = openSync(`${place}.log`, 'a');
  const passedOn = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const child = spawnTethered([program, args], {
    cwd: path.join(place, 'files'),
    env: {
      ...(Object.fromEntries(passedOn) as Record<string, string>),
      ...env,
      INSTANCE_ID: id,
      HOST: address,
      PORT: String(CLIENT_PORT),
      MANAGEMENT_PORT: String(MANAGEMENT_PORT),
      DATA_DIR: path.join(place, 'data'),
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('error', () => undefined); // not spawned: it has no pid
  const pid = child.pid;
  if (pid === undefined) throw new Error(`instance ${id} could not be started`);
  running.set(pid, id);
  const exited = once(child, 'exit').then(([status]) => {
    running.delete(pid);
    return status as number | null;
  });
  const stop = async (graceMs: number): Promise<void> => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(force);
  };
  const said = (): string => readFileSync(`${place}.log`, 'utf8').slice(-LAST_SAID).trim();
  return { instance: { pid, endpoint: { host: address, port: CLIENT_PORT }, stop, exited }, said };
}

async function untilItAnswers(id: string, { instance, said }: Launched, address: string): Promise<void> {
  const looking = new AbortController();
  const outcome = await Promise.race([
    instance.exited.then(() => 'ended'),
    answering(address, within(looking.signal, START_LIMIT_MS)),
  ]);
  looking.abort();
  if (outcome === 'answers') return;
  const last = said();
  await instance.stop(0);
  throw new Error(`instance ${id} ${outcome} at its start: ${last || 'it said nothing'}`);
}

async function answering(address: string, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    if ((await listens(address, CLIENT_PORT)) && (await answers(`http://${address}:${CLIENT_PORT}/`))) return 'answers';
    await pause(LOOK_EVERY_MS);
  }
  return 'did not answer';
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000), headers: { connection: 'close' } });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** On Linux every address of 127.0.0.0/8 is there; elsewhere it has to be made first. */
async function demandAddress(address: string): Promise<void> {
  const trial = createServer();
  try {
    trial.listen(0, address);
    await once(trial, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
    throw new Error(`there is no address ${address}: make it by  sudo ifconfig lo0 alias ${address}`, { cause: error });
  } finally {
    trial.close();
  }
}
