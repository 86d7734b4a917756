import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import { orderState, PlacedOrder, ServiceOrder, serviceOrders } from '../../protocols/tmf641/order.ts';
import type { Exchange } from '../http.ts';
import { lastSegment } from '../links.ts';
import { asks, type Item, itemOf, type Wish } from './item.ts';
import { meaningOf, notes } from './meaning.ts';
import { idsUnder, orderPath, readOrder } from './placed.ts';
import { reachOf, type Reached } from './reach.ts';

export type { Wish } from './item.ts';

export interface Orders {
  /**
   * Orders it under `key` (looked for first), waits for the end, tells the instance. `unseen`: nobody can look at the
   * instance, so that an order of an earlier attempt that was completed is believed. TargetRefused, LcmOperationFailed.
   */
  fulfil(wish: Wish, key: string, wait: Wait, unseen?: boolean): Promise<string>;
  /** Was it completed under `key`, by whichever attempt? One that is still open is waited for. */
  completed(wish: Wish, key: string, wait: Wait): Promise<boolean>;
  /** Cancels what is still to be made (`modify`: changed) under `key`, or waits until it is: then nothing more comes of it. */
  withdraw(key: string, wait: Wait, action?: 'add' | 'modify'): Promise<void>;
  /**
   * Does the OSS reach the cloud (6.6.3)? It takes an order that changes nothing: without `mayOrder` the last answer is
   * told while it is fresh. TargetRefused, NotYet.
   */
  reach(mayOrder: boolean, signal: AbortSignal): Promise<Reached>;
}

const UNCANCELLED = [400, 403, 404, 405, 409, 422, 501];
/** So often an order may be looked for in vain: no standard promises that what was written is read at once. */
const LOOKS = 20;

/** `cloud`: the name under which the OSS has it. */
export const cloudOrders = (oss: Exchange, cloud: string): Orders => {
  const place = [{ id: cloud, role: 'cloud' }];

  /** Oldest first. */
  async function placedUnder(key: string, signal: AbortSignal): Promise<ServiceOrder[]> {
    const found: ServiceOrder[] = [];
    for (const id of await idsUnder(oss, key, signal)) {
      const order = await readOrder(oss, id, signal);
      if (order !== undefined) found.push(order);
    }
    return found.toSorted((a, b) => (a.orderDate ?? '').localeCompare(b.orderDate ?? ''));
  }

  async function placed(item: Item, key: string | undefined, signal: AbortSignal): Promise<ServiceOrder | string> {
    const json = {
      ...(key !== undefined && { externalId: key }),
      category: 'mec-cloud-relocation',
      orderItem: [{ id: '1', action: item.action, service: { ...item.service, place } }],
    };
    const call = { method: 'POST', path: serviceOrders, json, schema: z.unknown(), hint: true } as const;
    const { body, location, told } = await oss.ask(key === undefined ? call : { ...call, key }, signal);
    const order = ServiceOrder.safeParse(body).data;
    const id = order?.id ?? PlacedOrder.safeParse(body).data?.id ?? lastSegment(location ?? '');
    if (id !== '') return order ?? id;
    const untold = `${told}, but does not tell which order it made`;
    if (key === undefined) throw failure('PeerMalformed', untold);
    const made = (await placedUnder(key, signal)).findLast((each) => asks(each, item));
    if (made === undefined) throw failure('NotYet', `${untold}, and does not list it yet`);
    return made;
  }

  /** An order by its id is read first. */
  async function ended(order: ServiceOrder | string, wait: Wait): Promise<ServiceOrder> {
    const id = typeof order === 'string' ? order : order.id;
    let latest = typeof order === 'string' ? undefined : order;
    for (let unseen = 0; ; latest = await readOrder(oss, id, wait.signal)) {
      const meaning = latest === undefined ? 'open' : meaningOf(latest);
      if (meaning === undefined)
        throw failure('PeerMalformed', `${cloud}: an order at the OSS is in no state of TMF 641`);
      if (latest !== undefined && meaning !== 'open') return latest;
      unseen = latest === undefined ? unseen + 1 : 0;
      if (unseen > LOOKS) throw failure('NotYet', `${cloud}: the OSS does not show an order that it took`);
      wait.progress(
        `${cloud}: the order at the OSS is ${latest === undefined ? 'not to be seen yet' : orderState(latest)}`,
      );
      await wait.pause();
    }
  }

  return {
    fulfil: async (wish, key, wait, unseen = false) => {
      const item = itemOf(wish);
      const good = (order: ServiceOrder): boolean => asks(order, item) && counts(order, unseen);
      // A removal or a stop may be ordered twice: what cannot be looked up does not keep us from it
      const orders = await placedUnder(key, wait.signal).catch((error: unknown) => {
        if (wait.signal.aborted || wish.wish === 'instantiate' || wish.wish === 'start') throw error;
        return [];
      });
      const order = await ended(orders.find(good) ?? (await placed(item, key, wait.signal)), wait);
      const said = notes(order);
      if (meaningOf(order) === 'refused') throw failure('TargetRefused', `${cloud}: the OSS rejected the order${said}`);
      if (meaningOf(order) !== 'completed')
        throw failure('LcmOperationFailed', `${cloud}: the order at the OSS ended ${orderState(order)}${said}`);
      const instance = wish.wish === 'instantiate' ? order.orderItem[0]?.service.id : wish.instance;
      if (!instance) throw failure('PeerMalformed', `${cloud}: the completed order names no instance`);
      return instance;
    },

    completed: async (wish, key, wait) => {
      const item = itemOf(wish);
      for (const order of await placedUnder(key, wait.signal))
        if (asks(order, item) && meaningOf(await ended(order, wait)) === 'completed') return true;
      return false;
    },

    withdraw: async (key, wait, action = 'add') => {
      for (const order of await placedUnder(key, wait.signal)) {
        if (meaningOf(order) !== 'open' || order.orderItem[0]?.action !== action) continue;
        const json = { state: 'CANCELLED' };
        // It may have ended meanwhile (409), or an OSS may not cancel at all: either way its end tells
        await oss.ask({ method: 'PATCH', path: orderPath(order.id), json, key, alsoExpect: UNCANCELLED }, wait.signal);
        await ended(order.id, wait);
      }
    },

    reach: reachOf(cloud, async (dry, wait) => await ended(await placed(dry, undefined, wait.signal), wait)),
  };
};

/**
 * Is an order of an earlier attempt still good for this one? An open one is. One that was refused or failed did not do
 * it, and a completed change or deletion may have been undone since: the caller looked at the instance, and it is not
 * as wished. A completed creation alone tells which instance it made.
 */
function counts(order: ServiceOrder, unseen: boolean): boolean {
  const meaning = meaningOf(order);
  return meaning === 'open' || (meaning === 'completed' && (unseen || order.orderItem[0]?.action === 'add'));
}
