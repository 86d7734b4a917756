import { atOnce } from '../../domain/at-once.ts';
import type { Instance } from '../ports.ts';
import type { InspectionOrder } from './inspection.ts';
import { isLocated, willOf, type Scene } from './subject.ts';

/** Instances are asked side by side: one that hangs holds up the others no longer than itself. */
const AT_ONCE = 8;

export const nothingThere: { readonly there: Instance | undefined; readonly silent: readonly string[] } = {
  there: undefined,
  silent: [],
};

/**
 * One that serves, else a kept one; none that is ours, and none that goes. `silent`: those that do not say whether they
 * serve or go, and so are left alone.
 */
export async function atTarget(
  { target, application, context, key }: Scene,
  { own }: InspectionOrder,
  signal: AbortSignal,
): Promise<typeof nothingThere> {
  const step = key('instantiateTarget');
  const others = (await target.instances.list(application, signal)).filter(
    ({ id, name, unusable }) => name !== step && id !== own && unusable === undefined,
  );
  const asked = await atOnce(AT_ONCE, others.filter(isLocated), async (instance) => ({
    instance,
    will: await willOf(context.target, instance, signal),
  }));
  const there = asked.find(({ will }) => will === 'stays')?.instance ?? others.find(({ state }) => state === 'stopped');
  return { there, silent: asked.flatMap(({ instance, will }) => (will === 'unknown' ? [instance.id] : [])) };
}
