import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { nowhere } from '../support/api.ts';

const sockets: Socket[] = [];
const silent = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
afterEach(() => {
  silent.close();
  for (const socket of sockets) socket.destroy();
});

/** What happened, in its order. */
async function closing(temporal: Client, underWay: () => Promise<unknown>): Promise<string[]> {
  const told: string[] = [];
  const ask = async (): Promise<void> => {
    await temporal
      .withDeadline(Date.now() + 60_000, async () => await temporal.workflow.getHandle('one').describe())
      .catch(() => told.push('ended'));
  };
  const asked = Promise.all([ask(), ask()]);
  await underWay();
  await temporal.connection.close();
  told.push('closed');
  await asked;
  return told;
}

describe('the connection closes when the calls under way have ended', () => {
  it('while they pause between two attempts', async () => {
    await expect(closing(nowhere(), async () => await sleep(60))).resolves.toEqual(['ended', 'ended', 'closed']);
  });

  it('which it cancels, so that an answer that does not come holds up nothing', async () => {
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const temporal = new Client({ connection: connectionFor({ address: `127.0.0.1:${port}` }) });
    const told = await closing(temporal, async () => await once(silent, 'connection'));
    expect(told).toEqual(['ended', 'ended', 'closed']);
  });
});
