import { relocationNameOf, stepKey, type Digest } from '../../domain/identity.ts';
import type { SeenInLists } from '../../domain/subscription.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { Pace } from '../../configuration/peers.ts';
import { failure } from '../failure.ts';
import type { Anchors } from '../anchoring/anchors.ts';
import type { Cordon, Cordons } from './cordon.ts';
import type { Application, Catalogue, Context, Instance, Network, Owner, PathSight, Site } from '../ports.ts';

/** What every step of a relocation is told: names only. */
export interface Subject {
  /** Workflow chain (id and first run): the same for every retry and every reset of this relocation. */
  readonly chain: string;
  readonly application: string;
  /** `*`, or one user's ueIdentityTag. */
  readonly users: string;
  readonly source: string;
  readonly target: string;
}

/** Both instances are known by now: by the ids of their peers. */
export interface Both extends Subject {
  readonly from: string;
  readonly to: string;
}

/** After the hand-over; `seen` at the source by earlier steps: it is not lost because it is not seen now. */
export interface Leaving extends Both {
  /** Runs that began earlier do not tell. */
  readonly seen?: SeenInLists;
  /** Subscriptions that this run has made at the target. Runs that began earlier do not tell. */
  readonly made?: readonly string[];
  /** The application has transferred its users' context itself (MEC 021), and is told how that ended. */
  readonly transferred?: true;
  /** Those that it has taken along; runs that began earlier do not tell. */
  readonly anchors?: readonly string[];
}

/** What the worker gives to the steps. */
export interface Means {
  readonly catalogue: Catalogue;
  readonly pace: Pace;
  readonly digest: Digest;
  /** One after the other, in this process, for whoever gives the same name. */
  readonly turns: Turns;
  /** Which sites are closed to what would be moved there; absent: none ever is. */
  readonly cordons?: Cordons;
  /** Anchors to what is moved; absent: there never is one. */
  readonly anchors?: Anchors;
}

export type Turns = <T>(name: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** An instance that can be reached. */
export interface Located extends Instance {
  readonly endpoint: Endpoint;
}

/** The names of a subject, looked up. */
export interface Scene {
  readonly application: Application;
  readonly source: Site;
  readonly target: Site;
  /** Address of the one device that moves; null: all users move. */
  readonly device: string | null;
  /** By this name the application knows the relocation. */
  readonly relocation: string;
  /** What is made at a peer for a step is found again by this key. */
  readonly key: (step: string) => string;
  /** The users' context at either site. */
  readonly context: { readonly source: Context; readonly target: Context };
  /** Is the target closed to what would be moved there? */
  readonly cordon: (signal: AbortSignal) => Promise<Cordon | null>;
}

export async function sceneOf({ catalogue, digest, cordons }: Means, subject: Subject): Promise<Scene> {
  const everyone = subject.users === '*';
  const [application, source, target, device] = await Promise.all([
    catalogue.application(subject.application),
    catalogue.site(subject.source),
    catalogue.site(subject.target),
    everyone ? null : catalogue.device(subject.users),
  ]);
  if (!everyone && device === null)
    throw failure('UnknownName', 'no device is known for that user: add him to the users of the configuration');
  return {
    application,
    source,
    target,
    device,
    ...namesOf(subject.chain, digest),
    context: { source: source.context(application), target: target.context(application) },
    cordon: async (signal) => (await cordons?.(target.name, signal)) ?? null,
  };
}

/** One side of a subject, looked up: who is undone at one side needs no name of the other. */
export interface End extends Pick<Scene, 'application' | 'relocation' | 'key'> {
  readonly site: Site;
  readonly context: Context;
}

export async function endOf({ catalogue, digest }: Means, subject: Subject, side: 'source' | 'target'): Promise<End> {
  const [application, site] = await Promise.all([
    catalogue.application(subject.application),
    catalogue.site(subject[side]),
  ]);
  return { application, site, context: site.context(application), ...namesOf(subject.chain, digest) };
}

const namesOf = (chain: string, digest: Digest): Pick<Scene, 'relocation' | 'key'> => ({
  relocation: relocationNameOf(chain),
  key: (step) => stepKey(chain, step, digest),
});

/** Whose its subscriptions are. */
export const ownerOf = ({ id, endpoint }: Located): Owner => ({ instance: id, endpoint });

export const isLocated = (instance: Instance): instance is Located =>
  instance.state === 'started' && instance.endpoint !== null;

export async function find(
  site: Site,
  application: Application,
  id: string,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  return (await site.instances.list(application, signal)).find((candidate) => candidate.id === id);
}

/** As a list shows it, or its own id. */
export interface Seen extends Omit<Instance, 'state'> {
  readonly state: Instance['state'] | 'gone';
  /** Its id is that of another application's by now: nothing is done to that. */
  readonly another?: true;
}

/** A list is no witness of absence: whom it does not show is asked for by his id. */
export async function look(site: Site, application: Application, id: string, signal: AbortSignal): Promise<Seen> {
  return (await find(site, application, id, signal)) ?? (await lookById(site, application, id, signal));
}

export async function lookById(site: Site, application: Application, id: string, signal: AbortSignal): Promise<Seen> {
  const state = await site.instances.stateOf(application, id, signal);
  if (state === 'another')
    return { id, name: null, state: 'unknown', endpoint: null, unusable: leftAlone(id), another: true };
  return { id, name: null, state, endpoint: null, unusable: `instance ${id} is ${state}, and no list shows it` };
}

const leftAlone = (id: string): string => `instance ${id} is one of another application, and is left alone`;

/** Before it is stopped, started or removed by its id alone; where it cannot be seen, that id is the best there is. */
export async function demandOurs(site: Site, application: Application, id: string, signal: AbortSignal): Promise<void> {
  const state = await whatItSays(async () => await site.instances.stateOf(application, id, signal), signal);
  if (state === 'another') throw failure('NotYet', `${site.name}: ${leftAlone(id)}`);
}

export const mayRun = ({ state }: Seen): boolean => state === 'started' || state === 'starting' || state === 'unknown';

export const canBeAsked = (seen: Seen): seen is Seen & Located =>
  seen.endpoint !== null && (seen.state === 'started' || seen.state === 'unknown');

/** What is written down of it is one thing, and whether it answers is another. */
export const hasAddress = (seen: Seen): seen is Seen & Located => seen.endpoint !== null && seen.state !== 'gone';

/** As a person says it. */
const states: Readonly<Record<Seen['state'], string>> = {
  starting: 'starting',
  started: 'started',
  stopped: 'stopped',
  notInstantiated: 'not instantiated',
  failed: 'failed',
  unknown: 'in a state that nobody knows',
  gone: 'gone',
};
export const writtenAs = ({ id, state }: Seen): string => `instance ${id} is written down as ${states[state]}`;

/**
 * Who is asked before he is taken away, or taken for gone: others may rely on him. Undefined: he does not run. NotYet: he
 * does, or may, and cannot be asked.
 */
export function askable(site: Site, seen: Seen): Located | undefined {
  if (canBeAsked(seen)) return seen;
  if (mayRun(seen)) throw notThere(site, seen.id, seen);
  return undefined;
}

/** The instance as it is now. NotYet: it is not running, which may pass. */
export async function locate(site: Site, application: Application, id: string, signal: AbortSignal): Promise<Located> {
  const instance = await find(site, application, id, signal);
  if (instance === undefined || !isLocated(instance)) throw notThere(site, id, instance);
  return instance;
}

export const notThere = ({ name }: Site, id: string, instance: Seen | undefined): Error =>
  failure(
    'NotYet',
    instance === undefined
      ? `${name}: instance ${id} is not there`
      : `${name}: ${instance.unusable ?? `instance ${id} is ${instance.state}${instance.state === 'started' ? ', and has no address' : ''}`}`,
  );

/** Both instances as they are now. */
export async function locateBoth(
  { source, target, application }: Scene,
  { from, to }: Both,
  signal: AbortSignal,
): Promise<{ source: Located; target: Located }> {
  const [left, right] = await Promise.all([
    locate(source, application, from, signal),
    locate(target, application, to, signal),
  ]);
  return { source: left, target: right };
}

/** One device is told from the others by its traffic only. */
export const leads = ({ by }: PathSight, device: string | null): boolean => by.traffic || (device === null && by.name);

/** Networks in which nobody leads traffic: whoever keeps the source's address goes on to the source there. */
export const ledByNameAlone = (
  { source, target }: Pick<Scene, 'source' | 'target'>,
  { here, away }: { readonly here: PathSight | undefined; readonly away: PathSight | undefined },
): string[] => {
  const leading = [
    { site: source, sight: away },
    { site: target, sight: here },
  ].flatMap(({ site, sight }) => (sight?.by.traffic === true ? (site.network?.name ?? []) : []));
  return networksOf({ source, target }).flatMap(({ name }) => (leading.includes(name) ? [] : name));
};

const CANNOT_BE_ASKED = ['PeerUnavailable', 'PeerRejected', 'PeerMalformed'];

/** What it answers; an error: it hangs, or does not know the question. */
export async function whatItSays<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | Error> {
  try {
    return await ask();
  } catch (error) {
    const { type } = error as { type?: unknown };
    if (signal.aborted || !(error instanceof Error) || !CANNOT_BE_ASKED.includes(String(type))) throw error;
    return error;
  }
}

/** Does an instance of somebody else stay, or go? `unknown`: it cannot be asked. */
export async function willOf(
  context: Context,
  { endpoint }: Located,
  signal: AbortSignal,
): Promise<'stays' | 'goes' | 'unknown'> {
  const said = await whatItSays(async () => await context.state(endpoint, '*', signal), signal);
  return said instanceof Error ? 'unknown' : said.retiring ? 'goes' : 'stays';
}

/** The access networks whose devices are concerned. */
export function networksOf({ source, target }: Pick<Scene, 'source' | 'target'>): Network[] {
  const networks = [target.network, source.network].filter((network) => network !== undefined);
  return [...new Map(networks.map((network) => [network.name, network])).values()];
}
