import { isIPv6, plainName, type DnsRule, type Rule, type TrafficRule } from './rule.ts';

/**
 * Which rules of an instance lead devices, and where they have to lead (GR MEC 035, [5.3.2-7],
 * [5.4.2-5]; MEC 011). A rule is known by what it does: its id is up to the application's provider.
 */
export interface Course {
  /** The name by which devices find the application. */
  readonly name: string;
  /** Other names of it that lead the same way, at both ends. */
  readonly aliases: readonly string[];
  /** Address of the one device that moves; null: all. */
  readonly device: string | null;
  readonly from: string;
  readonly to: string;
  /** Every address at which devices may still look for the application. */
  readonly former: readonly string[];
  /** Do the platforms of both ends steer the same access network? */
  readonly sameNetwork: boolean;
}

export interface Roles {
  /** They lead every device. */
  readonly all: readonly TrafficRule[];
  /** They lead the devices that they name, or are free to name some. */
  readonly named: readonly TrafficRule[];
}

/** `own`: the instance's address; `ends`: where a relocation leads from and to. */
export function rolesOf(rules: readonly Rule[], own: string | null, ends: readonly string[]): Roles {
  const able = rules.filter((rule) => rule.kind === 'traffic').filter((rule) => mayLead(rule, own, ends));
  const open = able.filter(({ sources }) => sources.length === 0);
  const used = open.filter(
    ({ active, destinations, lists }) => active || (destinations.length > 0 && lists?.sources !== true),
  );
  const free = open.filter((rule) => !used.includes(rule)).toSorted(byMeaning);
  const all = used.length > 0 ? used : free.slice(0, 1);
  const named = able.filter(({ sources }) => sources.length > 0);
  // A rule that is the only free one serves either way, as the relocation needs it
  const spare = used.length > 0 || free.length === 1 ? free : free.slice(1);
  return { all, named: [...named, ...spare] };
}

/**
 * First who has no list of sources, then as the platform lists them; an id may hint at what is
 * equal otherwise.
 */
const byMeaning = (a: TrafficRule, b: TrafficRule): number =>
  Number(a.lists?.sources === true) - Number(b.lists?.sources === true) ||
  Number(hintsAtDevices(a)) - Number(hintsAtDevices(b));

const hintsAtDevices = ({ id }: TrafficRule): boolean => /user|device|ue\b/i.test(id);

function mayLead(rule: TrafficRule, own: string | null, ends: readonly string[]): boolean {
  const { leadsTo, sources, destinations, active, lists } = rule;
  const family = own ?? ends[0];
  if (leadsTo !== '' && family !== undefined && isIPv6(leadsTo) !== isIPv6(family)) return false;
  if (leadsTo === '' || leadsTo === own || ends.includes(leadsTo)) return true;
  // Meant for being turned: nobody is led by it
  return !active && sources.length === 0 && (destinations.length === 0 || lists?.sources === true);
}

/**
 * The DNS rules of this name and address family; those that lead elsewhere only where there are no
 * others.
 */
export function rulesOfName(rules: readonly Rule[], name: string, likeAddress: string, ends: readonly string[]) {
  const alike = rules.filter(
    (rule): rule is DnsRule =>
      rule.kind === 'dns' && plainName(rule.name) === plainName(name) && isIPv6(rule.address) === isIPv6(likeAddress),
  );
  const ours = alike.filter(({ active, address }) => !active || ends.includes(address));
  return ours.length > 0 ? ours : alike;
}

/** The target's rules while the path leads to it: those that have to change, as they have to be. */
export function ledHere(rules: readonly Rule[], course: Course): Rule[] {
  const { name, aliases, device, from, to } = course;
  const { all, named } = rolesOf(rules, to, [from, to]);
  if (device !== null) {
    const bearer = named.find((rule) => mayBear(rule, device, to));
    return bearer === undefined ? [] : [leading(bearer, [device], course)];
  }
  return [
    ...[...new Set([name, ...aliases].map(plainName))].flatMap((each) =>
      rulesOfName(rules, each, to, [from, to]).map((rule) => ({ ...rule, address: to, active: true })),
    ),
    ...all.map((rule) => leading(rule, [], course)),
    // Devices that this very instance gave to the source come back with all the others
    ...named
      .filter(({ sources, active, leadsTo }) => sources.length > 0 && active && leadsTo === from)
      .map((rule) => leading(rule, [], course)),
  ];
}

/**
 * The rules of an instance that does not serve these devices, and leads them on to the one that does: `from` is its own
 * address. Devices that it was given by name stay where they are led.
 */
export function ledThrough(rules: readonly Rule[], course: Course): Rule[] {
  const { name, aliases, device, from, to } = course;
  if (device !== null) return ledHere(rules, course);
  return [
    ...[...new Set([name, ...aliases].map(plainName))].flatMap((each) =>
      rulesOfName(rules, each, to, [from, to]).map((rule) => ({ ...rule, address: to, active: true })),
    ),
    ...rolesOf(rules, from, [from, to]).all.map((rule) => leading(rule, [], course)),
  ];
}

/**
 * The source's rules from then on. Its DNS rules go on answering, with the target's address, so
 * that late resolvers of the old network find it. Its traffic rules lead to the target where the
 * target's own rules do not reach (another network, a cloud), else they stand back.
 */
export function ledAway(rules: readonly Rule[], course: Course): Rule[] {
  const { name, aliases, device, from, to, sameNetwork } = course;
  const { all, named } = rolesOf(rules, from, [from, to]);
  if (device !== null) {
    const naming = named.filter(({ sources }) => sources.includes(device));
    const bearer = sameNetwork ? undefined : named.find((rule) => mayBear(rule, device, to));
    return [
      ...naming.filter((rule) => rule !== bearer).map((rule) => without(rule, device)),
      ...(bearer === undefined ? [] : [leading(bearer, [device], course)]),
    ];
  }
  return [
    ...[...new Set([name, ...aliases].map(plainName))].flatMap((each) =>
      rulesOfName(rules, each, from, [from, to]).map((rule) => ({ ...rule, address: to })),
    ),
    ...all.map((rule) => (sameNetwork ? { ...rule, active: false } : leading(rule, [], course))),
    ...named
      .filter(({ sources, active }) => sources.length > 0 && active)
      .map((rule) => (sameNetwork ? { ...rule, active: false } : { ...rule, leadsTo: to })),
  ];
}

/**
 * The rules of an instance between, when those whom it leads on move: what leads them to where they leave leads them further.
 * Others there are nobody's whom this concerns, and one that leads nobody was turned for nobody.
 */
export function ledFurther(rules: readonly Rule[], course: Course): Rule[] {
  if (course.device !== null) return ledAway(rules, course);
  const ends = [course.from, course.to];
  const leadsThere = (rule: Rule): boolean => ends.includes(rule.kind === 'dns' ? rule.address : rule.leadsTo);
  return ledAway(
    rules.filter((rule) => rule.active && leadsThere(rule)),
    course,
  );
}

/**
 * A rule leads all the devices that it names to one instance: none may be taken along that does not
 * move.
 */
export const mayBear = (rule: TrafficRule, device: string, to: string | null): boolean =>
  (rule.active && rule.leadsTo === to) || rule.sources.every((source) => source === device);

/** A device's own rule no longer names it; without any device it is inactive. */
export function without(rule: TrafficRule, device: string): TrafficRule {
  const sources = rule.sources.filter((source) => source !== device);
  return { ...rule, sources, active: rule.active && sources.length > 0 };
}

/**
 * From where devices have to be led: an address is never led to itself, nor to the other family.
 */
export const ledFrom = ({ from, to, former }: Course): string[] =>
  [...new Set([from, ...former])].filter((address) => address !== to && isIPv6(address) === isIPv6(to));

function leading(rule: TrafficRule, devices: readonly string[], course: Course): TrafficRule {
  const { to } = course;
  const destinations = [...new Set([...rule.destinations, ...ledFrom(course)])].filter((address) => address !== to);
  const sources = [...new Set([...rule.sources, ...devices])];
  return {
    ...rule,
    sources,
    destinations,
    leadsTo: to,
    active: destinations.length > 0,
    // An empty list of sources is nobody to some platforms
    ...(rule.lists !== undefined && { lists: { sources: sources.length > 0, destinations: true } }),
  };
}

/**
 * Other names of the source's that the target can lead (`led`), and those that would be left
 * behind.
 */
export function aliasesOf(
  source: readonly { readonly name: string; readonly leads: boolean }[],
  target: readonly { readonly name: string }[],
): { readonly led: readonly string[]; readonly left: readonly string[] } {
  const names = [...new Set(source.filter(({ leads }) => leads).map(({ name }) => plainName(name)))];
  const isThere = (name: string): boolean => target.some((other) => plainName(other.name) === name);
  return { led: names.filter(isThere), left: names.filter((name) => !isThere(name)) };
}
