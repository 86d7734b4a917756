import { type Exit, exits } from './exits.ts';
import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C, SIGTERM or a closed terminal. A second one does not wait: whatever is left is tethered to this process. */
export async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of SIGNALS)
      process.once(signal, () => {
        process.once(signal, () => process.exit(exits.interrupted));
        resolve();
      });
  });
}

/** Is aborted by Ctrl-C while `work` is done. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | 'interrupted'> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await work(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return 'interrupted';
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** What was watched goes on: which commands do what to it. */
export function goesOn(terminal: Terminal, ...commands: readonly (readonly [command: string, does: string])[]): Exit {
  terminal.tell(`\nIt goes on. ${commands.map(([command, does]) => `\`${command}\` ${does}`).join(', ')}.`);
  return exits.interrupted;
}
