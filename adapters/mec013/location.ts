import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import { atOnce } from '../../domain/at-once.ts';
import { isFailureType } from '../../domain/failures.ts';
import {
  deviceIn,
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
import { type Exchange, GONE } from '../http.ts';
import { lastSegment } from '../links.ts';
import { Acquaintances } from '../mec-services/memory.ts';
import type { Whose } from '../mec-services/record.ts';
import { partsOf } from '../paging.ts';

/** What is of others may be hidden from us, and may be broken. */
const HIDDEN = [400, 401, 403, 405, 406];
const BROKEN = [500, 501];
/** It has no PUT: what was asked for is asked for anew. */
const NO_PROLONGING = [405, 501];
const AT_ONCE = 6;
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
  /** By whom the others are told: whoever passes over the filter lists thousands of them, at every look. */
  const known = new Acquaintances();

  /** Ours, among all that this device has, and that others have; whoever cannot be read is none of ours, unless `strictly`. */
  const ours = async (
    { device, callback }: Pick<Listening, 'device' | 'callback'>,
    signal: AbortSignal,
    strictly = false,
  ): Promise<readonly string[]> => {
    const service = discreetly(exchange, device);
    const listed = new Map<string, unknown>();
    const list = { path: userSubscriptionsOf(device), label, schema: z.unknown(), alsoExpect: GONE };
    for await (const { status, body } of partsOf(service, list, signal))
      for (const entry of status < 300 ? entriesOf(body) : []) {
        const id = lastSegment(hrefOf(entry) ?? '');
        if (id !== '') listed.set(userSubscription(id), entry);
      }
    known.keepOnly(userSubscriptions, listed);
    const alsoExpect = [...GONE, ...HIDDEN, ...(strictly ? [] : BROKEN)];
    const perhaps = [...listed.keys()].filter((path) => isOurs(known.whose(path), callback));
    const read = await atOnce(AT_ONCE, perhaps, async (path) => {
      const call = { method: 'GET', path, label, schema: z.unknown(), alsoExpect } as const;
      const { status, body } = await service.ask(call, signal);
      const seen = status < 300 ? UserLocationEventSubscription.safeParse(body).data : undefined;
      const told = seen?.userLocationEventSubscription?.callbackReference;
      if (told != null) known.remember(path, { subscriber: told, host: null });
      return told != null && spelt(told) === spelt(callback) ? [path] : [];
    });
    return read.flat();
  };
  const remove = async (path: string, signal: AbortSignal): Promise<void> => {
    await exchange.ask({ method: 'DELETE', path, label, alsoExpect: GONE }, signal);
    known.forget(path);
  };

  return {
    zonesOf: async (device, signal) => {
      const zones: string[] = [];
      const call = { path: usersAt(device), label: users, schema: UserList, alsoExpect: GONE };
      for await (const { status, body } of partsOf(discreetly(exchange, device), call, signal))
        for (const entry of status < 300 ? (body?.userList?.user ?? []) : []) {
          const user = UserInfo.safeParse(entry).data;
          if (user !== undefined && deviceIn(user.address) === device) zones.push(user.zoneId);
        }
      return zones;
    },

    listen: async (listening, signal) => {
      const { device: address, callback, correlator, until } = listening;
      const service = discreetly(exchange, address);
      const json = userLocationEvent({ address, callback, correlator, until });
      const [first, ...more] = await ours(listening, signal);
      for (const path of more) await remove(path, signal);
      if (first !== undefined) {
        const prolong = { method: 'PUT', path: first, label, json, alsoExpect: [...GONE, ...NO_PROLONGING] } as const;
        const { status } = await service.ask(prolong, signal);
        if (status < 300) return;
        // By its correlator it would be taken for the one that is there
        if (NO_PROLONGING.includes(status)) await remove(first, signal);
      }
      const { location } = await service.ask({ method: 'POST', path: userSubscriptions, label, json }, signal);
      // A server that starts anew gives out names again
      if (location !== null) known.forget(userSubscription(lastSegment(location)));
    },

    hush: async (of, signal) => {
      for (const path of await ours(of, signal, true)) await remove(path, signal);
    },
  };
};

/** What is not known of it may be ours. */
const isOurs = (whose: Whose | null | undefined, callback: string): boolean =>
  whose == null || spelt(whose.subscriber ?? '') === spelt(callback);

const spelt = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

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
