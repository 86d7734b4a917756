import { isStepKey } from '../../domain/identity.ts';
import { highestEpoch, isClaimedTwice } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Instance, Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import { calm } from './copy-ahead.ts';
import type { Inspection } from './inspection.ts';
import { leaveAsFound, type RemovalOrder } from './restoring.ts';
import { firstThatTakesIn, mayGo, takesIn } from './sharing.ts';
import { registeredThere } from './transfer.ts';
import { endOf, isLocated, locate, sceneOf, type End, type Means, type Scene, type Subject } from './subject.ts';

export interface Started {
  /** The target instance. */
  readonly to: string;
  readonly how: 'created' | 'restarted' | 'shared';
}

export interface InstanceOrder extends Subject {
  readonly from: string;
  /** What the check found there. */
  readonly there: Inspection['there'];
  /** The source is taken to be dead: nobody is introduced. */
  readonly lost?: true;
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
      const brought = await means.turns(site, wait.signal, async () => await bring(means, scene, order, wait));
      const started: Started = { to: brought.instance.id, how: brought.how };
      wait.keep('to', started.to);
      const instance = isLocated(brought.instance)
        ? brought.instance
        : await locate(target, application, started.to, wait.signal);
      if (order.lost) return started;

      await registeredThere(means, scene, instance, wait);
      wait.progress('introducing the source to the standby');
      const { endpoint } = await locate(source, application, order.from, wait.signal);
      const served = await scene.context.source.state(endpoint, order.users, wait.signal);
      const names = { relocation: scene.relocation, users: order.users };
      const introduction = { ...names, source: endpoint, epoch: highestEpoch(served) };
      try {
        await scene.context.target.standBy(instance.endpoint, introduction, wait.signal);
      } catch (error) {
        // It was told to go just now: there will be another one
        if ((await takesIn(scene, instance.id, wait)) !== undefined) throw error;
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
      await leaveAsFound(means, end, order, wait);
      // Once more: a peer may carry out what was asked of it after we gave up
      if (await calm(order.calmAt, wait)) await leaveAsFound(means, end, order, wait);
    }),
});

/** Which instance it is, as it has just been seen. */
interface Brought extends Pick<Started, 'how'> {
  readonly instance: Instance;
}

/** While it is our turn: whoever comes second finds what the first has made. */
async function bring(means: Means, scene: Scene, { there, from, users }: InstanceOrder, wait: Wait): Promise<Brought> {
  const { application, source, target, key } = scene;
  const step = key('instantiateTarget');
  const found = there?.was === 'started' ? await takesIn(scene, there.id, wait) : undefined;
  if (found !== undefined) return { instance: found, how: 'shared' };
  if (there?.was === 'stopped')
    return { instance: await target.instances.start(there.id, step, wait), how: 'restarted' };
  // Sites of one orchestrator may overlap; another one may have given the source's id to whatever is here
  const isSource = ({ id }: Instance): boolean => id === from && source.system === target.system;
  const ours = async (): Promise<readonly Instance[]> =>
    (await target.instances.list(application, wait.signal)).filter((one) => !isSource(one) && isStepKey(one.name));
  const own = ({ name }: Instance): boolean => name === step;
  const seen = await ours();
  if (!seen.some(own)) {
    const other = await firstThatTakesIn(means, scene, seen, wait);
    if (other !== undefined) return { instance: other, how: 'shared' };
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
    return { instance: first, how: 'shared' };
  }
  const end: End = { ...scene, site: target, context: scene.context.target };
  if (first === undefined || !isLocated(made) || !(await mayGo(means, end, users, made, wait)))
    return { instance: made, how: 'created' };
  // And what was made late: nobody looks for it any more
  for (const each of [made.id, step]) await target.instances.remove(each, step, wait);
  return { instance: first, how: 'shared' };
}
