import { canonical, missing, type HeldSubscription, type Subscription } from '../../domain/subscription.ts';
import { failure } from '../failure.ts';
import type { Owner } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import type { Found } from './found.ts';
import { locate, sceneOf, type Means, type Scene, type Subject } from './subject.ts';

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

/** Peers limit what they are asked at once. */
const AT_ONCE = 4;

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
        const copied = await copySubscriptions(scene, source, target, wait.signal);
        await dropVanished(scene, order.found, source, target, wait.signal);
        return copied.length;
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
      const held = await target.subscriptions.list({ instance: instance.id, endpoint: instance.endpoint }, signal);
      for (const { id } of held)
        if (!order.found.targetSubscriptions.includes(id)) await target.subscriptions.remove(id, signal);
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

/** Makes again at the target what the source has and the target has not. Returns all that the moved users have. */
export async function copySubscriptions(
  { source, target, device }: Scene,
  from: Owner,
  to: Owner,
  signal: AbortSignal,
): Promise<HeldSubscription[]> {
  const wanted = concerning(device, await source.subscriptions.list(from, signal));
  const lacking = missing(wanted, await target.subscriptions.list(to, signal));
  await side(lacking, async (subscription) => void (await target.subscriptions.create(to, subscription, signal)));
  return wanted;
}

/** Deletes copies of what vanished at the source. Before the hand-over only: then the target makes its own. */
async function dropVanished(
  { source, target, device }: Scene,
  found: Found,
  from: Owner,
  to: Owner,
  signal: AbortSignal,
): Promise<void> {
  const wanted = concerning(device, await source.subscriptions.list(from, signal));
  const copies = (await target.subscriptions.list(to, signal)).filter(
    ({ id }) => !found.targetSubscriptions.includes(id),
  );
  await side(missing(copies, wanted), async ({ id }) => await target.subscriptions.remove(id, signal));
}

/** Of a shared instance only what names the device that moves. */
function concerning<S extends Subscription>(device: string | null, subscriptions: readonly S[]): S[] {
  return device === null
    ? [...subscriptions]
    : subscriptions.filter((subscription) => canonical(subscription).includes(`"${device}"`));
}

/** Deletes these at the source, and no others: whatever was made there since has no copy yet. */
export async function releaseSubscriptions(
  { source, target, device }: Scene,
  copied: readonly HeldSubscription[],
  from: Owner,
  to: Owner,
  signal: AbortSignal,
): Promise<void> {
  const lacking = missing(copied, await target.subscriptions.list(to, signal));
  if (lacking.length > 0) throw failure('NotYet', `${target.name}: ${lacking.length} subscriptions are not there yet`);
  await side(copied, async ({ id }) => await source.subscriptions.remove(id, signal));
  const more = concerning(device, await source.subscriptions.list(from, signal));
  if (more.length > 0) throw failure('NotYet', `${source.name}: ${more.length} subscriptions were made meanwhile`);
}

async function side<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const workers = Array.from({ length: Math.min(AT_ONCE, left.length) }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  });
  await Promise.all(workers);
}
