import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { mffDocument } from '../../api/mff/face.ts';
import { outer, type OuterMeans } from '../../api/outer.ts';
import { close, serverOf } from '../../doors/server.ts';
import { Tokens } from '../../doors/tokens/tokens.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { Configuration } from '../../configuration/peers.ts';
import type { Query } from '../../domain/wish.ts';
import { answerTo } from './answer.ts';
import { departuresInPart, type Document } from './conditions.ts';
import { referred } from './referred.ts';
import { Issuer } from './issuer.ts';

const partner = (name: string, more: object = {}): object => ({
  operator: `operator-${name}`,
  url: `https://fm.${name}.example`,
  client: { issuer: `https://auth.${name}.example`, id: 'operator-a', secret: { env: 'SECRET' } },
  accepts: { issuer: 'own', client: `client-${name}` },
  ...more,
});

const host = (system: string, platform: string, zone: object): object => ({
  kind: 'mecHost',
  system,
  host: `${platform}-host`,
  platform,
  addresses: '10.3.0.0/16',
  zone,
});

/** Two systems, of which partners are shown one, with one of its two zones. */
export const federatedOfTest = (issuer: string, pace: object = {}): Configuration =>
  Configuration.parse({
    peers: {
      'meo-inner': { kind: 'meo', url: 'https://10.0.0.1' },
      'platform-one': { kind: 'platform', url: 'https://10.0.0.2' },
      'platform-two': { kind: 'platform', url: 'https://10.0.0.3' },
    },
    networks: { 'net-inner': {} },
    systems: {
      'system-shown': { meo: 'meo-inner', network: 'net-inner' },
      'system-hidden': { meo: 'meo-inner', network: 'net-inner', client: 'client-of-meo' },
    },
    sites: {
      'site-east': host('system-shown', 'platform-one', {
        id: 'zone-east',
        lat: 48.137_43,
        lon: 11.575_49,
        details: 'Munich',
      }),
      'site-west': {
        ...host('system-hidden', 'platform-two', { id: 'zone-west', lat: 52.51873, lon: 13.4, details: 'Berlin' }),
        addresses: '10.4.0.0/16',
      },
    },
    applications: {},
    federation: {
      operator: { id: 'operator-a', name: 'Operator A', country: 'DE', mcc: '262', mncs: ['01'] },
      url: 'https://fm.a.example',
      issuers: { own: { issuer, audience: 'ferry' } },
      partners: {
        b: partner('b', { hosts: ['fm.b.example', 'notices.b.example:8443'] }),
        c: partner('c'),
        e: partner('e', { dialect: 'openop', perSecond: 1_000 }),
      },
      shares: [
        {
          of: 'system-shown',
          with: '*',
          zones: ['zone-east'],
          services: ['speech', 'crowded'],
          applications: ['navigation'],
          devices: true,
        },
        { of: '*', with: 'e' },
      ],
      pace,
    },
  });

/** Members of answers; each has some of them. */
export interface Told {
  readonly federationContextId: string;
  readonly offeredAvailabilityZones: readonly { readonly zoneId: string }[];
  readonly will: string;
  readonly systemsTag: string;
  readonly title: string;
  readonly type?: string;
  readonly cause?: string;
  readonly invalidParams: readonly { readonly param: string }[];
  readonly paths: object;
}

/** One answer, as it came. */
export interface Heard<T = Told> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** Nobody outside reads of the inside: names of the configuration, addresses, ids of rows, and how it is built. */
export async function nothingLeaked({ told, issuer }: Outer, catalogue: Catalogue): Promise<void> {
  const names =
    'meo-inner net-inner platform-one platform-two system-shown system-hidden site-east site-west zone-east zone-west';
  const inside = `${names} Berlin 52.51873 10.0.0. 10.3. 10.4. client-of-meo -host host- -inside 127.0.0.1 postgres ECONN .ts: kysely Temporal /docs`;
  const rows = await Promise.all(
    (['agreement', 'system', 'zone', 'platform', 'offer'] as const).map(
      async (table) => await catalogue.selectFrom(table).select('id').execute(),
    ),
  );
  const keys = await catalogue.selectFrom('agreement').select('callback_key').execute();
  const secrets = [
    ...inside.split(' '),
    issuer.url,
    ...rows.flat().map(({ id }) => id),
    ...keys.map(({ callback_key }) => callback_key),
  ];
  const leaked = told.flatMap((answer) =>
    secrets.filter((secret) => answer.includes(secret)).map((it) => `${it} in ${answer}`),
  );
  if (leaked.length > 0) throw new Error(leaked.join('\n'));
}

export const ewbi = '/operatorplatform/federation/v1';

export interface OuterPlan {
  readonly strangers?: number;
  readonly proxies?: readonly string[];
  readonly takenMs?: number;
  readonly atOnce?: number;
  readonly pace?: object;
  readonly perSecond?: number;
  /** More of them, by name. */
  readonly systems?: readonly string[];
}

const document = referred(mffDocument()) as Document;

/** The outer listener, served for a test on a socket, with an authorization server. */
export class Outer {
  readonly issuer: Issuer;
  readonly configuration: Configuration;
  /** Partners whose tending was woken. */
  readonly poked: string[] = [];
  /** Questions for which our orchestrators were to be asked, and what they do then. */
  readonly refreshed: { query: Query; digest: string; patienceMs: number }[] = [];
  refresh: (query: Query) => Promise<boolean> = async () => true;
  readonly logged: string[] = [];
  /** All that anybody outside has been told. */
  readonly told: string[] = [];
  readonly #server: Server;

  private constructor(
    issuer: Issuer,
    configuration: Configuration,
    catalogue: Catalogue,
    bounds: Pick<OuterMeans, 'strangersPerSecond' | 'takenMs' | 'proxies'>,
  ) {
    this.issuer = issuer;
    this.configuration = configuration;
    const { federation } = configuration;
    if (federation === undefined) throw new Error('there is no federation');
    const log = pino(
      { level: 'debug' },
      new Writable({
        write: (chunk, _encoding, done) => {
          this.logged.push(String(chunk));
          done();
        },
      }),
    );
    const server = serverOf(
      outer({
        catalogue,
        configuration,
        federation,
        tokens: new Tokens(federation.issuers, { cooldownMs: 0 }),
        poke: async (name) => void this.poked.push(name),
        admit: async (binding) => await this.admits(binding),
        refresh: async (query, digest, patienceMs) => {
          this.refreshed.push({ query, digest, patienceMs });
          return await this.refresh(query);
        },
        log,
        ...bounds,
      }),
    );
    this.#server = server;
  }

  /** What an admission does, in place of its run. */
  admits: (binding: string) => Promise<void> = async () => undefined;

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  static async start(
    catalogue: Catalogue,
    {
      strangers = 10_000,
      proxies = [],
      takenMs = 60_000,
      atOnce = 64,
      pace = {},
      perSecond = 1_000,
      systems = [],
    }: OuterPlan = {},
  ): Promise<Outer> {
    const issuer = await Issuer.start();
    const configuration = federatedOfTest(issuer.url, pace);
    for (const known of Object.values(configuration.federation?.partners ?? {}))
      Object.assign(known, { perSecond, atOnce });
    for (const name of systems) configuration.systems[name] = { meo: 'meo-inner', network: 'net-inner' };
    const served = new Outer(issuer, configuration, catalogue, { strangersPerSecond: strangers, takenMs, proxies });
    await once(served.#server.listen(0, '127.0.0.1'), 'listening');
    return served;
  }

  /** As a client, with all scopes; `null`: without a token. */
  async ask<T = Told>(
    who: string | null,
    method: string,
    path: string,
    { body, headers = {}, claims = {} }: { body?: unknown; headers?: Record<string, string>; claims?: object } = {},
  ): Promise<Heard<T>> {
    const token = who === null ? undefined : await this.issuer.token({ client_id: `client-${who}`, ...claims });
    const {
      status,
      headers: given,
      text,
    } = await answerTo(`${this.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isTold = (given.get('content-type') ?? '').includes('json') && text !== '';
    const said = { method, path, status, headers: given, body: (isTold ? JSON.parse(text) : text) as unknown };
    const departing = departuresInPart(document, said);
    if (departing.length > 0) throw new Error(departing.join('\n'));
    this.told.push(`${status} ${JSON.stringify([...given])} ${text}`);
    return { status, headers: given, text, body: (isTold ? said.body : undefined) as T };
  }

  async join(who = 'b', link = `https://fm.${who}.example/callbacks/v1/key/partnerStatusLink`): Promise<Heard> {
    return await this.ask(who, 'POST', `${ewbi}/partner`, { body: request(who, link) });
  }

  /** That are open. */
  async connections(): Promise<number> {
    return await new Promise((told) => this.#server.getConnections((_error, count) => told(count)));
  }

  async context(who = 'b'): Promise<string> {
    return (await this.join(who)).body.federationContextId;
  }

  async stop(): Promise<void> {
    await close(this.#server, 1_000);
    await this.issuer.stop();
  }
}

export const request = (who: string, partnerStatusLink: string): object => ({
  origOPFederationId: `operator-${who}`,
  origOPCountryCode: 'FR',
  origOPMobileNetworkCodes: { mcc: '208', mncs: ['01', '02'] },
  origOPFixedNetworkCodes: [],
  initialDate: '2026-01-01T00:00:00Z',
  partnerStatusLink,
  partnerCallbackCredentials: { tokenUrl: 'https://auth.b.example/token', clientId: 'a', clientSecret: 'not kept' },
  later: 'members are ignored',
});
