import type { Owner, Owning } from '../../activities/ports.ts';
import {
  blank,
  type HeldSubscription,
  hostOf,
  plainHost,
  type Subscription,
  turned,
} from '../../domain/subscription.ts';
import type { MecService, SubscriptionType } from '../../protocols/mec-services/service.ts';
import {
  callbackOf,
  expiryOf,
  isJson,
  subscriberOf,
  typeOf,
  usesWebsocket,
  wrapperOf,
} from '../../protocols/mec-services/shapes.ts';

type Json = Readonly<Record<string, unknown>>;

/** What tells whose a subscription is. */
export interface Whose {
  readonly subscriber: string | null;
  readonly host: string | null;
}

export const whose = (wire: unknown): Whose => {
  const callback = callbackOf(wire);
  return { subscriber: subscriberOf(wire), host: callback === null ? null : (hostOf(callback) ?? null) };
};

/** Its id decides. Only where it carries none, the address to which it leads does. */
export const belongs = ({ subscriber, host }: Whose, { instance, endpoint }: Owning): boolean =>
  subscriber === null ? endpoint !== null && host === plainHost(endpoint.host) : subscriber === instance;

/** `told`: null where it may not be read, undefined where it is not known. */
export const mayBelong = (told: Whose | null | undefined, owner: Owning): boolean =>
  told === undefined || (told !== null && belongs(told, owner));

/** What an entry of a list tells already; undefined: the subscription itself has to be read. */
export function toldBy(entry: Json, type: SubscriptionType | undefined): Whose | undefined {
  const told = whose(entry);
  if (told.subscriber !== null) return told;
  const complete = type !== undefined && (type.subscriber === undefined || type.subscriber in entry);
  return told.host !== null && complete ? told : undefined;
}

export const OTHER_TYPE = 'a type that cannot be made again elsewhere';

/** What a peer says is no safe key. */
export const typeIn = (
  types: Readonly<Record<string, SubscriptionType>>,
  name: string | null,
): SubscriptionType | undefined => (name !== null && Object.hasOwn(types, name) ? types[name] : undefined);

/** As it can be compared and made again; else why it cannot. */
export function recordOf(
  service: MecService,
  type: SubscriptionType | undefined,
  id: string,
  wire: Json,
): HeldSubscription | string {
  if (type === undefined) return OTHER_TYPE;
  const callback = typeof wire['callbackReference'] === 'string' ? callbackOf(wire) : null;
  if (callback === null)
    return usesWebsocket(wire) ? 'it is told over a websocket of this platform' : 'it has no callback';
  const filter = type.subscriber === undefined ? undefined : wire[type.subscriber];
  if (!blank(filter) && !isJson(filter)) return 'its filter has a form that nobody published';
  const body = Object.fromEntries(type.members.filter((name) => !blank(wire[name])).map((name) => [name, wire[name]]));
  return {
    id,
    service: service.name,
    type: typeOf(wire) ?? '',
    filter: comparable(service, type, body),
    body,
    named: subscriberOf(wire) !== null,
    callback,
    expiry: expiryOf(wire),
  };
}

/** In one spelling: less the subscriber and what a server adds of its own, with the defaults. */
function comparable(service: MecService, type: SubscriptionType, body: Json): Json {
  const members = type.members.map((name) => {
    const defaults = type.defaults?.[name];
    const value = spelt(service, name === type.subscriber ? withoutSubscriber(body[name]) : body[name]);
    return [name, defaults === undefined ? value : { ...defaults, ...(value as Json) }] as const;
  });
  return Object.fromEntries(members.filter(([, value]) => !blank(value)));
}

function withoutSubscriber(filter: unknown): Json {
  if (!isJson(filter)) return {};
  const { appInstanceId: _subscriber, ...rest } = filter;
  return rest;
}

function spelt(service: MecService, value: unknown): unknown {
  if (typeof value === 'string') return service.numbers?.[value.toUpperCase()] ?? value;
  if (Array.isArray(value)) return value.map((part) => spelt(service, part));
  if (!isJson(value)) return value;
  const published = Object.entries(value).filter(([name, part]) => !blank(part) && service.within?.has(name) !== false);
  return Object.fromEntries(published.map(([name, part]) => [name, spelt(service, part)]));
}

/** What is asked for in order to make it again for another owner. */
export function requestOf(
  service: MecService,
  type: SubscriptionType,
  subscription: Subscription,
  { owner, from }: { owner: Owner; from: Owner },
): Json {
  const { subscriber } = type;
  const move = { from: from.endpoint.host, to: owner.endpoint.host };
  const filter = subscriber === undefined ? {} : withoutSubscriber(subscription.body[subscriber]);
  const request = {
    subscriptionType: subscription.type,
    callbackReference: turned(subscription.callback, move),
    ...subscription.body,
    ...(subscriber !== undefined && {
      [subscriber]: { ...filter, ...(subscription.named && { appInstanceId: owner.instance }) },
    }),
    ...(subscription.expiry !== null && { expiryDeadline: { seconds: subscription.expiry, nanoSeconds: 0 } }),
  };
  return service.wrapped === true ? { [wrapperOf(subscription.type)]: request } : request;
}
