import { alive } from '../waiting.ts';
import { atOnce, everyAtOnce } from '../../domain/at-once.ts';
import type { Site, Wait } from '../ports.ts';
import { noAnchorLeft } from './anchored.ts';
import { carriageOf } from './copy-ahead.ts';
import { clearDeserted, type LeftThere } from './deserted.ts';
import { copySubscriptions, keeping, releaseSubscriptions, sightOf } from './subscriptions.ts';
import {
  askable,
  isLocated,
  locate,
  look,
  sceneOf,
  type Both,
  type Leaving,
  type Located,
  type Means,
  type Scene,
  type Seen,
} from './subject.ts';

/** Their peers limit what they are asked. */
const SITES_AT_ONCE = 4;

export interface Retired {
  readonly how: 'stopped' | 'removed' | 'serving';
  /** Of a source that had died: what of it could not be cleared away. */
  readonly left: readonly LeftThere[];
}

export const retiring = (means: Means) => ({
  /**
   * Step 9 (GR MEC 035, 5.3.1, [5.3.2-4]): what only the moved users needed is gone. The instance is stopped (cloud) or
   * deleted (MEC host) only when nobody relies on it, which it says itself; from then on it takes nobody in.
   */
  retireSource: async (order: Leaving): Promise<Retired> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      // In one turn: the target of a source that runs has to be known, of another one it may be away as well
      const [seen, located] = await Promise.all([
        look(scene.source, scene.application, order.from, wait.signal),
        locate(scene.target, scene.application, order.to, wait.signal).catch((error: unknown) => error as Error),
      ]);
      const instance = askable(scene.source, seen) ?? leftBehind(scene, seen);
      const left = instance === undefined ? await clearDeserted(scene, order, seen, means.pace, wait) : [];
      if (instance !== undefined) {
        if (located instanceof Error) throw located;
        const target = located;
        await releaseSource(scene, order, instance, target, wait);
        const { relocation, context } = scene;
        const retire = { relocation, users: order.users };
        if ((await context.source.retire(instance.endpoint, retire, wait.signal)) === 'stays') {
          if (scene.device !== null) await scene.source.path?.release(instance.id, scene.device, wait);
          return { how: 'serving', left };
        }
        await noAnchorLeft(means, scene, order, wait.signal);
        // Before it goes: an address is somebody else's as soon as it is free
        if (scene.source.instances.whenLeft === 'remove') {
          await scene.target.path?.forget(target, [instance.endpoint.host], wait);
          await forgetElsewhere(await means.catalogue.sites(), scene, instance, target, wait);
        }
      }
      return { how: await leave(scene, order, wait), left };
    }),
});

/** One that we have stopped has its subscriptions still; without the contract nothing is asked of itself. */
const leftBehind = ({ context }: Scene, { endpoint, ...seen }: Seen): Located | undefined =>
  context.source.guarantee === 'stateless' && seen.state === 'stopped' && endpoint !== null
    ? { ...seen, state: 'stopped', endpoint }
    : undefined;

/** Its subscriptions are at the target by now, and the context of those whom it gave away is theirs. */
async function releaseSource(
  scene: Scene,
  order: Leaving,
  instance: Located,
  target: Located,
  wait: Wait,
): Promise<void> {
  const carriage = carriageOf(scene, instance, target, sightOf(order, wait));
  wait.progress('comparing subscriptions for the last time');
  const copied = await copySubscriptions(carriage, wait.signal, keeping(carriage, wait), 'later');
  await releaseSubscriptions(carriage, copied, wait);
  const settle = { relocation: scene.relocation, users: order.users, retired: true };
  await scene.context.source.settle(instance.endpoint, settle, wait.signal);
}

/** Users may have left it for other sites before; what one of those does not answer holds up nobody here. */
async function forgetElsewhere(
  all: readonly Site[],
  scene: Scene,
  { id, endpoint }: Located,
  target: Located,
  wait: Wait,
): Promise<void> {
  const { application, source } = scene;
  const stays = ({ name }: Site): void =>
    wait.progress(`${name} may go on leading devices away from the address of instance ${id}`);
  const sites = all.filter(({ path }) => path !== undefined);
  // In one turn: a MEO with many sites is asked once for all of them
  const list = async ({ instances }: Site) => await instances.list(application, wait.signal);
  const lists = await everyAtOnce(sites.length, sites, list);
  wait.signal.throwIfAborted();
  const others = sites.flatMap((site, at) => {
    const listed = lists[at];
    if (listed?.status === 'fulfilled') return listed.value.filter(isLocated).map((instance) => ({ site, instance }));
    stays(site);
    return [];
  });
  await atOnce(SITES_AT_ONCE, others, async ({ site, instance: other }) => {
    const isEnd =
      site.name === scene.target.name ? other.id === target.id : site.name === source.name && other.id === id;
    if (isEnd) return;
    try {
      await site.path?.forget(other, [endpoint.host], wait);
    } catch {
      wait.signal.throwIfAborted();
      stays(site);
    }
  });
}

async function leave({ source, key }: Scene, { from }: Both, wait: Wait): Promise<'stopped' | 'removed'> {
  const kept = source.instances.whenLeft === 'stop' ? 'stopped' : 'removed';
  wait.progress(`the source is being ${kept}`);
  if (kept === 'stopped') await source.instances.stop(from, key('retireSource'), wait);
  else await source.instances.remove(from, key('retireSource'), wait);
  return kept;
}
