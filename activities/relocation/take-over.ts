import { atOnce } from '../../domain/at-once.ts';
import { highestEpoch, isAuthority, serves } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Site, Supersede, Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import {
  canBeAsked,
  isLocated,
  locate,
  look,
  lookById,
  mayRun,
  networksOf,
  notThere,
  sceneOf,
  whatItSays,
  type Both,
  type Located,
  type Means,
  type Scene,
  type Seen,
} from './subject.ts';

/** What keeps the lost source from being a second writer: its orchestrator has ended it, or it was started again and knows nobody. */
export type Fence = 'stopped' | 'forgot';

export interface TakeOverOrder extends Both {
  /** Leaves every one behind that the source can have proposed. */
  readonly epoch: number;
}

export interface TakenOver {
  readonly epoch: number;
  readonly users: number;
  /** What the copy had. What the source acknowledged after it is lost. */
  readonly writes: number;
}

/** What is known to be served elsewhere is asked for, at most so much at a time. */
const AT_ONCE = 8;

/** The source is taken to be dead, and the target takes its place (GR MEC 035, 5.3.1). An operator has asked for it. */
export const takingOver = (means: Means) => ({
  /**
   * Nobody can know that a host is dead. The least is that it is silent: asked as we ask it, and as a device would; or that it
   * answers and serves nobody. And nobody else serves these users. NotLost, OtherUnknown.
   */
  confirmLost: async (order: Both): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const target = await locate(scene.target, scene.application, order.to, wait.signal);
      const seen = await look(scene.source, scene.application, order.from, wait.signal);
      if (!(await knowsNobody(means, scene, order, seen, wait))) await isSilentToDevices(scene, order, seen, wait);
      const others = await othersThan(await means.catalogue.sites(), scene, order, wait.signal);
      await atOnce(AT_ONCE, others, async ({ site, instance }) => {
        const state = await whatItSays(
          async () => await scene.context.target.state(instance.endpoint, order.users, wait.signal),
          wait.signal,
        );
        if (state instanceof Error) throw unknown(site, instance.id, state.message);
        if (isAuthority(state, order.users))
          throw failure('NotLost', `${site.name}: instance ${instance.id} is the authority of these users`);
      });
      wait.progress(`instance ${target.id} may take over`);
    }),

  /** What its orchestrator has merely written down is no proof: its own operation is, read back. */
  fenceSource: async (order: Both): Promise<Fence> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { source, application, key } = scene;
      const seen = await look(source, application, order.from, wait.signal);
      if (canBeAsked(seen)) {
        const said = await whatItSays(
          async () => await scene.context.source.state(seen.endpoint, order.users, wait.signal),
          wait.signal,
        );
        if (!(said instanceof Error) && !serves(said, order.users)) return 'forgot';
      }
      wait.progress('having the source stopped');
      if (source.instances.whenLeft === 'stop') await source.instances.stop(order.from, key('fenceSource'), wait);
      else await source.instances.remove(order.from, key('fenceSource'), wait);
      const left = await lookById(source, order.from, wait.signal);
      if (mayRun(left)) throw notThere(source, order.from, left);
      return 'stopped';
    }),

  /**
   * The point of no return. Everybody else gives way first, and says whom it goes on serving; then the target becomes the
   * authority, with what it was given. Verified: it says so. Idempotent on the epoch.
   */
  takeOver: async (order: TakeOverOrder): Promise<TakenOver> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { users, epoch } = order;
      const { context, relocation, application } = scene;
      const target = await locate(scene.target, application, order.to, wait.signal);
      const named = { relocation: `${relocation}.${epoch}`, users, epoch };
      wait.progress('telling every other instance who takes over');
      const elsewhere = await giveWay(means, scene, order, { ...named, to: target.endpoint, elsewhere: [] }, wait);
      wait.progress(`instance ${target.id} takes over`);
      await context.target.supersede(target.endpoint, { ...named, to: null, elsewhere }, wait.signal);
      const state = await context.target.state(target.endpoint, users, wait.signal);
      if (!isAuthority(state, users))
        throw failure('NotYet', `${scene.target.name}: instance ${target.id} has not become the authority`);
      const given = state.users.filter(({ user, role }) => role === 'authority' && (users === '*' || user === users));
      const writes = given.reduce((sum, { count }) => sum + count, 0);
      return { epoch: highestEpoch(state), users: given.length, writes };
    }),
});

/** It was started again, and serves nobody: then it is no writer, whatever it was. NotLost: it serves. */
async function knowsNobody(
  { pace }: Means,
  { source, context }: Scene,
  { users, from }: Both,
  seen: Seen,
  wait: Wait,
): Promise<boolean> {
  if (!canBeAsked(seen)) return false;
  const begun = performance.now();
  do {
    wait.progress(`asking instance ${from} at ${source.name} for a sign of life`);
    const said = await whatItSays(
      async () => await context.source.state(seen.endpoint, users, wait.signal),
      wait.signal,
    );
    if (!(said instanceof Error) && !serves(said, users)) return true;
    if (!(said instanceof Error) || (said as { type?: unknown }).type !== 'PeerUnavailable')
      throw failure('NotLost', `${source.name}: instance ${from} answers`);
    await wait.pause();
  } while (performance.now() - begun < pace.deadMs);
  return false;
}

/** We may be cut off from it, and devices not. */
async function isSilentToDevices(scene: Scene, { from }: Both, { endpoint }: Seen, wait: Wait): Promise<void> {
  if (endpoint === null) return;
  for (const { name, vantage } of networksOf(scene)) {
    const answering = await vantage?.answering(endpoint, scene.device, wait.signal);
    if (answering?.who === 'instance' && answering.id === from)
      throw failure('NotLost', `${scene.source.name}: instance ${from} answers devices in ${name}`);
  }
}

interface Other {
  readonly site: Site;
  readonly instance: Located;
}

const unknown = ({ name }: Site, id: string, why: string): Error =>
  failure('OtherUnknown', `${name}: whom instance ${id} serves cannot be asked: ${why}`);

/** Every other instance of the application, wherever it runs. OtherUnknown: one may run, and cannot be asked. */
async function othersThan(
  sites: readonly Site[],
  { application, source, target }: Scene,
  { from, to }: Both,
  signal: AbortSignal,
): Promise<readonly Other[]> {
  const lists = await atOnce(AT_ONCE, sites, async (site) => {
    const listed = await whatItSays(async () => await site.instances.list(application, signal), signal);
    if (listed instanceof Error)
      throw failure('OtherUnknown', `${site.name}: its instances cannot be seen: ${listed.message}`);
    return listed.map((instance) => ({ site, instance }));
  });
  return lists.flat().flatMap(({ site, instance }): Other[] => {
    if (site.name === source.name && instance.id === from) return [];
    if (site.name === target.name && instance.id === to) return [];
    if (isLocated(instance)) return [{ site, instance }];
    if (mayRun(instance)) throw unknown(site, instance.id, instance.unusable ?? `it is ${instance.state}`);
    return [];
  });
}

/** Also the source, where it was started again. Whom the others keep, and where. */
async function giveWay(
  means: Means,
  scene: Scene,
  order: TakeOverOrder,
  supersede: Supersede,
  wait: Wait,
): Promise<Supersede['elsewhere']> {
  const { signal } = wait;
  const { context } = scene;
  const others = await othersThan(await means.catalogue.sites(), scene, order, signal);
  const kept = await atOnce(AT_ONCE, others, async ({ site, instance }) => {
    const said = await whatItSays(
      async () => await context.target.supersede(instance.endpoint, supersede, signal),
      signal,
    );
    if (said instanceof Error) throw unknown(site, instance.id, said.message);
    if (said === 'serves')
      throw failure('NotLost', `${site.name}: instance ${instance.id} is the authority of these users`);
    return said.kept.map((one) => ({ ...one, to: instance.endpoint }));
  });
  const source = await look(scene.source, scene.application, order.from, signal);
  if (canBeAsked(source)) await context.source.supersede(source.endpoint, supersede, signal);
  return kept.flat();
}
