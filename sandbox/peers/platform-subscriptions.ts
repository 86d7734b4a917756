import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { Callback, ofPlatform, SubscriptionSet } from './subscription-set.ts';

/** Subscriptions of application instances at their platform (MEC 011, both APIs). */

const AppTermination = z.object({
  subscriptionType: z.literal('AppTerminationNotificationSubscription'),
  callbackReference: Callback,
  appInstanceId: z.string().min(1),
});

const SerAvailability = z.object({
  subscriptionType: z.literal('SerAvailabilityNotificationSubscription'),
  callbackReference: Callback,
  /** All that is given has to hold. */
  filteringCriteria: z
    .object({
      serInstanceIds: z.array(z.string()).optional(),
      serNames: z.array(z.string()).optional(),
      states: z.array(z.string()).optional(),
      isLocal: z.boolean().optional(),
    })
    .optional(),
});
type SerAvailability = z.infer<typeof SerAvailability>;

export interface ServiceEvent {
  readonly serName: string;
  readonly serInstanceId: string;
  readonly state: string;
  readonly isLocal: boolean;
  readonly changeType: 'ADDED' | 'REMOVED' | 'STATE_CHANGED' | 'ATTRIBUTES_CHANGED';
  /** Absent with REMOVED. */
  readonly link?: { readonly href: string };
}

export class PlatformSubscriptions {
  readonly #url: string;
  readonly #demand: (instance: string) => void;
  readonly #terminations = new Map<string, SubscriptionSet<z.infer<typeof AppTermination>>>();
  readonly #availabilities = new Map<string, SubscriptionSet<SerAvailability>>();

  /** `platform`: base URL. `demand`: throws for an instance that is not there. */
  constructor(platform: string, demand: (instance: string) => void) {
    this.#url = platform;
    this.#demand = demand;
  }

  /**
   * The instance is asked to end within so many seconds. Answers how many subscriptions are told.
   */
  terminating(instance: string, operationAction: 'STOPPING' | 'TERMINATING', seconds: number): number {
    const confirm = `${this.#url}/mec_app_support/v1/applications/${instance}/confirm_termination`;
    return (
      this.#terminations
        .get(instance)
        ?.notify(
          ({ appInstanceId }) => appInstanceId === instance,
          { notificationType: 'AppTerminationNotification', operationAction, maxGracefulTimeout: seconds },
          { confirmTermination: { href: confirm } },
        ) ?? 0
    );
  }

  /** Tells every instance that asked for it. */
  serviceChanged({ isLocal, ...event }: ServiceEvent): void {
    const notification = { notificationType: 'SerAvailabilityNotification', serviceReferences: [event] };
    for (const set of this.#availabilities.values())
      set.notify((subscription) => wants(subscription, { isLocal, ...event }), notification);
  }

  dismiss(instance: string): void {
    this.#terminations.delete(instance);
    this.#availabilities.delete(instance);
  }

  state(): unknown {
    const all = [...this.#terminations, ...this.#availabilities].map(([, set]) => set.state());
    return all.flat().map(({ id: _id, ...body }: { id?: unknown }) => body);
  }

  routes(faults: Faults): Router {
    const below = (api: string) => (instance: string) => `${this.#url}/${api}/applications/${instance}/subscriptions`;
    const served = <S extends z.infer<typeof AppTermination> | SerAvailability>(
      sets: Map<string, SubscriptionSet<S>>,
      schema: z.ZodType<S>,
      url: (instance: string) => string,
    ): Router =>
      subscriptionRoutes(
        ({ params: { instance = '' } }) => {
          this.#demand(instance);
          const set = sets.get(instance) ?? new SubscriptionSet(schema, url(instance), ofPlatform);
          sets.set(instance, set);
          return set;
        },
        ofPlatform,
        faults,
      );
    return Router()
      .use(
        '/mec_app_support/v1/applications/:instance/subscriptions',
        served(this.#terminations, AppTermination, below('mec_app_support/v1')),
      )
      .use(
        '/mec_service_mgmt/v1/applications/:instance/subscriptions',
        served(this.#availabilities, SerAvailability, below('mec_service_mgmt/v1')),
      );
  }
}

function wants({ filteringCriteria = {} }: SerAvailability, event: ServiceEvent): boolean {
  const { serInstanceIds, serNames, states, isLocal } = filteringCriteria;
  return (
    (serInstanceIds?.includes(event.serInstanceId) ?? true) &&
    (serNames?.includes(event.serName) ?? true) &&
    (states?.includes(event.state) ?? true) &&
    (isLocal === undefined || isLocal === event.isLocal)
  );
}
