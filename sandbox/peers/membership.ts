import { Router } from 'express';
import { z } from 'zod';
import { MFM } from './mfm.ts';
import type { Federator } from './system.ts';
import { Tokens } from './tokens.ts';

const BASE = '/fed_enablement/v1';
const SYSTEMS = `${BASE}/fed_resources/system_info`;
const NOTICES = '/fed_notifications';
const LIMIT_MS = 3_000;
/** Between two looks at whether the federator still knows us. */
const LOOK_MS = 2_000;
const KEPT = 100;

const Systems = z.array(z.looseObject({ systemId: z.string(), systemName: z.string() }));
const Notification = z.looseObject({
  notificationType: z.literal('SystemUpdateNotification'),
  updatedSystemInfo: Systems,
});

/** A MEC system as a member of the federation, as its orchestrator sees it (MEC 040). */
export class Membership {
  readonly #name: string;
  readonly #url: string;
  readonly #federator: Federator;
  readonly #tokens: Tokens;
  /** Undefined: it does not tell what its system has. */
  readonly #inventory: (() => object) | undefined;
  readonly #heard: string[][] = [];
  #system: string | null = null;
  #subscription: string | null = null;
  #next: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(name: string, url: string, federator: Federator, inventory?: () => object) {
    [this.#name, this.#url, this.#federator] = [name, url, federator];
    this.#inventory = inventory;
    this.#tokens = new Tokens(federator);
  }

  /** Goes on until the end: a federator that is not there yet, or has forgotten us, is asked again. */
  start(): void {
    void this.#look().finally(() => {
      if (!this.#ended) this.#next = setTimeout(() => this.start(), LOOK_MS);
    });
  }

  /** The system leaves the federation. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#next);
    for (const path of [this.#subscription, this.#system])
      if (path !== null) await this.#ask('DELETE', path).catch(() => undefined);
  }

  routes(): Router {
    return Router().post(NOTICES, (req, res) => {
      const { updatedSystemInfo } = Notification.parse(req.body);
      this.#heard.push(updatedSystemInfo.map(({ systemName }) => systemName));
      if (this.#heard.length > KEPT) this.#heard.shift();
      res.status(204).end();
    });
  }

  /** What it was told of others since the start: names of systems, as each notification had them. */
  state(): object {
    return { registered: this.#system !== null, subscribed: this.#subscription !== null, heard: this.#heard };
  }

  async #look(): Promise<void> {
    try {
      if (this.#system !== null && (await this.#ask('GET', this.#system)).status === 404) this.#system = null;
      if (this.#system === null) await this.#register();
      if (this.#subscription !== null && (await this.#ask('GET', this.#subscription)).status === 404)
        this.#subscription = null;
      if (this.#subscription === null)
        this.#subscription = await this.#made(`${BASE}/subscriptions`, {
          subscriptionType: 'SystemUpdateNotificationSubscription',
          callbackReference: `${this.#url}${NOTICES}`,
        });
      const tells = this.#system !== null && this.#inventory !== undefined;
      if (tells) await this.#ask('PUT', this.#told(), this.#inventory?.());
    } catch {
      // not there: it is asked again
    }
  }

  #told(): string {
    return `${MFM}/systems/${(this.#system ?? '').split('/').at(-1)}/inventory`;
  }

  /** An answer that was lost, or an earlier start: the system is found by its name. */
  async #register(): Promise<void> {
    const { provider } = this.#federator;
    const made = await this.#made(SYSTEMS, { systemName: this.#name, systemProvider: provider });
    this.#system = made ?? (await this.#found());
    if (this.#system !== null) await this.#ask('PATCH', this.#system, { endpoint: { uris: [this.#url] } });
  }

  async #found(): Promise<string | null> {
    const query = new URLSearchParams({ systemName: this.#name, systemProvider: this.#federator.provider });
    const answer = await this.#ask('GET', `${SYSTEMS}?${query.toString()}`);
    const [system] = answer.ok ? Systems.parse(await answer.json()) : [];
    return system === undefined ? null : `${SYSTEMS}/${system.systemId}`;
  }

  /** The path of what was made; null: it was not. */
  async #made(path: string, body: object): Promise<string | null> {
    const answer = await this.#ask('POST', path, body);
    const location = answer.headers.get('location');
    return answer.status === 201 && location !== null ? new URL(location, this.#federator.url).pathname : null;
  }

  async #ask(method: string, path: string, body?: object): Promise<Response> {
    return await fetch(`${this.#federator.url}${path}`, {
      method,
      headers: {
        authorization: await this.#tokens.authorization(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}
