import { isFailureType, type FailureType } from '../../domain/failures.ts';
import { fulfilled, type HeldSubscription, hostOf } from '../../domain/subscription.ts';
import type { Pace } from '../../configuration/peers.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { until } from '../waiting.ts';
import { carriageOf } from './copy-ahead.ts';
import { copySubscriptions, keeping, leaving, releaseSubscriptions, removeEach, sightOf } from './subscriptions.ts';
import { find, isLocated, ownerOf, type Leaving, type Located, type Scene, type Seen } from './subject.ts';

/** What could not be cleared away at a peer: it harms nobody, and somebody has to know of it. */
export interface LeftThere {
  readonly type: FailureType;
  readonly message: string;
}

/**
 * The source runs no more, and the platform that served it would go on telling it: what it had there is deleted, once the
 * target has the like. The platform may have died with it, so it is not insisted on: what is left is told.
 */
export async function clearDeserted(
  scene: Scene,
  order: Omit<Leaving, 'users'>,
  seen: Seen,
  { stepMs }: Pick<Pace, 'stepMs'>,
  wait: Wait,
): Promise<readonly LeftThere[]> {
  const { source, target: site, application } = scene;
  wait.progress(`deleting what ${source.name} still has of instance ${seen.id}`);
  let why: LeftThere = { type: 'NotYet', message: '' };
  const cleared = await until(wait, stepMs / 4, async () => {
    try {
      const target = await find(site, application, order.to, wait.signal);
      await clear(scene, order, seen, target && isLocated(target) ? target : undefined, wait);
      return true;
    } catch (error) {
      wait.signal.throwIfAborted();
      const { type, message } = error as Error & { readonly type?: unknown };
      if (!isFailureType(type)) throw error;
      why = { type, message };
      return undefined;
    }
  });
  if (cleared === true) return [];
  const told = `${source.name}: subscriptions of instance ${seen.id}, which runs no more, may be left and tell nobody: ${why.message}`;
  return [{ type: why.type, message: told }];
}

async function clear(
  scene: Scene,
  order: Omit<Leaving, 'users'>,
  { endpoint, ...seen }: Seen,
  target: Located | undefined,
  wait: Wait,
): Promise<void> {
  const { source, device } = scene;
  const { signal } = wait;
  const sight = sightOf(order, wait);
  if (endpoint !== null && target !== undefined) {
    const carriage = carriageOf(scene, { ...seen, state: 'stopped', endpoint }, target, sight);
    const copied = await copySubscriptions(carriage, signal, keeping(carriage, wait), 'later');
    return await releaseSubscriptions(carriage, copied, wait);
  }
  const owner = { instance: seen.id, endpoint };
  const held = leaving(device, (await source.subscriptions.list(owner, signal, { before: sight.before })).held);
  const sure = await ofTheDead(scene, endpoint === null ? held : [], target, signal);
  const ours = held.filter((each) => endpoint !== null || each.named || sure.includes(each));
  await removeEach(
    source.subscriptions,
    ours.map(({ id }) => id),
    signal,
  );
  const unsure = held.length - ours.length;
  if (unsure > 0) throw failure('NotYet', `of ${unsure} nobody can tell any more whether they are its own`);
}

/** Its address is not known any more: those that it had earlier, and of which the target has the like, differ by that alone. */
async function ofTheDead(
  { target: site }: Pick<Scene, 'target'>,
  held: readonly HeldSubscription[],
  target: Located | undefined,
  signal: AbortSignal,
): Promise<readonly HeldSubscription[]> {
  const unnamed = held.filter(({ named }) => !named);
  if (unnamed.length === 0 || target === undefined) return [];
  const { held: copies } = await site.subscriptions.list(ownerOf(target), signal);
  const to = target.endpoint.host;
  return [...new Set(unnamed.map(hostIn))].flatMap((from) => {
    const led = unnamed.filter((each) => hostIn(each) === from);
    return [...fulfilled(led, copies, { from, to })];
  });
}

const hostIn = ({ callback }: HeldSubscription): string => hostOf(callback) ?? '';
