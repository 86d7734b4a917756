import { failure } from '../failure.ts';
import { alive } from '../waiting.ts';
import type { Instance } from '../ports.ts';
import { endOf, isLocated, type End, type Means, type Subject } from './subject.ts';

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
      const instances = await source.site.instances.list(source.application, signal);
      const asked = instances.filter(({ id }) => from === null || id === from);
      if (from !== null && asked.length === 0 && (await source.site.instances.stateOf(from, signal)) === 'started')
        throw failure('NotYet', `${source.site.name}: instance ${from} is started, and no list shows it`);
      const served = await Promise.all(asked.map(async (instance) => await releases(source, order, instance, signal)));
      if (to !== null && !served.includes(true))
        throw failure(
          'SourceLost',
          `${source.site.name}: instance ${from ?? 'of the source'} does not serve its users any more; instance ${to} at ${order.target}, which holds the copy, is kept`,
        );
    }),
});

/** Does it go on serving them? NotYet: it runs, and cannot be told. */
async function releases(
  { site, context, relocation }: End,
  { users, from }: ReleaseOrder,
  instance: Instance,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, state } = instance;
  if (!isLocated(instance)) {
    if (id === from && (state === 'started' || state === 'starting'))
      throw failure(
        'NotYet',
        `${site.name}: instance ${id} is to be released from its promise, but ${instance.unusable ?? `it is ${state}, and has no address`}`,
      );
    return false;
  }
  const { settlement, serves } = await context.settle(instance.endpoint, { relocation, users, retired: false }, signal);
  if (settlement === 'handedOver')
    throw failure('OwnershipLost', `${site.name}: instance ${id} has handed its users over after all`);
  return serves;
}
