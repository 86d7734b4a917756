import { atOnce } from '../domain/at-once.ts';
import { isAuthority, serves } from '../domain/application.ts';
import type { Application, Catalogue, Instance, Site } from './ports.ts';
import { alive } from './waiting.ts';

/** Where an application is, in words for people: no addresses, and of users how many. */
export interface Whereabouts {
  readonly name: string;
  readonly sites: readonly SiteSeen[];
}

interface SiteSeen {
  readonly site: string;
  /** Why nothing is known of it. */
  readonly detail: string | null;
  readonly instances: readonly InstanceSeen[];
}

interface InstanceSeen {
  readonly id: string;
  readonly state: Instance['state'];
  readonly serves: 'all' | 'some' | 'nobody' | null;
  readonly users: number;
  readonly promisedTo: string | null;
  readonly detail: string | null;
}

/** A peer is asked for at most so much at a time. */
const AT_ONCE = 10;

export const whereActivities = ({ catalogue }: { readonly catalogue: Catalogue }) => ({
  /** Looks at every site, and asks every instance whom it serves. Changes nothing. */
  locateApplications: async ({ names }: { names: readonly string[] }): Promise<readonly Whereabouts[]> =>
    await alive({ pollMs: 1_000, heartbeatMs: 5_000 }, async ({ signal }) => {
      const sites = await catalogue.sites();
      const applications = await Promise.all(names.map(async (name) => await catalogue.application(name)));
      const places = applications.flatMap((application) => sites.map((site) => ({ application, site })));
      const seen = await atOnce(AT_ONCE, places, async (place) => ({
        name: place.application.name,
        site: await lookAt(place.site, place.application, signal),
      }));
      return names.map((name) => ({
        name,
        sites: seen.filter((one) => one.name === name).map(({ site }) => site),
      }));
    }),
});
export type WhereActivities = ReturnType<typeof whereActivities>;

async function lookAt(site: Site, application: Application, signal: AbortSignal): Promise<SiteSeen> {
  try {
    const listed = await site.instances.list(application, signal);
    const instances = await Promise.all(listed.map(async (instance) => await ask(site, application, instance, signal)));
    return { site: site.name, detail: null, instances };
  } catch (error) {
    signal.throwIfAborted();
    return { site: site.name, detail: (error as Error).message, instances: [] };
  }
}

async function ask(
  site: Site,
  application: Application,
  { id, state, endpoint, unusable }: Instance,
  signal: AbortSignal,
): Promise<InstanceSeen> {
  const silent = { id, state, serves: null, users: 0, promisedTo: null };
  if (state !== 'started') return { ...silent, serves: 'nobody', detail: null };
  if (application.management === undefined)
    return { ...silent, detail: 'its application does not keep the application contract' };
  if (endpoint === null) return { ...silent, detail: unusable ?? 'it has no endpoint' };
  try {
    const said = await site.context(application).state(endpoint, '*', signal);
    const whom = isAuthority(said, '*') ? 'all' : serves(said, '*') ? 'some' : 'nobody';
    const users = said.users.filter(({ role }) => role === 'authority').length;
    return { id, state, serves: whom, users, promisedTo: said.promisedTo, detail: null };
  } catch (error) {
    signal.throwIfAborted();
    return { ...silent, detail: (error as Error).message };
  }
}
