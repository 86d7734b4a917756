import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { found } from '../problem.ts';
import { deliver } from './deliver.ts';
import { etagOf } from './etag.ts';

export const TimeStamp = z.object({ seconds: z.int().nonnegative(), nanoSeconds: z.int().nonnegative() });

export const now = (): z.infer<typeof TimeStamp> => {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1_000), nanoSeconds: (ms % 1_000) * 1_000_000 };
};

/** Where notifications go; of any host, port and path. */
export const Callback = z.url({ protocol: /^https?$/ });

/** What the subscriptions of all these APIs have in common. */
interface SubscriptionBody {
  readonly subscriptionType: string;
  readonly callbackReference?: string;
  /** As MEC 010-2 calls it. */
  readonly callbackUri?: string;
  readonly expiryDeadline?: z.infer<typeof TimeStamp> | undefined;
}

/** How the APIs differ: MEC 012 and 021 say `subscription` and have PUT; MEC 010-2 and 011 do not, MEC 010-2 gives ids. */
export interface Form {
  readonly list: 'subscription' | 'subscriptions';
  readonly withId: boolean;
  /** MEC 011 v2.2.1 names the type of a listed one `rel`; others of MEC 011 as all do. */
  readonly withRel: boolean;
  readonly replaceable: boolean;
}
export const ofServices: Form = { list: 'subscription', withId: false, withRel: false, replaceable: true };
export const ofPlatform: Form = { list: 'subscriptions', withId: false, withRel: true, replaceable: false };
export const ofOrchestrator: Form = { list: 'subscriptions', withId: true, withRel: false, replaceable: false };

interface Kept<S> {
  body: S;
  version: number;
}

/** One of a set, as it is answered. */
export interface Shown {
  readonly id: string;
  readonly href: string;
  readonly etag: string;
  readonly body: object;
}

/** What is served of a set, whatever it holds. */
export type Collection = Pick<
  SubscriptionSet<SubscriptionBody>,
  'form' | 'url' | 'create' | 'replace' | 'remove' | 'one' | 'links'
>;

/** Subscriptions of one collection: with filter defaults filled in, lists give href and type only. */
export class SubscriptionSet<S extends SubscriptionBody> {
  readonly form: Form;
  readonly url: string;
  readonly #schema: z.ZodType<S>;
  readonly #kept = new Map<string, Kept<S>>();

  /** `url`: of the collection. The schema fills in the service's defaults. */
  constructor(schema: z.ZodType<S>, url: string, form: Form) {
    this.#schema = schema;
    this.url = url;
    this.form = form;
  }

  /** Posts a notification to every subscription that wants it, in the background; answers to how many. */
  notify(wants: (subscription: S) => boolean, notification: object, links: object = {}): number {
    this.#expire();
    const wanted = [...this.#kept].filter(([, { body }]) => wants(body));
    for (const [id, { body }] of wanted)
      void deliver(body.callbackReference ?? body.callbackUri ?? '', {
        ...notification,
        ...(this.form.withId && { subscriptionId: id }),
        _links: { subscription: { href: this.#href(id) }, ...links },
      });
    return wanted.length;
  }

  bodies(): readonly S[] {
    this.#expire();
    return [...this.#kept.values()].map(({ body }) => body);
  }

  /** Throws a ZodError for a body that is none. `really` false: only answered as if. */
  create(asked: unknown, really = true): Shown {
    const [id, kept] = [randomUUID(), { body: this.#schema.parse(asked), version: 1 }];
    if (really) this.#kept.set(id, kept);
    return this.#shown(id, kept);
  }

  /** `before` is called once the body is known to be one. */
  replace(id: string, asked: unknown, before: (etag: string) => void, really = true): Shown {
    const kept = this.#one(id);
    const body = this.#schema.parse(asked);
    before(this.one(id).etag);
    if (really) Object.assign(kept, { body, version: kept.version + 1 });
    return this.#shown(id, { body, version: kept.version });
  }

  remove(id: string, really = true): void {
    this.#one(id);
    if (really) this.#kept.delete(id);
  }

  one(id: string): Shown {
    return this.#shown(id, this.#one(id));
  }

  /** Of these types, or all. */
  links(type?: string): { href: string; subscriptionType: string; rel?: string }[] {
    this.#expire();
    return [...this.#kept]
      .filter(([, { body }]) => type === undefined || body.subscriptionType === type)
      .map(([id, { body }]) => ({
        href: this.#href(id),
        subscriptionType: body.subscriptionType,
        ...(this.form.withRel && { rel: body.subscriptionType }),
      }));
  }

  /** Forgets those of an application instance that is no more. */
  forget(owned: (subscription: S) => boolean): void {
    for (const [id, { body }] of this.#kept) if (owned(body)) this.#kept.delete(id);
  }

  state(): object[] {
    this.#expire();
    return [...this.#kept].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, { body }]) => ({ id, ...body }));
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
    return `${this.url}/${id}`;
  }

  #shown(id: string, { body, version }: Kept<S>): Shown {
    const href = this.#href(id);
    const shown = { ...(this.form.withId && { id }), ...body, _links: { self: { href } } };
    return { id, href, etag: etagOf('version', version, body), body: shown };
  }
}
