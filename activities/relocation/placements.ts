import { isAuthority, serves } from '../../domain/application.ts';
import { atOnce } from '../../domain/at-once.ts';
import {
  candidates,
  type Locality,
  nearnessOf,
  type Placement,
  type PlacementList,
  type PlacementRequest,
  ranked,
} from '../../domain/placement.ts';
import { failure } from '../failure.ts';
import type { Application, Site, Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import { inspect } from './inspection.ts';
import { inWords } from './obstacles.ts';
import { isLocated, sceneOf, whatItSays, type Means } from './subject.ts';

export interface PlacementsOrder extends PlacementRequest {
  readonly chain: string;
}

/** Sites that are looked at side by side: peers limit what they are asked. */
const SITES_AT_ONCE = 4;
/** That are asked whom they serve, which is little. */
const ASKED_AT_ONCE = 10;

export const placing = (means: Means) => ({
  /**
   * Step 1 of a move to each of the sites that come into question (GR MEC 035, [5.3.2-1], [5.3.2-2], [5.4.2-1]), and which
   * of them fits best. Changes nothing. NotServing, UnknownName.
   */
  findPlacements: async (order: PlacementsOrder): Promise<PlacementList> =>
    await alive(means.pace, async (wait) => await placementsOf(means, order, wait)),
});

export async function placementsOf(
  means: Means,
  order: PlacementsOrder,
  { signal, progress }: Pick<Wait, 'signal' | 'progress'>,
): Promise<PlacementList> {
  const sites = await means.catalogue.sites();
  const application = await means.catalogue.application(order.application);
  progress('asking who serves these users now');
  const from = order.from ?? (await servedFrom(sites, application, order.users, signal));
  const { asked, notLookedAt } = candidates(sites.map(localityOf), order, from);
  const found = await atOnce(SITES_AT_ONCE, asked, async (name) => {
    progress(`looking at ${name}`);
    return await placementAt(means, await means.catalogue.site(name), order, from, signal);
  });
  return { placements: [...ranked(found)], notLookedAt: [...notLookedAt] };
}

const localityOf = ({ name, network, zone }: Site): Locality => ({
  site: name,
  network: network?.name ?? null,
  zone: zone ?? null,
});

async function placementAt(
  means: Means,
  site: Site,
  order: PlacementsOrder,
  from: string,
  signal: AbortSignal,
): Promise<Placement> {
  const { chain, application, users, accept } = order;
  const where = { site: site.name, system: site.system, network: site.network?.name ?? null };
  const known = { ...where, ...nearnessOf(localityOf(site), order), present: site.name === from };
  if (known.present) return { ...known, possible: true, obstacles: [], guarantee: null, expectedFreezeMs: null };
  const source = await means.catalogue.site(from);
  if (source.kind === 'cloud' && site.kind === 'cloud') return { ...known, ...betweenClouds(from, site.name) };
  const scene = await sceneOf(means, { chain, application, users, source: from, target: site.name });
  const look = { chain, application, users, source: from, target: site.name, maxInterruptionMs: null, own: null };
  const seen = await inspect(scene, { ...look, ...(accept !== undefined && { accept }) }, true, signal);
  return {
    ...known,
    possible: seen.obstacles.length === 0,
    obstacles: seen.obstacles.map(inWords),
    guarantee: seen.guarantee,
    expectedFreezeMs: seen.expectedFreezeMs,
  };
}

/** A move between two clouds is no matter of MEC. */
const betweenClouds = (from: string, to: string) => ({
  possible: false,
  obstacles: [
    inWords({
      type: 'NotSteerable',
      where: to,
      detail: `${from} is a cloud as well, and nobody leads devices from one to the other`,
    }),
  ],
  guarantee: null,
  expectedFreezeMs: null,
});

/** The one site whose instance is the authority for these users. */
async function servedFrom(
  sites: readonly Site[],
  application: Application,
  users: string,
  signal: AbortSignal,
): Promise<string> {
  const asked = await atOnce(ASKED_AT_ONCE, sites, async (site) => await servingAt(site, application, users, signal));
  const whole = asked.filter(({ serving }) => serving === 'all');
  const some = asked.filter(({ serving }) => serving !== 'nobody');
  const [only, ...more] = whole.length > 0 ? whole : some;
  if (only !== undefined && more.length === 0) return only.site;
  const silent = asked.flatMap(({ why }) => why ?? []);
  const told =
    only === undefined
      ? 'no site has an instance that says that it serves these users'
      : `these users are served at ${[only, ...more].map(({ site }) => site).join(', ')}: say by \`from\` which are meant`;
  throw failure('NotServing', [`${application.name}: ${told}`, ...silent].join('; '));
}

interface Served {
  readonly site: string;
  readonly serving: 'all' | 'some' | 'nobody';
  /** It was not to be asked, and why. */
  readonly why?: string;
}

/** Is its instance there the authority for these users? */
export async function servingAt(
  site: Site,
  application: Application,
  users: string,
  signal: AbortSignal,
): Promise<Served> {
  const context = site.context(application);
  const said = await whatItSays(async () => {
    const instances = (await site.instances.list(application, signal)).filter(isLocated);
    return await Promise.all(
      instances.map(
        async ({ endpoint }) => await whatItSays(async () => await context.state(endpoint, users, signal), signal),
      ),
    );
  }, signal);
  if (said instanceof Error) return { site: site.name, serving: 'nobody', why: `${site.name}: ${said.message}` };
  const states = said.flatMap((each) => (each instanceof Error ? [] : [each]));
  const silent = said.find((each) => each instanceof Error);
  const serving = states.some((state) => isAuthority(state, users))
    ? 'all'
    : states.some((state) => serves(state, users))
      ? 'some'
      : 'nobody';
  return { site: site.name, serving, ...(silent !== undefined && { why: `${site.name}: ${silent.message}` }) };
}
