import {
  allHandlersFinished,
  condition,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EvacuationResult, EvacuationWish } from '../../domain/evacuation.ts';
import { chainOf, runNameOf } from '../../domain/identity.ts';
import type { NeedsPerson } from '../../domain/waits.ts';
import { isWindow, WIDEST } from '../../domain/window.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { toldByHand } from '../kit/by-hand.ts';
import { failure } from '../kit/failure.ts';
import { evacuation, type EvacuationMemo, type EvacuationOrder } from '../messages.ts';
import { evacuationAt } from '../steps.ts';

/**
 * Empties a site (GR MEC 035, 5.3.1): one activity moves everything that it serves, by ordinary relocations, so many at
 * once. What the operator wants stands in the memo, where that activity reads it: a command interrupts nothing, and however
 * much is moved, the history does not grow. With `returns` it brings back to the site what that evacuation moved away.
 */
export async function evacuateHost({ request, returns, pace }: EvacuationOrder): Promise<EvacuationResult> {
  const { site, among, perUser, accept, deadline = null } = request;
  let wish: EvacuationWish = { window: request.window, paused: false, cancelled: false };
  toldByHand({ request, ...(returns !== undefined && { returns }), wish } satisfies EvacuationMemo, { source: site });

  const wants = (change: Partial<EvacuationWish>): EvacuationWish => {
    const waited = waitsForPerson(wish);
    wish = { ...wish, ...change };
    const waits = waitsForPerson(wish);
    upsertMemo({ wish, ...(waits !== waited && { pausedAt: waits ? new Date().toISOString() : null }) });
    if (waits !== waited && patched('a-paused-evacuation-is-indexed'))
      upsertSearchAttributes([{ key: searchAttributes.outcome, value: waits ? PAUSED : null }]);
    const { window, paused, cancelled } = wish;
    setCurrentDetails(
      cancelled ? 'Cancelled: nothing more is begun.' : `${paused ? '**Paused**, ' : ''}${window} at once`,
    );
    return wish;
  };
  const what = `the ${returns === undefined ? 'evacuation of' : 'return to'} ${site}`;
  const unless = (command: string, possible = () => true) => ({
    validator: (): void => {
      const is = wish.cancelled ? 'was cancelled' : possible() ? undefined : 'is working';
      if (is !== undefined) throw failure('NotPossibleNow', `${command} is not possible: ${what} ${is}`);
    },
  });
  // What is so already may be asked for again: the first answer may have been lost
  setHandler(evacuation.pause, () => (wish.paused ? wish : wants({ paused: true })), unless('pause'));
  setHandler(
    evacuation.resume,
    () => wants({ paused: false }),
    unless('resume', () => wish.paused),
  );
  setHandler(evacuation.cancel, () => (wish.cancelled ? wish : wants({ cancelled: true })));
  setHandler(evacuation.resize, (window: number) => wants({ window }), {
    validator: (window: number) => {
      if (!isWindow(window)) throw failure('NotPossibleNow', `a window of ${window} is none: 1 to ${WIDEST} at once`);
      unless('another window').validator();
    },
  });

  const { workflowId } = workflowInfo();
  const order = {
    evacuation: runNameOf(chainOf(workflowInfo())),
    workflowId,
    site,
    among,
    perUser,
    deadline,
    ...(accept !== undefined && { accept }),
    ...(returns !== undefined && { returns }),
  };
  const result = await evacuationAt(pace)(order);
  await condition(allHandlersFinished);
  return result;
}

const PAUSED: NeedsPerson = 'paused';
const waitsForPerson = ({ paused, cancelled }: EvacuationWish): boolean => paused && !cancelled;
