import { serves } from '../../domain/application.ts';
import type { Copy } from '../../domain/recovery.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { alive, together } from '../waiting.ts';
import { askOthers, passing } from './others.ts';
import {
  hasAddress,
  locate,
  look,
  mayRun,
  networksOf,
  sceneOf,
  whatItSays,
  writtenAs,
  type Both,
  type Located,
  type Means,
  type Scene,
  type Seen,
} from './subject.ts';
import { copyIn } from './take-over.ts';

export interface LostOrder extends Both {
  /** An instant: it was asked in vain since then, for as long as it has to be; null: nobody has watched it. */
  readonly silentSince?: string | null;
  /** Accepted: whoever else cannot be asked is passed over. */
  readonly otherUnknown?: true;
}

/** What the source says when it is asked for a sign of life. */
export type Sign = 'serves' | 'servesNobody' | 'silent';

/** The source is taken to be dead (GR MEC 035, 5.3.1): an operator says so. */
export const losing = (means: Means) => ({
  /**
   * Nobody can know that a host is dead. The least is that it is silent: asked as we ask it, and as a device would; or that it
   * answers and serves nobody. And nobody else serves these users. NotLost, OtherUnknown. What the target has of them, where
   * it tells: once it has taken over nobody could tell any more.
   */
  confirmLost: async (order: LostOrder): Promise<Copy | null> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const target = await locate(scene.target, scene.application, order.to, wait.signal);
      const seen = await look(scene.source, scene.application, order.from, wait.signal);
      const sites = await means.catalogue.sites();
      const { missing } = passing(order.otherUnknown === true);
      wait.progress(`asking instance ${order.from} at ${scene.source.name} for a sign of life`);
      // Side by side: users wait
      const [said, [answered, , copy]] = await together(
        wait.signal,
        async (signal) => await lastSign(means, scene, order, seen, { ...wait, signal }),
        async (signal) =>
          await Promise.all([
            answersDevices(scene, seen, signal),
            askOthers(sites, scene, order.users, order, signal, missing),
            copyAt(scene, target, order.users, signal),
          ]),
      );
      if (said === 'serves') throw notLost(scene, seen, 'answers');
      if (said === 'silent' && answered !== undefined) throw notLost(scene, seen, `answers devices in ${answered}`);
      wait.progress(`instance ${target.id} may take over`);
      return copy;
    }),
});

const notLost = (...of: Parameters<typeof lives>): Error => failure('NotLost', lives(...of));

export const lives = ({ source }: Scene, seen: Seen, how: string): string =>
  mayRun(seen)
    ? `${source.name}: instance ${seen.id} ${how}`
    : `${source.name}: ${writtenAs(seen)}, and ${how} all the same`;

async function copyAt(
  { context }: Scene,
  { endpoint }: Located,
  users: string,
  signal: AbortSignal,
): Promise<Copy | null> {
  const said = await whatItSays(async () => await context.target.state(endpoint, users, signal), signal);
  return said instanceof Error ? null : copyIn(said);
}

interface Heard {
  readonly sign: Sign;
  /** It hung: it was waited for as long as it was to be. */
  readonly throughout: boolean;
}

/**
 * Asked once: for so long, and whatever its orchestrator has written down of it. The address of one that is not to run may be
 * somebody else's by now: what speaks for its life then is its own word alone.
 */
export async function signWithin(
  { context, source }: Scene,
  seen: Seen,
  users: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<Heard> {
  if (!hasAddress(seen)) return { sign: 'silent', throughout: false };
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(failure('PeerUnavailable', `${source.name}: instance ${seen.id} has not answered`)),
    withinMs,
  );
  try {
    const within = AbortSignal.any([signal, late.signal]);
    const said = await whatItSays(async () => await context.source.state(seen.endpoint, users, within), signal);
    const isOther = !mayRun(seen) && (said instanceof Error || said.instance !== seen.id);
    if (isOther) return { sign: 'silent', throughout: late.signal.aborted };
    if (!(said instanceof Error)) return { sign: serves(said, users) ? 'serves' : 'servesNobody', throughout: false };
    // Whoever refuses to answer, or answers in words that nobody knows, is there
    if ((said as { type?: unknown }).type !== 'PeerUnavailable') return { sign: 'serves', throughout: false };
    return { sign: 'silent', throughout: late.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

export const signOf = async (...asked: Parameters<typeof signWithin>): Promise<Sign> =>
  (await signWithin(...asked)).sign;

/** Until it gives one, or was silent for as long as it has to be; where that was seen before, it is asked once more, and shortly. */
async function lastSign(
  { pace }: Means,
  scene: Scene,
  { users, silentSince = null }: LostOrder,
  seen: Seen,
  wait: Wait,
): Promise<Sign> {
  if (!hasAddress(seen)) return 'silent';
  const isKnown = silentSince !== null; // told by a clock of who knows whom, and not before it had been long enough
  const begun = performance.now();
  const left = (): number => (isKnown ? 0 : pace.deadMs - (performance.now() - begun));
  for (;;) {
    const within = Math.max(left(), pace.deadMs / 4);
    const { sign, throughout } = await signWithin(scene, seen, users, within, wait.signal);
    // The end of its time is told by the timer: by the clock it may be a little before it
    if (sign !== 'silent' || throughout || left() <= 0) return sign;
    await wait.pause();
  }
}

/** We may be cut off from it, and devices not. The network from which it was seen to answer. */
export async function answersDevices(
  scene: Scene,
  { id, endpoint }: Seen,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (endpoint === null) return undefined;
  const seen = await Promise.all(
    networksOf(scene).map(async ({ name, vantage }) => {
      const answering = await vantage?.answering(endpoint, scene.device, signal);
      return answering?.who === 'instance' && answering.id === id ? name : undefined;
    }),
  );
  return seen.find((name) => name !== undefined);
}
