import { Context as Activity } from '@temporalio/activity';
import type {
  Application,
  Catalogue,
  Context,
  Described,
  Instance,
  Lead,
  Network,
  Path,
  Site,
  Vantage,
  Wait,
} from '../../activities/ports.ts';
import { failure } from '../../activities/failure.ts';
import type { Role } from '../../domain/application.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { Rule } from '../../domain/rule.ts';
import {
  backwards,
  carriedOut,
  type Change,
  planned,
  takenFurther,
  type Turn,
  undone,
  type PathWay,
} from '../../domain/turn.ts';
import { type HeldSubscription, turned as turnedCallback } from '../../domain/subscription.ts';

type Interference = FailureType | (() => Promise<void> | void);

interface Made extends Instance {
  readonly site: string;
  state: Instance['state'];
  rules: Rule[];
  version: number;
  subscriptions: HeldSubscription[];
  role: Role;
  epoch: number;
  /** Writes that it has accepted. */
  count: number;
  settled: Map<string, 'handedOver' | 'kept'>;
  promisedTo: string | null;
  /** Knows the source that it relays to. */
  introduced: boolean;
  /** Relocations that were introduced here and are not settled. */
  expected: Set<string>;
  retiring: boolean;
}

const DOMAIN = 'counter.edge.test';
const SITES = ['cloud', 'a1', 'a2', 'w1'];

/** A turn in such a world: what it was and what it is to be. */
interface Whole {
  readonly instance: string;
  readonly before: Rule[];
  readonly after: Rule[];
}

/** As an application's rules lead in a world where each instance has one name and one traffic rule. */
function turned(rule: Rule, lead: Lead, way: PathWay): Rule {
  if (way === 'further' && !rule.active) return rule;
  if (rule.kind === 'dns') return { ...rule, address: lead.to.endpoint.host, active: way !== 'away' || rule.active };
  if (rule.id !== 'all' || (way === 'away' && lead.sameNetwork)) return { ...rule, active: false };
  return { ...rule, destinations: [...lead.former], leadsTo: lead.to.endpoint.host, active: true };
}

/** Undefined: it is asked outside of any. */
function activityNow(): string | undefined {
  try {
    return Activity.current().info.activityType;
  } catch {
    return undefined;
  }
}

const isRunning = ({ state }: Instance): boolean => state === 'started' || state === 'unknown';
const isEnded = ({ state }: Instance): boolean => state === 'stopped' || state === 'notInstantiated';

/**
 * A world at the height of the ports: sites, instances, rules and an application that keeps the contract, in memory. It
 * serves tests of the procedure; the sandbox serves those of the whole. `on` makes one call fail, or wait.
 */
export class PortWorld implements Catalogue {
  readonly calls: string[] = [];
  /** Of each call, the activity that made it. */
  readonly asking: (string | undefined)[] = [];
  readonly instances: Made[] = [];
  /** Those that were taken away, with the subscriptions that their platforms still have. */
  readonly remains: Made[] = [];
  readonly packages = new Set<string>(['cloud']);
  /** What the descriptor of the package says, where it is known before an instance is made. */
  described: Described | undefined;
  /** Polls before an instance runs. */
  polls = 1;
  /** Seconds since the source saw a client. */
  clientSeen: number | null = null;
  clampSeconds = 0;
  expectedFreezeMs = 5;
  missingServices: string[] = [];
  mobility: 'free' | 'confirmation' | 'forbidden' = 'free';
  /** Ids that were given out again, to instances of other applications. */
  readonly others = new Set<string>();
  steerable = true;
  /** Platforms have rules for traffic, and not for names alone. */
  trafficLed = true;
  /** So many seconds resolvers may keep what they answered. */
  ttl = 0;
  /** One device is led by a rule of its own, which nobody else touches. */
  byDevice = false;
  /** Ids of instances that no list shows. */
  readonly hidden = new Set<string>();
  /** Ids of instances whom no device reaches but by a rule of their own site. */
  readonly unreachable = new Set<string>();
  /** Ids of instances whose application does not answer. */
  readonly silent = new Set<string>();
  /** Ids of instances whose process runs, whatever is written down of them. */
  readonly alive = new Set<string>();
  /** Ids of instances that an operation of their orchestrator has ended: of what is merely written down it knows none. */
  readonly ended = new Set<string>();
  readonly #interference = new Map<string, Interference[]>();
  /** The sites at whose services subscriptions were made. */
  readonly #elsewhere = new Map<string, string>();
  #serial = 0;

  constructor(subscriptions = 3) {
    const first = this.#make('cloud', null);
    first.role = 'authority';
    first.epoch = 1;
    for (let n = 0; n < subscriptions; n += 1) this.subscribe(first, n);
  }

  /** The next calls of this name fail so, or wait for the promise, one after the other; 'always' by repeating it. */
  on(call: string, ...interference: Interference[]): this {
    this.#interference.set(call, interference);
    return this;
  }

  /** The users are served there, by an instance of its own, and not in the cloud. */
  servedAt(site: string): Made {
    const [first] = this.instances;
    const moved = this.#make(site, null);
    if (first !== undefined) Object.assign(first, { role: 'standby', epoch: 0 });
    return Object.assign(moved, { role: 'authority', epoch: 2 });
  }

  /** Another instance that runs there, and serves nobody yet. */
  add(site: string): Made {
    return this.#make(site, null);
  }

  subscribe(owner: Made, n: number): void {
    owner.subscriptions.push({
      id: `/rni/v2/subscriptions/s${(this.#serial += 1)}`,
      service: 'rni',
      type: 'CellChangeSubscription',
      filter: { hoStatus: [3], ecgi: [n] },
      body: {},
      named: true,
      callback: `/notifications/${n}`,
      expiry: null,
    });
  }

  /** The process of this site's instance starts anew: what it was told is forgotten. */
  restart(site: string): void {
    for (const instance of this.at(site)) Object.assign(instance, { role: 'standby', introduced: false });
  }

  /** As another one is by now, which began as this one has. */
  protected beLike(other: PortWorld): void {
    for (const [at, instance] of other.instances.entries()) {
      const own = this.instances[at];
      if (own?.id !== instance.id) throw new Error('it did not begin like the other one');
      Object.assign(own, structuredClone(instance));
    }
    for (const [id, site] of other.#elsewhere) this.#elsewhere.set(id, site);
    this.#serial = other.#serial;
  }

  at(site: string): Made[] {
    return this.instances.filter((instance) => instance.site === site);
  }

  get authority(): Made | undefined {
    return this.instances.find(({ role }) => role === 'authority');
  }

  /** What has to be equal before and after a rollback. */
  dump(): unknown {
    return JSON.parse(
      JSON.stringify(
        this.instances.map(({ site, state, rules, subscriptions, role, promisedTo }) => ({
          site,
          state,
          rules,
          subscriptions,
          role,
          promisedTo,
        })),
      ),
    );
  }

  async application(name: string): Promise<Application> {
    if (name !== 'counter') throw failure('UnknownName', `no such application: ${name}`);
    return {
      name,
      provider: 'acme',
      appDId: 'appd-1',
      softVersion: '1.0',
      descriptorVersion: '1.0',
      checksum: '0'.repeat(64),
      archive: { path: '/nowhere', uri: 'http://nowhere/' },
      domainName: DOMAIN,
      port: 7000,
      ruleIds: [],
      requires: ['RNIS'],
      management: { port: 7001 },
      stateful: true,
    };
  }

  async applications(): Promise<Application[]> {
    return [await this.application('counter')];
  }

  async device(user: string): Promise<string | null> {
    return user === 'ue-1' ? '10.9.9.1' : null;
  }

  async sites(): Promise<Site[]> {
    return await Promise.all(SITES.map(async (name) => await this.site(name)));
  }

  async site(name: string): Promise<Site> {
    if (!SITES.includes(name)) throw failure('UnknownName', `no such site: ${name}`);
    const cloud = name === 'cloud';
    const call = async (what: string): Promise<void> => await this.#called(`${name}.${what}`);
    const find = (id: string): Made | undefined => this.at(name).find((instance) => instance.id === id);
    const owned = (endpoint: Endpoint): Made | undefined =>
      this.instances.find((instance) => instance.endpoint?.host === endpoint.host);
    return {
      name,
      kind: cloud ? 'cloud' : 'mecHost',
      system: cloud ? 'cloud' : name === 'w1' ? 'wifi' : 'cellular',
      network: cloud ? undefined : this.#network(name === 'w1' ? 'wifi' : 'cellular'),
      packages: {
        find: async () => {
          await call('packages.find');
          return this.packages.has(name) ? 'usable' : 'absent';
        },
        sendable: async () => await call('packages.sendable'),
        described: async () => this.described,
        distribute: async () => {
          await call('packages.distribute');
          this.packages.add(name);
        },
      },
      instances: {
        list: async () => {
          await call('instances.list');
          const shown = this.at(name).filter(({ id }) => !this.hidden.has(id));
          return shown.map((instance) => ({ ...instance }));
        },
        instantiate: async (_, key, wait: Wait) => {
          await call('instances.instantiate');
          const made = this.at(name).find((instance) => instance.name === key) ?? this.#make(name, key);
          for (let poll = 0; poll < this.polls; poll += 1) await wait.pause();
          await call('instances.instantiated');
          return { ...made };
        },
        stateOf: async (_, id) => (this.others.has(id) ? 'another' : (find(id)?.state ?? 'gone')),
        isBeingMade: async () => false,
        start: async (id) => {
          await call('instances.start');
          const instance = find(id);
          if (instance === undefined) throw failure('NotYet', 'gone');
          Object.assign(instance, {
            state: 'started',
            role: 'standby',
            introduced: false,
            retiring: false,
            expected: new Set(),
          });
          this.ended.delete(id);
          return { ...instance };
        },
        stop: async (id) => {
          await call('instances.stop');
          const instance = find(id);
          if (instance !== undefined) Object.assign(instance, { state: 'stopped', role: 'relay', promisedTo: null });
          this.ended.add(id);
        },
        withdraw: async () => await call('instances.withdraw'),
        remove: async (id) => {
          await call('instances.remove');
          const at = this.instances.findIndex((instance) => instance.id === id || instance.name === id);
          if (at >= 0) this.remains.push(...this.instances.splice(at, 1));
          this.ended.add(id);
        },
        end: async (id) => {
          await call('instances.end');
          const instance = find(id);
          if (instance !== undefined && !isEnded(instance)) {
            instance.state = cloud ? 'stopped' : 'notInstantiated';
            if (!this.alive.has(id)) Object.assign(instance, { role: 'relay', promisedTo: null });
            this.ended.add(id);
          }
          return this.ended.has(id) ? 'operation' : 'written';
        },
        whenLeft: cloud ? 'stop' : 'remove',
        reach: async () => {
          await call('instances.reach');
          return 'reached';
        },
      },
      subscriptions: {
        list: async ({ instance, endpoint }) => {
          await call('subscriptions.list');
          const owner = [...this.instances, ...this.remains].find((each) =>
            endpoint === null ? each.id === instance : each.endpoint?.host === endpoint.host,
          );
          return {
            held: structuredClone(
              (owner?.subscriptions ?? []).filter(({ id }) => (this.#elsewhere.get(id) ?? owner?.site) === name),
            ),
            notCarried: [],
            listed: () => true,
            lists: {},
          };
        },
        lacking: async () => [],
        create: async ({ endpoint }, subscription, from) => {
          await call('subscriptions.create');
          const callback = turnedCallback(subscription.callback, { from: from.endpoint.host, to: endpoint.host });
          const held = { ...subscription, callback, id: `/rni/v2/subscriptions/s${(this.#serial += 1)}` };
          owned(endpoint)?.subscriptions.push(held);
          this.#elsewhere.set(held.id, name);
          await call('subscriptions.created');
          return { held, made: true };
        },
        remove: async (id) => {
          await call('subscriptions.remove');
          for (const instance of [...this.instances, ...this.remains])
            instance.subscriptions = instance.subscriptions.filter((subscription) => subscription.id !== id);
        },
        missing: async () => this.missingServices,
      },
      path: cloud ? undefined : this.#path(name),
      context: () => this.context,
      mobility: {
        level: async () => this.mobility,
        registered: async () => null,
        hears: async () => [],
        tell: async () => 0,
      },
      notices: cloud
        ? undefined
        : { addressChanged: async () => await call('notices.addressChanged').then(() => true) },
    };
  }

  readonly context: Context = {
    guarantee: 'zeroLoss',
    state: async (at, users) => {
      await this.#called('context.state');
      const { id, role, epoch, promisedTo, retiring, count, expected } = this.#by(at);
      return {
        instance: id,
        role,
        epoch,
        promisedTo,
        retiring,
        copies: [...expected].map((relocation) => {
          const given = { users: '*', copiedUsers: 1, count, prepared: false, secondsAgo: 0.02 };
          return { relocation, ...given };
        }),
        users: [{ user: users === '*' ? 'ue-1' : users, role, epoch, count }],
        clientSeenSecondsAgo: this.clientSeen,
        clients: this.clientSeen === null ? 0 : 2,
        expectedFreezeMs: this.expectedFreezeMs,
      };
    },
    promise: async (at, { relocation }) => {
      await this.#called('context.promise');
      const instance = this.#by(at);
      if (instance.settled.get(relocation) === 'kept') throw failure('PromisedElsewhere', 'settled');
      if (instance.promisedTo !== null && instance.promisedTo !== relocation)
        throw failure('PromisedElsewhere', 'promised');
      instance.promisedTo = relocation;
      await this.#called('context.promised');
      return { users: 1, copied: 1 };
    },
    standBy: async (at, { relocation }) => {
      await this.#called('context.standBy');
      const instance = this.#by(at);
      if (instance.retiring) throw failure('TargetRefused', 'it goes');
      instance.introduced = true;
      instance.expected.add(relocation);
    },
    handOver: async (at, { relocation, target }) => {
      await this.#called('context.handOver');
      const [source, other] = [this.#by(at), this.#by(target)];
      if (source.settled.get(relocation) === 'kept') throw failure('KeptBySource', 'settled as kept');
      if (source.role === 'authority') {
        if (!other.introduced) throw failure('PeerRejected', 'the target knows nothing of this source');
        Object.assign(other, { role: 'authority', epoch: source.epoch + 1 });
        other.expected.delete(relocation);
        Object.assign(source, { role: 'relay', promisedTo: null });
        source.settled.set(relocation, 'handedOver');
      }
      await this.#called('context.handedOver');
      return { relocation, epoch: other.epoch, users: 1, count: 7, of: null, freezeMs: 4.2 };
    },
    settle: async (at, { relocation }) => {
      await this.#called('context.settle');
      const instance = this.#by(at);
      const settlement = instance.settled.get(relocation) ?? 'kept';
      instance.settled.set(relocation, settlement);
      if (instance.promisedTo === relocation) instance.promisedTo = null;
      instance.expected.delete(relocation);
      return { settlement, serves: instance.role === 'authority' };
    },
    supersede: async (at, { epoch, to, spared }) => {
      await this.#called(to === null ? 'context.takesOver' : 'context.superseded');
      const instance = this.#by(at);
      if (instance.role === 'authority' && (to === null || spared !== false)) return 'serves';
      if (to === null) Object.assign(instance, { role: 'authority', epoch, expected: new Set() });
      else if (instance.role === 'authority') Object.assign(instance, { role: 'relay', epoch, promisedTo: null });
      return { users: 1, count: instance.count, kept: [] };
    },
    retire: async (at, { relocation }) => {
      await this.#called('context.retire');
      const instance = this.#by(at);
      const expected = [...instance.expected].some((other) => other !== relocation);
      if (instance.role === 'authority' || instance.promisedTo !== null || expected) return 'stays';
      instance.retiring = true;
      return 'retires';
    },
  };

  /** Rules of an instance here, in memory. */
  #path(name: string): Path {
    const find = (id: string): Made | undefined => this.at(name).find((instance) => instance.id === id);
    const write = async (instance: Made | undefined, to: Rule): Promise<number> => {
      const now = instance?.rules.find(({ id }) => id === to.id);
      if (instance === undefined || JSON.stringify(now) === JSON.stringify(to)) return 0;
      await this.#called(`${name}.path.write`);
      instance.rules = instance.rules.map((rule) => (rule.id === to.id ? structuredClone(to) : rule));
      return 1;
    };
    return {
      look: async () => {
        await this.#called(`${name}.path.look`);
        return {
          by: { name: this.steerable, traffic: this.steerable && this.trafficLed },
          told: [],
          obstacles: [],
          names: [],
          ttlSeconds: 0,
          rules: [],
          former: [],
        };
      },
      plan: async (way, lead, earlier) => {
        const { instance } = way === 'here' ? lead.to : lead.from;
        const rules = structuredClone(find(instance)?.rules ?? []);
        const before = earlier === null ? rules : (JSON.parse(earlier) as Whole).before;
        return JSON.stringify({ instance, before, after: rules.map((rule) => turned(rule, lead, way)) });
      },
      takenFurther: (turn, later) => {
        const [own, further] = [JSON.parse(turn) as Whole, JSON.parse(later) as Whole];
        return JSON.stringify({ ...own, after: further.after });
      },
      turn: async (turn) => {
        const { instance, after } = JSON.parse(turn) as Whole;
        let written = 0;
        for (const rule of after) written += await write(find(instance), rule);
        return written;
      },
      turnBack: async (turn) => {
        const { instance, before } = JSON.parse(turn) as Whole;
        await this.#called(`${name}.path.turnBack`);
        let written = 0;
        for (const rule of before) written += await write(find(instance), rule);
        return written;
      },
      holds: async ({ id, endpoint }) => {
        return (find(id)?.rules ?? []).some((rule) => {
          const leadsTo = rule.kind === 'dns' ? rule.address : rule.leadsTo;
          return rule.active && (endpoint === null || leadsTo === endpoint.host);
        });
      },
      release: async () => await this.#called(`${name}.path.release`),
      forget: async () => await this.#called(`${name}.path.forget`),
      ...(this.byDevice && this.#turning(name, find, write)),
    };
  }

  /** As a platform does it, whose rules several lead their devices by. */
  #turning(
    name: string,
    find: (id: string) => Made | undefined,
    write: (instance: Made | undefined, to: Rule) => Promise<number>,
  ): Pick<Path, 'plan' | 'takenFurther' | 'turn' | 'turnBack'> {
    const read = (text: string): Turn => JSON.parse(text) as Turn;
    const nowOf = ({ instance }: Turn, { before }: Change): Rule =>
      find(instance)?.rules.find(({ id }) => id === before.id) ?? before;
    return {
      plan: async (way, { from, to, ...lead }, earlier) => {
        const { instance } = way === 'here' ? to : from;
        const course = { ...lead, from: from.endpoint.host, to: to.endpoint.host };
        const rules = structuredClone(find(instance)?.rules ?? []);
        return JSON.stringify(planned(way, rules, course, instance, earlier === null ? null : read(earlier)));
      },
      takenFurther: (turn, later) => JSON.stringify(takenFurther(read(turn), read(later))),
      turn: async (text) => {
        const turn = read(text);
        let written = 0;
        for (const change of turn.changes) {
          const to = carriedOut(nowOf(turn, change), change, turn);
          if (to === 'lost') throw failure('OwnershipLost', `${change.before.id} is led by others`);
          written += await write(find(turn.instance), to);
        }
        return written;
      },
      turnBack: async (text) => {
        const turn = read(text);
        await this.#called(`${name}.path.turnBack`);
        let written = 0;
        for (const change of backwards(turn))
          written += await write(find(turn.instance), undone(nowOf(turn, change), change, turn));
        return written;
      },
    };
  }

  #network(name: string): Network {
    const inNetwork = (): Made[] =>
      this.instances.filter(({ site }) => (name === 'wifi' ? site === 'w1' : site === 'a1' || site === 'a2'));
    const vantage: Vantage = {
      resolve: async () => {
        const rule = inNetwork()
          .flatMap(({ rules }) => rules)
          .find((candidate) => candidate.kind === 'dns' && candidate.active);
        return rule?.kind === 'dns'
          ? { addresses: [rule.address], ttl: this.ttl }
          : { addresses: [this.at('cloud')[0]?.endpoint?.host ?? ''], ttl: this.ttl };
      },
      answering: async (at) => {
        const led = inNetwork()
          .flatMap(({ rules }) => rules)
          .find((rule) => rule.kind === 'traffic' && rule.active && rule.destinations.includes(at.host));
        const host = led?.kind === 'traffic' ? led.leadsTo : at.host;
        const found = this.instances.find(({ endpoint }) => endpoint?.host === host);
        const own = name === 'wifi' ? found?.site === 'w1' : found?.site !== 'w1';
        const reached = found !== undefined && (own || !this.unreachable.has(found.id));
        const lives = reached && this.#runs(found) && !this.silent.has(found.id);
        return !lives ? { who: 'nobody' } : { who: 'instance', id: found.id };
      },
    };
    return { name, vantage, resolverClampSeconds: this.clampSeconds };
  }

  #runs(instance: Made): boolean {
    return isRunning(instance) || this.alive.has(instance.id);
  }

  #by(endpoint: Endpoint): Made {
    const instance = this.instances.find((each) => each.endpoint?.host === endpoint.host && this.#runs(each));
    if (instance === undefined || this.silent.has(instance.id))
      throw failure('PeerUnavailable', 'application: nobody answers');
    return instance;
  }

  #make(site: string, name: string | null): Made {
    const n = (this.#serial += 1);
    const host = `10.0.0.${n}`;
    const made: Made = {
      site,
      id: `i${n}`,
      name,
      state: 'started',
      endpoint: { host, port: 7000 },
      version: 1,
      subscriptions: [],
      role: 'standby',
      epoch: 0,
      count: 7,
      settled: new Map(),
      introduced: false,
      expected: new Set(),
      retiring: false,
      promisedTo: null,
      rules:
        site === 'cloud'
          ? []
          : [
              { kind: 'dns', id: 'name', name: DOMAIN, address: host, ttl: 0, active: false },
              ...(this.trafficLed ? ['all', 'users'] : []).map(
                (id): Rule => ({ kind: 'traffic', id, sources: [], destinations: [], leadsTo: host, active: false }),
              ),
            ],
    };
    this.instances.push(made);
    return made;
  }

  /** For worlds that are built upon this one. */
  protected async interfered(call: string): Promise<void> {
    await this.#called(call);
  }

  async #called(call: string): Promise<void> {
    this.calls.push(call);
    this.asking.push(activityNow());
    const interference = this.#interference.get(call)?.shift();
    if (typeof interference === 'function') await interference();
    else if (interference !== undefined) throw failure(interference, `${call} was made to fail`);
  }
}
