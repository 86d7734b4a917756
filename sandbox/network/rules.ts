import { BlockList, isIPv4 } from 'node:net';
import { z } from 'zod';
import type { AddressRecord } from './dns.ts';

/** A rule without ttl never expires (MEC 011); this is the largest a record can carry (RFC 2181, 8). */
const FOR_EVER = 2 ** 31 - 1;

const DnsRule = z.object({
  name: z.string().min(1).toLowerCase(),
  address: z.ipv4(),
  ttl: z.int().nonnegative().nullish(),
});

/** An address, an address with mask, or a range `a-b`. */
const Addresses = z.string().refine((text) => list([text]) !== undefined, 'an address, a.b.c.d/n, or a-b');

const TrafficRule = z.object({
  id: z.string().min(1),
  /** 0 is the highest. */
  priority: z.int().min(0).max(255),
  /** Empty: every device. */
  sources: z.array(Addresses).default([]),
  /** Where a client is going; empty: the rule meets nobody. */
  destinations: z.array(Addresses).default([]),
  leadsTo: z.ipv4().nullish(),
  action: z.enum(['FORWARD_DECAPSULATED', 'PASSTHROUGH', 'DROP']),
});
type TrafficRule = z.infer<typeof TrafficRule>;

/** All ACTIVE rules of the platforms of one MEC system. */
export const Rules = z.object({
  dns: z.array(DnsRule).default([]),
  traffic: z
    .array(
      TrafficRule.refine(({ action, leadsTo }) => action !== 'FORWARD_DECAPSULATED' || leadsTo != null, {
        path: ['leadsTo'],
        message: 'FORWARD_DECAPSULATED needs an address',
      }),
    )
    .default([]),
});
export type Rules = z.infer<typeof Rules>;

/** Where a new connection is led: `null` is refused. `rule`: the one that said so. */
export interface Way {
  readonly address: string | null;
  readonly rule: string | null;
}

interface Matcher extends TrafficRule {
  readonly from: BlockList | null;
  readonly to: BlockList;
}

/** The rules in force in one access network, read by its resolver and its user plane. */
export class ActiveRules {
  #rules: Rules = { dns: [], traffic: [] };
  #matchers: readonly Matcher[] = [];

  replace(rules: Rules): void {
    this.#rules = rules;
    this.#matchers = rules.traffic
      .map((rule) => ({
        ...rule,
        from: rule.sources.length > 0 ? (list(rule.sources) ?? null) : null,
        to: list(rule.destinations) ?? new BlockList(),
      }))
      .toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  /** The addresses that DNS rules give a name, one record each; undefined: no rule speaks of it. */
  records(name: string): readonly AddressRecord[] | undefined {
    const found = this.#rules.dns.filter((rule) => rule.name === name);
    if (found.length === 0) return undefined;
    const ttl = Math.min(...found.map((rule) => rule.ttl ?? FOR_EVER)); // one TTL for the set (RFC 2181, 5.2)
    return [...new Set(found.map(({ address }) => address))].map((address) => ({ address, ttl }));
  }

  way(source: string, destination: string): Way {
    const rule = this.#matchers.find(({ from, to }) => to.check(destination) && (from === null || from.check(source)));
    if (rule === undefined) return { address: destination, rule: null };
    if (rule.action === 'DROP') return { address: null, rule: rule.id };
    return { address: rule.action === 'PASSTHROUGH' ? destination : (rule.leadsTo ?? null), rule: rule.id };
  }

  get names(): readonly string[] {
    return this.#rules.dns.map(({ name }) => name);
  }

  toJSON(): Rules {
    return this.#rules;
  }
}

/** Undefined: one of them is no address, mask or range. */
function list(texts: readonly string[]): BlockList | undefined {
  const addresses = new BlockList();
  for (const text of texts) {
    const [, first, mask, last] = /^([\d.]+)(?:\/(\d{1,2})|-([\d.]+))?$/.exec(text) ?? [];
    if (first === undefined || !isIPv4(first) || Number(mask ?? 0) > 32) return undefined;
    if (last !== undefined && !isIPv4(last)) return undefined;
    if (mask !== undefined) addresses.addSubnet(first, Number(mask));
    else if (last !== undefined) addresses.addRange(first, last);
    else addresses.addAddress(first);
  }
  return addresses;
}
