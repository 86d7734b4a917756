import { failure } from '../failure.ts';
import type { Instance } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import type { Found } from './found.ts';
import { isLocated, locate, roleOf, sceneOf, servesAnybody, type Means, type Subject } from './subject.ts';

export interface Started {
  readonly instance: string;
  readonly how: 'created' | 'restarted' | 'shared';
}

export interface InstanceOrder extends Subject {
  readonly found: Found;
}

export const instantiating = (means: Means) => ({
  /**
   * Step 3 (GR MEC 035, [5.3.2-5], [5.3.2-6], [5.4.2-4], 6.6.2): an instance that already serves there is used; a kept one
   * is re-started; else one is created. In the end it runs as a standby that relays to the source.
   */
  instantiateTarget: async (order: InstanceOrder): Promise<Started> =>
    await alive(means.pace, async (wait) => {
      const { application, source, target, relocation, key } = sceneOf(means, order);
      const step = key('instantiateTarget');
      const { found } = order;
      wait.progress(`starting ${application.name} at ${target.name}`);
      const instance: Instance =
        found.target === null
          ? await target.instances.instantiate(application, step, wait)
          : found.target.was === 'stopped'
            ? await target.instances.start(found.target.id, step, wait)
            : await locate(target, application, found.target.id, wait.signal);
      if (!isLocated(instance))
        throw failure('TargetNotReady', `${target.name}: instance ${instance.id} is ${instance.state}`);

      if (application.management !== undefined) {
        wait.progress('introducing the source to the standby');
        const { endpoint } = await locate(source, application, found.source, wait.signal);
        await means.world.context.standBy(
          instance.endpoint,
          { relocation, users: order.users, source: endpoint },
          wait.signal,
        );
        const role = roleOf(await means.world.context.state(instance.endpoint, order.users, wait.signal), order.users);
        if (role === 'authority')
          throw failure('TargetRefused', `${target.name}: instance ${instance.id} is an authority for these users`);
      }
      const how = found.target === null ? 'created' : found.target.was === 'stopped' ? 'restarted' : 'shared';
      return { instance: instance.id, how };
    }),

  /**
   * The undo restores what was found: deletes what we made, stops what we re-started, leaves what ran, and whatever
   * serves users of somebody else by now.
   */
  removeTarget: async ({ found, ...subject }: InstanceOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, target, relocation, key } = sceneOf(means, subject);
      const step = key('instantiateTarget');
      const ours = ({ id, name }: Instance): boolean =>
        found.target === null ? name === step : id === found.target.id;
      const brought = async (): Promise<Instance | undefined> =>
        (await target.instances.list(application, wait.signal)).find(ours);

      const instance = await brought();
      if (instance !== undefined && isLocated(instance) && application.management !== undefined) {
        const settle = { relocation, users: subject.users, retired: false };
        await means.world.context.settle(instance.endpoint, settle, wait.signal);
        if (servesAnybody(await means.world.context.state(instance.endpoint, '*', wait.signal))) return;
      }
      if (found.target?.was === 'stopped') await target.instances.stop(found.target.id, key('stopTarget'), wait);
      if (found.target !== null) return;
      // Whatever goes by our name, also what a peer has not begun yet; once more, since it may carry out a creation
      // whose answer was lost after we gave up
      await target.instances.remove(step, step, wait);
      const late = await until(wait, means.pace.attemptMs / 10, brought);
      if (late !== undefined) await target.instances.remove(step, step, wait);
    }),
});
