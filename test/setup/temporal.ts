import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { claimNetwork, portsOf } from '../support/network.ts';

let end: () => Promise<void> = async () => undefined;

/** One dev server for all files of `engine` and `endtoend`; each has a namespace of its own on it. */
export async function setup(): Promise<void> {
  if (process.env['TEST_TEMPORAL_ADDRESS'] !== undefined) return; // of the other project
  const { net, release } = await claimNetwork();
  const folder = await mkdtemp(join(tmpdir(), 'ferry-engine-'));
  const [port, uiPort] = await portsOf(net);
  const files = { database: join(folder, 'temporal.db'), log: join(folder, 'temporal.log') };
  const server = await startDevServer({
    cli: await temporalCli(),
    port,
    uiPort,
    ...files,
    volatile: true,
  });
  process.env['TEST_TEMPORAL_ADDRESS'] = server.address; // the files' processes are started with it
  end = async () => {
    await server.stop();
    await release();
    await rm(folder, { recursive: true, force: true });
  };
}

export const teardown = async (): Promise<void> => await end();
