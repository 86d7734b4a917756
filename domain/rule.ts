/**
 * The two kinds of rules of a platform (MEC 011), in our words; they belong to one application
 * instance.
 */
export interface DnsRule {
  readonly kind: 'dns';
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** Seconds. */
  readonly ttl: number | null;
  readonly active: boolean;
}

/** Leads new connections to any of `destinations` (from `sources` only, where given) to `leadsTo`; ports stay. */
export interface TrafficRule {
  readonly kind: 'traffic';
  readonly id: string;
  /** Empty: every device. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly leadsTo: string;
  readonly active: boolean;
  /** Which of the two lists the platform has for it, be they empty. */
  readonly lists?: { readonly sources: boolean; readonly destinations: boolean };
}

export type Rule = DnsRule | TrafficRule;

/** Names of the DNS compare without regard to case and to the dot at their end (RFC 4343). */
export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** No resolver keeps an answer longer than a week (RFC 8767, 4); a time with its highest bit set is none (RFC 2181, 8). */
export const keptSeconds = (ttl: number): number => (ttl < 0 || ttl > 2 ** 31 - 1 ? 0 : Math.min(ttl, LONGEST_KEPT));
const LONGEST_KEPT = 604_800;

export const isIPv6 = (address: string): boolean => address.includes(':');

export function sameRule(a: Rule, b: Rule): boolean {
  if (a.kind === 'dns') {
    return (
      b.kind === 'dns' &&
      a.id === b.id &&
      a.name === b.name &&
      a.address === b.address &&
      a.ttl === b.ttl &&
      a.active === b.active
    );
  }
  return (
    b.kind === 'traffic' &&
    a.id === b.id &&
    a.leadsTo === b.leadsTo &&
    a.active === b.active &&
    sameSet(a.sources, b.sources) &&
    sameSet(a.destinations, b.destinations)
  );
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean => {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((member) => right.has(member));
};
