import { keptSeconds, plainName } from '../../domain/rule.ts';
import type { Described, Instance, Led, Network, PathSight } from '../ports.ts';
import type { Obstacles } from './obstacles.ts';
import { leads, ledByNameAlone, networksOf, type Located, type Scene } from './subject.ts';

interface Ends {
  readonly authority: Located | undefined;
  readonly there: Instance | undefined;
  /** Of what an instance there would be made of, where that is known. */
  readonly descriptor: Described | undefined;
}

/** Whoever steers the devices of the networks concerned. */
export async function inspectPath(
  { source, target, application, device }: Scene,
  { authority, there, descriptor }: Ends,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<{
  steers: boolean;
  why: string;
  /** What would go on leading devices to the source. */
  blocked: readonly string[];
  ttlSeconds: number;
  told: readonly string[];
  /** Networks in which names alone are led. */
  byName: readonly string[];
}> {
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const look = async (site: typeof source, instance: Led | null): Promise<PathSight | undefined> =>
    await obstacles.asking(undefined, site.name, async () => await site.path?.look(instance, whom, signal));
  const resolve = async ({ name, vantage }: Network) =>
    vantage && (await obstacles.asking(undefined, name, async () => vantage.resolve(whom.name, signal)));
  const led = there === undefined || there.state !== 'started' ? null : there;
  const [found, away, ...resolved] = await Promise.all([
    look(target, led),
    authority === undefined ? undefined : look(source, authority),
    ...networksOf({ source, target }).map(resolve),
  ]);
  const here =
    led !== null || found === undefined || descriptor === undefined ? found : asMade(found, descriptor, whom);
  const sights = [
    [target.name, here],
    [source.name, away],
  ] as const;
  const seen = sights.flatMap(([, sight]) => sight ?? []);
  const ttls = [...seen.map(({ ttlSeconds }) => ttlSeconds), ...resolved.flatMap((answer) => answer?.ttl ?? [])];
  return {
    byName: ledByNameAlone({ source, target }, { here, away }),
    steers: seen.some((sight) => leads(sight, device)),
    why: `no ${device === null ? 'name or traffic' : 'traffic'} rule at either side could lead devices there`,
    ttlSeconds: Math.max(0, ...ttls.map(keptSeconds)),
    blocked: away?.obstacles ?? [],
    told: sights.flatMap(([name, sight]) => (sight?.told ?? []).map((told) => `${name}: ${told}`)),
  };
}

/** Of an instance that is still to be made its descriptor tells which rules it will have: of kinds that the platform knows. */
function asMade(
  sight: PathSight,
  { names, traffic }: Described,
  { name, device }: { name: string; device: string | null },
): PathSight {
  const named = names.some((each) => plainName(each) === plainName(name));
  const by = { name: sight.by.name && named, traffic: sight.by.traffic && traffic };
  return {
    ...sight,
    by,
    told: [
      ...sight.told,
      ...(by.name ? ['the DNS rule of its descriptor will lead the name'] : []),
      ...(by.traffic
        ? [`a traffic rule of its descriptor will lead ${device === null ? 'every device' : 'this device'}`]
        : []),
      ...(sight.by.name && !named ? [`its descriptor has no DNS rule for ${name}`] : []),
      ...(sight.by.traffic && !traffic ? ['its descriptor has no traffic rule'] : []),
    ],
  };
}
