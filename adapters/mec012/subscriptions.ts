import { failure } from '../../activities/failure.ts';
import type { Owner, Subscriptions } from '../../activities/ports.ts';
import { canonical, type HeldSubscription, type Subscription } from '../../domain/subscription.ts';
import {
  CreatedSubscription,
  filters,
  rniSubscriptions,
  RniSubscription,
  SubscriptionLinkList,
} from '../../protocols/mec012/subscription.ts';
import type { Exchange } from '../http.ts';
import { lastSegment } from '../links.ts';
import { missingServices } from '../mec011/services.ts';

const SERVICE = 'rni';
const REFUSALS = [403, 409, 422];

/** Subscriptions of application instances at a platform's radio network information service (MEC 012). */
export const mec012Subscriptions = (platform: Exchange): Subscriptions => {
  async function list(owner: Owner, signal: AbortSignal): Promise<HeldSubscription[]> {
    const path = rniSubscriptions;
    const { body: links } = await platform.ask({ method: 'GET', path, schema: SubscriptionLinkList }, signal);
    const held: HeldSubscription[] = [];
    for (const link of links) {
      const id = idOf(link);
      const wire = await read(id, signal);
      const callback = wire === undefined ? undefined : callbackOf(wire);
      if (wire !== undefined && callback?.hostname === owner.endpoint.host) held.push(heldOf(id, wire, callback));
    }
    return held;
  }

  async function read(id: string, signal: AbortSignal): Promise<RniSubscription | undefined> {
    const call = { method: 'GET', path: id, schema: RniSubscription, alsoExpect: [404] } as const;
    const { status, body } = await platform.ask(call, signal);
    return status === 404 ? undefined : body;
  }

  async function remove(id: string, signal: AbortSignal): Promise<void> {
    await platform.ask({ method: 'DELETE', path: id, alsoExpect: [404] }, signal);
  }

  return {
    list,
    remove,
    missing: async (names, signal) => await missingServices(platform, names, signal),

    async create(owner, subscription, signal) {
      const json = toWire(owner, subscription);
      // An earlier call whose answer was lost may have made it
      const there = (await list(owner, signal)).find((held) => canonical(held) === canonical(subscription));
      if (there !== undefined) return there;

      const { status, body, location, told } = await platform.ask(
        { method: 'POST', path: rniSubscriptions, json, schema: CreatedSubscription, alsoExpect: REFUSALS },
        signal,
      );
      if (status >= 300) throw failure('SubscriptionRefused', told);
      const self = body ?? location;
      if (self === null) throw failure('PeerMalformed', `${told}, but does not tell which subscription it made`);
      const id = idOf(self);
      const wire = await read(id, signal);
      const callback = wire === undefined ? undefined : callbackOf(wire);
      if (wire !== undefined && callback !== undefined) {
        const held = heldOf(id, wire, callback);
        if (callback.hostname === owner.endpoint.host && canonical(held) === canonical(subscription)) return held;
      }
      await remove(id, signal);
      throw failure('SubscriptionRefused', `${told}, but holds another subscription than it was given`);
    },
  };
};

/** Whatever host a link names, it is asked of the platform that we know. */
const idOf = (href: string): string => `${rniSubscriptions}/${encodeURIComponent(lastSegment(href))}`;

const callbackOf = ({ callbackReference: uri }: RniSubscription): URL | undefined =>
  uri != null && URL.canParse(uri) ? new URL(uri) : undefined;

/** Throws SubscriptionRefused for a type that cannot be made again: a subscription that is left behind must be told. */
function filterOf(type: string): (typeof filters)[string] {
  const filter = Object.hasOwn(filters, type) ? filters[type] : undefined;
  if (filter === undefined)
    throw failure('SubscriptionRefused', `subscriptions of type ${type} cannot be carried over`);
  return filter;
}

function heldOf(id: string, wire: RniSubscription, callback: URL): HeldSubscription {
  const { member, defaults } = filterOf(wire.subscriptionType);
  const { appInstanceId: _owner, ...filter } = (wire[member] ?? {}) as Record<string, unknown>;
  return {
    id,
    service: SERVICE,
    type: wire.subscriptionType,
    filter: { ...defaults, ...present(filter) },
    callback: `${callback.pathname}${callback.search}`,
    expiry: wire.expiryDeadline?.seconds ?? null,
  };
}

function toWire({ instance, endpoint }: Owner, { service, type, filter, callback, expiry }: Subscription) {
  if (service !== SERVICE) throw failure('SubscriptionRefused', `subscriptions at ${service} cannot be carried over`);
  return {
    subscriptionType: type,
    callbackReference: `http://${endpoint.host}:${endpoint.port}${callback}`,
    [filterOf(type).member]: { ...filter, appInstanceId: instance },
    ...(expiry !== null && { expiryDeadline: { seconds: expiry, nanoSeconds: 0 } }),
  };
}

/** Absent, null and empty are the same to a filter. */
const present = (filter: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0)),
  );
