import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { validateArchive } from './packages.ts';

/**
 * Runs application instances, as a host does: a process of its own on an address of its own. It hangs on the pipe to its
 * stdin, which closes when this process ends in whatever way.
 */

const CLIENT_PORT = 7000;
const MANAGEMENT_PORT = 7001;
const START_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 20;

export interface InstanceOrder {
  readonly id: string;
  readonly archive: Buffer;
  /** Its own loopback address. */
  readonly address: string;
  /** Besides INSTANCE_ID, HOST, PORT and MANAGEMENT_PORT. */
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

type Child = ChildProcessByStdio<Writable, null, Readable>;

const running = new Map<number, string>();

/** Every instance that this process runs now. */
export const runningInstances = (): { name: string; pid: number }[] =>
  [...running].map(([pid, name]) => ({ name, pid }));

/** Resolves when it answers `GET /`. Throws PackageInvalid, or an Error that says why it did not start. */
export async function startInstance({ id, archive, address, env = {} }: InstanceOrder): Promise<RunningInstance> {
  const { image } = await validateArchive(archive, {});
  if (image === undefined) throw new Error('a host here runs the one image that is in the package: there is none');
  await demandAddress(address);
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-instance-'));
  try {
    const file = path.join(folder, 'app.mjs');
    await writeFile(file, image);
    const launched = launch(id, file, address, env);
    await untilItAnswers(id, launched, `http://${address}:${CLIENT_PORT}/`);
    return launched.instance;
  } finally {
    await rm(folder, { recursive: true, force: true }); // it is loaded by now: nothing stays behind even after SIGKILL
  }
}

interface Launched {
  readonly instance: RunningInstance;
  /** The last it said. */
  readonly said: () => string;
}

function launch(id: string, file: string, address: string, env: Readonly<Record<string, string>>): Launched {
  const child: Child = spawn(process.execPath, [file], {
    cwd: tmpdir(),
    env: {
      ...env,
      INSTANCE_ID: id,
      HOST: address,
      PORT: String(CLIENT_PORT),
      MANAGEMENT_PORT: String(MANAGEMENT_PORT),
    },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.once('error', () => undefined); // not spawned: it has no pid
  const pid = child.pid;
  if (pid === undefined) throw new Error(`instance ${id} could not be started`);
  running.set(pid, id);
  child.stdin.on('error', () => undefined); // it has ended: `exited` tells
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-2_000);
  });
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
  return { instance: { pid, endpoint: { host: address, port: CLIENT_PORT }, stop, exited }, said: () => said.trim() };
}

async function untilItAnswers(id: string, { instance, said }: Launched, url: string): Promise<void> {
  const looking = new AbortController();
  const outcome = await Promise.race([
    instance.exited.then(() => 'ended'),
    answering(url, AbortSignal.any([looking.signal, AbortSignal.timeout(START_LIMIT_MS)])),
  ]);
  looking.abort();
  if (outcome === 'answers') return;
  await instance.stop(0);
  throw new Error(`instance ${id} ${outcome} at its start: ${said() || 'it said nothing'}`);
}

async function answering(url: string, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    if (await answers(url)) return 'answers';
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
