import { isStepKey } from '../../domain/identity.ts';
import { isAuthority } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Instance, Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import { calm } from './copy-ahead.ts';
import type { Inspection } from './inspection.ts';
import {
  endOf,
  find,
  isLocated,
  locate,
  sceneOf,
  type End,
  type Located,
  type Means,
  type Scene,
  type Subject,
} from './subject.ts';

export interface Started {
  /** The target instance. */
  readonly to: string;
  readonly how: 'created' | 'restarted' | 'shared';
}

export interface InstanceOrder extends Subject {
  readonly from: string;
  /** What the check found there. */
  readonly there: Inspection['there'];
}

export interface RemovalOrder extends Subject {
  readonly there: Inspection['there'];
  /** The instance that was used, as far as it is known; null: perhaps one that we made, under our key. */
  readonly to: string | null;
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

export const instantiating = (means: Means) => ({
  /**
   * Step 3 (GR MEC 035, [5.3.2-5], [5.3.2-6], [5.4.2-4], 6.6.2): an instance that already serves there is used, also one that
   * another relocation of ours is just making; a kept one is re-started; else one is created. In the end it runs as a
   * standby that relays to the source.
   */
  instantiateTarget: async (order: InstanceOrder): Promise<Started> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { application, source, target } = scene;
      wait.progress(`starting ${application.name} at ${target.name}`);
      const site = `${target.name} ${application.name}`;
      const started = await means.turns(site, wait.signal, async () => await bring(scene, order, wait));
      wait.keep('to', started.to);
      const instance = await locate(target, application, started.to, wait.signal);

      wait.progress('introducing the source to the standby');
      const { endpoint } = await locate(source, application, order.from, wait.signal);
      const introduction = { relocation: scene.relocation, users: order.users, source: endpoint };
      await scene.context.target.standBy(instance.endpoint, introduction, wait.signal);
      if (await servesAlready(scene, order.users, endpoint, instance, wait.signal))
        throw failure(
          'TargetRefused',
          `${target.name}: instance ${instance.id} is an authority for these users already`,
        );
      return started;
    }),

  /**
   * The undo restores what was found: deletes what we made, stops what we re-started, leaves what ran, and whatever
   * others rely on by now: the last one of ours to leave takes an instance with him that was made for us.
   */
  removeTarget: async (order: RemovalOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const end = await endOf(means, order, 'target');
      await leaveAsFound(end, order, wait);
      // Once more: a peer may carry out what was asked of it after we gave up
      if (await calm(order.calmAt, wait)) await leaveAsFound(end, order, wait);
    }),
});

/** Whoever is to come there is there; of `*`, only if the source gives everybody away, those to come included. */
async function servesAlready(
  { context }: Scene,
  users: string,
  source: Located['endpoint'],
  { endpoint }: Located,
  signal: AbortSignal,
): Promise<boolean> {
  if (context.target.guarantee === 'stateless') return false;
  if (!isAuthority(await context.target.state(endpoint, users, signal), users)) return false;
  return users !== '*' || isAuthority(await context.source.state(source, users, signal), users);
}

async function leaveAsFound(end: End, { there, to, users }: RemovalOrder, wait: Wait): Promise<void> {
  const { application, site, context, relocation, key } = end;
  const step = key('instantiateTarget');
  const restarted = there?.was === 'stopped' ? there.id : null;
  const used = to ?? restarted;
  let keptOwn = false;
  for (const instance of await site.instances.list(application, wait.signal)) {
    const { id, name } = instance;
    if (id !== used && name !== step) continue;
    const made = there === null && isStepKey(name);
    if (isLocated(instance)) {
      await context.settle(instance.endpoint, { relocation, users, retired: false }, wait.signal);
      const ours = name === step || id === restarted || made;
      if (!ours || !(await mayGo(end, users, instance, wait))) {
        keptOwn ||= name === step;
        continue;
      }
    } else if (name !== step && id !== restarted) continue;
    if (id === restarted) {
      await site.instances.stop(id, key('stopTarget'), wait);
      continue;
    }
    // What an instance that we made has, goes with it: also what a step made whose worker died
    if (name === step && isLocated(instance)) await dropSubscriptions(end, instance, wait);
    await site.instances.remove(id, step, wait);
  }
  // Whatever goes by our name, also what a peer has not begun yet
  if (there === null && !keptOwn) await site.instances.remove(step, step, wait);
}

/** While it is our turn: whoever comes second finds what the first has made. */
async function bring(scene: Scene, { there, from }: InstanceOrder, wait: Wait): Promise<Started> {
  const { application, target, key } = scene;
  const step = key('instantiateTarget');
  if (there?.was === 'started') return { to: there.id, how: 'shared' };
  if (there !== null) {
    const { id } = await target.instances.start(there.id, step, wait);
    return { to: id, how: 'restarted' };
  }
  const own = (instance: Instance): boolean => instance.name === step;
  const seen = await target.instances.list(application, wait.signal);
  const others = seen.filter((instance) => !own(instance) && instance.id !== from && isStepKey(instance.name));
  if (!seen.some(own)) {
    const other = await firstThatTakesIn(scene, others, wait);
    if (other !== undefined) return { to: other.id, how: 'shared' };
  }
  const { id } = await target.instances.instantiate(application, step, wait);
  return { to: id, how: 'created' };
}

/** Made by another relocation of ours meanwhile; it may still be starting. */
async function firstThatTakesIn(
  { application, target, context }: Scene,
  others: readonly Instance[],
  wait: Wait,
): Promise<Located | undefined> {
  for (const { id } of others) {
    let instance = await find(target, application, id, wait.signal);
    while (instance?.state === 'starting') {
      wait.progress(`waiting for instance ${id} at ${target.name}, which another relocation is starting`);
      await wait.pause();
      instance = await find(target, application, id, wait.signal);
    }
    if (instance === undefined || !isLocated(instance)) continue;
    if (!(await context.target.state(instance.endpoint, '*', wait.signal)).retiring) return instance;
  }
  return undefined;
}

async function dropSubscriptions({ site }: End, { id, endpoint }: Located, { signal }: Wait): Promise<void> {
  const owner = { instance: id, endpoint };
  const { held } = await site.subscriptions.list(owner, signal);
  for (const { id: subscription } of held) await site.subscriptions.remove(subscription, signal);
}

/** Does nobody rely on it? Without the contract only the rules can tell. */
async function mayGo(
  { site, context, relocation }: End,
  users: string,
  instance: Located,
  { signal }: Wait,
): Promise<boolean> {
  if (context.guarantee === 'zeroLoss')
    return (await context.retire(instance.endpoint, { relocation, users }, signal)) === 'retires';
  return (await site.path?.holds(instance, signal)) !== true;
}
