import { type ApplicationState, isAuthority } from '../../domain/application.ts';
import { type Acceptance, type Fenced, suffices } from '../../domain/recovery.ts';
import type { SeenInLists } from '../../domain/subscription.ts';
import { failure } from '../failure.ts';
import type { Network, Wait } from '../ports.ts';
import { alive, together, until } from '../waiting.ts';
import { clearDeserted, type LeftThere } from './deserted.ts';
import { answersDevices, lives, signOf } from './lost.ts';
import { instancesAt } from './others.ts';
import {
  demandOurs,
  hasAddress,
  isLocated,
  locate,
  look,
  lookById,
  mayRun,
  networksOf,
  notThere,
  sceneOf,
  whatItSays,
  writtenAs,
  type Both,
  type Located,
  type Means,
  type Scene,
  type Seen,
} from './subject.ts';

export interface FenceOrder extends Both {
  readonly accept: Acceptance;
}

export interface ReturnOrder extends Both {
  /** Of the takeover. */
  readonly epoch: number;
  /** What the target was given then. */
  readonly writes: number;
  /** Runs that began earlier do not tell. */
  readonly seen?: SeenInLists;
}

/** What became of a source that was taken to be dead. `gone`: an operation has ended it, so that nothing of it can write. */
export interface Returned {
  readonly how: 'fenced' | 'gone';
  /** Writes that it has and the target was not given; null: nobody can tell any more. */
  readonly stranded: number | null;
  /** What of it could not be cleared away. */
  readonly left?: readonly LeftThere[];
}

/** What keeps a source that was taken to be dead from being a second writer (GR MEC 035, 5.3.1). */
export const fencing = (means: Means) => ({
  /**
   * The strongest that can be had, and no weaker one than was accepted. What its orchestrator has merely written down is no
   * proof: its own operation is, read back. NotFenced.
   */
  fenceSource: async (order: FenceOrder): Promise<Fenced> =>
    await alive(means.pace, async (wait) => {
      const { accept } = order;
      const scene = await sceneOf(means, order);
      const seen = await look(scene.source, scene.application, order.from, wait.signal);
      const sign = await signOf(scene, seen, order.users, means.pace.deadMs / 4, wait.signal);
      if (sign === 'servesNobody') return 'forgot';
      // NotLost would undo all, also the copy; and what flaps may be dead in a moment
      if (sign === 'serves') throw failure('NotFenced', lives(scene, seen, 'answers again'));
      wait.progress('having the source stopped');
      if (!suffices('ledAway', accept)) {
        await stopped(means, scene, order, seen, wait);
        return 'stopped';
      }
      const why = await stoppedIn(means, scene, order, seen, wait);
      if (why === undefined) return 'stopped';
      wait.progress('seeing that devices are led away from the source');
      const reaching = await reachingIt(means, scene, order, seen, wait);
      if (reaching === undefined) return 'ledAway';
      if (suffices('none', accept)) return 'none';
      throw failure('NotFenced', `${why.message}; ${reaching}`);
    }),

  /**
   * One look whether it has come back; then it is fenced: it gives way to whoever serves its users today. NotYet: it is
   * silent, and nobody has stopped it; that it is written down as gone is no reason to wait for it no longer.
   */
  fenceReturned: async (order: ReturnOrder): Promise<Returned> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { source, application, context, relocation, key } = scene;
      const seen = await look(source, application, order.from, wait.signal);
      if (!hasAddress(seen) || (await signOf(scene, seen, order.users, means.pace.deadMs, wait.signal)) === 'silent') {
        const why = await stoppedIn(means, scene, order, seen, wait);
        if (why !== undefined) throw failure('NotYet', `${why.message}; it is silent, and waited for`);
        const left = await clearDeserted(scene, order, seen, means.pace, wait);
        if (source.instances.whenLeft === 'remove')
          await source.instances.remove(order.from, key('retireSource'), wait);
        return { how: 'gone', stranded: null, left };
      }
      wait.progress('fencing the source, which has come back');
      const { users, epoch, writes } = order;
      const to = (await servingToday(means, scene, order, wait.signal)).endpoint;
      const state = async (): Promise<ApplicationState> =>
        await context.source.state(seen.endpoint, users, wait.signal);
      const served = new Set((await state()).users.flatMap(({ user, role }) => (role === 'authority' ? [user] : [])));
      const supersede = { relocation: `${relocation}.${epoch}`, users, epoch, to, spared: false, elsewhere: [] };
      await context.source.supersede(seen.endpoint, supersede, wait.signal);
      // From now on it accepts nothing. An earlier attempt may have fenced it: by its epoch whom it served is known then
      const left = (await state()).users.filter(({ user, epoch: own }) => served.has(user) || own === epoch);
      const count = left.reduce((sum, each) => sum + each.count, 0);
      return { how: 'fenced', stranded: left.length === 0 ? null : Math.max(0, count - writes) };
    }),
});

/** By an operation of its orchestrator, read back, and silent since. NotYet, NotFenced: it is merely written down. */
async function stopped(means: Means, scene: Scene, order: Both, seen: Seen, wait: Wait): Promise<void> {
  const { source, application, key } = scene;
  const { from } = order;
  await demandOurs(source, application, from, wait.signal);
  const by = await source.instances.end(from, key('fenceSource'), wait);
  const left = await lookById(source, application, from, wait.signal);
  if (mayRun(left)) throw notThere(source, from, left);
  if (by === 'written')
    throw failure(
      'NotFenced',
      `${source.name}: ${writtenAs(left)}, which proves nothing: no operation of its orchestrator is to be found that ended it`,
    );
  wait.progress(`seeing that instance ${from} is silent since it was ended`);
  const answers = await until(wait, means.pace.deadMs / 4, async () =>
    (await answersStill(means, scene, order, seen, wait.signal)) === undefined ? 'nobody' : undefined,
  );
  if (answers === undefined)
    throw failure('NotYet', `${source.name}: its orchestrator has ended instance ${from}, and it answers all the same`);
}

/** Where it still does: us, or devices. Undefined: it is silent everywhere, or nobody knows where to ask for it. */
async function answersStill(
  { pace }: Means,
  scene: Scene,
  { users, from, to }: Both,
  seen: Seen,
  within: AbortSignal,
): Promise<string | undefined> {
  const [sign, network] = await together(
    within,
    // It was silent a moment ago, and users wait
    async (signal) => await signOf(scene, seen, users, pace.deadMs / 10, signal),
    // The path leads to the target by now: where both go by one id, nobody can tell them apart there
    async (signal) => (from === to ? undefined : await answersDevices(scene, seen, signal)),
  );
  if (sign === 'silent') return network;
  return sign === 'serves' ? 'us' : undefined;
}

/** Undefined: it was stopped. What was asked of its orchestrator may still be carried out, which is as good then. */
async function stoppedIn(means: Means, scene: Scene, order: Both, seen: Seen, wait: Wait): Promise<Error | undefined> {
  const late = new AbortController();
  const untimely = failure('NotYet', `${scene.source.name}: nobody has stopped instance ${order.from} in time`);
  const timer = setTimeout(() => late.abort(untimely), means.pace.deadMs);
  const signal = AbortSignal.any([wait.signal, late.signal]);
  try {
    const pause = async (): Promise<void> => {
      await wait.pause();
      signal.throwIfAborted();
    };
    await stopped(means, scene, order, seen, { ...wait, signal, pause });
    return undefined;
  } catch (error) {
    if (wait.signal.aborted) throw error;
    return late.signal.aborted ? (late.signal.reason as Error) : (error as Error);
  } finally {
    clearTimeout(timer);
  }
}

/** Where a device would still reach it, were it there; undefined: in every network concerned it is led to the target. */
async function reachingIt(
  { catalogue, pace }: Means,
  scene: Scene,
  { from, to }: Both,
  { endpoint }: Seen,
  wait: Wait,
): Promise<string | undefined> {
  if (endpoint === null) return `${scene.source.name}: where devices would look for it is not known`;
  if (from === to)
    return `${scene.source.name}: both instances go by the id ${to}, so that devices cannot tell them apart`;
  // Whoever is reached from everywhere is concerned by every network
  const everywhere = (await catalogue.sites()).flatMap(({ network }) => network ?? []);
  const networks = scene.source.network === undefined ? byName(everywhere) : networksOf(scene);
  let told = 'no network is known in which that could be seen';
  const away = await until(wait, pace.stepMs / 4, async () => {
    for (const { name, vantage } of networks) {
      told = `${name}: devices that look for the source are not led to instance ${to}`;
      const answering = await vantage?.answering(endpoint, scene.device, wait.signal);
      if (answering?.who !== 'instance' || answering.id !== to) return undefined;
    }
    return networks.length > 0 ? true : undefined;
  });
  return away === true ? undefined : told;
}

const byName = (networks: readonly Network[]): Network[] => [
  ...new Map(networks.map((network) => [network.name, network])).values(),
];

/** The users may have gone on since: whoever is their authority now. */
async function servingToday(
  { catalogue }: Means,
  scene: Scene,
  { users, from, to }: ReturnOrder,
  signal: AbortSignal,
): Promise<Located> {
  const { application, context } = scene;
  const sites = await catalogue.sites();
  const others = (await instancesAt(sites, application, signal)).flatMap(({ site, listed }) => {
    if (listed instanceof Error) throw listed;
    return listed.filter(isLocated).filter(({ id }) => id !== from || site.name !== scene.source.name);
  });
  for (const instance of others) {
    const said = await whatItSays(async () => await context.target.state(instance.endpoint, users, signal), signal);
    if (!(said instanceof Error) && isAuthority(said, users)) return instance;
  }
  // Spread over several, or out of reach: whoever took over knows where each of them is
  return await locate(scene.target, application, to, signal);
}
