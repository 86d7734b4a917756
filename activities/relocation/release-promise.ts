import { failure } from '../failure.ts';
import { alive } from '../waiting.ts';
import { askable, endOf, look, type End, type Means, type Seen, type Subject } from './subject.ts';

export interface ReleaseOrder extends Subject {
  /** The instance that promised; null: it is not known whether one did. */
  readonly from: string | null;
  /** The target instance, where there may be one with a copy of the users' context; null: there is none. */
  readonly to: string | null;
}

export const releasing = (means: Means) => ({
  /**
   * The undo of step 1: the source is free again, and a late hand-over of this relocation will be refused for ever. Nothing
   * at the target is destroyed before a source that serves its users has said so. SourceLost.
   */
  releasePromise: async (order: ReleaseOrder): Promise<void> =>
    await alive(means.pace, async ({ signal }) => {
      const { from, to } = order;
      const source = await endOf(means, order, 'source');
      const asked =
        from === null
          ? await source.site.instances.list(source.application, signal)
          : [await look(source.site, source.application, from, signal)];
      const served = await Promise.all(asked.map(async (instance) => await releases(source, order, instance, signal)));
      const keepsState = source.application.stateful || source.context.guarantee === 'zeroLoss';
      if (to !== null && keepsState && !served.includes(true))
        throw failure(
          'SourceLost',
          `${source.site.name}: instance ${from ?? 'of the source'} does not serve its users any more; instance ${to} at ${order.target}, which holds the copy, is kept`,
        );
    }),
});

/** Does it go on serving them? NotYet: it runs, and cannot be told. */
async function releases(
  { site, context, relocation }: End,
  { users }: ReleaseOrder,
  seen: Seen,
  signal: AbortSignal,
): Promise<boolean> {
  const instance = askable(site, seen);
  if (instance === undefined) return false;
  const { settlement, serves } = await context.settle(instance.endpoint, { relocation, users, retired: false }, signal);
  if (settlement === 'handedOver')
    throw failure('OwnershipLost', `${site.name}: instance ${seen.id} has handed its users over after all`);
  return serves;
}
