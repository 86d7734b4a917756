import { isStepKey } from '../../domain/identity.ts';
import { highestEpoch, isClaimedTwice } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Instance, Wait } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import { calm } from './copy-ahead.ts';
import type { Inspection } from './inspection.ts';
import {
  canBeAsked,
  endOf,
  find,
  isLocated,
  locate,
  lookById,
  mayRun,
  notThere,
  sceneOf,
  willOf,
  type End,
  type Located,
  type Means,
  type Scene,
  type Seen,
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
  /** The one that was made for this step, where its id is known; older runs do not tell. */
  readonly own?: string | null;
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
      const started = await means.turns(site, wait.signal, async () => await bring(means, scene, order, wait));
      wait.keep('to', started.to);
      const instance = await locate(target, application, started.to, wait.signal);

      wait.progress('introducing the source to the standby');
      const { endpoint } = await locate(source, application, order.from, wait.signal);
      const served = await scene.context.source.state(endpoint, order.users, wait.signal);
      const names = { relocation: scene.relocation, users: order.users };
      const introduction = { ...names, source: endpoint, epoch: highestEpoch(served) };
      try {
        await scene.context.target.standBy(instance.endpoint, introduction, wait.signal);
      } catch (error) {
        // It was told to go just now: there will be another one
        if (await takesIn(scene, instance.id, wait)) throw error;
        throw failure('NotYet', `${target.name}: instance ${instance.id} is being taken away`);
      }
      // It may serve others, but none of those who are to come
      const states = [served, await scene.context.target.state(instance.endpoint, order.users, wait.signal)];
      if (scene.context.target.guarantee === 'zeroLoss' && isClaimedTwice(states, order.users))
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

async function leaveAsFound(end: End, order: RemovalOrder, wait: Wait): Promise<void> {
  const { there, to, own = null, users } = order;
  const { application, site, context, relocation, key } = end;
  const step = key('instantiateTarget');
  const restarted = there?.was === 'stopped' ? there.id : null;
  const used = to ?? restarted;
  /** Else what was used is one that was made for us, or for another relocation. */
  const found = there !== null && (there.was === 'stopped' || there.id === to);
  let keptOwn = false;
  const listed = await site.instances.list(application, wait.signal);
  const unlisted = [...new Set([used, own])]
    .filter((id) => id !== null)
    .filter((id) => listed.every((shown) => shown.id !== id));
  const seen: Seen[] = [...listed];
  for (const id of unlisted) seen.push(await lookById(site, id, wait.signal));

  for (const instance of seen) {
    const { id, name } = instance;
    if (id !== used && id !== own && name !== step) continue;
    const ours = name === step || id === own;
    if (canBeAsked(instance)) {
      await context.settle(instance.endpoint, { relocation, users, retired: false }, wait.signal);
      const made = !found && isStepKey(name);
      if (!(ours || id === restarted || made) || !(await mayGo(end, users, instance, wait))) {
        keptOwn ||= ours;
        continue;
      }
    } else if (hasRun(instance, order)) throw notThere(site, id, instance);
    else if (instance.state === 'gone' || (!ours && id !== restarted)) continue;
    if (id === restarted) {
      await site.instances.stop(id, key('stopTarget'), wait);
      continue;
    }
    // What an instance that we made has, goes with it: also what a step made whose worker died
    if (name === step && canBeAsked(instance)) await dropSubscriptions(end, instance, wait);
    await site.instances.remove(id, step, wait);
  }
  // Whatever goes by our name, also what a peer has not begun yet
  if (!found && !keptOwn) await site.instances.remove(step, step, wait);

  for (const id of unlisted) {
    const left = await lookById(site, id, wait.signal);
    if (id === own ? left.state !== 'gone' : mayRun(left)) throw notThere(site, id, left);
  }
}

/** Others may rely on it by now: it may run, and was there before us, or came to run. What is being made is ours alone. */
const hasRun = (seen: Seen, { there, to }: RemovalOrder): boolean =>
  mayRun(seen) && (seen.id === to || (seen.state !== 'starting' && (to !== null || seen.id === there?.id)));

/** While it is our turn: whoever comes second finds what the first has made. */
async function bring(means: Means, scene: Scene, { there, from, users }: InstanceOrder, wait: Wait): Promise<Started> {
  const { application, target, key } = scene;
  const step = key('instantiateTarget');
  if (there?.was === 'started' && (await takesIn(scene, there.id, wait))) return { to: there.id, how: 'shared' };
  if (there?.was === 'stopped') {
    const { id } = await target.instances.start(there.id, step, wait);
    return { to: id, how: 'restarted' };
  }
  const ours = async (): Promise<readonly Instance[]> =>
    (await target.instances.list(application, wait.signal)).filter(({ id, name }) => id !== from && isStepKey(name));
  const own = ({ name }: Instance): boolean => name === step;
  const seen = await ours();
  if (!seen.some(own)) {
    const other = await firstThatTakesIn(means, scene, seen, wait);
    if (other !== undefined) return { to: other.id, how: 'shared' };
  }
  const made = await target.instances.instantiate(application, step, wait).catch((error: unknown) => error as Error);
  if (made instanceof Error && (made as { type?: unknown }).type !== 'TargetRefused') throw made;

  // Another worker knows nothing of this one's turns: of what both have made, or tried to, the first one stays
  const now = await ours();
  const before = made instanceof Error ? now.length : now.findIndex(({ id }) => id === made.id);
  const others = now.slice(0, Math.max(0, before)).filter((instance) => !own(instance));
  const first = await firstThatTakesIn(means, scene, others, wait);
  if (made instanceof Error) {
    if (first === undefined) throw made;
    await target.instances.remove(step, step, wait);
    return { to: first.id, how: 'shared' };
  }
  const end: End = { ...scene, site: target, context: scene.context.target };
  if (first === undefined || !isLocated(made) || !(await mayGo(end, users, made, wait)))
    return { to: made.id, how: 'created' };
  await target.instances.remove(made.id, step, wait);
  return { to: first.id, how: 'shared' };
}

/** Since it was found it may have gone, or been told to. */
async function takesIn({ application, target, context }: Scene, id: string, { signal }: Wait): Promise<boolean> {
  const instance = await find(target, application, id, signal);
  if (instance === undefined) return false;
  return !isLocated(instance) || !(await context.target.state(instance.endpoint, '*', signal)).retiring;
}

/**
 * Made by another relocation of ours meanwhile; it may still be starting, and its application after it. One that goes on
 * being silent is none: it holds up nobody for longer than a step.
 */
async function firstThatTakesIn(
  { pace }: Means,
  { application, target, context }: Scene,
  others: readonly Instance[],
  wait: Wait,
): Promise<Located | undefined> {
  for (const { id } of others) {
    let silentSince: number | undefined;
    const taken = await until(wait, pace.operationMs / 2, async () => {
      // Asked before it is looked at: in between it may have been made
      const beingMade = await target.instances.isBeingMade(id, wait.signal);
      const instance = await find(target, application, id, wait.signal);
      if (instance === undefined) return 'none';
      if (isLocated(instance)) {
        const will = await willOf(context.target, instance, wait.signal);
        if (will !== 'unknown') return will === 'stays' ? instance : 'none';
        silentSince ??= performance.now();
        if (performance.now() - silentSince > pace.stepMs / 2) return 'none';
      } else if (instance.state !== 'starting' && !(instance.state === 'notInstantiated' && beingMade)) return 'none';
      wait.progress(`waiting for instance ${id} at ${target.name}, which another relocation is starting`);
      return undefined;
    });
    if (taken !== undefined && taken !== 'none') return taken;
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
