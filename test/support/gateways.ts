import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { type CatalogueOfTest, catalogueOfTest } from './catalogue.ts';
import { Issuer } from './issuer.ts';
import { claimNetwork } from './network.ts';
import { endParts, type Part, startPart } from './part.ts';
import { Wire } from './wire.ts';

type Side = 'a' | 'b';
type Serve = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Of the gateway, and not of the service behind it. */
export const isRefusal = ({ headers }: Answer): boolean => headers['ferry-federation'] === 'refused';

const THIRD = { a: 10, b: 50 };
const OTHER = { a: 'b', b: 'a' } as const;

/**
 * Two gateways as processes, a wire for each between them that keeps all that crosses, and catalogues with the rows of one
 * service of B that a platform of A uses. Nothing else of a Ferry is there.
 */
export class Gateways {
  readonly net: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'ferry-gateways-'));
  readonly secret = randomBytes(32).toString('base64url');
  readonly name = `n${randomBytes(8).toString('hex')}`;
  readonly ids = {
    a: { binding: randomUUID(), agreement: randomUUID() },
    b: { binding: randomUUID(), agreement: randomUUID() },
  };
  readonly offer = randomUUID();
  parts!: Record<Side, Part>;
  wires!: Record<Side, Wire>;
  /** Between a gateway and its database. */
  databases!: Record<Side, Wire>;
  catalogues!: Record<Side, CatalogueOfTest>;
  issuers!: Record<Side, Issuer>;
  /** The service of B, and an application of A that is notified: what they do is each test's affair. */
  service: Serve = (_req, res) => void res.end();
  application: Serve = (_req, res) => void res.writeHead(204).end();
  readonly #servers: Server[] = [];
  #release: () => Promise<void> = async () => undefined;
  #ended: Part[] = [];

  readonly #environment: Readonly<Record<string, string>>;

  private constructor(net: number, environment: Readonly<Record<string, string>>) {
    this.net = net;
    this.#environment = environment;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Gateways> {
    const { net, release } = await claimNetwork();
    const gateways = new Gateways(net, environment);
    gateways.#release = release;
    try {
      await gateways.#start();
    } catch (error) {
      await gateways.end();
      throw error;
    }
    return gateways;
  }

  address(side: Side): string {
    return `127.${this.net}.${THIRD[side]}.2`;
  }
  /** As partners reach it. */
  outer(side: Side): string {
    return `http://127.${this.net}.${THIRD[side]}.9:8703`;
  }
  inner(side: Side): string {
    return `http://${this.address(side)}:8702`;
  }
  /** As the application calls the service. */
  get egress(): string {
    return `${this.inner('a')}/s/${this.secret}`;
  }
  get bound(): string {
    return `${this.outer('b')}/mpp/v1/bindings/${this.name}`;
  }
  get producer(): string {
    return `http://127.${this.net}.62.7:7000/speech/v1`;
  }
  get notified(): string {
    return `http://127.${this.net}.22.5:9000/heard`;
  }
  /** Whatever of either inside nobody outside may read. */
  inside(side: Side): readonly string[] {
    const n = this.net;
    const a = [
      `127.${n}.22.`,
      `127.${n}.2.1`,
      `127.${n}.10.2`,
      'meo-of-a',
      'platform-of-a',
      'system-of-a',
      'site-of-a',
      'host-of-a',
      this.secret,
    ];
    const b = [
      `127.${n}.62.`,
      `127.${n}.52.`,
      `127.${n}.50.2`,
      'meo-of-b',
      'platform-of-b',
      'system-of-b',
      'site-of-b',
      'host-of-b',
      this.offer,
    ];
    return [...(side === 'a' ? a : b), this.ids[side].binding, this.ids[side].agreement];
  }

  async #start(): Promise<void> {
    const [issuerA, issuerB, a, b] = await Promise.all([
      Issuer.start(),
      Issuer.start(),
      catalogueOfTest(),
      catalogueOfTest(),
    ]);
    this.issuers = { a: issuerA, b: issuerB };
    this.catalogues = { a, b };
    this.wires = { a: await this.#wire('a'), b: await this.#wire('b') };
    this.databases = { a: await this.#database('a'), b: await this.#database('b') };
    await Promise.all([
      this.#serve(`127.${this.net}.62.7`, 7_000, async (req, res) => await this.service(req, res)),
      this.#serve(`127.${this.net}.22.5`, 9_000, async (req, res) => await this.application(req, res)),
      this.#rowsOfA(),
      this.#rowsOfB(),
    ]);
    const [partA, partB] = await Promise.all([this.startGateway('a'), this.startGateway('b')]);
    this.parts = { a: partA, b: partB };
  }

  async #wire(side: Side): Promise<Wire> {
    return await Wire.between(`127.${this.net}.${THIRD[side]}.9`, 8_703, { host: this.address(side), port: 8_703 });
  }

  async #database(side: Side): Promise<Wire> {
    const { hostname: host, port } = new URL(this.catalogues[side].url);
    return await Wire.between(`127.${this.net}.${THIRD[side]}.9`, 5_432, { host, port: Number(port) });
  }

  #databaseUrl(side: Side): string {
    const url = new URL(this.catalogues[side].url);
    url.host = `127.${this.net}.${THIRD[side]}.9:5432`;
    return url.href;
  }

  async #serve(address: string, port: number, serve: Serve): Promise<void> {
    const server = createServer((req, res) => void serve(req, res));
    this.#servers.push(server);
    await once(server.listen(port, address), 'listening');
  }

  async startGateway(side: Side): Promise<Part> {
    const file = join(this.folder, `${side}.json`);
    writeFileSync(file, JSON.stringify(this.#configuration(side)));
    const part = await startPart({
      script: 'gateway/main.ts',
      environment: {
        ...this.#environment,
        FERRY_CONFIG: file,
        FERRY_GATEWAY_HOST: this.address(side),
        FERRY_GATEWAY_PORT: '8702',
        FERRY_GATEWAY_OUTER_HOST: this.address(side),
        FERRY_GATEWAY_OUTER_PORT: '8703',
        FERRY_LOG_LEVEL: 'debug',
        DATABASE_URL: this.#databaseUrl(side),
        SECRET: 'of-a-client',
        TEMPORAL_ADDRESS: `127.${this.net}.0.250:7233`, // nobody: what passes needs none
      },
      log: join(this.folder, `${side}-${this.#ended.length}.log`),
    });
    this.#ended.push(part);
    return part;
  }

  #configuration(side: Side): object {
    const [n, other] = [this.net, OTHER[side]];
    const third = { a: 2, b: 52 }[side];
    return {
      peers: {
        [`meo-of-${side}`]: { kind: 'meo', url: `http://127.${n}.${third}.1:8080`, insecure: true },
        [`platform-of-${side}`]: { kind: 'platform', url: `http://127.${n}.${third}.12:8080`, insecure: true },
      },
      networks: { net: {} },
      systems: { [`system-of-${side}`]: { meo: `meo-of-${side}`, network: 'net' } },
      sites: {
        [`site-of-${side}`]: {
          kind: 'mecHost',
          system: `system-of-${side}`,
          host: `host-of-${side}`,
          platform: `platform-of-${side}`,
          addresses: `127.${n}.${side === 'a' ? 22 : 62}.0/24`,
        },
      },
      applications: {},
      federation: {
        operator: { id: `operator-${side}`, name: side, country: 'DE', mcc: '001', mncs: ['01'] },
        url: `http://127.${n}.${THIRD[side]}.1:8701`,
        gateway: { inner: this.inner(side), outer: this.outer(side) },
        issuers: { own: { issuer: this.issuers[side].url, audience: 'ferry' } },
        partners: {
          [other]: {
            operator: `operator-${other}`,
            url: `http://127.${n}.${THIRD[other]}.1:8701`,
            insecure: true,
            hosts: [`127.${n}.${THIRD[other]}.9`],
            client: { issuer: this.issuers[other].url, id: `client-${side}`, secret: { env: 'SECRET' } },
            accepts: { issuer: 'own', client: `client-${other}` },
            atOnce: 12,
          },
        },
        shares: [{ of: '*', with: '*', services: ['speech'] }],
      },
    };
  }

  async #rowsOfA(): Promise<void> {
    const { catalogue } = this.catalogues.a;
    const { agreement, binding } = this.ids.a;
    const told = JSON.stringify({ gateway: this.outer('b') });
    await sql`insert into agreement (id, partner, direction, context, callback_key, capabilities)
      values (${agreement}, 'b', 'uses', 'c1', 'k1', ${told}::jsonb)`.execute(catalogue);
    await sql`insert into binding
      (id, name, side, agreement, offer, system, platform, kind, offer_name, solution, state, path_secret)
      values (${binding}, ${this.name}, 'consumer', ${agreement}, gen_random_uuid(), 'system-of-a', 'host-of-a', 'service',
        'speech', 'federators', 'open', ${this.secret})`.execute(catalogue);
  }

  async #rowsOfB(): Promise<void> {
    const { catalogue } = this.catalogues.b;
    const { agreement, binding } = this.ids.b;
    await sql`insert into agreement (id, partner, direction, context, callback_key)
      values (${agreement}, 'a', 'serves', 'c1', 'k1')`.execute(catalogue);
    await sql`
      with s as (insert into system (local, name, provider, operator) values ('system-of-b', 'x', 'y', 'z') returning id),
      p as (insert into platform (system, foreign_id) select id, 'host-of-b' from s returning id, system)
      insert into offer (id, platform, platform_foreign_id, system, kind, foreign_id, name, version, state, transport, serializer, endpoint)
      select ${this.offer}, id, 'host-of-b', system, 'service', 'f', 'speech', '1', 'ACTIVE', 'REST_HTTP', 'JSON', ${this.producer}
      from p`.execute(catalogue);
    await sql`insert into binding
      (id, name, side, agreement, offer, system, platform, kind, offer_name, solution, state)
      values (${binding}, ${this.name}, 'producer', ${agreement}, ${this.offer}, 'system-of-b', 'host-of-b', 'service',
        'speech', 'federators', 'open')`.execute(catalogue);
  }

  async tell(side: Side, statement: string): Promise<readonly Record<string, unknown>[]> {
    return (await sql.raw<Record<string, unknown>>(statement).execute(this.catalogues[side].catalogue)).rows;
  }

  async will(side: Side, ours: string): Promise<void> {
    await this.tell(
      side,
      `insert into will (partner, direction, ours, why) values ('${OTHER[side]}', '${side === 'a' ? 'uses' : 'serves'}', '${ours}', 'test')
       on conflict (partner, direction) do update set ours = excluded.ours`,
    );
  }

  log(side: Side): string {
    return readFileSync(this.parts[side].log, 'utf8');
  }

  async end(): Promise<void> {
    await endParts(this.#ended);
    for (const server of this.#servers) server.closeAllConnections();
    for (const server of this.#servers) server.close();
    const wires = [this.wires, this.databases].flatMap((both) => Object.values(both ?? {}));
    await Promise.all(wires.map(async (wire) => await wire.close()));
    await Promise.all(Object.values(this.issuers ?? {}).map(async (issuer) => await issuer.stop()));
    await Promise.all(Object.values(this.catalogues ?? {}).map(async ({ drop }) => await drop()));
    rmSync(this.folder, { recursive: true, force: true });
    await this.#release();
  }
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** As it is written: nothing of the path is tidied up. */
export async function ask(
  base: string,
  path: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(base);
  const req = request({
    host: hostname,
    port,
    path: `${pathname.replace(/\/$/, '')}${path}`,
    method,
    headers: { ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }), ...headers },
    agent: false,
  });
  req.end(body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode ?? 0, headers: res.headers, text: await text(res) };
}

export const json = (value: unknown, method = 'POST'): Asking => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
