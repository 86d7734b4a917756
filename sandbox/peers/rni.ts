import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { Callback, now, ofServices, SubscriptionSet, TimeStamp } from './subscription-set.ts';

/** Radio network information (MEC 012, rni/v2): cell changes only. Shapes as AdvantEDGE validates them. */

const Ecgi = z.object({ plmn: z.object({ mcc: z.string(), mnc: z.string() }), cellId: z.string() });

const CellChangeSubscription = z.object({
  subscriptionType: z.literal('CellChangeSubscription'),
  callbackReference: Callback,
  filterCriteriaAssocHo: z.object({
    appInstanceId: z.string().optional(),
    associateId: z.array(z.object({ type: z.int().min(0).max(4), value: z.string() })).optional(),
    ecgi: z.array(Ecgi).optional(),
    /** By default COMPLETED, and returned. */
    hoStatus: z.array(z.int().min(1).max(5)).default([3]),
  }),
  expiryDeadline: TimeStamp.optional(),
});
type CellChangeSubscription = z.infer<typeof CellChangeSubscription>;

export interface CellChange {
  /** Address of the device. */
  readonly device: string;
  /** Cell ids: 28 bits as 7 hexadecimal digits. */
  readonly from: string;
  readonly to: string;
}

const IPV4 = 1;
const COMPLETED = 3;
const cell = (cellId: string): z.infer<typeof Ecgi> => ({ plmn: { mcc: '001', mnc: '01' }, cellId });

export class RadioNetworkInformation {
  readonly #subscriptions: SubscriptionSet<CellChangeSubscription>;

  /** `platform`: base URL of the platform that has the service. */
  constructor(platform: string) {
    this.#subscriptions = new SubscriptionSet(CellChangeSubscription, `${platform}/rni/v2/subscriptions`, ofServices);
  }

  /** A hand-over of a device from cell to cell is completed. Answers how many subscriptions are told. */
  cellChanged({ device, from, to }: CellChange): number {
    const wants = ({ filterCriteriaAssocHo: { associateId = [], ecgi = [], hoStatus } }: CellChangeSubscription) =>
      hoStatus.includes(COMPLETED) &&
      (associateId.length === 0 || associateId.some(({ type, value }) => type === IPV4 && value === device)) &&
      (ecgi.length === 0 || ecgi.some(({ cellId }) => cellId === from || cellId === to));
    return this.#subscriptions.notify(wants, {
      notificationType: 'CellChangeNotification',
      timeStamp: now(),
      associateId: [{ type: IPV4, value: device }],
      srcEcgi: cell(from),
      trgEcgi: [cell(to)],
      hoStatus: COMPLETED,
    });
  }

  /** Quirk `farCallbacks`: every instance that is subscribed here has others hear of its cells too, at other places. */
  subscribeFromElsewhere(): void {
    const hosts = new Map(
      this.#subscriptions
        .bodies()
        .flatMap(({ callbackReference, filterCriteriaAssocHo: { appInstanceId } }) =>
          appInstanceId === undefined ? [] : [[appInstanceId, new URL(callbackReference).hostname] as const],
        ),
    );
    for (const [appInstanceId, host] of hosts)
      for (const callbackReference of elsewhere(host))
        this.#subscriptions.create({
          subscriptionType: 'CellChangeSubscription',
          callbackReference,
          filterCriteriaAssocHo: { appInstanceId, hoStatus: [COMPLETED] },
        });
  }

  dismiss(instance: string): void {
    this.#subscriptions.forget(({ filterCriteriaAssocHo }) => filterCriteriaAssocHo.appInstanceId === instance);
  }

  state(): unknown {
    return this.#subscriptions.state();
  }

  routes(faults: Faults): Router {
    const types = { cell_change: 'CellChangeSubscription' };
    const query = { name: 'subscription_type', types };
    return Router().use(
      '/rni/v2/subscriptions',
      subscriptionRoutes(() => this.#subscriptions, ofServices, faults, query),
    );
  }
}

/** At another port of its host, or at hosts of its provider. */
const elsewhere = (host: string): string[] => [
  `http://${host}:7001/cells?from=rni`,
  'http://events.edge.example:7000/cells',
  'https://events.edge.example:9443/tenants/7/cells?kind=a%20b&all',
];
