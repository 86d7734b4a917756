import type { Digest } from '../../domain/identity.ts';
import type { Rule } from '../../domain/rule.ts';

/** A rule as it was found, without addresses: they are kept as salted digests, enough to restore what is still there. */
export interface FoundRule {
  readonly id: string;
  readonly active: boolean;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}

/** The world before the relocation, as far as an undo has to restore it. Goes through the history: names only. */
export interface Found {
  /** The instance that is the authority. */
  readonly source: string;
  readonly sourceRules: readonly FoundRule[];
  /** The instance that will be used, where there is one already. */
  readonly target: { readonly id: string; readonly was: 'started' | 'stopped' } | null;
  readonly targetRules: readonly FoundRule[];
  /** Subscriptions that the target had of its own. */
  readonly targetSubscriptions: readonly string[];
  readonly package: 'kept' | 'distribute';
}

export function remember(rule: Rule, digest: Digest): FoundRule {
  const hidden = (addresses: readonly string[]): string[] => addresses.map((address) => digest(address)).toSorted();
  return rule.kind === 'dns'
    ? { id: rule.id, active: rule.active, sources: [], destinations: [] }
    : { id: rule.id, active: rule.active, sources: hidden(rule.sources), destinations: hidden(rule.destinations) };
}

/** The rule as it was found, made from what it is now: we only ever added addresses. `own`: its instance's address. */
export function restored(rule: Rule, found: FoundRule | undefined, own: string, digest: Digest): Rule {
  const active = found?.active ?? false;
  if (rule.kind === 'dns') return { ...rule, address: own, active };
  const known = (addresses: readonly string[], then: readonly string[]): string[] =>
    addresses.filter((address) => then.includes(digest(address)));
  return {
    ...rule,
    leadsTo: own,
    active,
    sources: known(rule.sources, found?.sources ?? []),
    destinations: known(rule.destinations, found?.destinations ?? []),
  };
}
