import { atOnce } from '../../domain/at-once.ts';
import { highestEpoch, isAuthority, type ApplicationState } from '../../domain/application.ts';
import { bestOf, copyOf, type Copy, type Fenced, mayWrite } from '../../domain/recovery.ts';
import { failure } from '../failure.ts';
import type { Supersede, Wait } from '../ports.ts';
import { alive } from '../waiting.ts';
import { AT_ONCE, type Missing, othersThan, passing, servesThem, unknown } from './others.ts';
import { canBeAsked, locate, look, sceneOf, whatItSays, type Both, type Means, type Scene } from './subject.ts';

export interface TakeOverOrder extends Both {
  /** Leaves every one behind that the source can have proposed. */
  readonly epoch: number;
  /** What keeps the source from writing; runs that began earlier do not tell. */
  readonly fence?: Fenced;
  /** Accepted: whoever else cannot be asked is passed over. */
  readonly otherUnknown?: true;
  /** What the target had when the source was found to be lost; runs that began earlier do not tell. */
  readonly copy?: Copy;
}

export interface TakenOver {
  readonly epoch: number;
  readonly users: number;
  /** What the copy had. What the source acknowledged after it is lost. */
  readonly writes: number;
  readonly copy: Copy;
  /** Who was passed over, and why; an older worker does not tell. */
  readonly notAsked?: readonly string[];
}

export const takingOver = (means: Means) => ({
  /**
   * The point of no return. Everybody else gives way first, and says whom it goes on serving; then the target becomes the
   * authority, with what it was given. Verified: it says so. Idempotent on the epoch.
   */
  takeOver: async (order: TakeOverOrder): Promise<TakenOver> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { users, epoch } = order;
      const { context, relocation, application } = scene;
      const target = await locate(scene.target, application, order.to, wait.signal);
      const named = { relocation: `${relocation}.${epoch}`, users, epoch };
      const held = await context.target.state(target.endpoint, users, wait.signal);
      const copy = copyBefore(wait, held, order);
      wait.progress('telling every other instance who takes over');
      const { missing, told: notAsked } = passing(order.otherUnknown === true);
      const asked = { ...named, to: target.endpoint, elsewhere: [] };
      const elsewhere = await giveWay(means, scene, order, asked, missing, wait);
      wait.progress(`instance ${target.id} takes over`);
      const taken = await context.target.supersede(target.endpoint, { ...named, to: null, elsewhere }, wait.signal);
      const state = await context.target.state(target.endpoint, users, wait.signal);
      if (!isAuthority(state, users))
        throw failure('NotYet', `${scene.target.name}: instance ${target.id} has not become the authority`);
      // Its own word is of that very moment; since then clients have written
      const given = taken === 'serves' ? heldBy(state, users) : { users: taken.users, writes: taken.count };
      const kept = given.writes > 0 || copy.writes === 0 ? copy : copyOf(undefined); // it was started again, and has lost it
      return { epoch: highestEpoch(state), ...given, copy: kept, ...(notAsked.length > 0 && { notAsked }) };
    }),
});

function heldBy(state: ApplicationState, users: string): { readonly users: number; readonly writes: number } {
  const held = state.users.filter(({ user, role }) => role === 'authority' && (users === '*' || user === users));
  return { users: held.length, writes: held.reduce((sum, { count }) => sum + count, 0) };
}

/** What a takeover would find: the best of the copies that the target was given. */
export const copyIn = ({ copies }: ApplicationState): Copy => copyOf(bestOf(copies));

/** After an earlier attempt it may be the authority, and has no copy any more; what that one kept may not have been heard. */
function copyBefore(wait: Wait, state: ApplicationState, { users, copy: earlier }: TakeOverOrder): Copy {
  const kept = wait.kept('copy');
  if (kept !== undefined) return JSON.parse(kept) as Copy;
  if (isAuthority(state, users)) return earlier ?? copyIn(state);
  const copy = copyIn(state);
  wait.keep('copy', JSON.stringify(copy));
  return copy;
}

/** Also the source, where it was started again. Whom the others keep, and where. */
async function giveWay(
  means: Means,
  scene: Scene,
  order: TakeOverOrder,
  supersede: Supersede,
  missing: Missing,
  wait: Wait,
): Promise<Supersede['elsewhere']> {
  const { signal } = wait;
  const { context } = scene;
  const others = await othersThan(await means.catalogue.sites(), scene, order, signal, missing);
  const kept = await atOnce(AT_ONCE, others, async ({ site, instance }) => {
    const said = await whatItSays(
      async () => await context.target.supersede(instance.endpoint, supersede, signal),
      signal,
    );
    if (said instanceof Error) {
      missing(unknown(site, instance.id, said.message));
      return [];
    }
    if (said === 'serves') throw servesThem(site, instance.id);
    return said.kept.map((one) => ({ ...one, to: instance.endpoint }));
  });
  // One that nobody could stop is waited for afterwards: users do not wait for it
  if (order.fence !== undefined && mayWrite(order.fence)) return kept.flat();
  const source = await look(scene.source, scene.application, order.from, signal);
  if (canBeAsked(source)) await context.source.supersede(source.endpoint, supersede, signal);
  return kept.flat();
}
