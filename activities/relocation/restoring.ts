import { isStepKey } from '../../domain/identity.ts';
import type { Wait } from '../ports.ts';
import type { Inspection } from './inspection.ts';
import { mayGo } from './sharing.ts';
import {
  canBeAsked,
  lookById,
  mayRun,
  notThere,
  type End,
  type Located,
  type Means,
  type Seen,
  type Subject,
} from './subject.ts';

export interface RemovalOrder extends Subject {
  readonly there: Inspection['there'];
  /** The instance that was used, as far as it is known; null: perhaps one that we made, under our key. */
  readonly to: string | null;
  /** The one that was made for this step, where its id is known; older runs do not tell. */
  readonly own?: string | null;
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

/**
 * What we made is deleted, what we re-started is stopped, what ran or others rely on by now is left. Tolerates "nothing
 * there".
 */
export async function leaveAsFound(means: Means, end: End, order: RemovalOrder, wait: Wait): Promise<void> {
  const { there, to, own = null, users } = order;
  const { application, site, context, relocation, key } = end;
  const step = key('instantiateTarget');
  const restarted = there?.was === 'stopped' ? there.id : null;
  const used = to ?? restarted;
  /** Else what was used is one that was made for us, or for another relocation. */
  const found = there !== null && (there.was === 'stopped' || there.id === to);
  let [keptOwn, removedOwn] = [false, false];
  const listed = await site.instances.list(application, wait.signal);
  const unlisted = [...new Set([used, own])]
    .filter((id) => id !== null)
    .filter((id) => listed.every((shown) => shown.id !== id));
  const seen: Seen[] = [...listed];
  for (const id of unlisted) seen.push(await lookById(site, application, id, wait.signal));

  for (const instance of seen) {
    const { id, name } = instance;
    if (id !== used && id !== own && name !== step) continue;
    const ours = name === step || id === own;
    if (canBeAsked(instance)) {
      await context.settle(instance.endpoint, { relocation, users, retired: false }, wait.signal);
      const made = !found && isStepKey(name);
      if (!(ours || id === restarted || made) || !(await mayGo(means, end, users, instance, wait))) {
        keptOwn ||= ours;
        continue;
      }
    } else if (instance.another === true || hasRun(instance, order)) throw notThere(site, id, instance);
    else if (instance.state === 'gone' || (!ours && id !== restarted)) continue;
    if (id === restarted) {
      await site.instances.stop(id, key('stopTarget'), wait);
      await site.instances.withdraw(id, step, wait);
      await site.instances.stop(id, key('stopTarget'), wait); // it may have been started just then
      continue;
    }
    // What an instance that we made has, goes with it: also what a step made whose worker died
    if (name === step && canBeAsked(instance)) await dropSubscriptions(end, instance, wait);
    await site.instances.remove(id, step, wait);
    removedOwn ||= ours;
  }
  // Whatever goes by our name, also what a peer has not begun yet
  if ((!found || removedOwn) && !keptOwn) await site.instances.remove(step, step, wait);

  for (const id of unlisted) {
    const left = await lookById(site, application, id, wait.signal);
    if (id === own ? left.state !== 'gone' : mayRun(left)) throw notThere(site, id, left);
  }
}

/** Others may rely on it by now: it may run, and was there before us, or came to run. What is being made is ours alone. */
const hasRun = (seen: Seen, { there, to }: RemovalOrder): boolean =>
  mayRun(seen) && (seen.id === to || (seen.state !== 'starting' && (to !== null || seen.id === there?.id)));

async function dropSubscriptions({ site }: End, { id, endpoint }: Located, { signal }: Wait): Promise<void> {
  const owner = { instance: id, endpoint };
  const { held } = await site.subscriptions.list(owner, signal);
  for (const { id: subscription } of held) await site.subscriptions.remove(subscription, signal);
}
