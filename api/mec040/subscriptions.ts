import type { Request } from 'express';
import {
  subscribe,
  type Subscription as Kept,
  SUBSCRIPTIONS_OF_ONE,
  subscriptionOf,
  subscriptionsOf,
  unsubscribe,
} from '../../catalogue/subscriptions.ts';
import { callbackMistake } from '../../configuration/callbacks.ts';
import {
  type Subscription,
  type SubscriptionLinkList,
  subscriptions,
  timeStamp,
} from '../../protocols/mec040/members.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import type { Asking } from './asking.ts';
import type { Mec040Table } from './table.ts';

/** Whoever wants to go on being told says so once a day. */
const VALID_SECONDS = 86_400;
const TYPE = 'SystemUpdateNotificationSubscription';

type Names = 'listSubscriptions' | 'subscribe' | 'showSubscription' | 'unsubscribe';

export const subscriptionHandlers = ({ catalogue, configuration, systemOf }: Asking): Handlers<Mec040Table, Names> => ({
  listSubscriptions: async ({ req, res }) => {
    const kept = await subscriptionsOf(catalogue, systemOf(res).client);
    const list: SubscriptionLinkList = {
      _links: {
        self: { href: `${rootOf(req)}${subscriptions}` },
        subscription: kept.map((one) => ({ href: hrefOf(one, rootOf(req)), subscriptionType: TYPE })),
      },
    };
    res.json(list);
  },

  subscribe: async ({ body: { callbackReference: callback, systemId }, req, res }) => {
    const { client } = systemOf(res);
    const mistake = callbackMistake(configuration, client, callback);
    if (mistake !== undefined) throw new HttpRefusal(400, mistake, 'Be told at the address of the MEO itself.');
    const systems = systemId === undefined || systemId.length === 0 ? null : systemId;
    const root = rootOf(req);
    const kept = await subscribe(catalogue, { client, callback, root, systems, validSeconds: VALID_SECONDS });
    if (kept === undefined)
      throw new HttpRefusal(
        403,
        `${client} has ${SUBSCRIPTIONS_OF_ONE} subscriptions, which is the limit`,
        'Delete those that nobody needs.',
      );
    res.status(201).location(hrefOf(kept, req.baseUrl)).json(told(kept, root));
  },

  showSubscription: async ({ params: { id }, req, res }) => {
    const kept = await subscriptionOf(catalogue, { id, client: systemOf(res).client });
    if (kept === undefined) throw unknown();
    res.json(told(kept, rootOf(req)));
  },

  unsubscribe: async ({ params: { id }, res }) => {
    if (!(await unsubscribe(catalogue, { id, client: systemOf(res).client }))) throw unknown();
    res.status(204).end();
  },
});

/** As its client reached us: nobody else knows under which name that is. */
const rootOf = (req: Request): string => `${req.protocol}://${req.headers.host ?? ''}${req.baseUrl}`;

const hrefOf = ({ id }: Kept, root: string): string => `${root}${subscriptions}/${id}`;

const told = (kept: Kept, root: string): Subscription => ({
  subscriptionType: TYPE,
  callbackReference: kept.callback,
  ...(kept.systems !== null && { systemId: kept.systems }),
  expiryDeadline: timeStamp(kept.valid_until),
  _links: { self: { href: hrefOf(kept, root) } },
});

const unknown = (): HttpRefusal =>
  new HttpRefusal(404, 'there is no such subscription of yours', 'List yours, or subscribe again: each ends in time.');
