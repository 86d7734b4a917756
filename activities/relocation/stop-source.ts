import { isFailureType } from '../../domain/failures.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import { calm } from './copy-ahead.ts';
import { concerned } from './guarantee.ts';
import {
  canBeAsked,
  demandOurs,
  endOf,
  locate,
  look,
  lookById,
  mayRun,
  networksOf,
  notThere,
  ownerOf,
  sceneOf,
  whatItSays,
  type Both,
  type Located,
  type Means,
  type Scene,
} from './subject.ts';
import { type Interrupted, transferred, type UndoOrder } from './transfer.ts';

/** Who keeps state that nothing moves is stopped before the path turns: one writer at any time, whatever it does. */
export const stopping = (means: Means) => ({
  /**
   * Step 6 of an application without a transfer that can be relied upon (GR MEC 035, 5.3.1; MEC 010-2, operate STOPPED
   * GRACEFUL). Verified: its orchestrator shows it as stopped, and it is silent where devices would look for it. One that
   * knows MEC 021 is told TRIGGERED and waited for first: a chance, of which nothing is promised.
   */
  stopSource: async (order: Both): Promise<Interrupted> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const [seen, target] = await Promise.all([
        look(scene.source, scene.application, order.from, wait.signal),
        locate(scene.target, scene.application, order.to, wait.signal),
      ]);
      if (canBeAsked(seen)) await chance(means, scene, seen, target, wait);
      wait.progress(`stopping instance ${order.from}`);
      await demandOurs(scene.source, scene.application, order.from, wait.signal);
      await scene.source.instances.stop(order.from, scene.key('stopSource'), wait);
      const left = await lookById(scene.source, scene.application, order.from, wait.signal);
      if (mayRun(left)) throw notThere(scene.source, order.from, left);
      const stoppedAt = performance.now();
      if (seen.endpoint !== null)
        await silent(scene, { ...seen, state: 'stopped', endpoint: seen.endpoint }, means, wait);
      return { sinceMs: Math.round(performance.now() - stoppedAt) };
    }),

  /**
   * The undo: it runs again, under whatever has happened meanwhile. Done once more when nothing that was asked for before can
   * arrive any more, and nothing of it goes on: a late stop would be the last word.
   */
  startSource: async (order: UndoOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, site, key } = await endOf(means, order, 'source');
      await demandOurs(site, application, order.from, wait.signal);
      wait.progress(`starting instance ${order.from} again`);
      await site.instances.start(order.from, key('startSource'), wait);
      await calm(order.calmAt, wait);
      await site.instances.withdraw(order.from, key('stopSource'), wait);
      await site.instances.start(order.from, key('startSourceAgain'), wait);
    }),
});

/**
 * Its orchestrator may have started it again by itself: true, and it is stopped once more. Users are not served meanwhile: who
 * cannot be asked is not waited for. NotYet: it is started again whenever it is stopped.
 */
export async function stopAgain({ source, application, key }: Scene, from: string, wait: Wait): Promise<boolean> {
  const runs = async (): Promise<boolean> => {
    const seen = await whatItSays(async () => await lookById(source, application, from, wait.signal), wait.signal);
    return !(seen instanceof Error) && seen.another !== true && mayRun(seen);
  };
  if (!(await runs())) return false;
  wait.progress(`stopping instance ${from}, which was started again`);
  await source.instances.stop(from, key('stopSource'), wait);
  if (await runs())
    throw failure('NotYet', `${source.name}: instance ${from} was stopped, and its orchestrator starts it again`);
  return true;
}

async function chance({ pace }: Means, scene: Scene, source: Located, target: Located, wait: Wait): Promise<void> {
  const { mobility, name } = scene.source;
  if (mobility === undefined) return;
  try {
    const owner = ownerOf(source);
    if (!(await mobility.hears(owner, wait.signal)).includes('TRIGGERED')) return;
    const registered = (await mobility.registered(source.id, wait.signal)) ?? [];
    if (concerned(registered, scene.device).length === 0) return; // nobody whose context could be reported as transferred
    const limitMs = Math.min(pace.stepMs, pace.operationMs / 4);
    const transfer = await transferred(scene, { source, target }, limitMs, wait);
    wait.progress(typeof transfer === 'string' ? transfer : `${name}: its application has transferred its context`);
  } catch (error) {
    const { type } = error as { type?: unknown };
    if (wait.signal.aborted || !isFailureType(type) || type === 'MobilityNotAllowed') throw error;
  }
}

/** A 2xx proves little: nobody answers there any more, wherever devices of these networks ask. */
async function silent(scene: Scene, { id, endpoint }: Located, { pace }: Means, wait: Wait): Promise<void> {
  for (const { name, vantage } of networksOf(scene)) {
    if (vantage === undefined) continue;
    const seen = await until(wait, pace.stepMs / 2, async () => {
      wait.progress(`seeing from ${name} that the source is silent`);
      return (await vantage.answering(endpoint, scene.device, wait.signal)).who === 'nobody' ? true : undefined;
    });
    if (seen === undefined) throw failure('NotYet', `${name}: somebody still answers at the address of instance ${id}`);
  }
}
