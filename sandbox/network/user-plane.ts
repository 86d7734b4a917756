import { createServer } from 'node:http';
import { connect, isIPv4, type Socket } from 'node:net';
import { type Binding, cannotBind } from './binding.ts';
import type { ActiveRules } from './rules.ts';

/** A connection through the user plane: where it was going and where it was led when it was opened. */
export interface Connection {
  readonly from: string;
  readonly to: string;
  readonly ledTo: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface Redirect {
  readonly rule: string;
  readonly to: string;
  readonly ledTo: string;
  count: number;
  lastAt: string;
}

export interface UserPlane {
  connections(): readonly Connection[];
  redirects(): readonly Redirect[];
  close(): Promise<void>;
}

/**
 * Forwards TCP as an HTTP CONNECT proxy. Rules lead new connections only: an established one stays where it is, whatever
 * happens to the rules. Transparent: the destination sees the device's own address.
 */
export async function serveUserPlane(network: string, binding: Binding, rules: ActiveRules): Promise<UserPlane> {
  const connections = new Map<Socket, Connection>();
  const redirects = new Map<string, Redirect>();
  const clients = new Set<Socket>();

  const server = createServer((_req, res) => void res.writeHead(405, { allow: 'CONNECT' }).end());
  server.on('connection', (client: Socket) => {
    clients.add(client.setNoDelay(true));
    client.on('error', () => undefined); // its close is what counts
    client.once('close', () => clients.delete(client));
  });
  server.on('connect', (req, stream, head) => {
    const client = stream as Socket;
    const destination = parsed(req.url ?? '');
    const source = client.remoteAddress;
    if (destination === undefined || source === undefined) return refuse(client, '400 Bad Request');
    const way = rules.way(source, destination.address);
    if (way.address === null) return refuse(client, '403 Forbidden');
    if (way.rule !== null && way.address !== destination.address)
      count(redirects, { rule: way.rule, to: destination.address, ledTo: way.address });

    const { port } = destination;
    const target = connect({ host: way.address, port, localAddress: source, noDelay: true });
    const connection = { from: source, to: req.url ?? '', ledTo: `${way.address}:${port}`, since: now() };
    target.once('connect', () => {
      connections.set(client, connection);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      client.pipe(target).pipe(client);
    });
    target.on('error', () => {
      if (!connections.has(client)) refuse(client, '502 Bad Gateway');
    });
    target.once('close', () => client.destroySoon());
    client.once('close', () => {
      connections.delete(client);
      target.destroySoon();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotBind(error, `the user plane of ${network}`, binding)));
    server.listen(binding.port, binding.address, resolve);
  });
  return {
    connections: () => [...connections.values()],
    redirects: () => [...redirects.values()],
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

/** Names are resolved by whoever connects: that is the point of the resolvers. */
function parsed(authority: string): Binding | undefined {
  const [address = '', port] = authority.split(':');
  return isIPv4(address) && Number(port) > 0 ? { address, port: Number(port) } : undefined;
}

function refuse(client: Socket, status: string): void {
  client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function count(redirects: Map<string, Redirect>, { rule, to, ledTo }: Omit<Redirect, 'count' | 'lastAt'>): void {
  const key = `${rule} ${to} ${ledTo}`;
  const seen = redirects.get(key) ?? { rule, to, ledTo, count: 0, lastAt: '' };
  seen.count += 1;
  seen.lastAt = now();
  redirects.set(key, seen);
}

const now = (): string => new Date().toISOString();
