import { join } from 'node:path';
import { seconds, type Terminal } from './terminal.ts';

/** A server that was started: it says how it ended, and is asked to. */
export interface Server {
  readonly exited: Promise<string>;
  readonly stop: (limitMs?: number) => Promise<void>;
}

/** What of a house whoever starts a part of it needs. */
export interface Started {
  readonly terminal: Terminal;
  /** Tells when it is there, and how long that took. */
  readonly timed: <T>(what: string, started: Promise<T>) => Promise<T>;
  /** Is stopped with the house, after every process that talks to it; `again` starts it as it was when it ends by itself. */
  readonly keep: (what: string, server: Server, again: () => Promise<Server>) => Promise<void>;
}

export async function timed<T>(terminal: Terminal, what: string, started: Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await started;
  const took = seconds(performance.now() - begun);
  terminal.tell(`  ${terminal.paint('green', '✓')} ${what.padEnd(38)} ${terminal.paint('dim', took)}`);
  return result;
}

/** Of a process or a server of the house. */
export const logOf = (data: string, name: string): string =>
  join(data, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`);
