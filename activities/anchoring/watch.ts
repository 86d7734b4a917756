import type { Role } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import { silence } from '../relocation/watch-source.ts';
import { canBeAsked, look, sceneOf, whatItSays, type Means, type Scene } from '../relocation/subject.ts';
import { alive } from '../waiting.ts';
import type { AnchorSubject } from './check.ts';

export interface SourceOfAnchor extends Omit<AnchorSubject, 'network'> {
  /** Its instance. */
  readonly from: string;
  /** What is waited for. */
  readonly until: 'silent' | 'answers';
}

export const watchingAnchored = (means: Means) => ({
  /**
   * One look at the source to which devices are led, longer where it is silent: since when it serves nobody, an instant;
   * null: it serves, or sends on to whoever does. NotYet: it is as it was, and is looked at again.
   */
  watchAnchored: async (order: SourceOfAnchor): Promise<string | null> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, { ...order, target: order.source });
      const silent = await silence(means, scene, order, wait);
      const since = silent !== null && (await relays(scene, order, wait.signal)) ? null : silent;
      if ((since === null) === (order.until === 'answers')) return since;
      throw failure('NotYet', `${scene.source.name}: instance ${order.from} is as it was`);
    }),
});

/** Its users have just moved: whoever is led to it is served. */
async function relays(
  { source, application, context }: Scene,
  { from, users }: SourceOfAnchor,
  signal: AbortSignal,
): Promise<boolean> {
  const seen = await look(source, application, from, signal);
  if (!canBeAsked(seen)) return false;
  const said = await whatItSays(async () => await context.source.state(seen.endpoint, users, signal), signal);
  const roles: readonly Role[] = said instanceof Error ? [] : [said.role, ...said.users.map(({ role }) => role)];
  return roles.includes('relay');
}
