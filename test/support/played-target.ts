import type { ServerResponse } from 'node:http';
import type { Application, Network, Site } from '../../activities/ports.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { sealWith } from '../../configuration/seal.ts';
import { type MecService, mecServices } from '../../protocols/mec-services/service.ts';
import { busy } from './busy.ts';
import type { Heard } from './faulty-server.ts';
import { PlayedMeo } from './played-meo.ts';
import { PlayedPlatform } from './played-platform.ts';
import { type PlayedServices, playedServices } from './played-services.ts';
import type { Played } from './there-and-back.ts';
import { PortWorld } from './world.ts';

const RNI = '/rni/v2/subscriptions';
/** The first thing that the MEO makes is called so. */
const MADE = 'i1';
const seal = sealWith('a secret of this deployment');

export interface Broken {
  /** `GET /app_lcm/v1/app_instances/i1` */
  readonly call: RegExp;
  readonly form: (res: ServerResponse) => void;
}

/**
 * A world whose site a1 is reached over real sockets: orchestrator, platform and services. `broken`: what is asked of them
 * is answered in that form; `sought`: the services for which its platform is searched.
 */
export class PlayedTarget extends PortWorld {
  broken: Broken | null = null;
  /** It was asked, and answered in its form. */
  asked = 0;
  /** Of the application, in the configuration. */
  ruleIds: readonly string[] = [];
  readonly #process = this.add('a1');
  readonly #meo: PlayedMeo;
  readonly #platform: PlayedPlatform;
  readonly #services: PlayedServices;
  readonly #sought: readonly MecService[];
  readonly #a1: Pick<Site, 'instances' | 'path' | 'subscriptions'>;

  constructor(meo: PlayedMeo, platform: PlayedPlatform, services: PlayedServices, sought: readonly MecService[]) {
    super(0);
    [this.#meo, this.#platform, this.#services, this.#sought] = [meo, platform, services, sought];
    for (const peer of [meo, platform, services]) peer.answer = (heard, res) => this.#answers(heard, res);
    const host = this.#host;
    meo.place = () => host;
    platform.dns(MADE, {
      dnsRuleId: 'name',
      domainName: 'counter.edge.test',
      ipAddressType: 'IP_V4',
      ttl: 0,
      ipAddress: host,
      state: 'INACTIVE',
    });
    platform.traffic(MADE, {
      trafficRuleId: 'all',
      filterType: 'FLOW',
      priority: 1,
      trafficFilter: [{ dstAddress: [] }],
      action: 'FORWARD_DECAPSULATED',
      dstInterface: { interfaceType: 'IP', dstIpAddress: host },
      state: 'INACTIVE',
    });
    this.at('cloud')[0]?.subscriptions.push({
      id: `${RNI}/s0`,
      service: 'rni',
      type: 'CellChangeSubscription',
      filter: {},
      body: { filterCriteriaAssocHo: { appInstanceId: 'cloud', hoStatus: [3] } },
      named: true,
      callback: 'http://10.0.0.1:7000/x',
      expiry: null,
    });
    this.#a1 = {
      instances: mec010Instances(meo.server.exchange, { host: 'a1', addresses: '10.0.0.0/16' }),
      path: mec011Path(platform.server.exchange, seal),
      subscriptions: mecSubscriptions(services.peer.exchange, sought),
    };
  }

  static async open(timeoutMs = Math.round(250 * busy()), sought = mecServices): Promise<PlayedTarget> {
    return new PlayedTarget(
      await PlayedMeo.open({ timeoutMs }),
      await new PlayedPlatform().start({ timeoutMs }),
      await playedServices([RNI], timeoutMs),
      sought,
    );
  }

  override async application(name: string): Promise<Application> {
    return { ...(await super.application(name)), requires: [], ruleIds: this.ruleIds };
  }

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    return name === 'a1' ? { ...site, ...this.#a1, network: this.#network } : site;
  }

  /** Its platform lists ACTIVE rules only. */
  listActiveOnly(): void {
    this.#platform.activeOnly = true;
  }

  get played(): Played {
    return { catalogue: this, source: 'cloud', target: 'a1' };
  }

  /** Another world as it begins, of the same servers: nobody asks in this one any more. */
  anew(): PlayedTarget {
    this.#meo.become(new PlayedMeo());
    this.#platform.become(new PlayedPlatform());
    this.#services.become({ held: new Map(), made: 0 });
    return new PlayedTarget(this.#meo, this.#platform, this.#services, this.#sought);
  }

  /** As another one is by now. */
  async become(other: PlayedTarget): Promise<void> {
    this.beLike(other);
    this.#meo.become(other.#meo);
    this.#platform.become(other.#platform);
    this.#services.become(other.#services);
  }

  /** All that has to be as it was. */
  left(): unknown {
    return {
      instances: this.#meo.instances.map(({ id, state }) => ({ id, state })),
      rules: this.#platform.of(MADE),
      subscriptions: [...this.#services.held.keys()],
      source: this.at('cloud').map(({ state, role, promisedTo }) => ({ state, role, promisedTo })),
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#meo.server, this.#platform.server, this.#services.peer].map((peer) => peer.close()));
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

  get #network(): Network {
    const here = (): boolean => this.#meo.instances.some(({ id, state }) => id === MADE && state === 'STARTED');
    const rules = () => Object.values(this.#platform.of(MADE)).filter(({ state }) => state === 'ACTIVE');
    const source = this.at('cloud')[0]?.endpoint?.host ?? '';
    return {
      name: 'cellular',
      resolverClampSeconds: 0,
      vantage: {
        resolve: async () => ({
          addresses: [rules().some((rule) => 'dnsRuleId' in rule) ? this.#host : source],
          ttl: 0,
        }),
        answering: async ({ host }) => {
          const led = host === this.#host || rules().some((rule) => JSON.stringify(rule).includes(host));
          return led && here() ? { who: 'instance', id: MADE } : { who: 'nobody' };
        },
      },
    };
  }
}
