import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { lock } from 'proper-lockfile';

/** Tells a person what is being done: one line, without a line break. */
export type Say = (line: string) => void;

/** Outside the working tree, so that a fresh checkout finds what an earlier one has obtained. */
export const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ferry');

export async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The first executable of that name on PATH. */
export async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

/** One at a time on this machine: who comes second waits, says so, and then looks again. */
export async function locked<T>(name: string, say: Say, work: () => Promise<T>): Promise<T> {
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  const options = {
    realpath: false,
    // A lock that was lost (the machine slept) costs a second build at most: entries are written whole or not at all.
    onCompromised: () => undefined,
  };
  const file = join(folder, name);
  const release = await lock(file, options).catch(async () => {
    say(`another start is obtaining ${name}; waiting for it`);
    return await lock(file, { ...options, retries: { forever: true, minTimeout: 500, maxTimeout: 1_000 } });
  });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

/** Makes an entry of the cache in a folder beside it, and moves it into place when it is whole. Only while locked. */
export async function madeWhole(entry: string, make: (folder: string) => Promise<void>): Promise<void> {
  const parent = cacheFolder();
  await mkdir(parent, { recursive: true });
  for (const left of await readdir(parent)) // by a start that was killed
    if (left.startsWith(`.${entry}-`)) await rm(join(parent, left), { recursive: true, force: true });
  const folder = await mkdtemp(join(parent, `.${entry}-`));
  try {
    await make(folder);
    await rm(join(parent, entry), { recursive: true, force: true });
    await rename(folder, join(parent, entry));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
