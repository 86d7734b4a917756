import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { FollowerResult } from '../../domain/follower-request.ts';
import { chainOf, followerIdOf } from '../../domain/identity.ts';
import { toldByHand } from '../kit/by-hand.ts';
import { foreseen } from '../kit/failure.ts';
import { endFollower, type FollowerMemo, followerStanding, type FollowerOrder, moved } from '../messages.ts';
import { followingAt } from '../steps.ts';
import { Follower } from './follower.ts';

/** Of one run: then it is continued in a new one, so that no history grows for ever. */
const EVENTS = 1_000;
/** A subscription outlives the look that should have prolonged it. */
const LOOKS_LISTENED = 3;

/** It follows for months, so it goes on with the code of today (`patched`). */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  followDevice,
);

/**
 * A user's application goes after the user's device (GR MEC 035, 5.3.1, 5.4.1): location services tell where that is, and
 * when it has stayed for a while its site is looked for, and a relocation begun. What is told is a reason to look, and
 * nothing more. It goes on until an operator ends it.
 */
export async function followDevice({ request, pace, standing }: FollowerOrder): Promise<FollowerResult> {
  const { application, user, among, accept = null, anchor: mayAnchor = false, lookSeconds } = request;
  const { listenForDevice, followDevice: follow, hushForDevice } = followingAt(pace);
  toldByHand({ request } satisfies FollowerMemo, { application });
  const chain = chainOf(workflowInfo());
  const follower = new Follower(request, standing);
  const listener = { follower: followerIdOf(workflowInfo().workflowId), user, among };
  const work = new CancellationScope();
  let [ended, asking] = [false, false];

  setHandler(moved, (sighting) => follower.hears(sighting));
  setHandler(followerStanding, () => follower.standing);
  setHandler(endFollower, () => {
    ended = true;
    follower.does('ending');
    work.cancel();
  });

  /** What was told may be lost, and whoever tells may forget that he should: asked again, however quiet it is. */
  const listen = async (): Promise<never> => {
    for (;;) {
      // A look may wait for a person, for months: the run after it asks again
      if (isFull() && patched('a-long-look-asks-no-more')) await condition(() => !isFull());
      asking = true;
      try {
        follower.asked(await listenForDevice({ ...listener, seconds: lookSeconds * LOOKS_LISTENED }));
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { type, message } = foreseen(error);
        follower.asked({ unanswered: `${type}: ${message}` });
      }
      asking = false;
      await sleep(lookSeconds * 1_000);
    }
  };

  const isLong = (): boolean => !asking && isFull();

  const goAfter = async (): Promise<never> => {
    for (;;) {
      await condition(() => isLong() || follower.dueAt !== null);
      if (isLong()) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof followDevice>({ request, pace, standing: follower.standing });
      }
      const wait = (follower.dueAt ?? 0) - Date.now();
      if (wait > 0) {
        await condition(isLong, wait); // then it is looked anew: a device that went back is not followed
        continue;
      }
      if (follower.dueAt === null || follower.standing.following.network === null) continue;
      await look(follower.standing.following.network);
    }
  };

  const look = async (network: string): Promise<void> => {
    const begunAt = Date.now();
    follower.does('following');
    const { following, anchor = null } = follower.standing;
    const order = { ...listener, application, accept, network, mayAnchor, anchor, chain: `${chain}-${following.nth}` };
    try {
      follower.followed(await follow(order), begunAt);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { type, message } = foreseen(error);
      follower.followed({ did: 'cannot', network, why: `${type}: ${message}`, relocation: null }, begunAt);
    }
  };

  const hushed = async (): Promise<string | null> =>
    await CancellationScope.nonCancellable(async () => {
      try {
        await hushForDevice(listener);
        return null;
      } catch (error) {
        const { type, message } = foreseen(error);
        return `${type}: ${message}`;
      }
    });

  try {
    return await work.run(async () => await untilCancelled([listen(), goAfter()]));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const left = await hushed();
    if (!ended) throw error;
    await condition(allHandlersFinished);
    return { moves: follower.standing.following.moves, left };
  }
}

const isFull = (): boolean => workflowInfo().historyLength > EVENTS || workflowInfo().continueAsNewSuggested;

/** All of them go on until they are cancelled, and have ended then: nothing is begun behind the end. */
async function untilCancelled(all: readonly Promise<never>[]): Promise<never> {
  try {
    return await Promise.race(all);
  } catch (error) {
    if (isCancellation(error)) await Promise.allSettled(all);
    throw error;
  }
}
