import type { Instance, Wait } from '../ports.ts';
import { atOnce } from '../../domain/at-once.ts';
import { until } from '../waiting.ts';
import { AT_ONCE, instancesAt } from './others.ts';
import { find, isLocated, willOf, type End, type Located, type Means, type Scene } from './subject.ts';

/** As it is now; undefined: since it was found it has gone, or been told to. */
export async function takesIn(
  { application, target, context }: Scene,
  id: string,
  { signal }: Wait,
): Promise<Instance | undefined> {
  const instance = await find(target, application, id, signal);
  if (instance === undefined || !isLocated(instance)) return instance;
  return (await context.target.state(instance.endpoint, '*', signal)).retiring ? undefined : instance;
}

/**
 * Made by another relocation of ours meanwhile; it may still be starting, and its application after it. One that goes on
 * being silent is none: it holds up nobody for longer than a step.
 */
export async function firstThatTakesIn(
  { pace }: Means,
  { application, target, context }: Scene,
  others: readonly Instance[],
  wait: Wait,
): Promise<Located | undefined> {
  for (const { id } of others) {
    let silentSince: number | undefined;
    const taken = await until(wait, pace.operationMs / 2, async () => {
      // Asked before it is looked at: in between it may have been made
      const beingMade = await target.instances.isBeingMade(id, wait.signal);
      const instance = await find(target, application, id, wait.signal);
      if (instance === undefined) return 'none';
      if (isLocated(instance)) {
        const will = await willOf(context.target, instance, wait.signal);
        if (will !== 'unknown') return will === 'stays' ? instance : 'none';
        silentSince ??= performance.now();
        if (performance.now() - silentSince > pace.stepMs / 2) return 'none';
      } else if (instance.state !== 'starting' && !(instance.state === 'notInstantiated' && beingMade)) return 'none';
      wait.progress(`waiting for instance ${id} at ${target.name}, which another relocation is starting`);
      return undefined;
    });
    if (taken !== undefined && taken !== 'none') return taken;
  }
  return undefined;
}

/**
 * Does nobody rely on it? Without the contract only the rules can tell: its own; of one that has none, in a cloud, those by which
 * other instances lead to it. PeerUnavailable, PeerRejected, PeerMalformed: they cannot be seen.
 */
export async function mayGo(
  { catalogue }: Pick<Means, 'catalogue'>,
  { application, site, context, relocation }: End,
  users: string,
  instance: Located,
  { signal }: Wait,
): Promise<boolean> {
  const { endpoint } = instance;
  if (context.guarantee === 'zeroLoss')
    return (await context.retire(endpoint, { relocation, users }, signal)) === 'retires';
  if (site.path !== undefined) return !(await site.path.holds(instance, signal));
  const steering = (await catalogue.sites()).filter(({ path }) => path !== undefined);
  for (const { site: from, listed } of await instancesAt(steering, application, signal)) {
    if (listed instanceof Error) throw listed;
    const holding = await atOnce(AT_ONCE, listed, async ({ id }) => await from.path?.holds({ id, endpoint }, signal));
    if (holding.includes(true)) return false;
  }
  return true;
}
