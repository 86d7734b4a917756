import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import { atOnce } from '../../domain/at-once.ts';
import { isFailureType } from '../../domain/failures.ts';
import {
  acr,
  userLocationEvent,
  UserList,
  UserLocationEventSubscription,
  usersAt,
  userSubscription,
  userSubscriptions,
  userSubscriptionsOf,
} from '../../protocols/mec013/location.ts';
import { entriesOf, hrefOf } from '../../protocols/mec-services/shapes.ts';
import type { Answer, Call } from '../call.ts';
import { type Exchange, GONE } from '../http.ts';
import { lastSegment } from '../links.ts';

const AT_ONCE = 6;
const PAGES = 100;
/** What the address in the query or the body would tell is told nowhere. */
const label = userSubscriptions;

export interface Listening {
  /** Address of the device. */
  readonly device: string;
  readonly callback: string;
  /** By it a service knows a second request for the same. */
  readonly correlator: string;
  readonly until: number;
}

/** A location service: asked where a device is, and to tell when it enters a zone. */
export interface LocationService {
  /** Its zone; null: the service does not see it. */
  zoneOf(device: string, signal: AbortSignal): Promise<string | null>;
  /** Looked for first: what is there is prolonged, and there is one of it afterwards. */
  listen(listening: Listening, signal: AbortSignal): Promise<void>;
  /** "Nothing there" is success. */
  hush(of: Pick<Listening, 'device' | 'callback'>, signal: AbortSignal): Promise<void>;
}

/** MEC 013 V3.1.1. */
export const mec013Location = (exchange: Exchange): LocationService => {
  /** Ours, among all that this device has: services may pass over the filter. */
  const ours = async ({ device, callback }: Pick<Listening, 'device' | 'callback'>, signal: AbortSignal) => {
    const service = discreetly(exchange, device);
    const ids = new Set<string>();
    let page: string | null = userSubscriptionsOf(device);
    for (let nth = 0; page !== null && nth < PAGES; nth += 1) {
      const call: Call<unknown> = { method: 'GET', path: page, label, schema: z.unknown() };
      const answer: Answer<unknown> = await service.ask(call, signal);
      for (const entry of entriesOf(answer.body)) ids.add(lastSegment(hrefOf(entry) ?? ''));
      page = answer.next;
    }
    ids.delete('');
    const read = await atOnce(AT_ONCE, [...ids], async (id) => {
      const path = userSubscription(id);
      const call = { method: 'GET', path, label, schema: z.unknown(), alsoExpect: GONE } as const;
      const { status, body } = await service.ask(call, signal);
      const seen = status < 300 ? UserLocationEventSubscription.safeParse(body).data : undefined;
      return seen?.userLocationEventSubscription?.callbackReference === callback ? [id] : [];
    });
    return read.flat();
  };
  const remove = async (id: string, signal: AbortSignal): Promise<void> => {
    await exchange.ask({ method: 'DELETE', path: userSubscription(id), label, alsoExpect: GONE }, signal);
  };

  return {
    zoneOf: async (device, signal) => {
      const call = { method: 'GET', path: usersAt(device), schema: UserList, alsoExpect: GONE } as const;
      const { status, body } = await discreetly(exchange, device).ask(call, signal);
      const users = status < 300 ? (body.userList?.user ?? []) : [];
      return users.find(({ address }) => address === acr(device))?.zoneId ?? null;
    },

    listen: async (listening, signal) => {
      const { device: address, callback, correlator, until } = listening;
      const service = discreetly(exchange, address);
      const json = userLocationEvent({ address, callback, correlator, until });
      const [first, ...more] = await ours(listening, signal);
      for (const id of more) await remove(id, signal);
      if (first !== undefined) {
        const prolong = { method: 'PUT', path: userSubscription(first), label, json, alsoExpect: GONE } as const;
        if ((await service.ask(prolong, signal)).status < 300) return;
      }
      await service.ask({ method: 'POST', path: userSubscriptions, label, json }, signal);
    },

    hush: async (of, signal) => {
      for (const id of await ours(of, signal)) await remove(id, signal);
    },
  };
};

/** What a service says of a refusal may name the device, and is kept. */
const discreetly = (exchange: Exchange, device: string): Pick<Exchange, 'ask'> => ({
  ask: async (call, signal) => {
    try {
      return await exchange.ask(call, signal);
    } catch (error) {
      const { type, message, nextRetryDelay } = error as Error & { type?: unknown; nextRetryDelay?: unknown };
      if (!isFailureType(type) || !message.includes(device)) throw error;
      const afterMs = typeof nextRetryDelay === 'number' ? nextRetryDelay : undefined;
      throw failure(type, message.replaceAll(device, '…'), afterMs);
    }
  },
});
