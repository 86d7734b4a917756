import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import type { PeerPlan } from '../peer.ts';
import { found } from '../problem.ts';
import { deliver } from './deliver.ts';
import { parameter } from './query.ts';
import { Callback, now, TimeStamp } from './subscription-set.ts';

/** The operator's location service (MEC 013 V3.1.1): where devices are, and telling when one enters a zone. */

const BASE = '/location/v3';
const COLLECTION = `${BASE}/subscriptions/users`;
const ENTERING = 'ENTERING_AREA_EVENT';

/** The zones of the two access networks. */
export const zones = { cellular: 'streets', wifi: 'halls' } as const;
const Zone = z.enum([zones.cellular, zones.wifi]);
type Zone = z.infer<typeof Zone>;

const Subscription = z.object({
  subscriptionType: z.literal('UserLocationEventSubscription'),
  address: z.string().startsWith('acr:'),
  callbackReference: Callback,
  clientCorrelator: z.string().optional(),
  locationEventCriteria: z.array(z.enum([ENTERING, 'LEAVING_AREA_EVENT'])).default([ENTERING]),
  expiryDeadline: TimeStamp.optional(),
});
type Subscription = z.infer<typeof Subscription>;
const Body = z.object({ userLocationEventSubscription: Subscription });

export class Location {
  readonly #url: string;
  readonly #zones = new Map<string, Zone>();
  readonly #subscriptions = new Map<string, Subscription>();

  /** `url`: of the service. */
  constructor(url: string) {
    this.#url = url;
  }

  /** The device comes to this zone; whoever wanted to hear it is told, in the background. Answers how many. */
  comes(device: string, zone: Zone): number {
    this.#zones.set(`acr:${device}`, zone);
    return this.tells(device, zone);
  }

  /** As `comes`, but the device stays where it is: what a network tells by mistake, twice, or too late. */
  tells(device: string, zoneId: Zone, timeStamp = now()): number {
    this.#expire();
    const wanted = [...this.#subscriptions].filter(
      ([, { address, locationEventCriteria }]) =>
        address === `acr:${device}` && locationEventCriteria.includes(ENTERING),
    );
    for (const [id, { address, callbackReference }] of wanted)
      void deliver(callbackReference, {
        userLocationEventNotification: {
          notificationType: 'UserLocationEventNotification',
          timeStamp,
          address,
          userLocationEvent: ENTERING,
          zoneId,
          _links: { subscription: { href: this.#href(id) } },
        },
      });
    return wanted.length;
  }

  /** As after a restart: nobody is told any more. */
  forgets(): void {
    this.#subscriptions.clear();
  }

  state(): object {
    this.#expire();
    const all = [...this.#subscriptions.values()].toSorted((a, b) =>
      a.callbackReference < b.callbackReference ? -1 : 1,
    );
    return { zones: Object.fromEntries([...this.#zones].toSorted(([a], [b]) => (a < b ? -1 : 1))), subscriptions: all };
  }

  routes(): Router {
    const router = Router();
    router.get(`${BASE}/queries/users`, (req, res) => {
      const address = parameter(req, 'address');
      const user = [...this.#zones]
        .filter(([device]) => address === undefined || device === address)
        .map(([device, zoneId]) => ({
          address: device,
          accessPointId: `ap-${zoneId}`,
          zoneId,
          resourceURL: `${this.#url}${BASE}/queries/users?address=${encodeURIComponent(device)}`,
          timestamp: now(),
        }));
      res.json({ userList: { resourceURL: `${this.#url}${BASE}/queries/users`, ...(user.length > 0 && { user }) } });
    });
    router.get(COLLECTION, (req, res) => {
      this.#expire();
      const address = parameter(req, 'address');
      const subscription = [...this.#subscriptions]
        .filter(([, body]) => address === undefined || body.address === address)
        .map(([id, { subscriptionType }]) => ({ href: this.#href(id), subscriptionType }));
      const resourceURL = { href: `${this.#url}${COLLECTION}` };
      res.json({ notificationSubscriptionList: { ...(subscription.length > 0 && { subscription }), resourceURL } });
    });
    router.post(COLLECTION, (req, res) => {
      const { userLocationEventSubscription: asked } = Body.parse(req.body);
      const [same] = [...this.#subscriptions].find(
        ([, { clientCorrelator: is, callbackReference }]) =>
          is !== undefined && is === asked.clientCorrelator && callbackReference === asked.callbackReference,
      ) ?? [randomUUID()];
      this.#subscriptions.set(same, asked);
      res.status(201).location(this.#href(same)).json(this.#shown(same, asked));
    });
    const one = `${COLLECTION}/:id`;
    const demand = (id: string): Subscription => found(this.#subscriptions.get(id), `subscription ${id}`);
    router.get(one, (req, res) => void res.json(this.#shown(req.params.id, demand(req.params.id))));
    router.put(one, (req, res) => {
      demand(req.params.id);
      const { userLocationEventSubscription: asked } = Body.parse(req.body);
      this.#subscriptions.set(req.params.id, asked);
      res.json(this.#shown(req.params.id, asked));
    });
    router.delete(one, (req, res) => {
      demand(req.params.id);
      this.#subscriptions.delete(req.params.id);
      res.status(204).end();
    });
    return router;
  }

  #expire(): void {
    const { seconds } = now();
    for (const [id, { expiryDeadline }] of this.#subscriptions)
      if (expiryDeadline !== undefined && expiryDeadline.seconds < seconds) this.#subscriptions.delete(id);
  }

  #href(id: string): string {
    return `${this.#url}${COLLECTION}/${id}`;
  }

  #shown(id: string, body: Subscription): object {
    return { userLocationEventSubscription: { ...body, _links: { self: { href: this.#href(id) } } } };
  }
}

/** Every device of the world is in the streets at first. */
export function locationPeer(net: number, devices: readonly string[]): { peer: PeerPlan; location: Location } {
  const address = `127.${net}.1.3`;
  const location = new Location(`http://${address}:8080`);
  for (const device of devices) location.comes(device, zones.cellular);
  return { peer: { name: 'whereabouts', address, routes: location.routes(), state: () => location.state() }, location };
}
