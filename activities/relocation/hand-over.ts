import type { Settlement } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import { alive, until } from '../waiting.ts';
import { owners, type BothOrder } from './copy-ahead.ts';
import { locate, roleOf, sceneOf, type Means } from './subject.ts';

export interface HandedOver {
  readonly epoch: number | null;
  readonly users: number;
  /** Writes that the target was given: at risk, should it be lost. */
  readonly writes: number;
  readonly freezeMs: number | null;
}

export const handingOver = (means: Means) => ({
  /**
   * Step 6 (GR MEC 035, [5.3.2-4], [5.4.2-3]): the source freezes the users, sends the last delta, and decides, once. The
   * point of no return. Verified: the target is the authority, with the receipt's epoch and count.
   */
  handOver: async (order: BothOrder): Promise<HandedOver> =>
    await alive(means.pace, async (wait) => {
      const { signal, progress } = wait;
      const scene = sceneOf(means, order);
      if (scene.application.management === undefined) return { epoch: null, users: 0, writes: 0, freezeMs: null };
      const { source, target } = await owners(scene, order, signal);
      progress('the source hands its users over');
      const { context } = means.world;
      const { epoch, users, count, freezeMs } = await context.handOver(
        source.endpoint,
        { relocation: scene.relocation, target: target.endpoint },
        signal,
      );
      progress('comparing the target with the receipt');
      // The source's word is final; that it reached the target may take a moment
      const arrived = await until(wait, means.pace.attemptMs / 2, async () => {
        const state = await context.state(target.endpoint, order.users, signal);
        const writes = state.users.reduce((sum, user) => sum + user.count, 0);
        const older = state.users.some((user) => user.user === order.users && user.epoch < (epoch ?? 0));
        return roleOf(state, order.users) === 'authority' && writes >= count && !older ? true : undefined;
      });
      if (arrived === undefined)
        throw failure(
          'NotYet',
          `${scene.target.name}: the target is not the authority that the source's receipt speaks of`,
        );
      return { epoch, users, writes: count, freezeMs };
    }),

  /** What became of it? The source's answer is for ever: forward, or back. */
  settle: async (order: BothOrder): Promise<Settlement> =>
    await alive(means.pace, async ({ signal }) => {
      const { application, source, relocation } = sceneOf(means, order);
      if (application.management === undefined) return 'handedOver';
      const { endpoint } = await locate(source, application, order.found.source, signal);
      const settle = { relocation, users: order.users, retired: false };
      return (await means.world.context.settle(endpoint, settle, signal)).settlement;
    }),
});
