import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import type { Context, Network, Site } from '../../activities/ports.ts';
import { contractContext } from '../../adapters/application/context.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { sealWith } from '../../configuration/seal.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { busy } from './busy.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from './faulty-server.ts';
import { PlayedMeo } from './played-meo.ts';
import { PlayedPlatform } from './played-platform.ts';
import { type PlayedServices, playedServices } from './played-services.ts';
import type { Broken } from './played-target.ts';
import type { Played } from './there-and-back.ts';
import { PortWorld } from './world.ts';

const RNI = '/rni/v2/subscriptions';
const HERE = 'here';
const DOMAIN = 'counter.edge.test';
const seal = sealWith('a secret of this deployment');
const silent = pino({ level: 'silent' });

/**
 * A world whose users are served at a1, which is reached over real sockets: orchestrator, platform, services, and the
 * application itself. They go to the cloud, where a stopped instance waits. `broken`: what is asked at a1 is answered in
 * that form; `sought`: the services for which its platform is searched.
 */
export class PlayedSource extends PortWorld {
  broken: Broken | null = null;
  asked = 0;
  readonly #process = this.add('a1');
  readonly #meo: PlayedMeo;
  readonly #platform: PlayedPlatform;
  readonly #services: PlayedServices;
  readonly #contract: PlayedContract;
  readonly #sought: readonly MecService[];
  readonly #a1: Pick<Site, 'instances' | 'path' | 'subscriptions' | 'mobility' | 'context'>;

  static async open(timeoutMs = Math.round(250 * busy()), sought = mecServices): Promise<PlayedSource> {
    return new PlayedSource(
      await PlayedMeo.open({ timeoutMs }),
      await new PlayedPlatform().start({ timeoutMs }),
      await playedServices([RNI], timeoutMs),
      await playedContract(timeoutMs),
      sought,
    );
  }

  constructor(
    meo: PlayedMeo,
    platform: PlayedPlatform,
    services: PlayedServices,
    contract: PlayedContract,
    sought: readonly MecService[],
  ) {
    super(0);
    [this.#meo, this.#platform, this.#services, this.#contract] = [meo, platform, services, contract];
    this.#sought = sought;
    contract.serve = async (heard) => await this.#said(heard);
    for (const peer of [meo, platform, services, contract]) peer.answer = (heard, res) => this.#answers(heard, res);
    Object.assign(this.#process, { id: HERE, role: 'authority', epoch: 1 });
    Object.assign(this.#cloud, { role: 'standby', epoch: 0, state: 'stopped' });
    const host = this.#host;
    meo.place = () => host;
    meo.instances.push({ id: HERE, name: 'counter', appDId: 'appd-1', state: 'STARTED', host: 'a1' });
    platform.dns(HERE, {
      dnsRuleId: 'name',
      domainName: DOMAIN,
      ipAddressType: 'IP_V4',
      ttl: 0,
      ipAddress: host,
      state: 'ACTIVE',
    });
    platform.traffic(HERE, {
      trafficRuleId: 'all',
      filterType: 'FLOW',
      priority: 1,
      trafficFilter: [{ dstAddress: [host] }],
      action: 'FORWARD_DECAPSULATED',
      dstInterface: { interfaceType: 'IP', dstIpAddress: host },
      state: 'ACTIVE',
    });
    services.hold(RNI, 's1', {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `http://${host}:7000/x`,
      filterCriteriaAssocHo: { appInstanceId: HERE, hoStatus: [3] },
    });
    services.before = ({ path }) => (path.endsWith('/app_mobility_services') ? { status: 200, json: [] } : undefined);
    const application = overSocket(contract.server.url);
    this.#a1 = {
      instances: mec010Instances(meo.server.exchange, { host: 'a1', addresses: '10.0.0.0/16' }),
      path: mec011Path(platform.server.exchange, seal),
      subscriptions: mecSubscriptions(services.peer.exchange, sought),
      mobility: mec021Mobility(services.peer.exchange, silent),
      context: () => application,
    };
  }

  get played(): Played {
    return { catalogue: this, source: 'a1', target: 'cloud' };
  }

  override async application(name: string) {
    return { ...(await super.application(name)), requires: [] };
  }

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    return name === 'a1' ? { ...site, ...this.#a1, network: this.#network } : site;
  }

  /** Another world as it begins, of the same servers: nobody asks in this one any more. */
  anew(): PlayedSource {
    this.#meo.become(new PlayedMeo());
    this.#platform.become(new PlayedPlatform());
    this.#services.become({ held: new Map(), made: 0 });
    return new PlayedSource(this.#meo, this.#platform, this.#services, this.#contract, this.#sought);
  }

  /** As another one is by now. `remembering`: what was seen there of subscriptions was seen here, too. */
  async become(other: PlayedSource, remembering: boolean): Promise<void> {
    this.beLike(other);
    this.#meo.become(other.#meo);
    this.#platform.become(other.#platform);
    this.#services.become(other.#services);
    if (!remembering || other.#services.peer.count(/^GET .*\/subscriptions\//) === 0) return;
    await this.#a1.subscriptions.list({ instance: HERE, endpoint: null }, AbortSignal.timeout(60_000));
  }

  /** All that has to be as it was. */
  left(): unknown {
    return {
      instances: this.#meo.instances.map(({ id, state }) => ({ id, state })),
      rules: this.#platform.of(HERE),
      subscriptions: [...this.#services.held.keys()],
      source: { role: this.#process.role, promisedTo: this.#process.promisedTo },
      target: { state: this.#cloud.state, copies: this.#cloud.subscriptions.length },
    };
  }

  /** What is not as it has to be, over the hand-over, where the run stands; null: at its end. */
  wrongly(stands: string | null): string | undefined {
    const authorities = [this.#process, this.#cloud].filter(({ role }) => role === 'authority');
    if (authorities.length !== 1) return `there are ${authorities.length} authorities`;
    if (this.#cloud.state !== 'started') return 'its target does not run';
    const there = this.#meo.instances.some(({ state }) => state === 'STARTED');
    if (!there && stands !== null && stands !== 'retireSource') return 'the source is gone';
    if (stands !== null) return undefined;
    if (this.#meo.instances.length > 0) return 'the source is still there';
    if (this.#services.held.size > 0) return 'its subscriptions are still there';
    return this.#cloud.subscriptions.length === 1 ? undefined : 'its subscriptions are not at the target';
  }

  async close(): Promise<void> {
    const peers = [this.#meo.server, this.#platform.server, this.#services.peer, this.#contract.server];
    await Promise.all(peers.map((peer) => peer.close()));
  }

  get #cloud() {
    const [cloud] = this.at('cloud');
    if (cloud === undefined) throw new Error('there is no cloud');
    return cloud;
  }

  get #host(): string {
    return this.#process.endpoint?.host ?? '';
  }

  #answers({ method, path }: Heard, res: ServerResponse): boolean {
    if (this.broken?.call.test(`${method} ${path}`) !== true) return false;
    this.asked += 1;
    this.broken.form(res);
    return true;
  }

  /** What the application at a1 says: as that of the world, on the wire. */
  async #said({ path, query, json }: Heard): Promise<unknown> {
    const at = { host: this.#host, port: 7000 };
    const signal = AbortSignal.timeout(60_000);
    const call = path.split('/').at(-1);
    if (call === 'state') return await this.context.state(at, query.get('users') ?? '*', signal);
    if (call === 'promise') return await this.context.promise(at, json as never, signal);
    if (call === 'handOver') return await this.context.handOver(at, json as never, signal);
    if (call === 'settle') return await this.context.settle(at, json as never, signal);
    return { retires: (await this.context.retire(at, json as never, signal)) === 'retires' };
  }

  get #network(): Network {
    const active = () => Object.values(this.#platform.of(HERE)).filter(({ state }) => state === 'ACTIVE');
    const hosts = () => new Map([this.#process, this.#cloud].map(({ id, endpoint }) => [endpoint?.host, id]));
    return {
      name: 'cellular',
      resolverClampSeconds: 0,
      vantage: {
        resolve: async () => ({
          addresses: active().flatMap((rule) => ('dnsRuleId' in rule ? [String(rule['ipAddress'])] : [])),
          ttl: 0,
        }),
        answering: async ({ host }) => {
          const led = active().find((rule) => JSON.stringify(rule['trafficFilter'] ?? '').includes(`"${host}"`));
          const to = (led?.['dstInterface'] as { dstIpAddress: string } | undefined)?.dstIpAddress ?? host;
          const id = hosts().get(to);
          return id === undefined ? { who: 'nobody' } : { who: 'instance', id };
        },
      },
    };
  }
}

interface PlayedContract {
  readonly server: FaultyServer;
  serve: (heard: Heard) => Promise<unknown>;
  answer: (heard: Heard, res: ServerResponse) => boolean;
}

async function playedContract(timeoutMs: number): Promise<PlayedContract> {
  const answered = async (heard: Heard, res: ServerResponse): Promise<void> => {
    const [status, body] = await contract.serve(heard).then(
      (said) => [200, said] as const,
      (error: unknown) => [409, { type: (error as { type?: unknown }).type }] as const,
    );
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = await faultyServer(
    (heard, res): Reply | undefined => {
      if (!contract.answer(heard, res)) void answered(heard, res);
      return undefined;
    },
    { timeoutMs },
  );
  const contract: PlayedContract = { server, serve: async () => ({}), answer: () => false };
  return contract;
}

/** The instance at this address, whatever address the world gives it. */
function overSocket(url: string): Context {
  const { hostname: host, port } = new URL(url);
  const asked = contractContext({ name: 'counter at a1', managementPort: Number(port) }, silent);
  const at = { host, port: 7000 };
  return {
    guarantee: asked.guarantee,
    state: async (_, ...rest) => await asked.state(at, ...rest),
    promise: async (_, ...rest) => await asked.promise(at, ...rest),
    standBy: async (_, ...rest) => await asked.standBy(at, ...rest),
    handOver: async (_, ...rest) => await asked.handOver(at, ...rest),
    settle: async (_, ...rest) => await asked.settle(at, ...rest),
    supersede: async (_, ...rest) => await asked.supersede(at, ...rest),
    retire: async (_, ...rest) => await asked.retire(at, ...rest),
  };
}
