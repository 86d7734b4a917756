import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { isMoved } from '../../domain/ended.ts';
import { isFailureType } from '../../domain/failures.ts';
import { type Followed, type Sighting, wayTo } from '../../domain/following.ts';
import type { PlacementList, PlacementRequest } from '../../domain/placement.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import type { Pace } from '../../configuration/peers.ts';
import type { Run, Runs } from '../evacuation/runs.ts';
import { alive } from '../waiting.ts';
import type { Wait } from '../ports.ts';
import { Leading, type Ways } from './leading.ts';
import type { Listener, Whereabouts } from './whereabouts.ts';

export interface ListenOrder extends Listener {
  /** By then it is listened for anew. */
  readonly seconds: number;
}

export interface FollowOrder extends Listener {
  readonly application: string;
  readonly accept: RelocationRequest['accept'] | null;
  /** Where the device was heard to be. */
  readonly network: string;
  /** May its device be led to where the application is, where that cannot come? */
  readonly mayAnchor?: boolean;
  /** That it has begun, and that leads its device so far. */
  readonly anchor?: string | null;
  /** Of this look: the same for as long as it is tried. */
  readonly chain: string;
}

type Finding = (order: PlacementRequest & { readonly chain: string }, wait: Wait) => Promise<PlacementList>;

export interface Means {
  readonly whereabouts: Whereabouts;
  readonly placements: Finding;
  readonly runs: Pick<Runs, 'begin' | 'begunBy' | 'ended'>;
  readonly ways: Ways;
  readonly pace: Pick<Pace, 'pollMs' | 'heartbeatMs'>;
}

const WHY_LENGTH = 300;

export const followingActivities = ({ whereabouts, placements, runs, ways, pace }: Means) => ({
  /** Has the device's coming and going told to us, and asks where it is now: what was told meanwhile may be lost. */
  listenForDevice: async (order: ListenOrder): Promise<Sighting> =>
    await alive(pace, async ({ signal, progress }) => {
      progress('having it told where the device goes');
      await whereabouts.listen(order, order.seconds, signal);
      return { network: await whereabouts.networkOf(order.user, order.among, signal), happenedAt: null };
    }),

  hushForDevice: async (order: Listener): Promise<void> =>
    await alive(pace, async ({ signal }) => await whereabouts.hush(order, signal)),

  /**
   * Looks which site fits a device that came to this network, and moves its user's application there by an ordinary
   * relocation, which is awaited (GR MEC 035, 5.3.1, [5.3.2-1]). Nothing that was told is believed: where the device is, is
   * asked first. What stands in the way is an answer; the next look is for whoever keeps the time. Where the application
   * cannot come, its device is led to it by an ordinary anchor, which is given back when it is needed no more ([5.4.2-6]).
   */
  followDevice: async (order: FollowOrder): Promise<Followed> =>
    await alive(pace, async (wait) => {
      const leading = new Leading(ways, order, wait);
      const isFirst = Context.current().info.attempt === 1;
      if (!isFirst && order.mayAnchor === true) await leading.finds();
      const begun = begunBefore(wait) ?? (isFirst ? undefined : await begunUnheard(runs, order, wait));
      if (begun !== undefined) return await leading.after(await landed(runs, order, begun, wait));
      try {
        wait.progress('asking where the device is');
        const network = await whereabouts.networkOf(order.user, order.among, wait.signal);
        if (network !== order.network) return leading.with({ did: 'elsewhere', network });
        const { application, user: users, among, accept } = order;
        const near = { application, users, among: [...among], near: { network }, chain: order.chain };
        const found = await placements({ ...near, ...(accept !== null && { accept }) }, wait);
        const way = wayTo(found.placements, network);
        if (way.to === 'stay') return await leading.after({ did: 'serves', network, site: way.site, relocation: null });
        if (way.to === 'anchor' && order.mayAnchor === true) return await leading.to(way.from);
        if (way.to !== 'go') return leading.with(cannot(order, way.why));
        return await leading.after(await moved({ runs, order, wait, from: way.from, to: way.site }));
      } catch (error) {
        wait.signal.throwIfAborted();
        if (!(error instanceof ApplicationFailure) || !isFailureType(error.type)) throw error;
        return leading.with(cannot(order, `${error.type}: ${error.message}`));
      }
    }),
});
export type FollowingActivities = ReturnType<typeof followingActivities>;

interface Begun extends Run {
  readonly to: string;
}

const begunBefore = (wait: Wait): Begun | undefined => {
  const kept = wait.kept('begun');
  return kept === undefined ? undefined : (JSON.parse(kept) as Begun);
};

/** By an attempt that was killed before it told so: its move is one of this follower, also when it has ended. */
async function begunUnheard(runs: Means['runs'], order: FollowOrder, { signal }: Wait): Promise<Begun | undefined> {
  const run = await runs.begunBy(order, signal);
  return run === undefined ? undefined : { id: run.id, own: true, to: run.target };
}

const cannot = ({ network }: FollowOrder, why: string, relocation: string | null = null): Followed => ({
  did: 'cannot',
  network,
  why: why.slice(0, WHY_LENGTH),
  relocation,
});

async function moved({
  runs,
  order,
  wait,
  from,
  to,
}: {
  runs: Means['runs'];
  order: FollowOrder;
  wait: Wait;
  from: string;
  to: string;
}): Promise<Followed> {
  const { application, user: users, accept, chain } = order;
  const request: RelocationRequest = {
    application,
    users,
    source: from,
    target: to,
    cutOver: 'immediately',
    ...(accept !== null && { accept }),
  };
  const run = await runs.begin(request, { follower: chain }, wait.signal);
  const begun = { ...run, to };
  wait.keep('begun', JSON.stringify(begun));
  return await landed(runs, order, begun, wait);
}

/** Of one that somebody else had begun the end is awaited, and nothing else is ours. */
async function landed(runs: Means['runs'], order: FollowOrder, begun: Begun, wait: Wait): Promise<Followed> {
  wait.progress(`moving its user to ${begun.to}`);
  const { outcome, failure } = await runs.ended(begun.id, wait.signal);
  if (!begun.own) return cannot(order, `another relocation of these users was under way: ${begun.id}`);
  if (isMoved(outcome)) return { did: 'serves', network: order.network, site: begun.to, relocation: begun.id };
  return cannot(order, failure === null ? outcome : `${failure.type}: ${failure.message}`, begun.id);
}
