import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import type { Application, Catalogue, Network, Site, Subscriptions } from '../activities/ports.ts';
import type { Surveying } from '../activities/survey.ts';
import { contractContext } from '../adapters/application/context.ts';
import { withoutContract } from '../adapters/application/without-contract.ts';
import { cloudInstances } from '../adapters/cloud-manager/instances.ts';
import { cloudPackages } from '../adapters/cloud-manager/packages.ts';
import { mec010Instances } from '../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../adapters/mec010-2/packages.ts';
import { mec011Path } from '../adapters/mec011/path.ts';
import { mecSubscriptions } from '../adapters/mec-services/subscriptions.ts';
import { mec016Notices } from '../adapters/mec016/notices.ts';
import { mec021Mobility } from '../adapters/mec021/mobility.ts';
import { standingToken } from '../adapters/oauth/tokens.ts';
import { cloudOrders, type Orders } from '../adapters/tmf641/orders.ts';
import { vantagePoint } from '../adapters/vantage/vantage.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { Seal } from '../domain/seal.ts';
import { Peers } from './peers.ts';
import { PeersSeen } from './peers-seen.ts';
import { lookAtPeers, surveyPeers } from './survey.ts';

type SiteRecord<Kind> = Extract<Configuration['sites'][string], { kind: Kind }>;

/** What a configuration file tells: whoever is configured, and how each peer is asked. */
export interface Configured {
  readonly catalogue: Catalogue;
  readonly surveying: Surveying;
}

/** The one place where the kind of a site meets the adapters that realise it. A new kind is a new function here. */
export function configured(configuration: Configuration, seal: Seal, log: Logger): Configured {
  const peers = new Peers(configuration, log);
  const seen = new PeersSeen(Object.keys(configuration.peers));
  const applications = mapped(
    configuration.applications,
    (record, name): Application => ({ ...record, name, management: record.management }),
  );
  const contexts = mapped(configuration.applications, ({ management, domainName }, name) => {
    if (management === undefined) return withoutContract;
    const { port, token } = management;
    // Instances come and go: their certificates name the application, not their addresses
    const tls = management.tls && { serverName: domainName, ...management.tls };
    return contractContext({ name, managementPort: port, tls, credentials: token && standingToken(token, name) }, log);
  });
  const context: Site['context'] = ({ name }) => known(contexts, name, 'application');
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
    const meo = peers.exchange(system.meo);
    const platform = peers.exchange(record.platform);
    const { lcmProxy } = system;
    return {
      name,
      kind: 'mecHost',
      system: record.system,
      network: known(networks, system.network, 'network'),
      zone: record.zone,
      packages: mec010Packages(meo, peers.meo(system.meo).packages),
      instances: mec010Instances(meo, { host, addresses, ...(country !== undefined && { country }) }),
      subscriptions: subscriptionsAt(record.platform),
      path: mec011Path(platform, seal),
      context,
      mobility: mec021Mobility(platform, log),
      notices: lcmProxy === undefined ? undefined : mec016Notices(peers.exchange(lcmProxy)),
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
      path: undefined,
      context,
      // Its instances registered where they consume services (GR MEC 035, 5.3.1)
      mobility: mec021Mobility(peers.exchange(services), log),
      notices: undefined,
    };
  }

  const sites = mapped(configuration.sites, (record, name) =>
    record.kind === 'cloud' ? cloud(name, record) : mecHost(name, record),
  );
  const devices = new Map(Object.entries(configuration.users));

  return {
    catalogue: {
      site: async (name) => known(sites, name, 'site'),
      sites: async () => [...sites.values()],
      application: async (name) => known(applications, name, 'application'),
      applications: async () => [...applications.values()],
      device: async (user) => devices.get(user)?.address ?? null,
    },
    surveying: {
      survey: async (signal) => await surveyPeers(configuration, peers, (site) => ordersFor.get(site), signal),
      look: async (signal) => await lookAtPeers(peers, seen, signal),
    },
  };
}

const mapped = <From, To>(records: Readonly<Record<string, From>>, to: (record: From, name: string) => To) =>
  new Map(Object.entries(records).map(([name, record]) => [name, to(record, name)]));

function known<T>(things: ReadonlyMap<string, T>, name: string, what: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw failure('UnknownName', `no ${what} is called ${name}`);
  return thing;
}
