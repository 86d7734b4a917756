/**
 * The shapes in which services tell their subscriptions: they differ by API and version, and what
 * differs means the same.
 */

import { Id } from '../id.ts';

type Json = Readonly<Record<string, unknown>>;

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const at = (value: unknown, member: string): unknown => (isJson(value) ? value[member] : undefined);

/**
 * Every entry of a list, under whatever name: `_links.subscription(s)` (MEC 011, 012, 021, 030),
 * `subscription` beside it (MEC 021 V2.1.1, 028), `notificationSubscriptionList.*` (MEC 013), the
 * v3 files' wrapper. No entries may be told by null, by nothing at all, or by leaving it out.
 */
export function entriesOf(list: unknown): readonly Json[] {
  if (Array.isArray(list)) return list.filter(isJson);
  if (!isJson(list)) return [];
  return Object.entries(list).flatMap(([name, value]) => {
    if (name !== '_links' && !/subscription/i.test(name)) return [];
    if (Array.isArray(value)) return value.filter(isJson);
    return isJson(value) && text(value['href']) !== null ? [value] : entriesOf(value);
  });
}

/** What a subscription, or an entry of a list, is called. */
export const hrefOf = (of: unknown): string | null =>
  text(at(of, 'href')) ??
  text(at(at(at(of, '_links'), 'self'), 'href')) ??
  text(at(of, 'resourceURL')) ??
  text(at(at(of, 'resourceURL'), 'href'));

/** MEC 013 wraps a subscription in the name of its type, the v3 files all of them. */
export function unwrapped(body: unknown): Json | undefined {
  if (!isJson(body)) return undefined;
  const [only, ...more] = Object.entries(body).filter(([name]) => name !== '_links');
  if (only === undefined || more.length > 0 || !/subscription$/i.test(only[0]) || !isJson(only[1])) return body;
  return { subscriptionType: `${only[0].charAt(0).toUpperCase()}${only[0].slice(1)}`, ...only[1] };
}

export const wrapperOf = (type: string): string => `${type.charAt(0).toLowerCase()}${type.slice(1)}`;

/** Numbers in the lists of MEC 021 V2.1.1 tell nothing that the subscription itself does not. */
export const typeOf = (of: unknown): string | null => text(at(of, 'subscriptionType'));

export const callbackOf = (of: unknown): string | null =>
  text(at(of, 'callbackReference')) ??
  text(at(at(of, 'callbackReference'), 'notifyURL')) ??
  text(at(of, 'callbackUri'));

export const usesWebsocket = (of: unknown): boolean => isJson(at(of, 'websockNotifConfig'));

/** The subscriber's id, in whichever filter it stands. */
export function subscriberOf(of: unknown): string | null {
  if (!isJson(of)) return null;
  const told = [of, ...Object.values(of).filter(isJson)].map((part) => Id.safeParse(part['appInstanceId']).data);
  return told.find((id) => id !== undefined) ?? null;
}

export function expiryOf(of: unknown): number | null {
  const seconds = at(at(of, 'expiryDeadline'), 'seconds');
  return typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds > 0 ? seconds : null;
}
