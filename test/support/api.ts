import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { app } from '../../api/app.ts';
import { faces, type Federating } from '../../api/federated.ts';
import type { Problem } from '../../api/resources.ts';
import { close, serverOf } from '../../doors/server.ts';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { Configuration } from '../../configuration/peers.ts';
import { answerTo, type Asked } from './answer.ts';
import { departures, eventDepartures } from './conditions.ts';

const host = (system: string, name: string, addresses: string) => ({
  kind: 'mecHost',
  system,
  host: name,
  platform: 'p1',
  addresses,
});
const cloud = (addresses: string) => ({ kind: 'cloud', manager: 'cloud', oss: 'oss', services: 'p1', addresses });
const url = 'https://127.0.0.1:1';

/** What the API knows of names. No peer of it exists. */
export const named = Configuration.parse({
  world: 'test',
  peers: {
    meo: { kind: 'meo', url },
    p1: { kind: 'platform', url },
    oss: { kind: 'oss', url },
    cloud: { kind: 'cloud', url },
  },
  networks: { cellular: {}, wifi: {} },
  systems: { cellular: { meo: 'meo', network: 'cellular' }, wifi: { meo: 'meo', network: 'wifi' } },
  sites: {
    cloud: cloud('10.1.0.0/16'),
    cloud2: cloud('10.2.0.0/16'),
    a1: host('cellular', 'a1', '10.3.0.0/16'),
    a2: host('cellular', 'a2', '10.4.0.0/16'),
    w1: host('wifi', 'w1', '10.5.0.0/16'),
  },
  applications: {
    counter: {
      provider: 'acme',
      appDId: 'appd-1',
      softVersion: '1.0',
      descriptorVersion: '1.0',
      checksum: '0'.repeat(64),
      archive: { path: '/nowhere', uri: 'http://nowhere/' },
      domainName: 'counter.edge.test',
      port: 7000,
    },
  },
  users: { 'ue-1': { address: '10.9.9.1' }, 'ue-2': { address: '10.9.9.2' } },
});

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The API, served for a test. */
export class Served {
  readonly url: string;
  readonly stopping: AbortController;
  readonly #server: Server;
  readonly #stop: () => Promise<void>;

  constructor(at: string, stopping: AbortController, { server, stop }: { server: Server; stop: () => Promise<void> }) {
    this.url = at;
    this.stopping = stopping;
    [this.#server, this.#stop] = [server, stop];
  }

  static async start({
    temporal,
    taskQueue = 'nobody',
    pace = {},
    prepared = true,
    users = {},
    federation,
    systems = {},
    peers = {},
    networks = {},
    sites = {},
    callback,
    federating,
    takenMs = 60_000,
    followed = (served) => served,
  }: {
    temporal: Client;
    taskQueue?: string;
    pace?: Partial<Configuration['pace']>;
    prepared?: boolean;
    users?: Configuration['users'];
    federation?: Configuration['federation'];
    systems?: Configuration['systems'];
    peers?: Configuration['peers'];
    networks?: Configuration['networks'];
    sites?: Configuration['sites'];
    callback?: string;
    federating?: Omit<Federating, 'faces'>;
    takenMs?: number;
    followed?: (served: RequestListener) => RequestListener;
  }): Promise<Served> {
    const stopping = new AbortController();
    const server = serverOf(
      followed(
        app({
          temporal,
          configuration: {
            ...named,
            federation,
            systems: { ...named.systems, ...systems },
            peers: { ...named.peers, ...peers },
            networks: { ...named.networks, ...networks },
            sites: { ...named.sites, ...sites },
            callback,
            users: { ...named.users, ...users },
            pace: { ...named.pace, ...pace },
          },
          federating: federating && { ...federating, faces },
          taskQueue,
          temporalUi: 'http://ui.example',
          condition: { stopping: stopping.signal, prepared: () => prepared },
          log: pino({ level: 'silent' }),
          hosts: ['ferry.example'],
          takenMs,
        }),
      ),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = async (): Promise<void> => {
      stopping.abort();
      await close(server, 1_000);
    };
    return new Served(`http://127.0.0.1:${port}`, stopping, { server, stop });
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  async connections(): Promise<number> {
    return await new Promise((resolve) => this.#server.getConnections((_error, count) => resolve(count)));
  }

  async get<T = Problem>(path: string): Promise<Answer<T>> {
    return await this.ask<T>(path, {});
  }

  async post<T = Problem>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return await this.ask<T>(path, {
      method: 'POST',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async ask<T = Problem>(path: string, asked: Asked): Promise<Answer<T>> {
    // A stream ends by no end of its own
    const isEndless = (came: number): boolean => came === 200 && /^\/v1\/events(\?|$)/.test(path);
    const { status, headers, text } = await answerTo(`${this.url}${path}`, asked, isEndless);
    const json = (headers.get('content-type') ?? '').includes('json') && text !== '';
    const body = (json ? JSON.parse(text) : text) as T;
    // Whatever a test asks, the answer is one that is published
    const departing = [
      ...departures({ method: asked.method ?? 'GET', path, status, headers, body }),
      ...eventDepartures(text),
    ];
    if (departing.length > 0) throw new Error(departing.join('\n'));
    return { status, headers, body };
  }
}

/** A client of a Temporal that is not there, which is asked once: a worker's and an API's own ask five times, for two seconds. */
export const absent = (): Client =>
  new Client({ connection: Connection.lazy({ address: '127.0.0.1:1', interceptors: [] }) });

/** The same, by the connection that an API has. */
export const nowhere = (): Client => new Client({ connection: connectionFor({ address: '127.0.0.1:1' }) });
