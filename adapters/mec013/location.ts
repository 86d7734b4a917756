import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import { atOnce } from '../../domain/at-once.ts';
import { isFailureType } from '../../domain/failures.ts';
import {
  acr,
  userLocationEvent,
  UserInfo,
  UserList,
  UserLocationEventSubscription,
  users,
  usersAt,
  userSubscription,
  userSubscriptions,
  userSubscriptionsOf,
} from '../../protocols/mec013/location.ts';
import { entriesOf, hrefOf } from '../../protocols/mec-services/shapes.ts';
import type { Answer, Call } from '../call.ts';
import { type Exchange, GONE } from '../http.ts';
import { lastSegment } from '../links.ts';

/** What is of others may be hidden from us, and may be broken. */
const HIDDEN = [400, 401, 403, 405, 406];
const BROKEN = [500, 501];
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
  /** The zones in which it is said to be: they may overlap; none: the service does not see it. */
  zonesOf(device: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Looked for first: what is there is prolonged, and there is one of it afterwards. */
  listen(listening: Listening, signal: AbortSignal): Promise<void>;
  /** "Nothing there" is success. */
  hush(of: Pick<Listening, 'device' | 'callback'>, signal: AbortSignal): Promise<void>;
}

/** MEC 013 V3.1.1. */
export const mec013Location = (exchange: Exchange): LocationService => {
  /** Each part of a list, for those who pass over the filter. */
  async function* parts<T>(first: string, call: Omit<Call<T>, 'method' | 'path'>, device: string, signal: AbortSignal) {
    const seen = new Set<string>();
    for (let page: string | null = first; page !== null && !seen.has(page) && seen.size < PAGES; ) {
      seen.add(page);
      const answer: Answer<T> = await discreetly(exchange, device).ask({ ...call, method: 'GET', path: page }, signal);
      yield answer;
      page = answer.status < 300 ? answer.next : null;
    }
  }

  /** Ours, among all that this device has, and that others have; whoever cannot be read is none of ours, unless `strictly`. */
  const ours = async (
    { device, callback }: Pick<Listening, 'device' | 'callback'>,
    signal: AbortSignal,
    strictly = false,
  ): Promise<readonly string[]> => {
    const service = discreetly(exchange, device);
    const ids = new Set<string>();
    for await (const { body } of parts(userSubscriptionsOf(device), { label, schema: z.unknown() }, device, signal))
      for (const entry of entriesOf(body)) ids.add(lastSegment(hrefOf(entry) ?? ''));
    ids.delete('');
    const alsoExpect = [...GONE, ...HIDDEN, ...(strictly ? [] : BROKEN)];
    const read = await atOnce(AT_ONCE, [...ids], async (id) => {
      const call = { method: 'GET', path: userSubscription(id), label, schema: z.unknown(), alsoExpect } as const;
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
    zonesOf: async (device, signal) => {
      const zones: string[] = [];
      const call = { label: users, schema: UserList, alsoExpect: GONE };
      for await (const { status, body } of parts(usersAt(device), call, device, signal))
        for (const entry of status < 300 ? (body.userList?.user ?? []) : []) {
          const user = UserInfo.safeParse(entry).data;
          if (user?.address === acr(device)) zones.push(user.zoneId);
        }
      return zones;
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
      for (const id of await ours(of, signal, true)) await remove(id, signal);
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
