import { Router } from 'express';
import type { Around } from '../exchange.ts';
import { type Peer, servePeer } from '../peer.ts';
import type { EtagKind } from './etag.ts';
import { Host } from './host.ts';
import { Instances } from './meo-instances.ts';
import { LifeCycle } from './meo-life-cycle.ts';
import { Operations } from './meo-operations.ts';
import { Packages } from './meo-packages.ts';
import { MeoSubscriptions } from './meo-subscriptions.ts';
import { Membership } from './membership.ts';
import { Orchestration } from './mfm.ts';
import { NetworkLink, type NetworkRules } from './network-link.ts';
import { Platform } from './platform.ts';

export interface HostPlan {
  /** Of the host at its MEO; the platform is `platform-<id>`. */
  readonly id: string;
  readonly address: string;
  /** The first three numbers of its instances' addresses. */
  readonly instances: string;
  readonly etag: EtagKind;
  /** Instances that are there without a package: what its operator runs there himself. */
  readonly residents?: readonly string[];
}

/** Where an orchestrator registers its system (MEC 040), and who it is there. */
export interface Federator {
  /** The inner listener of its operator's Ferry. */
  readonly url: string;
  /** Of the operator, and this orchestrator's name and secret there. */
  readonly issuer: string;
  readonly client: string;
  readonly secretFile: string;
  /** Whose system it is, in words. */
  readonly provider: string;
  /** Does it tell what its system has, and hear what was decided? */
  readonly tells?: boolean;
}

/** Where a system is. */
export interface SystemPlace {
  readonly name: string;
  readonly meo: string;
  readonly hosts: readonly HostPlan[];
  /** Where the rules of its access network are put; absent: its users come from elsewhere. */
  readonly network?: string;
  /** Absent: it is not registered anywhere. */
  readonly federator?: Federator;
}

export interface SystemPlan extends SystemPlace {
  /** Instances that a host takes. */
  readonly capacity: number;
  /** How long each phase of a life cycle operation or on-boarding takes, at least. */
  readonly paceMs: number;
}

export interface System {
  readonly peers: readonly Peer[];
  readonly platforms: readonly Platform[];
  /** The federation that it is in. */
  readonly leave: () => Promise<void>;
}

/** A MEC system: its MEO, and a platform on each of its hosts. */
export async function serveSystem(plan: SystemPlan, around: Around): Promise<System> {
  const { faults } = around;
  const places = plan.hosts.map(({ id, address, instances, etag, residents }) => {
    const platform = new Platform(`platform-${id}`, `http://${address}:8080`, etag, residents);
    return { address, platform, host: new Host(id, platform, instances, plan.capacity) };
  });
  const platforms = places.map(({ platform }) => platform);
  around.quirks?.whenOrdered(({ quirk, peer }) => {
    if (quirk === 'farCallbacks') platforms.find(({ name }) => name === peer)?.radio.subscribeFromElsewhere();
  });
  const { network } = plan;
  const link = network === undefined ? undefined : new NetworkLink(network, () => together(platforms));
  const tell = async (): Promise<void> => await link?.tell();

  const url = `http://${plan.meo}:8080`;
  const subscriptions = new MeoSubscriptions(url);
  const instances = new Instances(url, subscriptions);
  const packages = new Packages(url, plan.paceMs, (id) => instances.use(id), subscriptions);
  const operations = new Operations(url, plan.paceMs, (instance, ...rest) => instances.operationIs(instance, ...rest));
  const hosts = places.map(({ host }) => host);
  const { federator } = plan;
  const orchestration = federator?.tells === true ? new Orchestration(hosts) : undefined;
  const inventory = orchestration === undefined ? undefined : () => orchestration.inventory();
  const membership = federator === undefined ? undefined : new Membership(plan.name, url, federator, inventory);
  const meo = {
    name: `meo-${plan.name}`,
    address: plan.meo,
    routes: Router()
      .use(packages.routes(faults))
      .use(instances.routes(packages, operations, faults))
      .use(new LifeCycle(instances, operations, hosts, tell).routes(faults))
      .use(operations.routes())
      .use(subscriptions.routes(faults))
      .use(membership?.routes() ?? Router())
      .use(orchestration?.routes(faults) ?? Router()),
    state: () => ({
      packages: packages.state(),
      instances: instances.state(),
      openOperations: operations.state(),
      subscriptions: subscriptions.state(),
      ...(membership !== undefined && { federation: membership.state() }),
      ...(orchestration !== undefined && { decisions: orchestration.state() }),
    }),
  };
  const peers = places.map(({ address, platform }) => ({
    name: platform.name,
    address,
    routes: platform.routes(faults, tell),
    state: () => platform.state(),
  }));
  const served = await Promise.all([meo, ...peers].map(async (peer) => await servePeer(peer, around)));
  membership?.start();
  return { peers: served, platforms, leave: async () => await membership?.end() };
}

const together = (platforms: readonly Platform[]): NetworkRules => {
  const active = platforms.map((platform) => platform.active());
  return { dns: active.flatMap(({ dns }) => dns), traffic: active.flatMap(({ traffic }) => traffic) };
};
