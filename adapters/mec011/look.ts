import type { Led, PathSight } from '../../activities/ports.ts';
import { mayBear, rolesOf, rulesOfName } from '../../domain/leading.ts';
import { isIPv6, plainName, type DnsRule, type TrafficRule } from '../../domain/rule.ts';
import type { Sight } from './rules-of-instance.ts';

/**
 * What can be led by the rules of an instance, told as a plan tells it: with the ids of rules,
 * without addresses.
 */
export function pathSight(
  { has, rules, known }: Sight,
  { endpoint }: Led,
  { name, device }: { readonly name: string; readonly device: string | null },
): PathSight {
  const own = endpoint?.host ?? null;
  const dns = rules.filter((rule): rule is DnsRule => rule.kind === 'dns');
  const ofName = dns.filter((rule) => plainName(rule.name) === plainName(name));
  const like = own ?? ofName[0]?.address ?? '';
  const named = rulesOfName(rules, name, like, own === null ? [] : [own]);
  const roles = rolesOf(rules, own, []);
  const bearer = roles.named.find((rule) => mayBear(rule, device ?? '', own));
  const traffic = device === null ? roles.all : [bearer ?? []].flat();
  const foreign = ofName.filter(({ active, address }) => active && isIPv6(address) !== isIPv6(like));
  const others = dns.filter((rule) => !ofName.includes(rule) && isIPv6(rule.address) === isIPv6(like));
  return {
    by: { name: device === null && named.length > 0, traffic: traffic.length > 0 },
    told: [
      ...(known ? [] : ['its platform knows no rules of this instance']),
      ...(has.dns ? [] : ['its platform has no DNS rules']),
      ...(has.traffic ? [] : ['its platform has no traffic rules']),
      ...(device === null ? named.map(({ id }) => `DNS rule ${id} leads the name`) : []),
      ...(known && has.dns && device === null && named.length === 0 ? [`no DNS rule is for ${name}`] : []),
      ...traffic.map(({ id }) => `traffic rule ${id} leads ${device === null ? 'every device' : 'this device'}`),
      ...(known && has.traffic && traffic.length === 0 ? [noTraffic(device, roles.named)] : []),
      ...named
        .filter(({ ttl }) => ttl === null)
        .map(({ id }) => `DNS rule ${id} has no ttl: resolvers may keep it for ever`),
      ...(device === null ? foreign.map(ofOtherFamily) : []),
    ],
    obstacles: device === null ? foreign.map(ofOtherFamily) : [],
    ttlSeconds: Math.max(0, ...named.filter(({ active }) => active).map(({ ttl }) => ttl ?? 0)),
    former: [...new Set([...roles.all, ...roles.named].flatMap(({ destinations }) => destinations))],
    names:
      device === null
        ? others
            .filter(({ active, address }) => !active || address === own)
            .map((rule) => ({ name: plainName(rule.name), leads: rule.active && rule.address === own }))
        : [],
    rules,
  };
}

const noTraffic = (device: string | null, named: readonly TrafficRule[]): string =>
  device === null
    ? 'no traffic rule could lead every device'
    : named.length === 0
      ? 'no traffic rule could lead a single device'
      : `traffic rule ${named[0]?.id ?? ''} leads other devices elsewhere, so that it cannot lead this one`;

const ofOtherFamily = ({ id, address }: DnsRule): string =>
  `DNS rule ${id} gives the name an ${isIPv6(address) ? 'IPv6' : 'IPv4'} address, which this relocation does not turn: ` +
  'set it INACTIVE, or give the application an endpoint of that kind';
