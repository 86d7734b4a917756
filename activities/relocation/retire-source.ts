import { without } from '../../domain/steering.ts';
import { alive } from '../waiting.ts';
import { copySubscriptions, owners, releaseSubscriptions, type BothOrder } from './copy-ahead.ts';
import { isLocated, sceneOf, servesAnybody, type Means, type Scene } from './subject.ts';
import { failure } from '../failure.ts';
import type { Owner, Wait } from '../ports.ts';

export const retiring = (means: Means) => ({
  /**
   * Step 9 (GR MEC 035, 5.3.1, [5.3.2-4]): what only the moved users needed is gone. The instance is stopped (cloud) or
   * deleted (MEC host) only when it serves no other user.
   */
  retireSource: async (order: BothOrder): Promise<'stopped' | 'removed' | 'serving'> =>
    await alive(means.pace, async (wait) => {
      const scene = sceneOf(means, order);
      const { source: site, application, relocation, key } = scene;
      const instance = (await site.instances.list(application, wait.signal)).find(
        ({ id }) => id === order.found.source,
      );
      const kept = site.instances.whenLeft === 'stop' ? 'stopped' : 'removed';
      if (instance === undefined || !isLocated(instance)) return await leave(); // an earlier attempt got that far

      const { source, target } = await owners(scene, order, wait.signal);
      wait.progress('comparing subscriptions for the last time');
      const copied = await copySubscriptions(scene, source, target, wait.signal);
      await releaseSubscriptions(scene, copied, source, target, wait.signal);
      if (application.management !== undefined && order.users !== '*') {
        const state = await means.world.context.state(instance.endpoint, '*', wait.signal);
        if (servesAnybody(state)) {
          await releaseRules(scene, source, wait);
          const settle = { relocation, users: order.users, retired: true };
          await means.world.context.settle(instance.endpoint, settle, wait.signal);
          return 'serving';
        }
      }
      return await leave();

      async function leave(): Promise<'stopped' | 'removed'> {
        wait.progress(`the source is being ${kept}`);
        if (kept === 'stopped') await site.instances.stop(order.found.source, key('retireSource'), wait);
        else await site.instances.remove(order.found.source, key('retireSource'), wait);
        return kept;
      }
    }),
});

/** A shared instance stays: its rules must not lead the moved device back to it. */
async function releaseRules({ source, target, device }: Scene, owner: Owner, { signal }: Wait): Promise<void> {
  if (source.steering === undefined || device === null || target.steering === undefined) return;
  for (const current of await source.steering.read(owner.instance, signal)) {
    const { rule } = current;
    if (rule.kind !== 'traffic' || !rule.sources.includes(device)) continue;
    if ((await source.steering.write(owner.instance, without(rule, device), current, signal)) === 'lost')
      throw failure('Conflict', `${source.name}: rule ${rule.id} changed meanwhile`);
  }
}
