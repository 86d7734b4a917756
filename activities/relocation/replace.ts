import { Context } from '@temporalio/activity';
import type { Plan } from '../../domain/relocation.ts';
import { atOnce } from '../../domain/at-once.ts';
import { bestOf, byWorth, type Copy, copyOf, lossTold, writersTold } from '../../domain/recovery.ts';
import { failure, keeping } from '../failure.ts';
import type { Instance } from '../ports.ts';
import { alive } from '../waiting.ts';
import { inspect, type Inspection, type InspectionOrder } from './inspection.ts';
import { type Sign, signOf } from './lost.ts';
import { AT_ONCE, askOthers, type Missing, passing } from './others.ts';
import { isLocated, sceneOf, type Means, type Scene, type Seen, type Subject } from './subject.ts';

/** What stands at the begin of a takeover that no relocation has prepared. */
export interface CheckedLost {
  /** The instance that is taken to be dead. */
  readonly from: string;
  readonly there: Inspection['there'];
  /** At the target; older runs do not tell. */
  readonly package?: Inspection['package'];
  readonly drainMs: number;
}

export const replacing = (means: Means) => ({
  /**
   * Step 1 where the source is taken to be dead: which instance that is, what the target has of its users, and what would stand in
   * the way. Touches nothing. NotLost, OtherUnknown, BetterCopy.
   */
  checkLost: async (order: InspectionOrder): Promise<CheckedLost> =>
    await alive(means.pace, async ({ signal, progress }) => {
      try {
        const scene = await sceneOf(means, order);
        progress('looking for the instance that is lost, and for copies of what it had');
        const { missing } = passing(order.otherUnknown === true);
        const { from, there } = await copiesOf(means, scene, order, missing, signal);
        const { obstacles, drainMs, ...found } = await inspect(scene, { ...order, lost: true }, false, signal);
        const [obstacle] = obstacles;
        if (obstacle !== undefined) throw failure(obstacle.type, `${obstacle.where}: ${obstacle.detail}`);
        return { from: from.id, there: there ?? found.there, package: found.package, drainMs };
      } catch (error) {
        throw Context.current().cancellationSignal.aborted ? error : keeping(error, { untouched: true });
      }
    }),
});

/** What a plan tells of a takeover: what may be lost, and who may have written; and who else cannot be asked. */
export async function recoveryPlanned(
  means: Means,
  scene: Scene,
  order: Subject,
  missing: Missing,
  signal: AbortSignal,
): Promise<NonNullable<Plan['recovery']>> {
  const { copy } = await copiesOf(means, scene, order, missing, signal);
  const { stopped, ledAway, none } = writersTold;
  return {
    copy: copy.changedSecondsAgo === null ? null : copy,
    mayBeLost: lossTold(copy),
    mayHaveWritten: { stopped, ledAway, none },
  };
}

/** The instance that is lost, and the one at the target with the best copy of its users. */
async function copiesOf(
  means: Means,
  scene: Scene,
  order: Subject,
  missing: Missing,
  signal: AbortSignal,
): Promise<{ from: Seen; there: Inspection['there']; copy: Copy }> {
  const from = await lostAt(means, scene, order, signal);
  const sites = await means.catalogue.sites();
  const others = await askOthers(sites, scene, order.users, { from: from.id, to: null }, signal, missing);
  const held = others.flatMap(({ site, instance, state }) => {
    const copy = bestOf(state.copies);
    if (copy === undefined || copy.secondsAgo === null) return [];
    return [{ site, instance, copy, state, isHere: site.name === scene.target.name && !state.retiring }];
  });
  const [here] = held.filter(({ isHere }) => isHere).toSorted((a, b) => byWorth(a.copy, b.copy));
  const writes = here?.copy.count ?? 0;
  // What has as many writes is as good, however it came there
  const better = held
    .filter(
      ({ isHere, copy }) => !isHere && copy.count > writes && (here === undefined || byWorth(copy, here.copy) < 0),
    )
    .toSorted((a, b) => byWorth(a.copy, b.copy))[0];
  if (better !== undefined)
    throw failure(
      'BetterCopy',
      `${better.site.name}: instance ${better.instance.id} holds ${better.copy.count} writes of these users, ${scene.target.name} ${writes}`,
    );
  return {
    from,
    there: here === undefined ? null : { id: here.instance.id, was: 'started' },
    copy: copyOf(here?.copy),
  };
}

/** The one at the source that does not answer; else one that serves nobody any more. NotLost, OtherUnknown. */
async function lostAt({ pace }: Means, scene: Scene, { users }: Subject, signal: AbortSignal): Promise<Seen> {
  const { source, application } = scene;
  const listed = await source.instances.list(application, signal);
  const asked = await atOnce(AT_ONCE, listed, async (instance) => ({
    instance,
    sign: await signOf(scene, instance, users, pace.deadMs / 2, signal),
  }));
  const having = (sign: Sign): Instance[] =>
    asked.flatMap((one) => (one.sign === sign && !isOver(one.instance) ? [one.instance] : []));
  const [silent, serving, forgetful] = [having('silent'), having('serves'), having('servesNobody')];
  const [lost, ...more] = silent;
  if (more.length > 0)
    throw failure(
      'OtherUnknown',
      `${source.name}: instances ${silent.map(({ id }) => id).join(' and ')} do not answer, and any may be the one that served these users`,
    );
  // Beside one that is silent, whoever serves is one of the others
  if (lost === undefined && serving[0] !== undefined)
    throw failure('NotLost', `${source.name}: instance ${serving[0].id} answers`);
  const over = lost ?? forgetful[0] ?? listed[0];
  if (over === undefined) throw failure('NotServing', `${source.name}: no instance of ${application.name} is there`);
  return over;
}

/** It does not run, and its orchestrator knows why. What it says of one that has failed is no proof. */
const isOver = (instance: Instance): boolean =>
  !isLocated(instance) && (instance.state === 'stopped' || instance.state === 'notInstantiated');
