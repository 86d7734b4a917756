import { z } from 'zod';
import { plainAddress } from '../../domain/endpoint.ts';
import { Id } from '../id.ts';

/** MEC 013 V3.1.1: where users are (6.2.2), and being told when one enters a zone (6.3.4, 6.4.4). Bodies are wrapped. */

const BASE = '/location/v3';

/** A device by its address in the access network. */
export const acr = (address: string): string => `acr:${address}`;
/** In the spelling in which addresses are compared. */
export const deviceIn = (told: string): string => plainAddress(told.replace(/^acr:/i, ''));

export const users = `${BASE}/queries/users`;
export const usersAt = (address: string): string => `${users}?address=${encodeURIComponent(acr(address))}`;
export const userSubscriptions = `${BASE}/subscriptions/users`;
export const userSubscriptionsOf = (address: string): string =>
  `${userSubscriptions}?subscription_type=event&address=${encodeURIComponent(acr(address))}`;
export const userSubscription = (id: string): string => `${userSubscriptions}/${encodeURIComponent(id)}`;

/** What tells one from another, and where it is: of others a service may say whatever it likes. */
export const UserInfo = z.object({ address: z.string(), zoneId: Id });
/** Nobody may be told by null, by leaving it out, or by no body at all. */
export const UserList = z.object({ userList: z.object({ user: z.array(z.unknown()).nullish() }).nullish() }).nullish();

const TimeStamp = z.object({
  seconds: z.int().nonnegative(),
  nanoSeconds: z.int().nonnegative().optional(),
});
export type TimeStamp = z.infer<typeof TimeStamp>;

export const millisOf = ({ seconds, nanoSeconds = 0 }: TimeStamp): number =>
  seconds * 1_000 + Math.floor(nanoSeconds / 1e6);

const Wrapped = z.object({
  userLocationEventSubscription: z.object({ callbackReference: z.string().nullish() }).nullish(),
});
export const UserLocationEventSubscription = Wrapped;

export const userLocationEvent = (of: {
  readonly address: string;
  readonly callback: string;
  readonly correlator: string;
  readonly until: number;
}) => ({
  userLocationEventSubscription: {
    subscriptionType: 'UserLocationEventSubscription',
    address: acr(of.address),
    callbackReference: of.callback,
    clientCorrelator: of.correlator,
    locationEventCriteria: ['ENTERING_AREA_EVENT'],
    expiryDeadline: { seconds: Math.ceil(of.until / 1_000), nanoSeconds: 0 },
  },
});

const Event = z.object({
  userLocationEvent: z.enum(['ENTERING_AREA_EVENT', 'LEAVING_AREA_EVENT']),
  zoneId: z.string().nullish(),
  timeStamp: TimeStamp.optional(),
});

/** What a location service posts. */
export const UserLocationEventNotification = z
  .object({ userLocationEventNotification: Event })
  .meta({ id: 'UserLocationEventNotification' });
export type UserLocationEventNotification = z.infer<typeof UserLocationEventNotification>;
