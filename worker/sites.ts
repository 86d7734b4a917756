import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import type { Application, Network, Site, Subscriptions, World } from '../activities/ports.ts';
import { applicationContext } from '../adapters/application/context.ts';
import { cloudInstances } from '../adapters/cloud-manager/instances.ts';
import { cloudPackages } from '../adapters/cloud-manager/packages.ts';
import { mec010Instances } from '../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../adapters/mec010-2/packages.ts';
import { mec011Steering } from '../adapters/mec011/steering.ts';
import { mecSubscriptions } from '../adapters/mec-services/subscriptions.ts';
import { mec016Notices } from '../adapters/mec016/notices.ts';
import { mec021Mobility } from '../adapters/mec021/mobility.ts';
import { cloudOrders, type Orders } from '../adapters/tmf641/orders.ts';
import { vantagePoint } from '../adapters/vantage/vantage.ts';
import type { Configuration } from '../configuration/peers.ts';
import { callsOfCloud, callsOfMecHost, named } from './calls.ts';
import { Peers } from './peers.ts';
import { surveyPeers } from './survey.ts';

type SiteRecord<Kind> = Extract<Configuration['sites'][string], { kind: Kind }>;

/** The one place where the kind of a site meets the adapters that realise it. A new kind is a new function here. */
export function worldOf(configuration: Configuration, log: Logger): World {
  const peers = new Peers(configuration, log);
  const applications = mapped(
    configuration.applications,
    (record, name): Application => ({ ...record, name, management: record.management }),
  );
  const networks = mapped(
    configuration.networks,
    (record, name): Network => ({
      name,
      vantage: record.vantage === undefined ? undefined : vantagePoint(peers.exchange(record.vantage)),
      resolverClampSeconds: record.resolverClampSeconds,
    }),
  );

  const ordersFor = new Map<string, Orders>();
  /** One for each platform, whoever is served from there: it remembers what it has seen. */
  const platforms = new Map<string, Subscriptions>();
  const subscriptionsAt = (platform: string): Subscriptions => {
    const subscriptions = platforms.get(platform) ?? mecSubscriptions(peers.exchange(platform));
    platforms.set(platform, subscriptions);
    return subscriptions;
  };

  function mecHost(name: string, record: SiteRecord<'mecHost'>): Site {
    const { host, addresses, country } = record;
    const system = known(new Map(Object.entries(configuration.systems)), record.system, 'MEC system');
    const network = known(networks, system.network, 'network');
    const meo = peers.exchange(system.meo);
    const platform = peers.exchange(record.platform);
    const { lcmProxy } = system;
    return {
      name,
      kind: 'mecHost',
      system: record.system,
      network,
      packages: mec010Packages(meo, peers.meo(system.meo).packages),
      instances: mec010Instances(meo, { host, addresses, ...(country !== undefined && { country }) }),
      subscriptions: subscriptionsAt(record.platform),
      steering: mec011Steering(platform),
      mobility: mec021Mobility(platform),
      notices: lcmProxy === undefined ? undefined : mec016Notices(peers.exchange(lcmProxy)),
      calls: named(callsOfMecHost, {
        meo: system.meo,
        platform: record.platform,
        lcmProxy,
        vantage: configuration.networks[system.network]?.vantage,
        application: 'application',
      }),
    };
  }

  /** The MEO asks the OSS, the OSS the cloud (GR MEC 035, 6.6.2); its instances go on consuming MEC services (5.3.1). */
  function cloud(name: string, { manager, oss, services, addresses }: SiteRecord<'cloud'>): Site {
    const orders = cloudOrders(peers.exchange(oss), name);
    ordersFor.set(name, orders);
    return {
      name,
      kind: 'cloud',
      system: name,
      network: undefined,
      packages: cloudPackages(peers.exchange(manager), name),
      instances: cloudInstances(peers.exchange(manager), orders, { cloud: name, addresses }),
      subscriptions: subscriptionsAt(services),
      steering: undefined,
      mobility: undefined,
      notices: undefined,
      calls: named(callsOfCloud, { manager, oss, services, application: 'application' }),
    };
  }

  const sites = mapped(configuration.sites, (record, name) =>
    record.kind === 'cloud' ? cloud(name, record) : mecHost(name, record),
  );
  const devices = new Map(Object.entries(configuration.users));

  return {
    site: (name) => known(sites, name, 'site'),
    application: (name) => known(applications, name, 'application'),
    device: (user) => devices.get(user)?.address ?? null,
    context: applicationContext(managementPorts([...applications.values()]), log),
    survey: async (signal) => await surveyPeers(configuration, peers, (site) => ordersFor.get(site), signal),
  };
}

/** An instance is known by its client endpoint, so one port for clients means one port for the contract's calls. */
function managementPorts(applications: readonly Application[]): (clientPort: number) => number {
  const ports = new Map<number, number>();
  for (const { name, port, management } of applications) {
    if (management === undefined) continue;
    if ((ports.get(port) ?? management.port) !== management.port)
      throw new Error(`application ${name}: another one with port ${port} has its management elsewhere`);
    ports.set(port, management.port);
  }
  return (clientPort) => {
    const port = ports.get(clientPort);
    if (port === undefined) throw failure('UnknownName', 'no application that keeps the contract serves on that port');
    return port;
  };
}

const mapped = <From, To>(records: Readonly<Record<string, From>>, to: (record: From, name: string) => To) =>
  new Map(Object.entries(records).map(([name, record]) => [name, to(record, name)]));

function known<T>(things: ReadonlyMap<string, T>, name: string, what: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw failure('UnknownName', `no ${what} is called ${name}`);
  return thing;
}
