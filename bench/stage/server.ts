import { join } from 'node:path';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { pin, SERVER_CORE } from './process.ts';
import { portOfBench } from './ports.ts';

const LOOPBACK = '127.0.0.1';

/** Nothing has to outlive the machine here: what a disk takes is not what is asked for. */
export const PROFILE = 'fast (journal_mode=WAL, synchronous=OFF)';
export const FAST: readonly string[] = ['--sqlite-pragma', 'synchronous=OFF'];

export interface Temporal {
  readonly address: string;
  readonly pid: number;
  readonly metrics: string;
  readonly stop: () => Promise<void>;
}

/** A dev server of the benchmark's own, with a fresh database in `folder`, and these namespaces. `safe`: it waits for the disk. */
export async function startTemporal(
  folder: string,
  name: string,
  namespaces: readonly string[],
  safe = false,
): Promise<Temporal> {
  const port = await portOfBench();
  const uiPort = await portOfBench();
  const metricsPort = await portOfBench();
  const server = await startDevServer({
    cli: await temporalCli(),
    port,
    uiPort,
    database: join(folder, `${name}.sqlite`),
    log: join(folder, `${name}.temporal.log`),
    namespaces,
    more: [...(safe ? [] : FAST), '--metrics-port', String(metricsPort)],
  });
  pin(server.pid, SERVER_CORE);
  const { address, pid } = server;
  return { address, pid, metrics: `http://${LOOPBACK}:${metricsPort}/metrics`, stop: async () => await server.stop() };
}
