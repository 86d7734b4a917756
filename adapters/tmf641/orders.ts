import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../activities/failure.ts';
import type { Application, Wait } from '../../activities/ports.ts';
import {
  orderState,
  orderStates,
  PACKAGE_MISSING,
  ServiceOrder,
  ServiceOrderList,
  serviceOrders,
} from '../../protocols/tmf641/order.ts';
import type { Exchange } from '../http.ts';
import { scrubbed } from '../problem.ts';

/** What a cloud is asked for through the OSS that reaches it (GR MEC 035, 6.6.2 steps 2 and 3). */
export type Wish =
  | { readonly wish: 'instantiate'; readonly application: Application }
  | { readonly wish: 'start' | 'stop' | 'remove'; readonly instance: string };

export interface Orders {
  /** Orders it under `key` (looked for first), waits for the end, tells the instance. TargetRefused, LcmOperationFailed. */
  fulfil(wish: Wish, key: string, wait: Wait): Promise<string>;
  /** Cancels what is still to be made under `key`, or waits until it is: then nothing more comes of it. */
  withdraw(key: string, wait: Wait): Promise<void>;
  /** Does the OSS reach the cloud (6.6.3)? Asked by an order that changes nothing. TargetRefused, NotYet. */
  reach(signal: AbortSignal): Promise<void>;
}

/** A dry order has nothing to do: an OSS that is not done with it by then is in no state to reach a cloud. */
const DRY_ORDER_MS = 5_000;
const DRY_ORDER_LOOK_MS = 100;
const PAGE = 100;
const UNCANCELLED = [400, 403, 405, 409, 422, 501];

/** `cloud`: the name under which the OSS has it. */
export const cloudOrders = (oss: Exchange, cloud: string): Orders => {
  const place = [{ id: cloud, role: 'cloud' }];

  /** There is no query by externalId, which is still the home of our key: it cannot be changed later. Oldest first. */
  async function placedUnder(key: string, signal: AbortSignal): Promise<ServiceOrder[]> {
    const seen = new Set<string>();
    const found: ServiceOrder[] = [];
    for (let more = true; more; ) {
      const path = `${serviceOrders}?offset=${seen.size}&limit=${PAGE}`;
      const page = (await oss.ask({ method: 'GET', path, schema: ServiceOrderList }, signal)).body;
      const news = page.filter(({ id }) => !seen.has(id)); // a server may ignore offset and limit
      for (const { id, externalId } of news) {
        seen.add(id);
        if (externalId === key) found.push(await read(id, signal));
      }
      more = news.length > 0 && page.length === PAGE;
    }
    return found.toSorted((a, b) => (a.orderDate ?? '').localeCompare(b.orderDate ?? ''));
  }

  async function read(id: string, signal: AbortSignal): Promise<ServiceOrder> {
    return (await oss.ask({ method: 'GET', path: pathOf(id), schema: ServiceOrder }, signal)).body;
  }

  async function placed(item: Item, key: string | undefined, signal: AbortSignal): Promise<ServiceOrder> {
    const json = {
      ...(key !== undefined && { externalId: key }),
      category: 'mec-cloud-relocation',
      orderItem: [{ id: '1', action: item.action, service: { ...item.service, place } }],
    };
    const call = { method: 'POST', path: serviceOrders, json, schema: ServiceOrder } as const;
    return (await oss.ask(key === undefined ? call : { ...call, key }, signal)).body;
  }

  async function ended(order: ServiceOrder, wait: Wait): Promise<ServiceOrder> {
    for (let latest = order; ; latest = await read(order.id, wait.signal)) {
      const meaning = meaningOf(latest);
      if (meaning === undefined)
        throw failure('PeerMalformed', `${cloud}: an order at the OSS is in no state of TMF 641`);
      if (meaning !== 'open') return latest;
      wait.progress(`${cloud}: the order at the OSS is ${orderState(latest)}`);
      await wait.pause();
    }
  }

  return {
    fulfil: async (wish, key, wait) => {
      const item = itemOf(wish);
      const earlier = (await placedUnder(key, wait.signal)).find((order) => asks(order, item) && counts(order));
      const order = await ended(earlier ?? (await placed(item, key, wait.signal)), wait);
      const said = notes(order);
      if (meaningOf(order) === 'refused') throw failure('TargetRefused', `${cloud}: the OSS rejected the order${said}`);
      if (meaningOf(order) !== 'completed')
        throw failure('LcmOperationFailed', `${cloud}: the order at the OSS ended ${orderState(order)}${said}`);
      const instance = wish.wish === 'instantiate' ? order.orderItem[0]?.service.id : wish.instance;
      if (!instance) throw failure('PeerMalformed', `${cloud}: the completed order names no instance`);
      return instance;
    },

    withdraw: async (key, wait) => {
      for (const order of await placedUnder(key, wait.signal)) {
        if (meaningOf(order) !== 'open' || order.orderItem[0]?.action !== 'add') continue;
        const json = { state: 'CANCELLED' };
        // It may have ended meanwhile (409), or an OSS may not cancel at all: either way its end tells
        await oss.ask({ method: 'PATCH', path: pathOf(order.id), json, key, alsoExpect: UNCANCELLED }, wait.signal);
        await ended(await read(order.id, wait.signal), wait);
      }
    },

    reach: async (signal) => {
      const begun = performance.now();
      const pause = async (): Promise<void> => {
        if (performance.now() - begun > DRY_ORDER_MS)
          throw failure('NotYet', `${cloud}: the OSS does not finish an order that has nothing to do`);
        await sleep(DRY_ORDER_LOOK_MS, undefined, { signal });
      };
      const dry = { action: 'noChange', service: { id: cloud, serviceType: 'cloud' } } as const;
      const wait = { signal, pause, progress: nothing, keep: nothing, kept: nothing };
      const order = await ended(await placed(dry, undefined, signal), wait);
      if (meaningOf(order) !== 'completed')
        throw failure('TargetRefused', `${cloud}: the OSS does not reach it${notes(order)}`);
    },
  };
};

const nothing = (): undefined => undefined;

const pathOf = (id: string): string => `${serviceOrders}/${encodeURIComponent(id)}`;

interface Item {
  readonly action: 'add' | 'modify' | 'delete' | 'noChange';
  readonly service: { readonly id?: string; readonly state?: string } & Readonly<Record<string, unknown>>;
}

const changes = {
  start: { action: 'modify', service: { state: 'active' } },
  stop: { action: 'modify', service: { state: 'inactive' } },
  remove: { action: 'delete', service: {} },
} as const satisfies Record<string, Item>;

function itemOf(wish: Wish): Item {
  const serviceType = 'application-instance';
  if (wish.wish !== 'instantiate') {
    const { action, service } = changes[wish.wish];
    return { action, service: { id: wish.instance, serviceType, ...service } };
  }
  const { name, appDId: id, softVersion: version, checksum, archive } = wish.application;
  const serviceCharacteristic = [
    characteristic('packageChecksum', `sha-256:${checksum}`),
    characteristic('packageUri', archive.uri),
  ];
  const serviceSpecification = { id, name, version };
  return {
    action: 'add',
    service: { name, serviceType, state: 'active', serviceSpecification, serviceCharacteristic },
  };
}

/** The file types a value as an object: a plain string would fail it. */
const characteristic = (name: string, value: string) => ({ name, valueType: 'string', value: { value } });

/** Not by its key alone: a step and its undo may share it, and an undo may remove two instances under one. */
function asks(order: ServiceOrder, { action, service }: Item): boolean {
  const theirs = order.orderItem[0];
  if (theirs?.action !== action) return false;
  return (
    action === 'add' ||
    (theirs.service.id === service.id && (action === 'delete' || theirs.service.state === service.state))
  );
}

const meaningOf = (order: ServiceOrder) => orderStates[orderState(order)];

/**
 * Is an order of an earlier attempt still good for this one? An open one is. One that was refused or failed did not do
 * it, and a completed change or deletion may have been undone since: the caller looked at the instance, and it is not
 * as wished. A completed creation alone tells which instance it made.
 */
function counts(order: ServiceOrder): boolean {
  const meaning = meaningOf(order);
  return meaning === 'open' || (meaning === 'completed' && order.orderItem[0]?.action === 'add');
}

/** What the OSS says about it, quoted for a person. */
function notes(order: ServiceOrder): string {
  const said = (order.note ?? []).flatMap(({ text }) => (text ? [text.trim()] : [])).join('; ');
  if (said === '') return '';
  const advice = said.toLowerCase().includes(PACKAGE_MISSING) ? '; the cloud no longer holds the package' : '';
  return `: "${scrubbed(said)}"${advice}`;
}
