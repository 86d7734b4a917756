/** A subscription of an application at a MEC service, in a form that can be compared and made again elsewhere. */
export interface Subscription {
  /** The service's API: `rni` (MEC 012). */
  readonly service: string;
  readonly type: string;
  /** The filter with the service's defaults filled in, less what names its owner (appInstanceId). */
  readonly filter: Readonly<Record<string, unknown>>;
  /** Path and query of the callback; its authority is the owner's endpoint. */
  readonly callback: string;
  /** Seconds since 1970, where the client set one. */
  readonly expiry: number | null;
}

/** One that exists. */
export interface HeldSubscription extends Subscription {
  /** How the platform names it: a path, never with an address. */
  readonly id: string;
}

/**
 * Equal text means equal subscription: GR MEC 035, [5.3.2-4] asks that they are kept in step. Less the expiry: a server
 * may set or shorten it.
 */
export const canonical = ({ service, type, filter, callback }: Subscription): string =>
  JSON.stringify(sorted({ service, type, filter, callback }));

/** What `wanted` has and `held` has not. Two equal ones would only notify twice: they count as one. */
export function missing<T extends Subscription>(wanted: readonly T[], held: readonly Subscription[]): T[] {
  const there = new Set(held.map(canonical));
  return wanted.filter((subscription) => {
    const text = canonical(subscription);
    const lacking = !there.has(text);
    there.add(text);
    return lacking;
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
