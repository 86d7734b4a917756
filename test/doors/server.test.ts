import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { close, serverOf } from '../../doors/server.ts';

/** What balances load keeps its connections for a minute. */
const BALANCERS_SECONDS = 60;
const served: RequestListener = (_req, res) => void res.end('here');

describe.each([
  ['a listener', () => serverOf(served)],
  [
    'one that gives bodies their time, as gateways do',
    () => serverOf(served, { requestTimeout: 0 }).setTimeout(60_000),
  ],
])('%s', (_, made) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let server: Server;
  beforeEach(async () => {
    server = made();
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    agent.destroy();
    await close(server, 1_000);
  });

  async function asked(): Promise<{ readonly answer: IncomingMessage; readonly socket: Socket }> {
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ host: '127.0.0.1', port, agent }), 'response')) as [IncomingMessage];
    const { socket } = answer;
    answer.resume();
    await once(answer, 'end');
    return { answer, socket };
  }

  it('keeps a connection that nobody uses for longer than what is in front of it, and says so', async () => {
    const [, seconds] = /^timeout=(\d+)$/.exec(String((await asked()).answer.headers['keep-alive'])) ?? [];
    expect(Number(seconds)).toBeGreaterThan(BALANCERS_SECONDS);
  });

  it('closes what nobody uses at once where it ends itself', async () => {
    const { socket } = await asked();
    const closed = once(socket, 'close');
    await close(server, 60_000);
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
