import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { clients } from './clients.ts';
import { Instance } from './instance.ts';
import { management } from './management.ts';
import { Notifications } from './notifications.ts';
import { peerAt } from './messages.ts';
import type { Proof } from './proof.ts';
import { Visitors } from './visitors.ts';

export interface Plan {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly managementPort: number;
  readonly freezeLimitMs: number;
  /** Of whoever may manage it, its other instances included. */
  readonly proof?: Proof;
}

export interface RunningApplication {
  /** Answers what is being handled, then closes every connection. */
  close(): Promise<void>;
}

/** Longer than clients keep a connection idle: the one who does not open it should not close it. */
const KEEP_ALIVE_MS = 75_000;
const GRACE_MS = 1_000;

/** Serves both endpoints; who reaches the clients' one reaches an instance that can be managed. */
export async function serve({
  id,
  host,
  port,
  managementPort,
  freezeLimitMs,
  proof = {},
}: Plan): Promise<RunningApplication> {
  const instance = new Instance(peerAt(host, managementPort), { freezeLimitMs, proof });
  const parts = { id, instance, visitors: new Visitors(), notifications: new Notifications(instance.state) };
  const base = `http://${peerAt(host, port)}`;
  const managing = management({ ...parts, base, token: proof.token });
  const { certificate } = proof;
  const server = certificate === undefined ? createServer(managing) : createTlsServer(certificate.server, managing);
  const managed = await listening(server, managementPort, host);
  const served = await listening(createServer(clients({ ...parts, port })), port, host);
  return { close: async () => void (await Promise.all([closed(served), closed(managed)])) };
}

async function listening(server: Server, port: number, host: string): Promise<Server> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

async function closed(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  server.on('request', (_, res) => void res.setHeader('Connection', 'close'));
  const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await ended;
  clearTimeout(force);
}
