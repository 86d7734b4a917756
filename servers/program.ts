import type { Say } from './cache.ts';
import { spawnTethered } from './tether.ts';

export interface Run {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** Killed then. */
  readonly limitMs: number;
  /** It is looked this often whether there is something to tell. */
  readonly everyMs?: number;
}

/** A program that writes nothing new is told of after so many seconds, then every minute. */
const FIRST_S = 10;
const NEXT_S: Readonly<Record<number, number>> = { 10: 30, 30: 60 };

/** Runs a program to its end and tells that it is alive meanwhile: whenever it has written another line, and now and then. Throws an Error with the last line that it wrote. */
export async function run(
  what: string,
  { program, args, environment, limitMs, everyMs = 5_000 }: Run,
  say: Say,
): Promise<void> {
  const begun = performance.now();
  const child = spawnTethered([program, args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let written = '';
  const hear = (chunk: Buffer): void => {
    written = (written + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  let [told, mark] = ['', FIRST_S];
  const alive = setInterval(() => {
    const last = lastLine(written);
    const seconds = (performance.now() - begun) / 1_000;
    if (last === told && seconds < mark) return;
    told = last;
    while (mark <= seconds) mark = mark < 60 ? (NEXT_S[mark] ?? 60) : mark + 60;
    say(`${what}: ${elapsed(begun)}${last === '' ? '' : ` (${last})`}`);
  }, everyMs);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...ending) => resolve(ending));
    });
    if (code !== 0)
      throw new Error(
        signal === null ? lastLine(written) || `exit status ${code}` : `no end within ${Math.round(limitMs / 1_000)} s`,
      );
  } finally {
    clearInterval(alive);
  }
}

export const elapsed = (begun: number): string => {
  const seconds = (performance.now() - begun) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
};

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)?.trim().slice(0, 160) ?? '';
