import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import type { ServiceOrder } from '../../protocols/tmf641/order.ts';
import type { Item } from './item.ts';
import { meaningOf, notes } from './meaning.ts';

/** `unknown`: it was not asked, since that would take an order. */
export type Reached = 'reached' | 'unknown';

/**
 * A dry order has nothing to do: an OSS that is not done with it by then is in no state to reach a
 * cloud.
 */
const DRY_ORDER_MS = 5_000;
const DRY_ORDER_LOOK_MS = 100;
/** So long an answer is told again to who only looks. */
const FRESH_MS = 600_000;

/**
 * What looks, changes nothing: only a relocation itself may place the order by which an OSS is
 * asked (6.6.3).
 */
export function reachOf(cloud: string, ends: (dry: Item, wait: Wait) => Promise<ServiceOrder>) {
  let last: { readonly at: number; readonly refusal: string | null } | undefined;

  return async (mayOrder: boolean, signal: AbortSignal): Promise<Reached> => {
    if (!mayOrder && (last === undefined || performance.now() - last.at > FRESH_MS)) return 'unknown';
    if (mayOrder) {
      const begun = performance.now();
      const pause = async (): Promise<void> => {
        if (performance.now() - begun > DRY_ORDER_MS)
          throw failure('NotYet', `${cloud}: the OSS does not finish an order that has nothing to do`);
        await sleep(DRY_ORDER_LOOK_MS, undefined, { signal });
      };
      const dry: Item = { action: 'noChange', service: { id: cloud, serviceType: 'cloud' } };
      const order = await ends(dry, { signal, pause, progress: nothing, keep: nothing, kept: nothing, heard: noWait });
      const refusal = meaningOf(order) === 'completed' ? null : `${cloud}: the OSS does not reach it${notes(order)}`;
      last = { at: performance.now(), refusal };
    }
    if (last !== undefined && last.refusal !== null) throw failure('TargetRefused', last.refusal);
    return 'reached';
  };
}

const nothing = (): undefined => undefined;
const noWait = async (): Promise<void> => undefined;
