import type { SeenInLists } from '../../domain/subscription.ts';
import { alive } from '../waiting.ts';
import { tellAnchors } from './anchored.ts';
import { carriageOf } from './copy-ahead.ts';
import { copySubscriptions, keeping, sightOf } from './subscriptions.ts';
import { tellCompleted } from './transfer.ts';
import { find, isLocated, locate, sceneOf, type Leaving, type Means } from './subject.ts';

export interface Notified {
  /** False: no system on either side can reach these devices. */
  readonly devices: boolean;
  readonly subscriptions: number;
  /** At the source; absent: it does not run. */
  readonly seen?: SeenInLists;
  /** At the target, by this run. */
  readonly made?: readonly string[];
}

export const notifying = (means: Means) => ({
  /**
   * Step 7 (GR MEC 035, [5.3.2-7], [5.4.2-5]): the target system tells the devices; towards a cloud, which has no LCM
   * proxy, the source's system does. Subscriptions that changed meanwhile are compared once more, unless the source is gone.
   */
  notifyEndpoint: async (order: Leaving): Promise<Notified> =>
    await alive(means.pace, async (wait) => {
      const { signal, progress } = wait;
      const scene = await sceneOf(means, order);
      const [target, source] = await Promise.all([
        locate(scene.target, scene.application, order.to, signal),
        find(scene.source, scene.application, order.from, signal),
      ]);
      progress('telling devices where the application is');
      const notices = scene.target.notices ?? scene.source.notices;
      const told = await notices?.addressChanged(
        {
          from: order.from,
          to: target.id,
          endpoint: target.endpoint,
          application: scene.application,
          user: order.users,
        },
        signal,
      );
      await tellAnchors(means, scene, order, wait);
      if (source === undefined || !isLocated(source)) return { devices: told === true, subscriptions: 0 };
      if (order.transferred) await tellCompleted(scene, source, target, wait);
      const carriage = carriageOf(scene, source, target, sightOf(order, wait));
      const kept = keeping(carriage, wait);
      const { wanted, seen } = await copySubscriptions(carriage, signal, kept, 'later');
      return { devices: told === true, subscriptions: wanted.length, seen, made: kept.ids };
    }),
});
