import type { Rule, TrafficRule } from './rule.ts';

/**
 * Who points where (GR MEC 035, [5.3.2-7], [5.4.2-5]; MEC 011). An application's descriptor declares a DNS rule for its name and two traffic
 * rules: `all` leads every device, `users` the devices that it names. Pure: from the rules as they are to the rules as
 * they have to be.
 */
export interface Turn {
  /** The name by which devices find the application. */
  readonly name: string;
  /** Address of the one device that moves; null: all. */
  readonly device: string | null;
  readonly source: string;
  readonly target: string;
  /** Every address at which the application may still be cached, the source's included. */
  readonly cached: readonly string[];
  /** Do the platforms of source and target steer the same access network? */
  readonly sameNetwork: boolean;
}

/** The addresses that rules of this instance already redirect: clients may still have them. */
export const redirected = (rules: readonly Rule[]): string[] =>
  rules.flatMap((rule) => (rule.kind === 'traffic' && rule.id === 'all' ? rule.destinations : []));

/** The target's rules while the path leads to it. */
export function targetRules(rules: readonly Rule[], { name, device, target, cached }: Turn): Rule[] {
  return rules.map((rule) => {
    if (rule.kind === 'dns')
      return device === null && rule.name === name ? { ...rule, address: target, active: true } : rule;
    if (rule.id === 'users') return device === null ? rule : leading(rule, [device], cached, target);
    return device === null && rule.id === 'all' ? leading(rule, [], cached, target) : rule;
  });
}

/**
 * The source's rules from then on. Its DNS rule goes on answering, with the target's address, so that late resolvers of
 * the old network find it. Its traffic rules lead to the target where the target's own rules do not reach (another
 * network, a cloud), else they stand back.
 */
export function sourceRules(rules: readonly Rule[], { name, device, target, cached, sameNetwork }: Turn): Rule[] {
  return rules.map((rule) => {
    if (rule.kind === 'dns')
      return device === null && rule.name === name ? { ...rule, address: target, active: rule.active } : rule;
    if (rule.id === 'users') {
      if (device === null)
        return sameNetwork ? { ...rule, active: false } : rule.active ? { ...rule, leadsTo: target } : rule;
      return sameNetwork ? without(rule, device) : leading(rule, [device], cached, target);
    }
    if (device !== null || rule.id !== 'all') return rule;
    return sameNetwork ? { ...rule, active: false } : leading(rule, [], cached, target);
  });
}

/** A device's own rule no longer names it; without any device it is inactive. */
export function without(rule: TrafficRule, device: string): TrafficRule {
  const sources = rule.sources.filter((source) => source !== device);
  return { ...rule, sources, active: rule.active && sources.length > 0 };
}

function leading(
  rule: TrafficRule,
  devices: readonly string[],
  cached: readonly string[],
  target: string,
): TrafficRule {
  const destinations = [...new Set([...rule.destinations, ...cached])].filter((address) => address !== target);
  return {
    ...rule,
    sources: [...new Set([...rule.sources, ...devices])],
    destinations,
    leadsTo: target,
    active: destinations.length > 0,
  };
}
