import { exits } from './exits.ts';

/** Ctrl-C, SIGTERM or a closed terminal. A second one does not wait: whatever is left is tethered to this process. */
export async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(exits.notThrough));
        resolve();
      });
  });
}
