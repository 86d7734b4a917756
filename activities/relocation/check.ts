import { Context } from '@temporalio/activity';
import { risks } from '../../domain/guarantee.ts';
import type { Guarantee, Plan } from '../../domain/relocation.ts';
import type { SeenInLists } from '../../domain/subscription.ts';
import { failure, keeping } from '../failure.ts';
import { alive, isFirst } from '../waiting.ts';
import { anchorsTo } from './anchored.ts';
import { anchorsPlanned } from './anchors-planned.ts';
import { inspect, type Inspection, type InspectionOrder } from './inspection.ts';
import { inWords, Obstacles } from './obstacles.ts';
import { recoveryPlanned } from './replace.ts';
import { sceneOf, type Means } from './subject.ts';

/** Step 1 (GR MEC 035, [5.3.2-2], [5.4.2-1], 6.6.3): what was found, and what may be promised. Names only. */
export interface Checked {
  /** The instance that is the authority. */
  readonly from: string;
  readonly there: Inspection['there'];
  /** At the target; older runs do not tell. */
  readonly package?: Inspection['package'];
  readonly guarantee: Guarantee;
  readonly confirmation: boolean;
  readonly drainMs: number;
  /** Subscriptions at the source; older runs do not tell. */
  readonly seen?: SeenInLists;
  /** That lead to the source, and are taken along; older runs do not tell. */
  readonly anchors?: readonly string[];
}

/** Up to this attempt none has asked for the promise; `''`: one may have. */
const UNASKED = 'unaskedUntil';

export const checking = (means: Means) => ({
  /**
   * Verifies source, target, path and conditions, then has the source promise its users to this relocation. Where it fails
   * and no attempt has asked for the promise, it says that it has touched nothing.
   */
  checkRelocation: async (order: InspectionOrder): Promise<Checked> =>
    await alive(means.pace, async ({ signal, progress, keep, kept }) => {
      const { info } = Context.current();
      // Each attempt says so by itself: one of which nothing was heard may have asked
      const unasked = isFirst(info) || kept(UNASKED) === String(info.attempt - 1);
      let asked = kept('from') !== undefined || !unasked;
      try {
        const scene = await sceneOf(means, order);
        progress('looking at source, target and path');
        const { obstacles, authority, ...found } = await inspect(scene, order, false, signal);
        const [obstacle] = obstacles;
        if (obstacle !== undefined) throw failure(obstacle.type, `${obstacle.where}: ${obstacle.detail}`);
        if (authority === undefined)
          throw failure('NotServing', `${scene.source.name}: no instance serves these users`);
        progress('asking the source for its promise');
        const promise = { relocation: scene.relocation, users: order.users, target: null };
        asked = true;
        // Whoever may have promised has to be known by its id: no list may show it later
        keep('from', authority.id);
        await scene.context.source.promise(authority.endpoint, promise, signal);
        const anchors = await anchorsTo(means, scene, order, authority.id, { signal });
        const { there, package: held, guarantee, confirmation, drainMs, seen } = found;
        const checked = { from: authority.id, there, package: held, guarantee, confirmation, drainMs, seen };
        return { ...checked, anchors: anchors.map(({ id }) => id) };
      } catch (error) {
        keep(UNASKED, asked ? '' : String(info.attempt));
        if (asked) throw error;
        throw keeping(error, { untouched: true });
      }
    }),

  /** Step 1 without side effects, with all that stands in the way at once. */
  planRelocation: async (order: InspectionOrder): Promise<Omit<Plan, 'direction'>> =>
    await alive(means.pace, async ({ signal }) => {
      const scene = await sceneOf(means, order);
      const { obstacles: met, there, told, confirmation, ...seen } = await inspect(scene, order, true, signal);
      const obstacles = new Obstacles(true, signal);
      const from = seen.authority?.id;
      const anchors =
        from === undefined ? [] : await anchorsPlanned(means, scene, order, { from, there }, obstacles, signal);
      const recovery = order.lost
        ? await obstacles.asking(
            undefined,
            scene.source.name,
            async () =>
              await recoveryPlanned(
                means,
                scene,
                order,
                ({ message }) =>
                  order.otherUnknown ? undefined : obstacles.add('OtherUnknown', order.application, message),
                signal,
              ),
          )
        : undefined;
      const all = [...met, ...obstacles.met];
      return {
        possible: all.length === 0,
        obstacles: all.map(inWords),
        package: seen.package,
        instance: there === null ? 'create' : there.was === 'stopped' ? 'restart' : 'share',
        subscriptions: seen.subscriptions,
        steering: [...told],
        anchors: [...anchors],
        observed: seen.observed,
        ...promisedBy(seen, order),
        confirmation,
        expectedFreezeMs: seen.expectedFreezeMs,
        drainMs: seen.drainMs,
        ...(recovery !== undefined && { recovery }),
      };
    }),
});

/** Of nobody who has answered nothing is promised, whatever the configuration declares. */
const promisedBy = (
  { authority, guarantee }: Pick<Inspection, 'authority' | 'guarantee'>,
  { lost }: InspectionOrder,
): Pick<Plan, 'guarantee' | 'risk'> =>
  authority === undefined && lost !== true ? { guarantee: null } : { guarantee, risk: { ...risks[guarantee] } };
