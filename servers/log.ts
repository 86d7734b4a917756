import { mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const AT_MOST_BYTES = 20_000_000;

/** Opens a log behind what earlier starts have said; one that has become long is kept once, as `.1`. */
export function appending(log: string): number {
  mkdirSync(dirname(log), { recursive: true });
  const bytes = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > AT_MOST_BYTES) renameSync(log, `${log}.1`);
  return openSync(log, 'a');
}
