import type { Binding } from './binding.ts';
import { type AddressRecord, askDns } from './dns.ts';
import type { ActiveRules } from './rules.ts';

/** Within the patience of whoever asks the resolver. */
const UPSTREAM_MS = 1_500;

/** What the resolver of one access network answers: its DNS rules first, else what it was told upstream, for as long as its TTL says. */
export class Resolver {
  readonly #rules: ActiveRules;
  readonly #upstream: Binding;
  readonly #cache = new Map<string, { readonly records: readonly AddressRecord[]; readonly at: number }>();

  constructor(rules: ActiveRules, upstream: Binding) {
    this.#rules = rules;
    this.#upstream = upstream;
  }

  /** Throws when the upstream server is silent. */
  async answer(name: string): Promise<readonly AddressRecord[] | undefined> {
    const known = this.#known(name);
    if (known !== undefined) return known;
    const records = await this.#ask(name);
    if (records === undefined) return undefined; // not kept: without an SOA there is no negative TTL (RFC 2308, 5)
    this.#cache.set(name, { records, at: performance.now() });
    return records;
  }

  /** What it would answer now, without learning anything from being asked. */
  async peek(name: string): Promise<readonly AddressRecord[]> {
    return this.#known(name) ?? (await this.#ask(name)) ?? [];
  }

  #known(name: string): readonly AddressRecord[] | undefined {
    return this.#rules.records(name) ?? this.#cached(name);
  }

  #cached(name: string): readonly AddressRecord[] | undefined {
    const entry = this.#cache.get(name);
    if (entry === undefined) return undefined;
    const age = Math.floor((performance.now() - entry.at) / 1_000);
    const left = entry.records.map(({ address, ttl }) => ({ address, ttl: ttl - age }));
    if (left.every(({ ttl }) => ttl > 0)) return left;
    this.#cache.delete(name);
    return undefined;
  }

  async #ask(name: string): Promise<readonly AddressRecord[] | undefined> {
    const records = await askDns(this.#upstream, name, { signal: AbortSignal.timeout(UPSTREAM_MS) });
    return records.length > 0 ? records : undefined;
  }
}
