import { keptSeconds } from '../../domain/rule.ts';
import type { Instance, Led, Network, PathSight } from '../ports.ts';
import type { Obstacles } from './obstacles.ts';
import { leads, networksOf, type Located, type Scene } from './subject.ts';

/** Whoever steers the devices of the networks concerned. */
export async function inspectPath(
  { source, target, application, device }: Scene,
  authority: Located | undefined,
  there: Instance | undefined,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<{
  steers: boolean;
  why: string;
  /** What would go on leading devices to the source. */
  blocked: readonly string[];
  ttlSeconds: number;
  told: readonly string[];
}> {
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const look = async (site: typeof source, instance: Led | null): Promise<PathSight | undefined> =>
    await obstacles.asking(undefined, site.name, async () => await site.path?.look(instance, whom, signal));
  const resolve = async ({ name, vantage }: Network) =>
    vantage && (await obstacles.asking(undefined, name, async () => vantage.resolve(whom.name, signal)));
  const [here, away, ...resolved] = await Promise.all([
    look(target, there === undefined || there.state !== 'started' ? null : there),
    authority === undefined ? undefined : look(source, authority),
    ...networksOf({ source, target }).map(resolve),
  ]);
  const sights = [
    [target.name, here],
    [source.name, away],
  ] as const;
  const seen = sights.flatMap(([, sight]) => sight ?? []);
  const ttls = [...seen.map(({ ttlSeconds }) => ttlSeconds), ...resolved.flatMap((answer) => answer?.ttl ?? [])];
  return {
    steers: seen.some((sight) => leads(sight, device)),
    why: `no ${device === null ? 'name or traffic' : 'traffic'} rule at either side could lead devices there`,
    ttlSeconds: Math.max(0, ...ttls.map(keptSeconds)),
    blocked: away?.obstacles ?? [],
    told: sights.flatMap(([name, sight]) => (sight?.told ?? []).map((told) => `${name}: ${told}`)),
  };
}
