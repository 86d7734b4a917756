import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { subscriptionRoutes, type TypeQuery } from './subscription-routes.ts';
import { Callback, now, ofOrchestrator, SubscriptionSet } from './subscription-set.ts';

/** Subscriptions at a MEO to instances, their operations and packages (MEC 010-2 v3.1.1). */

/**
 * 0: every instance; 1: by id; 2: by the name of the application; 3: by its descriptor; 4: by its
 * provider.
 */
const InstanceFilter = z.looseObject({
  appInstSelectorType: z.int().min(0).max(4),
  appInstances: z.array(z.string()).default([]),
  appsFromProviders: z.array(z.looseObject({ appProvider: z.string() })).default([]),
});

const common = { callbackUri: Callback, appInstanceSubscriptionFilter: InstanceFilter.optional() };
const LifeCycleSubscription = z.discriminatedUnion('subscriptionType', [
  z.object({
    ...common,
    subscriptionType: z.literal('AppInstanceStateChangeSubscription'),
    appInstanceState: z.enum(['NOT_INSTANTIATED', 'STARTED', 'STOPPED']).optional(),
  }),
  z.object({
    subscriptionType: z.literal('AppLcmOpOccStateChangeSubscription'),
    callbackUri: Callback,
    appLcmOpOccSubscriptionFilter: z
      .looseObject({
        appInstanceSubscriptionFilter: InstanceFilter.optional(),
        operationTypes: z.string().optional(),
        operationStates: z.string().optional(),
      })
      .optional(),
  }),
  z.object({ ...common, subscriptionType: z.literal('AppIdentifierCreationSubscription') }),
  z.object({ ...common, subscriptionType: z.literal('AppIdentifierDeletionSubscription') }),
]);
type LifeCycleSubscription = z.infer<typeof LifeCycleSubscription>;
type LifeCycleType = LifeCycleSubscription['subscriptionType'];

const PackageSubscription = z.object({
  subscriptionType: z.enum([
    'AppPackageOnBoardingSubscription',
    'AppPackageChangeSubscription',
    'AppPackageDeletionSubscription',
  ]),
  callbackUri: Callback,
  appPkgFilter: z
    .array(z.looseObject({ appPkgInfoId: z.string().optional(), appDId: z.string().optional() }))
    .optional(),
});

export interface KnownInstance {
  readonly id: string;
  readonly appDId: string;
  readonly appName: string;
  readonly appProvider: string;
  readonly appPkgId: string;
}

export interface KnownPackage {
  readonly appPkgId: string;
  readonly appDId: string;
  readonly operationalState: 'ENABLED' | 'DISABLED';
}

/** The notification, and the subscription that asks for it. */
const OF_PACKAGES = {
  AppPackageOnBoarded: 'AppPackageOnBoardingSubscription',
  AppPackageEnabled: 'AppPackageChangeSubscription',
  AppPackageDisabled: 'AppPackageChangeSubscription',
  AppPackageDeleted: 'AppPackageDeletionSubscription',
} as const;

export class MeoSubscriptions {
  readonly #url: string;
  readonly #lifeCycle: SubscriptionSet<LifeCycleSubscription>;
  readonly #packages: SubscriptionSet<z.infer<typeof PackageSubscription>>;

  /** `meo`: base URL. */
  constructor(meo: string) {
    this.#url = meo;
    this.#lifeCycle = new SubscriptionSet(LifeCycleSubscription, `${meo}/app_lcm/v1/subscriptions`, ofOrchestrator);
    this.#packages = new SubscriptionSet(PackageSubscription, `${meo}/app_pkgm/v1/subscriptions`, ofOrchestrator);
  }

  instanceIs(instance: KnownInstance, appInstanceState: 'NOT_INSTANTIATED' | 'STARTED' | 'STOPPED'): void {
    const { appDId, appPkgId } = instance;
    this.#tell('AppInstanceStateChangeSubscription', instance, { appInstanceState, appPkgId, appDId });
  }

  identifier(instance: KnownInstance, event: 'Creation' | 'Deletion'): void {
    this.#tell(`AppIdentifier${event}Subscription`, instance, {});
  }

  operationIs(instance: KnownInstance, appLcmOpOccId: string, operationType: string, operationState: string): void {
    const links = { appLcmOpOcc: { href: `${this.#url}/app_lcm/v1/app_lcm_op_occs/${appLcmOpOccId}` } };
    const told = { appLcmOpOccId, operationType, operationState };
    this.#tell('AppLcmOpOccStateChangeSubscription', instance, told, links);
  }

  packageIs(about: KnownPackage, notificationType: keyof typeof OF_PACKAGES): void {
    this.#packages.notify(
      ({ subscriptionType, appPkgFilter = [{}] }) =>
        subscriptionType === OF_PACKAGES[notificationType] &&
        appPkgFilter.some(
          ({ appPkgInfoId = about.appPkgId, appDId = about.appDId }) =>
            appPkgInfoId === about.appPkgId && appDId === about.appDId,
        ),
      { id: randomUUID(), notificationType, timeStamp: now(), ...about },
    );
  }

  state(): unknown {
    const all = [...this.#lifeCycle.state(), ...this.#packages.state()];
    return all.map(({ id: _id, ...body }: { id?: unknown }) => body);
  }

  routes(faults: Faults): Router {
    const lifeCycle = LifeCycleSubscription.options.map(({ shape }) => shape.subscriptionType.value);
    const packages = PackageSubscription.shape.subscriptionType.options;
    return Router()
      .use(
        '/app_lcm/v1/subscriptions',
        subscriptionRoutes(() => this.#lifeCycle, ofOrchestrator, faults, byType(lifeCycle)),
      )
      .use(
        '/app_pkgm/v1/subscriptions',
        subscriptionRoutes(() => this.#packages, ofOrchestrator, faults, byType(packages)),
      );
  }

  /** `told.operationState` and the like are what a filter may ask for. */
  #tell(type: LifeCycleType, instance: KnownInstance, told: Told, links: object = {}): void {
    this.#lifeCycle.notify(
      (subscription) => subscription.subscriptionType === type && asksFor(subscription, instance, told),
      { id: randomUUID(), notificationType: type, timeStamp: now(), appInstanceId: instance.id, ...told },
      { appInstance: { href: `${this.#url}/app_lcm/v1/app_instances/${instance.id}` }, ...links },
    );
  }
}

const byType = (types: readonly string[]): TypeQuery => ({
  name: 'subscriptionType',
  types: Object.fromEntries(types.map((type) => [type, type])),
});

type Told = Readonly<Record<string, string>>;

function asksFor(subscription: LifeCycleSubscription, instance: KnownInstance, told: Told): boolean {
  if (subscription.subscriptionType === 'AppLcmOpOccStateChangeSubscription') {
    const { appInstanceSubscriptionFilter, operationTypes, operationStates } =
      subscription.appLcmOpOccSubscriptionFilter ?? {};
    return (
      selects(appInstanceSubscriptionFilter, instance) &&
      (operationTypes ?? told['operationType']) === told['operationType'] &&
      (operationStates ?? told['operationState']) === told['operationState']
    );
  }
  const state = 'appInstanceState' in subscription ? subscription.appInstanceState : undefined;
  return (
    selects(subscription.appInstanceSubscriptionFilter, instance) &&
    (state ?? told['appInstanceState']) === told['appInstanceState']
  );
}

function selects(filter: z.infer<typeof InstanceFilter> | undefined, instance: KnownInstance): boolean {
  if (filter === undefined || filter.appInstSelectorType === 0) return true;
  const { id, appName, appDId, appProvider } = instance;
  if (filter.appInstSelectorType === 4) return filter.appsFromProviders.some((one) => one.appProvider === appProvider);
  return filter.appInstances.includes([id, appName, appDId][filter.appInstSelectorType - 1] ?? id);
}
