import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { pino } from 'pino';
import { begin, contextGiven, heard, joinedNow } from '../../catalogue/agreements.ts';
import type { Tended } from '../../activities/federation/tend-partner.ts';
import { admit } from '../../catalogue/bindings.ts';
import { type Binding, bindingsListed } from '../../catalogue/bound.ts';
import type { Federation } from '../../configuration/federation.ts';
import { Configuration } from '../../configuration/peers.ts';
import { digest } from '../../configuration/digest.ts';
import type { BindingRequest } from '../../domain/binding-request.ts';
import { bindingText } from '../../domain/binding.ts';
import { textOf } from '../../domain/wish.ts';
import { admissionOf, consumptionOf, releaseOf } from '../../temporal/consuming.ts';
import { consumingOver } from '../../worker/consuming.ts';
import { federationOf } from '../../worker/federation.ts';
import type { admitConsumer } from '../../workflows/federation/admit-consumer.ts';
import type { consumeServiceFederated } from '../../workflows/federation/consume-service-federated.ts';
import type { releaseService } from '../../workflows/federation/release-service.ts';
import type { ConsumptionPace } from '../../workflows/messages.ts';
import { attemptOf } from './attempt.ts';
import { busy } from './busy.ts';
import { catalogueOfTest, type CatalogueOfTest } from './catalogue.ts';
import type { Engine } from './engine.ts';
import { quickPace } from './pace.ts';
import { type FaultyServer, faultyServer, type Heard, type Reply } from './faulty-server.ts';
import { PlayedPartner, SECRET } from './played-partner.ts';

export const request: BindingRequest = { system: 'east', platform: 'a2', what: { kind: 'service', name: 'speech' } };

export const pace: ConsumptionPace = {
  ...quickPace,
  get stepMs() {
    return 3_000 * busy();
  },
  get attemptMs() {
    return 1_500 * busy();
  },
  get askMs() {
    return 1_000 * busy();
  },
};

/** A round of the tending asks many, in a process that others keep waiting. */
const A_MINUTE = { startToCloseTimeoutMs: 60_000, scheduleToCloseTimeoutMs: 60_000 };

const silent = pino({ level: 'silent' });

/** As a partner tells it to a platform query. */
export const platformWith = (offers: readonly object[]): object => ({
  platform: randomUUID(),
  system: randomUUID(),
  operator: 'operator-b',
  zone: null,
  offers: offers.map((offer) => ({
    offer: randomUUID(),
    kind: 'service',
    name: 'speech',
    version: '1',
    state: 'ACTIVE',
    transport: 'REST_HTTP',
    serializer: 'JSON',
    latencyMs: 5,
    ...offer,
  })),
});

/** One operator's worker, and whom it meets in a consumption, each on a socket: partner, MEO, platform, own gateway. */
export class Consuming {
  own!: CatalogueOfTest;
  partner!: PlayedPartner;
  /** MEO, platform and gateway of ours. */
  ours!: FaultyServer;
  configuration!: Configuration;
  agreement = '';
  /** What each has of us now. */
  readonly announced = new Map<string, string>();
  readonly buried = new Set<string>();
  /** How long ago something was announced, in seconds; else just now. */
  readonly ages = new Map<string, number>();
  readonly decisions = new Map<string, unknown>();
  readonly services = new Map<string, Record<string, unknown>>();
  platforms: object[] = [platformWith([{}])];
  /** Judges a call of anybody first; undefined: it goes on. */
  before: (heard: Heard) => Reply | undefined = () => undefined;
  pathIsOpen = true;
  readonly #engine: Engine | undefined;
  #worker: (Pick<ReturnType<typeof federationOf>, 'tendPartner'> & { readonly federation: Federation }) | undefined;

  constructor(engine?: Engine) {
    this.#engine = engine;
  }

  /** Without an engine nothing is run in it. */
  static async set(engine?: Engine): Promise<Consuming> {
    process.env['TEST_SECRET_OF_B'] = SECRET;
    const consuming = new Consuming(engine);
    consuming.own = await catalogueOfTest();
    consuming.partner = await PlayedPartner.start();
    consuming.partner.before = (each) => consuming.before(each) ?? consuming.#asPartner(each);
    consuming.ours = await faultyServer((each) => consuming.before(each) ?? consuming.#asOurs(each));
    await consuming.#join();
    return consuming;
  }

  async strike(): Promise<void> {
    await this.partner.server.close();
    await this.ours.close();
    await this.own.drop();
  }

  async #join(): Promise<void> {
    const { partner, ours, own } = this;
    const peer = (kind: string, more: object = {}): object => ({ kind, url: ours.url, insecure: true, ...more });
    this.configuration = Configuration.parse({
      peers: { meo: peer('meo', { mfm: `${ours.url}/mfm` }), platform: peer('platform') },
      networks: { net: {} },
      systems: { east: { meo: 'meo', network: 'net' } },
      sites: { a2: { kind: 'mecHost', system: 'east', host: 'a2', platform: 'platform', addresses: '10.3.0.0/16' } },
      applications: {},
      federation: {
        ...partner.federation(),
        gateway: { inner: ours.url, outer: ours.url },
        shares: [{ of: 'east', with: 'b', services: ['speech'] }],
      },
    });
    partner.context = randomUUID();
    const agreement = await begin(own.catalogue, { partner: 'b', direction: 'uses' });
    await contextGiven(own.catalogue, agreement, { context: partner.context, zones: [], capabilities: {} });
    await heard(own.catalogue, agreement, new Date(0), { theirs: 'open', linkMs: 3, capabilities: {} });
    await joinedNow(own.catalogue, agreement);
    this.agreement = agreement.id;
  }

  #asPartner({ method, path, query, json }: Heard): Reply | undefined {
    if (path.endsWith('/platform-queries'))
      return { status: 200, json: { platforms: this.platforms, complete: true, validSeconds: 60 } };
    if (path.endsWith('/bindings')) return this.#listed(query.get('after') ?? '');
    const name = /\/bindings\/(\w+)$/.exec(path)?.[1];
    if (name === undefined) return undefined;
    if (method === 'DELETE') {
      this.buried.add(name);
      this.announced.delete(name);
      return { status: 204 };
    }
    if (this.buried.has(name)) return { status: 410, json: { title: 'Gone' } };
    if (method === 'PUT') this.announced.set(name, String(json['offer']));
    return this.announced.has(name)
      ? { status: 200, json: { name, state: 'open' } }
      : { status: 404, json: { title: 'Not Found' } };
  }

  #listed(after: string): Reply {
    const page = [...this.announced.keys()]
      .filter((name) => name > after)
      .toSorted()
      .slice(0, 500);
    const next = page.length === 500 ? { headers: { link: `<bindings?after=${page.at(-1)}>; rel="next"` } } : {};
    const json = page.map((name) => ({ name, state: 'open', ageSeconds: this.ages.get(name) ?? 0 }));
    return { status: 200, json, ...next };
  }

  #asOurs({ method, path, json }: Heard): Reply {
    if (path.startsWith('/mfm/decisions/')) {
      const name = path.slice('/mfm/decisions/'.length);
      if (method === 'PUT') this.decisions.set(name, json);
      else this.decisions.delete(name);
      return { status: 204 };
    }
    if (path.endsWith('/.ferry/path')) return this.pathIsOpen ? { status: 204 } : { status: 503 };
    const [, id] = /\/applications\/ferry-gateway\/services(?:\/([\w-]+))?$/.exec(path) ?? [];
    if (!path.includes('/services')) return { status: 404 };
    if (method === 'POST') {
      const made = randomUUID();
      this.services.set(made, { ...json, serInstanceId: made });
      return { status: 201, json: this.services.get(made) };
    }
    if (id === undefined) return { status: 200, json: [...this.services.values()] };
    if (method === 'DELETE') return { status: this.services.delete(id) ? 204 : 404 };
    if (method === 'PUT') this.services.set(id, json);
    return { status: 200, json: this.services.get(id) };
  }

  /** What somebody still has of a consumption. */
  get left(): object {
    const { announced, decisions, services } = this;
    return { announced: [...announced.keys()], decisions: [...decisions.keys()], services: services.size };
  }

  /** What the partner has announced to use of ours: a row that is to be admitted. */
  async announcedToUs(name = 'n1'): Promise<string> {
    const { catalogue } = this.own;
    const { id: agreement } = await begin(catalogue, { partner: 'b', direction: 'serves' });
    const offer = await this.#offered();
    const what = { kind: 'service', offer_name: 'speech', for_application: null } as const;
    const place = { system: 'east', platform: 'a2', operator: 'operator-b', solution: 'federators' } as const;
    const admitted = await admit(catalogue, { name, agreement, offer, ...what, ...place }, 10);
    if (typeof admitted === 'string') throw new Error(`it is not admitted: ${admitted}`);
    return admitted.binding.id;
  }

  /** By our own platform, as its orchestrator has told. */
  async #offered(): Promise<string> {
    const { catalogue } = this.own;
    const who = { local: 'east', name: 'East', provider: 'Operator A', operator: 'operator-a' };
    const one = async (query: { executeTakeFirstOrThrow: () => Promise<{ id: string }> }): Promise<string> =>
      (await query.executeTakeFirstOrThrow()).id;
    const system = await one(catalogue.insertInto('system').values(who).returning('id'));
    const platform = await one(catalogue.insertInto('platform').values({ system, foreign_id: 'a2' }).returning('id'));
    const offer = { system, platform, kind: 'service', foreign_id: 'speech', platform_foreign_id: 'a2' } as const;
    const has = { name: 'speech', version: '1', state: 'ACTIVE', transport: 'REST_HTTP', serializer: 'JSON' } as const;
    const row = { ...offer, ...has, endpoint: this.ours.url };
    return await one(catalogue.insertInto('offer').values(row).returning('id'));
  }

  async rows(): Promise<readonly Binding[]> {
    return await bindingsListed(this.own.catalogue, { limit: 100, closed: true });
  }

  /** Beside a worker. */
  async over<T>(scenario: (means: Started) => Promise<T>): Promise<T> {
    const { federation } = this.configuration;
    if (federation === undefined || this.#engine === undefined) throw new Error('there is no federation, or no engine');
    const { catalogue } = this.own;
    const { environment, taskQueue } = this.#engine;
    const activities = federationOf(federation, catalogue, 60_000, silent, { consuming: this.#means(federation) });
    return await this.#engine.beside(
      activities,
      async () =>
        await scenario({
          consume: async (asked = request) => await this.#consume(taskQueue, asked),
          admit: async (binding) =>
            await environment.client.workflow.start<typeof admitConsumer>(
              'admitConsumer',
              admissionOf({ binding, why: 'announced', pace }, 'b', { taskQueue }),
            ),
          release: async (binding) =>
            await environment.client.workflow.start<typeof releaseService>(
              'releaseService',
              releaseOf({ binding, why: 'released', pace }, 'b', { taskQueue }),
            ),
        }),
    );
  }

  #means(federation: Federation): NonNullable<Parameters<typeof federationOf>[4]>['consuming'] & {} {
    const observe = async (): Promise<void> => undefined;
    return (partner) =>
      consumingOver({ ...this.configuration, federation }, this.own.catalogue, { partner, observe }, silent);
  }

  /** One round of the tending of our partner, or of another one. */
  async tend(partner = 'b'): Promise<Tended> {
    const { federation } = this.configuration;
    if (federation === undefined) throw new Error('there is no federation');
    // By one worker, as long as it has the same configuration
    if (this.#worker?.federation !== federation) {
      const around = { consuming: this.#means(federation) };
      this.#worker = { federation, ...federationOf(federation, this.own.catalogue, 60_000, silent, around) };
    }
    return (await attemptOf(A_MINUTE).run(this.#worker.tendPartner, { partner })) as Tended;
  }

  /** Our leaving, as its run has begun it. */
  async leave(): Promise<void> {
    const { federation } = this.configuration;
    if (federation === undefined) throw new Error('there is no federation');
    const { leavePartner } = federationOf(federation, this.own.catalogue, 60_000, silent);
    await attemptOf(A_MINUTE).run(leavePartner, { partner: 'b' });
  }

  async #consume(taskQueue: string, asked: BindingRequest) {
    const { system: _, platform: __, ...wish } = asked;
    if (this.#engine === undefined) throw new Error('there is no engine');
    const order = { request: asked, digest: digest(textOf({ find: 'platforms', wish })), pace };
    return await this.#engine.environment.client.workflow.start<typeof consumeServiceFederated>(
      'consumeServiceFederated',
      {
        ...consumptionOf(digest(`${randomUUID()} ${bindingText(asked)}`), order, { taskQueue }),
      },
    );
  }
}

export interface Started {
  readonly consume: (asked?: BindingRequest) => Promise<WorkflowHandle<typeof consumeServiceFederated>>;
  readonly admit: (binding: string) => Promise<WorkflowHandle<typeof admitConsumer>>;
  readonly release: (binding: string) => Promise<WorkflowHandle<typeof releaseService>>;
}
