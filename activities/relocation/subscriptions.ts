import { canonical, missing, type HeldSubscription, type Subscription } from '../../domain/subscription.ts';
import { failure } from '../failure.ts';
import type { Owner } from '../ports.ts';
import type { Scene } from './subject.ts';

/** Peers limit what they are asked at once. */
const AT_ONCE = 4;

/** Makes again at the target what the source has and the target has not. Returns all that the moved users have. */
export async function copySubscriptions(
  { source, target, device }: Scene,
  from: Owner,
  to: Owner,
  made: (id: string) => void,
  signal: AbortSignal,
): Promise<HeldSubscription[]> {
  const wanted = concerning(device, await source.subscriptions.list(from, signal));
  const lacking = missing(wanted, await target.subscriptions.list(to, signal));
  await side(lacking, async (subscription) => {
    const { id } = await target.subscriptions.create(to, subscription, signal);
    made(id);
  });
  return wanted;
}

/** Deletes copies of what vanished at the source. Before the hand-over only: then the target makes its own. */
export async function dropVanished(
  { target }: Scene,
  wanted: readonly HeldSubscription[],
  to: Owner,
  made: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const copies = (await target.subscriptions.list(to, signal)).filter(({ id }) => made.includes(id));
  await deleteMade(
    { target },
    missing(copies, wanted).map(({ id }) => id),
    signal,
  );
}

export async function deleteMade(
  { target }: Pick<Scene, 'target'>,
  made: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await side(made, async (id) => await target.subscriptions.remove(id, signal));
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

/** Of a shared instance only what names the device that moves. */
function concerning<S extends Subscription>(device: string | null, subscriptions: readonly S[]): S[] {
  return device === null
    ? [...subscriptions]
    : subscriptions.filter((subscription) => canonical(subscription).includes(`"${device}"`));
}

async function side<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const workers = Array.from({ length: Math.min(AT_ONCE, left.length) }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  });
  await Promise.all(workers);
}
