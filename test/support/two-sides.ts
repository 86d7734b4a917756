import { sql } from 'kysely';
import { pino } from 'pino';
import { announcing } from '../../activities/federation/announce-decision.ts';
import type { Binding, ConsumingMeans } from '../../activities/federation/consumption.ts';
import type { Partner } from '../../activities/federation/ports.ts';
import { leaving } from '../../activities/federation/leave-partner.ts';
import { tendBindings } from '../../activities/federation/tend-bindings.ts';
import { ewbiPartner } from '../../adapters/ewbi/partner.ts';
import { Exchange } from '../../adapters/http.ts';
import { mffConsumable } from '../../adapters/mff/consumable.ts';
import { mffPartner } from '../../adapters/mff/partner.ts';
import { begin, contextGiven, end, heard } from '../../catalogue/agreements.ts';
import { alias } from '../../catalogue/aliases.ts';
import { bindingsOf } from '../../catalogue/consuming.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { factsOf } from '../../catalogue/facts.ts';
import { served } from '../../catalogue/serving.ts';
import { want } from '../../catalogue/wills.ts';
import type { Federation } from '../../configuration/federation.ts';
import { attemptOf } from './attempt.ts';
import { catalogueOfTest, type CatalogueOfTest } from './catalogue.ts';
import { federationOfTest, partnerOfTest } from './federation.ts';
import { nothingLeaked, Outer } from './outer.ts';

const what = { kind: 'service', name: 'speech', version: '1', state: 'ACTIVE', transport: 'REST_HTTP' } as const;
const ENDPOINT = 'http://10.3.0.7:8080/inner';

/** One operator's Ferry uses what another one's serves: both catalogues, and the outer listener between them. */
export class TwoSides {
  readonly here: CatalogueOfTest;
  readonly there: CatalogueOfTest;
  readonly federation: Federation;
  partnerIsAway = false;
  #ferry: Outer | undefined;
  #means: ConsumingMeans | undefined;
  #leaving: ReturnType<typeof leaving> | undefined;
  #context = '';
  #agreement = { here: '', there: '' };
  #offers = { here: '', told: '' };
  #name = '';

  private constructor(here: CatalogueOfTest, there: CatalogueOfTest) {
    this.here = here;
    this.there = there;
    this.federation = federationOfTest({
      operator: { id: 'operator-b', name: 'Operator B', country: 'FR', mcc: '208', mncs: ['01'] },
      partners: { a: partnerOfTest('a') },
    });
  }

  static async set(): Promise<TwoSides> {
    const [here, there] = await Promise.all([catalogueOfTest(), catalogueOfTest()]);
    return new TwoSides(here, there);
  }

  async strike(): Promise<void> {
    await Promise.all([this.here.drop(), this.there.drop()]);
  }

  /** From nothing, and joined. Returns how it is ended. */
  async begin(): Promise<() => Promise<void>> {
    for (const { catalogue } of [this.there, this.here])
      await sql`truncate will, agreement, system, ledger, binding cascade`.execute(catalogue);
    const ferry = await Outer.start(this.there.catalogue);
    ferry.admits = async () => undefined;
    this.#ferry = ferry;
    this.partnerIsAway = false;
    this.#means = this.#meansOf(ferry);
    const endpoint = ENDPOINT;
    await inserted(this.there.catalogue, { local: 'system-shown' }, 'speech', { endpoint });
    await this.joins();
    return async () => {
      await ferry.stop();
      await nothingLeaked(ferry, this.there.catalogue);
    };
  }

  get ferry(): Outer {
    if (this.#ferry === undefined) throw new Error('it has not begun');
    return this.#ferry;
  }

  get means(): ConsumingMeans {
    if (this.#means === undefined) throw new Error('it has not begun');
    return this.#means;
  }

  get context(): string {
    return this.#context;
  }

  get servedUnder(): string {
    return this.#agreement.there;
  }

  /** Asks for an agreement, or finds the one that there is; and what is offered under it. */
  async joins(): Promise<void> {
    const { here, there } = this;
    this.#context = await this.ferry.context();
    this.#agreement.there = (await served(there.catalogue, { partner: 'b' }))?.id ?? '';
    const agreement = await begin(here.catalogue, { partner: 'a', direction: 'uses' });
    this.#agreement.here = agreement.id;
    await contextGiven(here.catalogue, agreement, { context: this.#context, zones: [], capabilities: {} });
    await heard(here.catalogue, agreement, new Date(0), { theirs: 'open', linkMs: 3, capabilities: {} });
    const inner = await there.catalogue.selectFrom('offer').select('id').executeTakeFirstOrThrow();
    await alias(there.catalogue, { agreement: this.#agreement.there, kind: 'offer', inner: [inner.id] });
    const ofInner = there.catalogue.selectFrom('alias').select('id').where('inner_id', '=', inner.id);
    this.#offers.told = (await ofInner.executeTakeFirstOrThrow()).id;
    const system = { foreign_id: 'alias', agreement: agreement.id };
    const known = await here.catalogue.selectFrom('offer').select('id').executeTakeFirst();
    this.#offers.here = known?.id ?? (await inserted(here.catalogue, system, this.#offers.told, {}));
  }

  /** What is about to be announced. */
  async reserved(name: string): Promise<Binding> {
    this.#name = name;
    const of = { offer: this.#offers.here, system: 'e', platform: 'a2', forApplication: null };
    return await this.means.bindings.reserve({ name, run: name, ...of });
  }

  /** It arrives, and is carried out; nobody hears the answer. */
  async announcedUnheard(): Promise<void> {
    const binding = { name: this.#name, offer: this.#offers.told, forApplication: null };
    await this.means.partner('a')?.announce(this.#context, binding, AbortSignal.timeout(30_000));
  }

  /** As the admission there does it; where it is over it is not done. */
  async openedThere(): Promise<boolean> {
    const row = await this.there.catalogue
      .selectFrom('binding')
      .select('id')
      .where('name', '=', this.#name)
      .where('kind', 'is not', null)
      .executeTakeFirst();
    const bindings = bindingsOf(this.there.catalogue, this.ferry.configuration.federation ?? federationOfTest());
    return row !== undefined && (await bindings.opened(row.id, ENDPOINT));
  }

  async withdraws(binding: string): Promise<void> {
    await attemptOf().run(announcing(this.means).withdrawDecision, { binding, why: 'given up' });
  }

  async endsThere(): Promise<void> {
    await end(this.there.catalogue, { id: this.#agreement.there }, 'our operator left');
  }

  async endsHere(): Promise<void> {
    await end(this.here.catalogue, { id: this.#agreement.here }, 'a has ended it, or lost it');
  }

  /** Our operator leaves: both have ended it then. */
  async leaves(): Promise<void> {
    await want(this.here.catalogue, { partner: 'a', direction: 'uses', ours: 'ended', why: 'test' });
    await attemptOf().run(this.#leaving?.leavePartner ?? fail, { partner: 'a' });
  }

  async round(): Promise<string | null> {
    return await tendBindings(this.means, { partner: 'a', context: this.#context }, AbortSignal.timeout(60_000));
  }

  /** Of this binding line by line, in their order. */
  async ledgers(): Promise<{ readonly here: readonly string[]; readonly there: readonly string[] }> {
    const lines = async ({ catalogue }: CatalogueOfTest, role: 'asked' | 'served'): Promise<string[]> =>
      (
        await catalogue
          .selectFrom('ledger')
          .select(['kind', 'key', 'origin', 'what', 'outcome'])
          .where('role', '=', role)
          .where('key', '=', this.#name)
          .orderBy('n')
          .execute()
      ).map(({ kind, ...line }) => `${kind} ${JSON.stringify(line)}`);
    return { here: await lines(this.here, 'asked'), there: await lines(this.there, 'served') };
  }

  #meansOf(ferry: Outer): ConsumingMeans {
    const credentials = {
      authorization: async () => `Bearer ${await ferry.issuer.token({ client_id: 'client-b' })}`,
      refused: () => undefined,
    };
    const log = pino({ level: 'silent' });
    const exchange = new Exchange({ name: 'a', url: ferry.url, timeoutMs: 5_000 }, log, credentials);
    const us = { ...this.federation.operator, url: this.federation.url };
    const partner: Partner = {
      name: 'a',
      extended: true,
      authenticate: async () => undefined,
      tellWill: async () => undefined,
      ...ewbiPartner(exchange, { us, operator: 'operator-a', dialect: 'ferry', callbackCredentials: noCredentials }),
      ...mffPartner(exchange, { operator: 'operator-a' }),
    };
    this.#leaving = leaving({
      facts: factsOf(this.here.catalogue, this.federation),
      partner: () => partner,
      systemsChanged: () => undefined,
      pace: { aliveMs: 1, insistMs: 1 },
      get consuming() {
        return means;
      },
    });
    const nobody = mffConsumable(new Exchange({ name: 'a', url: 'http://127.0.0.1:1', timeoutMs: 5_000 }, log));
    const means: ConsumingMeans = {
      bindings: bindingsOf(this.here.catalogue, this.federation),
      partner: () => (this.partnerIsAway ? nobody : partner),
      decisions: { decide: async () => 'notSpoken', retract: async () => undefined },
      exposure: () => undefined,
      exposures: [],
      observe: async () => undefined,
      paths: { probe: async () => undefined },
      listens: async () => true,
      producers: { unsubscribe: async () => undefined, notifying: async () => [] },
      addressOf: () => '',
      nameOf: () => this.#name,
    };
    return means;
  }
}

const fail = async (): Promise<never> => await Promise.reject(new Error('it has not begun'));

const noCredentials = async (): Promise<undefined> => undefined;

async function inserted(catalogue: Catalogue, system: object, foreign_id: string, more: object): Promise<string> {
  const row = { name: 'shown', provider: 'Operator A', operator: 'operator-a', ...system };
  const { id, agreement } = await catalogue
    .insertInto('system')
    .values(row)
    .returning(['id', 'agreement'])
    .executeTakeFirstOrThrow();
  const at = { system: id, foreign_id: 'platform-one-host' };
  const platform = await catalogue.insertInto('platform').values(at).returning('id').executeTakeFirstOrThrow();
  const of = { platform: platform.id, platform_foreign_id: at.foreign_id, system: id, agreement, foreign_id };
  const made = catalogue.insertInto('offer').values({ ...of, ...what, serializer: 'JSON', ...more });
  return (await made.returning('id').executeTakeFirstOrThrow()).id;
}
