import { failure } from '../failure.ts';
import type { Owner } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import type { Found } from './found.ts';
import { locate, sceneOf, type Means, type Scene, type Subject } from './subject.ts';
import { type Carriage, copySubscriptions, deleteMade, dropVanished } from './subscriptions.ts';

/** Both sides are known by now. */
export interface BothOrder extends Subject {
  readonly found: Found;
  /** The target instance. */
  readonly instance: string;
}

export interface Copied {
  readonly subscriptions: number;
  readonly users: number;
}

export const copying = (means: Means) => ({
  /** Step 4 (GR MEC 035, [5.3.2-4], [5.4.2-3]): subscriptions made again and read back; beside it the bulk of the context. */
  copyAhead: async (order: BothOrder): Promise<Copied> =>
    await alive(means.pace, async (wait) => {
      const scene = sceneOf(means, order);
      const { source, target } = await owners(scene, order, wait.signal);
      const context = async (): Promise<number> => {
        if (scene.application.management === undefined) return 0;
        const promise = { relocation: scene.relocation, users: order.users, target: target.endpoint };
        const copied = await until(wait, means.pace.stepMs, async () => {
          const answer = await means.world.context.promise(source.endpoint, promise, wait.signal);
          wait.progress(`context of ${answer.copied} of ${answer.users} users copied ahead`);
          return answer.copied >= answer.users ? answer.users : undefined;
        });
        if (copied === undefined)
          throw failure('ContextNotCopied', `${scene.source.name}: the context was not copied in time`);
        return copied;
      };
      const subscriptionsCopied = async (): Promise<number> => {
        const carriage = carriageOf(scene, source, target);
        const copied = await copySubscriptions(carriage, wait.signal);
        const copies = copied.had.map(({ id }) => id).filter((id) => !order.found.targetSubscriptions.includes(id));
        await dropVanished(carriage, copied, copies, wait.signal);
        return copied.wanted.length;
      };
      const [subscriptions, users] = await Promise.all([subscriptionsCopied(), context()]);
      return { subscriptions, users };
    }),

  /** The undo: the copies are deleted, what the target had of its own stays. */
  deleteCopies: async (order: BothOrder): Promise<void> =>
    await alive(means.pace, async ({ signal }) => {
      const { application, target } = sceneOf(means, order);
      const instance = (await target.instances.list(application, signal)).find(({ id }) => id === order.instance);
      if (instance === undefined || instance.endpoint === null) return;
      const { held } = await target.subscriptions.list({ instance: instance.id, endpoint: instance.endpoint }, signal);
      const copies = held.map(({ id }) => id).filter((id) => !order.found.targetSubscriptions.includes(id));
      await deleteMade(target.subscriptions, copies, signal);
    }),
});

export async function owners(
  { source, target, application }: Scene,
  { found, instance }: BothOrder,
  signal: AbortSignal,
): Promise<{ source: Owner; target: Owner }> {
  const [from, to] = await Promise.all([
    locate(source, application, found.source, signal),
    locate(target, application, instance, signal),
  ]);
  return { source: { instance: from.id, endpoint: from.endpoint }, target: { instance: to.id, endpoint: to.endpoint } };
}

export const carriageOf = ({ source, target, device }: Scene, from: Owner, to: Owner): Carriage => ({
  source,
  target,
  from,
  to,
  device,
});
