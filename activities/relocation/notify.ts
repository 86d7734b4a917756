import { alive } from '../waiting.ts';
import { copySubscriptions, owners, type BothOrder } from './copy-ahead.ts';
import { sceneOf, type Means } from './subject.ts';

export interface Notified {
  /** False: no system on either side can reach these devices. */
  readonly devices: boolean;
  readonly subscriptions: number;
}

export const notifying = (means: Means) => ({
  /**
   * Step 7 (GR MEC 035, [5.3.2-7], [5.4.2-5]): the target system tells the devices; towards a cloud, which has no LCM
   * proxy, the source's system does. Subscriptions that changed meanwhile are compared once more.
   */
  notifyEndpoint: async (order: BothOrder): Promise<Notified> =>
    await alive(means.pace, async ({ signal, progress }) => {
      const scene = sceneOf(means, order);
      const { source, target } = await owners(scene, order, signal);
      progress('telling devices where the application is');
      const notices = scene.target.notices ?? scene.source.notices;
      const told = await notices?.addressChanged(
        {
          from: source.instance,
          to: target.instance,
          endpoint: target.endpoint,
          application: scene.application,
          user: order.users,
        },
        signal,
      );
      const subscriptions = await copySubscriptions(scene, source, target, signal);
      return { devices: told === true, subscriptions: subscriptions.length };
    }),
});
