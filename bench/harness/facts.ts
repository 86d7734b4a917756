import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a figure has to be read with. */
export interface Facts {
  readonly at: string;
  readonly commit: string;
  /** Are there changes that are not committed? */
  readonly dirty: boolean;
  readonly seed: number;
  readonly quick: boolean;
  readonly node: string;
  readonly sdk: string;
  readonly temporal: string;
  /** Of the dev server's SQLite. */
  readonly profile: string;
  readonly cores: number;
  readonly processor: string;
  readonly loadBefore: readonly number[];
  readonly loadAfter: readonly number[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

function said(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8')) as { version: string }).version;

export const load = (): readonly number[] => loadavg().map((value) => Math.round(value * 100) / 100);

/** At the start of a run; `loadAfter` is what it is at its end. */
export function facts(seed: number, quick: boolean, cli: string, profile: string): Omit<Facts, 'loadAfter'> {
  const status = said('git', 'status', '--porcelain');
  return {
    at: new Date().toISOString(),
    commit: said('git', 'rev-parse', 'HEAD'),
    dirty: status !== '',
    seed,
    quick,
    node: process.version,
    sdk: versionOf('@temporalio/client'),
    temporal: said(cli, '--version'),
    profile,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    loadBefore: load(),
  };
}
