import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { json, malformed, Malformed } from '../application/answers.ts';
import { post, read } from '../application/exchange.ts';
import { size } from '../application/intervals.ts';
import { peerAt } from '../application/messages.ts';
import { Registration, toldBy, type Told } from './mobility.ts';
import {
  completed,
  type Delta,
  failed,
  type Habits,
  received,
  reported,
  type State,
  triggered,
  written,
} from './state.ts';

export interface CarrierPlan {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Of its provider, who founds it; no contract is spoken there. */
  readonly providerPort: number;
  readonly habits: Habits;
  /** Where it reports before the target has everything, that has it so much later. */
  readonly lateMs: number;
}

const LARGEST = 1 << 22;
const TRANSFER_MS = 2_000;

/** One instance of the carrier: clients, its platform's notifications, and other instances speak to it on one port. */
export class Carrier {
  readonly #plan: CarrierPlan;
  readonly #servers: Server[] = [];
  #state: State = {};
  #registration: Registration | undefined;
  /** What it was told, in that order. */
  readonly #told: string[] = [];

  constructor(plan: CarrierPlan) {
    this.#plan = plan;
  }

  async open(platform: string | undefined): Promise<void> {
    const { host, port, providerPort } = this.#plan;
    for (const at of [port, providerPort]) {
      const server = createServer((req, res) => {
        res.setHeader('Ferry-Instance', this.#plan.id);
        this.#answer(req, res).catch((error: unknown) => malformed(res, error));
      });
      server.listen(at, host);
      await once(server, 'listening');
      this.#servers.push(server);
    }
    if (platform !== undefined) await this.#register(platform);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }

  async #register(platform: string): Promise<void> {
    const { id, host, port } = this.#plan;
    this.#registration = new Registration(platform, id);
    await this.#registration.begin(`http://${peerAt(host, port)}/mobility`);
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { id } = this.#plan;
    const [path = '/'] = (req.url ?? '/').split('?');
    const body = req.method === 'POST' ? bodyIn(await read(req, LARGEST)) : null;
    if (path === '/' && body === null) return json(res, 200, { instance: id });
    if (path === '/provider/state') return json(res, 200, { instance: id, told: this.#told, users: this.#state });
    if (path === '/provider/found' && body !== null) return json(res, 200, await this.#found(body));
    if (path === '/carried' && body !== null) return json(res, 200, await this.#carried(body as { deltas: Delta[] }));
    if (path === '/mobility' && body !== null) {
      void this.#moves(toldBy(body));
      return void res.writeHead(204).end();
    }
    const [, user, writes] = /^\/users\/([^/]+)(\/writes)?$/.exec(path) ?? [];
    if (user === undefined || (writes === undefined) !== (body === null)) throw new Malformed('no such resource', 404);
    if (writes !== undefined) this.#write(decodeURIComponent(user), body as { number?: unknown });
    const { accepted = [] } = this.#state[decodeURIComponent(user)] ?? {};
    json(res, 200, { user, ...(body ?? { accepted }), counter: size(accepted), epoch: 1, instance: id });
  }

  #write(user: string, { number }: { number?: unknown }): void {
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw new Malformed('a write has a whole number');
    const next = written(this.#state, user, number, this.#plan.habits);
    if (next === undefined) throw new Malformed('not accepted now', 503);
    this.#state = next;
  }

  /** The provider makes it the one that has everybody. */
  async #found({ users = {}, platform }: { users?: Record<string, string>; platform?: string }): Promise<object> {
    for (const [user, device] of Object.entries(users))
      this.#state = received(this.#state, { user, device, accepted: [] });
    if (platform !== undefined) await this.#register(platform);
    await this.#says();
    return { instance: this.#plan.id, subscriptions: 0 };
  }

  async #carried({ deltas }: { deltas: readonly Delta[] }): Promise<object> {
    for (const delta of deltas) this.#state = received(this.#state, delta);
    await this.#says();
    return { users: deltas.length };
  }

  async #moves({ status, devices, target }: Told): Promise<void> {
    const { habits, lateMs } = this.#plan;
    this.#told.push(status);
    if (status === 'COMPLETED') this.#state = completed(this.#state, devices);
    if (status === 'FAILED') this.#state = failed(this.#state, devices, habits);
    if (status !== 'TRIGGERED' || target === undefined) return await this.#says();
    const { state, deltas } = triggered(this.#state, devices, habits);
    this.#state = state;
    const send = async (): Promise<number> =>
      (await post(`http://${peerAt(target.host, target.port)}/carried`, { deltas }, TRANSFER_MS)).status;
    if (habits.reportsTruly && (await send()) >= 300) return;
    this.#state = reported(this.#state, devices);
    await this.#says();
    if (habits.reportsTruly) return;
    await pause(lateMs);
    await send();
  }

  async #says(): Promise<void> {
    await this.#registration?.says(Object.values(this.#state).filter(({ device }) => device !== ''));
  }
}

function bodyIn(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    throw new Malformed('no JSON');
  }
}
