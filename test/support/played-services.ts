import { busy } from './busy.ts';
import type { ServerResponse } from 'node:http';
import { faultyServer, type FaultyServer, type Heard, type Reply } from './faulty-server.ts';

type Json = Record<string, unknown>;

export interface PlayedServices {
  readonly peer: FaultyServer;
  /** By path: `/rni/v2/subscriptions/s1`. */
  readonly held: Map<string, Json>;
  /** So many were made by whoever asked. */
  made: number;
  /** What the server makes of a subscription that it is asked for. */
  taking: (body: Json) => Json;
  /** How a list looks, of these entries. */
  listing: (entries: readonly { readonly path: string; readonly body: Json }[]) => unknown;
  /** Answers instead, where it gives something. */
  before: (heard: Heard) => Reply | undefined;
  /** Answers itself, with whatever is no answer; false: it does not. */
  answer: (heard: Heard, res: ServerResponse) => boolean;
  hold(collection: string, id: string, body: Json): string;
  /** As another one is by now. */
  become(other: Pick<PlayedServices, 'held' | 'made'>): void;
}

/** As peers behind proxies have them: another host, another root. */
export const hrefOf = (path: string): string => `http://services.inside:99/elsewhere${path}`;

/**
 * A platform with subscriptions in these collections; others are 404, as of a service that it does
 * not have.
 */
export async function playedServices(
  collections: readonly string[] = ['/rni/v2/subscriptions', '/amsi/v1/subscriptions'],
  timeoutMs = Math.ceil(1_000 * busy()),
): Promise<PlayedServices> {
  const peer = await faultyServer(
    (heard, res) => (services.answer(heard, res) ? undefined : (services.before(heard) ?? serve(heard))),
    { timeoutMs },
  );
  const services: PlayedServices = {
    peer,
    held: new Map(),
    made: 0,
    taking: (body) => body,
    listing: (entries) => ({
      _links: {
        self: { href: 'http://services.inside:99/elsewhere' },
        subscription: entries.map(({ path, body }) => ({
          href: hrefOf(path),
          subscriptionType: body['subscriptionType'],
        })),
      },
    }),
    before: () => undefined,
    answer: () => false,
    hold: (collection, id, body) => {
      services.held.set(`${collection}/${id}`, body);
      return `${collection}/${id}`;
    },
    become: ({ held, made }) => {
      services.held.clear();
      for (const [path, body] of structuredClone(held)) services.held.set(path, body);
      services.made = made;
    },
  };

  function serve({ method, path, json }: Heard): Reply {
    if (collections.includes(path)) {
      if (method === 'POST') {
        const made = services.hold(path, `made-${(services.made += 1)}`, services.taking(json));
        return { status: 201, json: { ...services.held.get(made), _links: { self: { href: hrefOf(made) } } } };
      }
      const entries = [...services.held].filter(([at]) => at.startsWith(`${path}/`));
      return { status: 200, json: services.listing(entries.map(([at, body]) => ({ path: at, body }))) };
    }
    const body = services.held.get(path);
    if (body === undefined) return { status: 404, json: { title: 'Not Found' } };
    if (method === 'DELETE') services.held.delete(path);
    return method === 'DELETE'
      ? { status: 204 }
      : { status: 200, json: { ...body, _links: { self: { href: hrefOf(path) } } } };
  }

  return services;
}
