import { failure } from '../failure.ts';
import { alive } from '../waiting.ts';
import { find, isLocated, sceneOf, type Means, type Scene, type Subject } from './subject.ts';

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
      const scene = await sceneOf(means, order);
      const { source, application } = scene;
      const asked =
        order.from === null
          ? await source.instances.list(application, signal)
          : [await find(source, application, order.from, signal)];
      const served = await Promise.all(
        asked.map(async (instance) => await releases(scene, order.users, instance, signal)),
      );
      if (order.to !== null && !served.includes(true))
        throw failure(
          'SourceLost',
          `${source.name}: instance ${order.from ?? 'of the source'} serves its users no more; instance ${order.to} at ${scene.target.name}, which holds the copy, is kept`,
        );
    }),
});

/** Does it go on serving them? */
async function releases(
  { source, context, relocation }: Scene,
  users: string,
  instance: Awaited<ReturnType<typeof find>>,
  signal: AbortSignal,
): Promise<boolean> {
  if (instance === undefined || !isLocated(instance)) return false;
  const { settlement, serves } = await context.source.settle(
    instance.endpoint,
    { relocation, users, retired: false },
    signal,
  );
  if (settlement === 'handedOver')
    throw failure('OwnershipLost', `${source.name}: instance ${instance.id} has handed its users over after all`);
  return serves;
}
