import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { spawnTethered } from '../../servers/tether.ts';
import { claimNetwork, portsOf } from './network.ts';

const LIMIT_MS = 60_000;

interface Creates {
  create(options: object): Promise<TestWorkflowEnvironment>;
}

/** The SDK starts this server itself, but waits for five seconds only, which a busy machine needs. */
export async function skippingTime(testServer: string): Promise<{
  environment: TestWorkflowEnvironment;
  stop: () => Promise<void>;
}> {
  const { net, release } = await claimNetwork();
  const [port] = await portsOf(net);
  const server = spawnTethered([testServer, [String(port)]], { stdio: ['ignore', 'ignore', 'ignore'] });
  const exited = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await exited;
    await release();
  };
  const address = `127.0.0.1:${port}`;
  try {
    const ended = exited.then(() => Promise.reject(new Error(`${testServer} ended at its start`)));
    await Promise.race([answers(address), ended]);
    const existing = { server: { type: 'existing' }, address, namespace: 'default', supportsTimeSkipping: true };
    // Private to TypeScript: what is public cannot be told that an existing server skips time
    const environment = await (TestWorkflowEnvironment as unknown as Creates).create(existing);
    return { environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(address: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      await (await Connection.connect({ address, connectTimeout: '2 seconds' })).close();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(100);
    }
  }
}
