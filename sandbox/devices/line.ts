import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Answer, answerTo } from '../network/answer.ts';
import { askDns } from '../network/dns.ts';
import { openTunnel } from '../network/tunnel.ts';
import type { Access } from './access.ts';
import { type Kind, keepsFor } from './kinds.ts';

export interface LinePlan {
  readonly kind: Kind;
  /** The device's own. */
  readonly address: string;
  readonly application: { readonly name: string; readonly port: number };
  readonly clampSeconds: number;
  readonly access: Access;
}

interface Cached {
  readonly address: string;
  readonly until: number;
}

/** Opening a connection that outlives the request that needed it has a deadline of its own. */
const CONNECT_MS = 2_000;

/**
 * A device's one kept connection to its application, and the address behind it. A connection that is closed, by either
 * side, is opened anew by the next request, to the cached address through the access network of that moment.
 */
export class Line {
  readonly #plan: LinePlan;
  readonly #agent: Agent;
  #access: Access;
  #cached: Cached | undefined;
  /** The answer by which the kept connection was made. */
  #dialled: Cached | undefined;
  /** Connections opened. */
  opened = 0;

  constructor(plan: LinePlan) {
    this.#plan = plan;
    this.#access = plan.access;
    this.#agent = new TunnelAgent(async () => {
      const socket = await this.#open(this.#dialled?.address ?? '', AbortSignal.timeout(CONNECT_MS));
      this.opened += 1;
      return socket;
    });
  }

  get access(): Access {
    return this.#access;
  }

  /** Where it believes the application to be. */
  get cached(): string | null {
    return this.#cached?.address ?? null;
  }

  /** The established connection may go on; a device that honours TTLs asks the new network's resolver. */
  attach(access: Access): void {
    if (access.name === this.#access.name) return;
    this.#access = access;
    if (this.#plan.kind === 'resolving') this.#cached = undefined;
  }

  /** One request on the kept connection. One at a time. */
  async post(path: string, body: string, signal: AbortSignal): Promise<Answer> {
    const cached = await this.#resolved(signal);
    if (cached !== this.#dialled) this.close(); // a new answer is a new connection, to the same address too
    this.#dialled = cached;
    return await answerTo(
      { agent: this.#agent, method: 'POST', path, headers: { host: this.#plan.application.name }, signal },
      body,
    );
  }

  /** One request on a connection of its own, so that it may run beside the others. */
  async get(path: string, signal: AbortSignal): Promise<Answer> {
    const socket = await this.#open((await this.#resolved(signal)).address, signal);
    try {
      const headers = { host: this.#plan.application.name, connection: 'close' };
      return await answerTo({ createConnection: () => socket, path, headers, signal });
    } finally {
      socket.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #resolved(signal: AbortSignal): Promise<Cached> {
    if (this.#cached !== undefined && performance.now() < this.#cached.until) return this.#cached;
    const { application, kind, clampSeconds, address: from } = this.#plan;
    const [record] = await askDns(this.#access.resolver, application.name, { from, signal });
    if (record === undefined) throw new Error(`${application.name} does not resolve`);
    const until = performance.now() + keepsFor[kind](record.ttl, clampSeconds) * 1_000;
    this.#cached = { address: record.address, until };
    return this.#cached;
  }

  async #open(address: string, signal: AbortSignal): Promise<Duplex> {
    const to = { address, port: this.#plan.application.port };
    return await openTunnel(this.#access.userPlane, { to, from: this.#plan.address, signal });
  }
}

class TunnelAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxFreeSockets: 1 });
    this.#open = open;
  }

  override createConnection(
    _options: ClientRequestArgs,
    created: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#open().then(
      (socket) => created(null, socket),
      (error: Error) => created(error, undefined as never),
    );
  }
}
