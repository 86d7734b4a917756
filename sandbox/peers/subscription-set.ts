import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreignLinks } from '../foreign/asked.ts';
import { found, Refused } from '../problem.ts';
import { demandMatch, etagOf } from './etag.ts';
import { parameter } from './query.ts';

export const TimeStamp = z.object({ seconds: z.int().nonnegative(), nanoSeconds: z.int().nonnegative() });

export const now = (): z.infer<typeof TimeStamp> => {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1_000), nanoSeconds: (ms % 1_000) * 1_000_000 };
};

/** What the subscriptions of MEC 012 and 021 have in common. */
interface SubscriptionBody {
  readonly subscriptionType: string;
  readonly callbackReference: string;
  readonly expiryDeadline?: z.infer<typeof TimeStamp> | undefined;
}

interface Kept<S> {
  body: S;
  version: number;
}

const TRIES = 3;

/** Subscriptions of one service at one platform: with filter defaults filled in, lists give href and type only. */
export class SubscriptionSet<S extends SubscriptionBody> {
  readonly #schema: z.ZodType<S>;
  readonly #url: string;
  readonly #kept = new Map<string, Kept<S>>();

  /** `url`: of the collection. The schema fills in the service's defaults. */
  constructor(schema: z.ZodType<S>, url: string) {
    this.#schema = schema;
    this.#url = url;
  }

  /** Posts a notification to every subscription that wants it, in the background; answers to how many. */
  notify(wants: (subscription: S) => boolean, notification: object): number {
    this.#expire();
    const wanted = [...this.#kept].filter(([, { body }]) => wants(body));
    for (const [id, { body }] of wanted)
      void deliver(body.callbackReference, { ...notification, _links: { subscription: { href: this.#href(id) } } });
    return wanted.length;
  }

  bodies(): readonly S[] {
    this.#expire();
    return [...this.#kept.values()].map(({ body }) => body);
  }

  add(body: S): string {
    const id = randomUUID();
    this.#kept.set(id, { body, version: 1 });
    return id;
  }

  /** Forgets those of an application instance that is no more. */
  forget(owned: (subscription: S) => boolean): void {
    for (const [id, { body }] of this.#kept) if (owned(body)) this.#kept.delete(id);
  }

  state(): object[] {
    this.#expire();
    return [...this.#kept].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, { body }]) => ({ id, ...body }));
  }

  /** `types`: values of the list's query parameter `named`, and the subscription type of each. */
  routes(faults: Faults, named: string, types: Readonly<Record<string, string>>): Router {
    const router = Router();
    router.get('/', (req, res) => {
      const asked = parameter(req, named);
      if (asked !== undefined && !Object.hasOwn(types, asked)) throw new Refused(400, `no subscriptions of ${asked}`);
      this.#expire();
      const links = [...this.#kept]
        .filter(([, { body }]) => asked === undefined || body.subscriptionType === types[asked])
        .map(([id, { body }]) => ({ href: this.#href(id), subscriptionType: body.subscriptionType }));
      const others = foreignLinks(res, this.#url);
      res.json({ _links: { self: { href: this.#url }, subscription: [...others, ...links] } });
    });
    router.post('/', (req, res) => {
      const [id, body] = [randomUUID(), this.#schema.parse(req.body)];
      if (faults.acting(req, 'noEffect') === undefined) this.#kept.set(id, { body, version: 1 });
      res.status(201).location(this.#href(id)).json(this.#shown(id, body));
    });
    router.get('/:id', ({ params: { id } }: Request<{ id: string }>, res) => {
      const { body, version } = this.#one(id);
      res.set('ETag', etagOf('version', version, body)).json(this.#shown(id, body));
    });
    router.put('/:id', (req: Request<{ id: string }>, res) => {
      const { id } = req.params;
      const kept = this.#one(id);
      const body = this.#schema.parse(req.body);
      demandMatch(req, etagOf('version', kept.version, kept.body));
      if (faults.acting(req, 'noEffect') === undefined) Object.assign(kept, { body, version: kept.version + 1 });
      res.set('ETag', etagOf('version', kept.version, body)).json(this.#shown(id, body));
    });
    router.delete('/:id', (req: Request<{ id: string }>, res) => {
      this.#one(req.params.id);
      if (faults.acting(req, 'noEffect') === undefined) this.#kept.delete(req.params.id);
      res.status(204).end();
    });
    return router;
  }

  #one(id: string): Kept<S> {
    this.#expire();
    return found(this.#kept.get(id), `subscription ${id}`);
  }

  #expire(): void {
    const { seconds } = now();
    this.forget(({ expiryDeadline }) => expiryDeadline !== undefined && expiryDeadline.seconds < seconds);
  }

  #href(id: string): string {
    return `${this.#url}/${id}`;
  }

  #shown(id: string, body: S): object {
    return { ...body, _links: { self: { href: this.#href(id) } } };
  }
}

/** Three tries with a growing pause; then the event is dropped (ours: the standards promise no delivery). */
async function deliver(callback: string, notification: object): Promise<void> {
  for (let trial = 1; trial <= TRIES; trial += 1) {
    try {
      const answer = await fetch(callback, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(notification),
        redirect: 'manual',
        signal: AbortSignal.timeout(2_000),
      });
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // nobody there (yet)
    }
    await pause(trial * 200);
  }
}
