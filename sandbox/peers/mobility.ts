import { randomUUID } from 'node:crypto';
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import { found } from '../problem.ts';
import { demandMatch, etagOf } from './etag.ts';
import { listed } from './query.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { Callback, now, ofServices, SubscriptionSet, TimeStamp } from './subscription-set.ts';

/** The application mobility service (MEC 021, amsi/v1), with the strings of v2.1.1 and AdvantEDGE. */

const AssociateId = z.object({
  type: z.enum(['UE_IPv4_ADDRESS', 'UE_IPV6_ADDRESS', 'NATED_IP_ADDRESS', 'GTP_TEID']),
  value: z.string(),
});

const Registration = z.object({
  serviceConsumerId: z
    .object({ appInstanceId: z.string().optional(), mepId: z.string().optional() })
    .refine(({ appInstanceId, mepId }) => (appInstanceId === undefined) !== (mepId === undefined), {
      message: 'exactly one of appInstanceId and mepId',
    }),
  deviceInformation: z
    .array(
      z.object({
        associateId: AssociateId,
        appMobilityServiceLevel: z
          .enum(['APP_MOBILITY_NOT_ALLOWED', 'APP_MOBILITY_WITH_CONFIRMATION', 'APP_MOBILITY_WITHOUT_CONFIRMATION'])
          .optional(),
        contextTransferState: z.enum(['NOT_TRANSFERRED', 'USER_CONTEXT_TRANSFER_COMPLETED']).default('NOT_TRANSFERRED'),
      }),
    )
    .default([]),
  /** Seconds from now on; 0: for ever. */
  expiryTime: z.int().nonnegative().default(0),
});
type Registration = z.infer<typeof Registration>;

export const MobilityStatus = z.enum([
  'INTERHOST_MOVEOUT_TRIGGERED',
  'INTERHOST_MOVEOUT_COMPLETED',
  'INTERHOST_MOVEOUT_FAILED',
]);

const MobilityProcedureSubscription = z.object({
  subscriptionType: z.literal('MobilityProcedureSubscription'),
  callbackReference: Callback,
  filterCriteria: z.object({
    appInstanceId: z.string().optional(),
    associateId: z.array(AssociateId).optional(),
    /** By default TRIGGERED, and returned. */
    mobilityStatus: z.array(MobilityStatus).default(['INTERHOST_MOVEOUT_TRIGGERED']),
  }),
  expiryDeadline: TimeStamp.optional(),
});
type MobilityProcedureSubscription = z.infer<typeof MobilityProcedureSubscription>;

const AdjacentAppInfoSubscription = z.object({
  subscriptionType: z.literal('AdjacentAppInfoSubscription'),
  callbackReference: Callback,
  filterCriteria: z.object({ appInstanceId: z.string() }),
  expiryDeadline: TimeStamp.optional(),
});

const Subscription = z.discriminatedUnion('subscriptionType', [
  MobilityProcedureSubscription,
  AdjacentAppInfoSubscription,
]);
type Subscription = z.infer<typeof Subscription>;

export interface MobilityEvent {
  /** Address of the device. */
  readonly device: string;
  readonly status: z.infer<typeof MobilityStatus>;
  readonly target?: { readonly appInstanceId: string; readonly host: string; readonly port: number } | undefined;
}

interface Registered {
  registration: Registration;
  version: number;
  /** Milliseconds of the epoch; infinite where it never expires. */
  until: number;
}

const until = ({ expiryTime }: Registration): number =>
  expiryTime === 0 ? Number.POSITIVE_INFINITY : Date.now() + expiryTime * 1_000;

export class ApplicationMobility {
  readonly #url: string;
  readonly #registered = new Map<string, Registered>();
  readonly #subscriptions: SubscriptionSet<Subscription>;

  /** `platform`: base URL of the platform that has the service. */
  constructor(platform: string) {
    this.#url = `${platform}/amsi/v1/app_mobility_services`;
    this.#subscriptions = new SubscriptionSet(Subscription, `${platform}/amsi/v1/subscriptions`, ofServices);
  }

  /** Answers how many subscriptions are told. */
  moved({ device, status, target }: MobilityEvent): number {
    const wants = (subscription: Subscription) =>
      subscription.subscriptionType === 'MobilityProcedureSubscription' && concerns(subscription, status, device);
    return this.#subscriptions.notify(wants, {
      notificationType: 'MobilityProcedureNotification',
      timeStamp: now(),
      associateId: [{ type: 'UE_IPv4_ADDRESS', value: device }],
      mobilityStatus: status,
      ...(target && {
        targetAppInfo: {
          appInstanceId: target.appInstanceId,
          commInterface: { ipAddresses: [{ host: target.host, port: target.port }] },
        },
      }),
    });
  }

  dismiss(instance: string): void {
    for (const [id, { registration }] of this.#registered)
      if (registration.serviceConsumerId.appInstanceId === instance) this.#registered.delete(id);
    this.#subscriptions.forget(({ filterCriteria }) => filterCriteria.appInstanceId === instance);
  }

  state(): unknown {
    return { registrations: this.#list(), subscriptions: this.#subscriptions.state() };
  }

  routes(faults: Faults): Router {
    const router = Router();
    const types = { mobility_proc: 'MobilityProcedureSubscription', adj_app_info: 'AdjacentAppInfoSubscription' };
    const query = { name: 'subscriptionType', types };
    router.use(
      '/amsi/v1/subscriptions',
      subscriptionRoutes(() => this.#subscriptions, ofServices, faults, query),
    );
    const all = router.route('/amsi/v1/app_mobility_services');
    all.get((req, res) => {
      res.json(listed(req, [...foreigners(res, 'registrations', this.#url), ...this.#list()], []));
    });
    all.post((req, res) => {
      const [id, registration] = [randomUUID(), Registration.parse(req.body)];
      const registered = { registration, version: 1, until: until(registration) };
      if (faults.acting(req, 'noEffect') === undefined) this.#registered.set(id, registered);
      res.status(201).location(`${this.#url}/${id}`).json(shown(id, registered));
    });
    const one = router.route('/amsi/v1/app_mobility_services/:id');
    one.get(({ params: { id } }, res) => {
      const registered = this.#one(id);
      res.set('ETag', etagOf('version', registered.version, null)).json(shown(id, registered));
    });
    one.put((req, res) => {
      const registered = this.#one(req.params.id);
      const registration = Registration.parse(req.body);
      demandMatch(req, etagOf('version', registered.version, null));
      const next = { registration, version: registered.version + 1, until: until(registration) };
      if (faults.acting(req, 'noEffect') === undefined) this.#registered.set(req.params.id, next);
      res.set('ETag', etagOf('version', next.version, null)).json(shown(req.params.id, next));
    });
    const deregister = (req: Request<{ id: string }>): void => {
      this.#one(req.params.id);
      if (faults.acting(req, 'noEffect') === undefined) this.#registered.delete(req.params.id);
    };
    one.delete((req, res) => {
      deregister(req);
      res.status(204).end();
    });
    router.post('/amsi/v1/app_mobility_services/:id/deregister_task', (req, res) => {
      deregister(req);
      res.status(204).end();
    });
    return router;
  }

  #one(id: string): Registered {
    this.#expire();
    return found(this.#registered.get(id), `registration ${id}`);
  }

  #list(): object[] {
    this.#expire();
    return [...this.#registered]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, registered]) => shown(id, registered));
  }

  #expire(): void {
    for (const [id, registered] of this.#registered) if (registered.until <= Date.now()) this.#registered.delete(id);
  }
}

const concerns = (
  { filterCriteria: { associateId = [], mobilityStatus } }: MobilityProcedureSubscription,
  status: MobilityEvent['status'],
  device: string,
): boolean =>
  mobilityStatus.includes(status) && (associateId.length === 0 || associateId.some(({ value }) => value === device));

const shown = (id: string, { registration }: Registered): object => ({ appMobilityServiceId: id, ...registration });
