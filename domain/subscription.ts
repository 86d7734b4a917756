import { inUri, plainAddress } from './endpoint.ts';

/**
 * A subscription of an application at a MEC service, in a form that can be compared and made again
 * elsewhere.
 */
export interface Subscription {
  /** The service's API: `rni` (MEC 012), `amsi` (MEC 021), … */
  readonly service: string;
  readonly type: string;
  /**
   * What is compared: published members, in one spelling, with the service's defaults filled in,
   * less its owner's id.
   */
  readonly filter: Readonly<Record<string, unknown>>;
  /** What is made again: the members that say what is subscribed to, as they were found. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Does it carry its owner's id (appInstanceId)? */
  readonly named: boolean;
  /** The whole URI. Lives inside one activity: it has an address. */
  readonly callback: string;
  /** Seconds since 1970, where the client set one. */
  readonly expiry: number | null;
}

/** One that exists. */
export interface HeldSubscription extends Subscription {
  /** How the platform names it: a path, never with an address. */
  readonly id: string;
}

/** By each list that could be read, the names in it of those that were the owner's. */
export type SeenInLists = Readonly<Record<string, readonly string[]>>;

export const together = (some: SeenInLists, more: SeenInLists): SeenInLists =>
  Object.fromEntries(
    [...Object.keys(some), ...Object.keys(more)].map((list) => [
      list,
      [...new Set([...(some[list] ?? []), ...(more[list] ?? [])])],
    ]),
  );

/** What was seen, less these: they were deleted. That their lists were there counts on. */
export const without = (seen: SeenInLists, ids: readonly string[]): SeenInLists => {
  const deleted = new Set(ids);
  return Object.fromEntries(
    Object.entries(seen).map(([list, all]) => [list, all.filter((name) => !deleted.has(`${list}/${name}`))]),
  );
};

/** These ids, by their lists. */
export function inTheirLists(ids: readonly string[]): SeenInLists {
  const lists: Record<string, string[]> = {};
  for (const id of ids) {
    const end = id.lastIndexOf('/');
    (lists[id.slice(0, end)] ??= []).push(id.slice(end + 1));
  }
  return lists;
}

/** One that has to be told, since it stays behind. */
export interface NotCarried {
  /** The service, for a person. */
  readonly service: string;
  /** Null: it could not be seen whose they are. */
  readonly type: string | null;
  readonly why: string;
}

/** From whose address to whose a callback is turned. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

const AUTHORITY = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?)(\[[^\]]*\]|[^:/?#]*)/i;

/** The host that a URI names, as an address is written elsewhere; undefined: none. */
export function hostOf(uri: string): string | undefined {
  const host = AUTHORITY.exec(uri)?.[2];
  return host === undefined || host === '' ? undefined : plainHost(host);
}

/**
 * Names are compared as RFC 4343 says; an IPv6 address stands in brackets only where a port could
 * follow.
 */
export const plainHost = (host: string): string => plainAddress(host).replace(/\.$/, '').toLowerCase();

/**
 * Only the host, and only the instance's own: scheme, port, path and query are the application's.
 */
export function turned(callback: string, { from, to }: Move): string {
  if (hostOf(callback) !== plainHost(from)) return callback;
  return callback.replace(AUTHORITY, (_, before: string) => `${before}${inUri(to)}`);
}

/**
 * What `wanted` has and `held` has not, once turned. Two equal ones would only notify twice: they
 * count as one.
 */
export function missing<T extends Subscription>(wanted: readonly T[], held: readonly Subscription[], move: Move): T[] {
  // The one that lasts: a server keeps what has no expiry for ever
  const lasting = wanted.toSorted((a, b) => (a.expiry ?? Infinity) - (b.expiry ?? Infinity));
  const distinct = [...new Map(lasting.map((each) => [spelling(partsOf(each)), each])).values()];
  const paired = new Set(pairs(distinct, held, move).map(([each]) => each));
  return distinct.filter((each) => !paired.has(each));
}

/** Of `held` what nothing of `wanted` asks for. */
export function unwanted<T extends Subscription>(held: readonly T[], wanted: readonly Subscription[], move: Move): T[] {
  const paired = new Set(pairs(wanted, held, move).map(([, each]) => each));
  return held.filter((each) => !paired.has(each));
}

/**
 * Is there in `held` what `wanted` asks for? More may be there: servers fill in what was left open.
 */
export const fulfils = (held: Subscription, wanted: Subscription, move: Move): boolean =>
  candidates([wanted], [held], move).length === 1;

/** Of `wanted` what has its like in `held`, be it that of another one too. */
export const fulfilled = <W extends Subscription>(
  wanted: readonly W[],
  held: readonly Subscription[],
  move: Move,
): ReadonlySet<W> => new Set(candidates(wanted, held, move).map(({ want }) => want));

/** Whom a subscription is about, of one device: nobody of it, it alone, it among others. */
export function concerns({ filter, body }: Subscription, device: string): 'no' | 'alone' | 'amongOthers' {
  if (!names(filter, device) && !names(body, device)) return 'no';
  return namesOthers(filter, device) || namesOthers(body, device) ? 'amongOthers' : 'alone';
}

const partsOf = ({ service, type, filter, body, callback }: Subscription) => ({
  service,
  type,
  filter,
  body,
  callback,
});

/**
 * Each with one at most, and with the one that is most like it: a narrower one must not stand for a
 * wider one.
 */
function pairs<W extends Subscription, H extends Subscription>(
  wanted: readonly W[],
  held: readonly H[],
  move: Move,
): (readonly [W, H])[] {
  const taken = new Set<Subscription>();
  return candidates(wanted, held, move)
    .toSorted((a, b) => a.more - b.more)
    .flatMap(({ want, have }) => {
      if (taken.has(want) || taken.has(have)) return [];
      taken.add(want).add(have);
      return [[want, have] as const];
    });
}

/** Whatever would do for each, and how much more it has than was asked for. */
function candidates<W extends Subscription, H extends Subscription>(
  wanted: readonly W[],
  held: readonly H[],
  move: Move,
): { readonly want: W; readonly have: H; readonly more: number }[] {
  const alike = new Map<string, Alike<H>>();
  for (const have of held) {
    const head = headOf(have, have.callback);
    const those = alike.get(head) ?? new Alike<H>();
    alike.set(head, those);
    those.add(have);
  }
  return wanted.flatMap((want) => {
    const those = alike.get(headOf(want, turned(want.callback, move)))?.withValuesOf(want) ?? [];
    return those.flatMap((have) => {
      const more = beyond(want.filter, have.filter, '');
      return more === undefined ? [] : [{ want, have, more }];
    });
  });
}

/**
 * Those with one head. Found by the rarest value that is asked for, which has to be there: an application may have one
 * for each of its users, all alike but for that.
 */
class Alike<H extends Subscription> {
  readonly #all: H[] = [];
  readonly #having = new Map<string, H[]>();

  add(have: H): void {
    this.#all.push(have);
    for (const value of new Set(valuesIn(have.filter))) {
      const those = this.#having.get(value) ?? [];
      this.#having.set(value, those);
      those.push(have);
    }
  }

  withValuesOf({ filter }: Subscription): readonly H[] {
    return valuesIn(filter).reduce<readonly H[]>((fewest, value) => {
      const those = this.#having.get(value) ?? [];
      return those.length < fewest.length ? those : fewest;
    }, this.#all);
  }
}

/** Every text, number and truth value, at any depth. */
function valuesIn(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(valuesIn) : [JSON.stringify(value)];
}

/** What has to be equal. Not the expiry: a server may set or shorten it. */
const headOf = ({ service, type }: Subscription, callback: string): string =>
  JSON.stringify([service, type, spelt(callback)]);

const spelt = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

/**
 * What a subscription is about. A server may fill in how and when it tells, never of whom or where.
 */
const ABOUT: ReadonlySet<string> = new Set(
  ['associateId', 'ecgi', 'nrcgi', 'erabId', 'qci', 'address', 'addressList', 'zoneId', 'areaDefine'].concat([
    'monitoredAddress',
    'referenceAddress',
    'eventType',
  ]),
);

function beyond(wanted: unknown, held: unknown, member: string): number | undefined {
  if (blank(wanted)) return blank(held) ? 0 : ABOUT.has(member) ? undefined : 1;
  if (Array.isArray(wanted)) return Array.isArray(held) ? beyondList(wanted, held) : undefined;
  if (!isObject(wanted)) return wanted === held ? 0 : undefined;
  if (!isObject(held)) return undefined;
  const members = [...new Set([...Object.keys(wanted), ...Object.keys(held)])];
  return sum(members.map((name) => beyond(wanted[name], held[name], name)));
}

/**
 * Whatever their order. A longer list asks for more than was asked for: it is another one. There may be ten thousand devices
 * in one: only what is not there as it is wanted is compared with each that is left.
 */
function beyondList(wanted: readonly unknown[], held: readonly unknown[]): number | undefined {
  if (wanted.length !== held.length) return undefined;
  const left = onlyIn(held, wanted);
  return sum(
    onlyIn(wanted, held).map((want) => {
      const likeness = left.map((have) => beyond(want, have, ''));
      const [least] = likeness.filter((more) => more !== undefined).toSorted((a, b) => a - b);
      if (least !== undefined) left.splice(likeness.indexOf(least), 1);
      return least;
    }),
  );
}

/** Equal for what is equal, whatever the order of its members. */
const spelling = (value: unknown): string => JSON.stringify([sorted(value)]);

/** What is in one list and not, as often, in the other. */
function onlyIn(these: readonly unknown[], others: readonly unknown[]): unknown[] {
  const times = new Map<string, number>();
  for (const other of others.map(spelling)) times.set(other, (times.get(other) ?? 0) + 1);
  return these.filter((each) => {
    const spelled = spelling(each);
    const left = times.get(spelled) ?? 0;
    times.set(spelled, left - 1);
    return left <= 0;
  });
}

const sum = (parts: readonly (number | undefined)[]): number | undefined =>
  parts.reduce<number | undefined>(
    (all, part) => (all === undefined || part === undefined ? undefined : all + part),
    0,
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Absent, null and empty are the same to a filter. */
export const blank = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every(blank));

/** As a whole value anywhere, since an address is part of many others; MEC 013 has it in a URI. */
function names(value: unknown, device: string): boolean {
  if (typeof value === 'string') return plainAddress(value.replace(/^acr:/i, '')) === device;
  return typeof value === 'object' && value !== null && Object.values(value).some((part) => names(part, device));
}

function namesOthers(value: unknown, device: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const parts: unknown[] = Object.values(value);
  const beside = Array.isArray(value) && names(value, device) && !parts.every((part) => names(part, device));
  return beside || parts.some((part) => namesOthers(part, device));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
