import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announcing } from '../../../activities/federation/announce-decision.ts';
import type { ConsumingMeans } from '../../../activities/federation/consumption.ts';
import { tendBindings } from '../../../activities/federation/tend-bindings.ts';
import { Exchange } from '../../../adapters/http.ts';
import { mffConsumable } from '../../../adapters/mff/consumable.ts';
import { begin, contextGiven, heard } from '../../../catalogue/agreements.ts';
import { alias } from '../../../catalogue/aliases.ts';
import { bindingNamed, opened } from '../../../catalogue/bindings.ts';
import { bindingsOf } from '../../../catalogue/consuming.ts';
import type { Catalogue } from '../../../catalogue/database.ts';
import { served } from '../../../catalogue/serving.ts';
import { attemptOf } from '../../support/attempt.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../../support/federation.ts';
import { nothingLeaked, Outer } from '../../support/outer.ts';

/** One operator's Ferry uses what another one's serves: both catalogues, and the outer listener between them. */
let there: CatalogueOfTest;
let here: CatalogueOfTest;
let ferry: Outer;
let means: ConsumingMeans;
let context: string;
let offers: { here: string; told: string };
let binding: { id: string; name: string };
let partnerIsAway: boolean;
const name = `f${'a'.repeat(25)}`;
const what = { kind: 'service', name: 'speech', version: '1', state: 'ACTIVE', transport: 'REST_HTTP' } as const;

beforeAll(async () => {
  [there, here] = await Promise.all([catalogueOfTest(), catalogueOfTest()]);
});
afterAll(async () => await Promise.all([there?.drop(), here?.drop()]));
beforeEach(async () => {
  for (const { catalogue } of [there, here])
    await sql`truncate will, agreement, system, ledger, binding cascade`.execute(catalogue);
  ferry = await Outer.start(there.catalogue);
  ferry.admits = async () => undefined;
  context = await ferry.context();
  partnerIsAway = false;
  means = meansOf();
  const agreement = await begin(here.catalogue, { partner: 'a', direction: 'uses' });
  await contextGiven(here.catalogue, agreement, { context, zones: [], capabilities: {} });
  await heard(here.catalogue, agreement, new Date(0), { theirs: 'open', linkMs: 3, capabilities: {} });
  offers = { here: '', told: await offeredThere() };
  offers.here = await inserted(here.catalogue, { foreign_id: 'alias', agreement: agreement.id }, offers.told, {});
  const { id } = await reserved();
  binding = { id, name };
  return async () => {
    await ferry.stop();
    await nothingLeaked(ferry, there.catalogue);
  };
});

const reserved = async () =>
  await means.bindings.reserve({
    name,
    run: 'r',
    offer: offers.here,
    system: 'e',
    platform: 'a2',
    forApplication: null,
  });

function meansOf(): ConsumingMeans {
  const credentials = {
    authorization: async () => `Bearer ${await ferry.issuer.token({ client_id: 'client-b' })}`,
    refused: () => undefined,
  };
  const log = pino({ level: 'silent' });
  const partner = mffConsumable(new Exchange({ name: 'a', url: ferry.url, timeoutMs: 5_000 }, log, credentials));
  const nobody = mffConsumable(new Exchange({ name: 'a', url: 'http://127.0.0.1:1', timeoutMs: 5_000 }, log));
  const federation = federationOfTest({
    operator: { id: 'operator-b', name: 'Operator B', country: 'FR', mcc: '208', mncs: ['01'] },
    partners: { a: partnerOfTest('a') },
  });
  return {
    bindings: bindingsOf(here.catalogue, federation),
    partner: () => (partnerIsAway ? nobody : partner),
    decisions: { decide: async () => 'notSpoken', retract: async () => undefined },
    exposure: () => undefined,
    exposures: [],
    observe: async () => undefined,
    paths: { probe: async () => undefined },
    listens: async () => true,
    producers: { unsubscribe: async () => undefined, notifying: async () => [] },
    addressOf: () => '',
    nameOf: () => name,
  };
}

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

/** Returns the id that the partner was told. */
async function offeredThere(): Promise<string> {
  const endpoint = 'http://10.3.0.7:8080/inner';
  const inner = await inserted(there.catalogue, { local: 'system-shown' }, 'speech', { endpoint });
  const agreement = (await served(there.catalogue, { partner: 'b' }))?.id ?? '';
  await alias(there.catalogue, { agreement, kind: 'offer', inner: [inner] });
  const { id } = await there.catalogue
    .selectFrom('alias')
    .select('id')
    .where('inner_id', '=', inner)
    .executeTakeFirstOrThrow();
  return id;
}

/** It arrives, and is carried out; nobody hears the answer. */
const announcedUnheard = async (): Promise<void> =>
  void (await means
    .partner('a')
    ?.announce(context, { name, offer: offers.told, forApplication: null }, AbortSignal.timeout(5_000)));

async function openedThere(): Promise<void> {
  const { agreement, id } = await there.catalogue.selectFrom('binding').selectAll().executeTakeFirstOrThrow();
  const bindings = bindingsOf(there.catalogue, ferry.configuration.federation ?? federationOfTest());
  expect(await bindings.opened(id, 'http://10.3.0.7:8080/inner')).toBe(true);
  expect(agreement).not.toBeNull();
}

const withdrawn = async (): Promise<void> =>
  void (await attemptOf().run(announcing(means).withdrawDecision, { binding: binding.id, why: 'given up' }));

const round = async (): Promise<string | null> =>
  await tendBindings(means, { partner: 'a', context }, AbortSignal.timeout(30_000));

const linesOf = async ({ catalogue }: CatalogueOfTest, role: 'asked' | 'served'): Promise<object[]> =>
  await catalogue
    .selectFrom('ledger')
    .select(['key', 'kind', 'origin', 'what', 'outcome'])
    .where('role', '=', role)
    .where('key', '=', name)
    .orderBy('n')
    .execute();

/** Line by line, in their order; of which kinds they are. */
async function ledgers(): Promise<unknown[]> {
  const [ofHere, ofThere] = [await linesOf(here, 'asked'), await linesOf(there, 'served')];
  expect(ofHere).toEqual(ofThere);
  return ofHere.map((line) => (line as { kind: string }).kind);
}

describe('the ledgers of both sides are alike where who announced gives up', () => {
  it('and it never arrived', async () => {
    await withdrawn();
    expect(await ledgers()).toEqual([]);
    await expect(announcedUnheard()).resolves.toBeUndefined(); // late: it is 410
    expect(await ledgers()).toEqual([]);
  });

  it('though it had arrived, and no answer came back', async () => {
    await announcedUnheard();
    await withdrawn();
    expect(await ledgers()).toEqual(['announced', 'closed']);
    await withdrawn();
    expect(await ledgers()).toEqual(['announced', 'closed']);
  });

  it('though it was even open there by then', async () => {
    await announcedUnheard();
    await openedThere();
    await withdrawn();
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
  });

  it('and an attempt that was thought dead hears only that it is over', async () => {
    await announcedUnheard();
    await openedThere();
    await means.partner('a')?.withdraw(context, name, AbortSignal.timeout(5_000));
    const late = attemptOf().run(announcing(means).announceDecision, { binding: binding.id });
    await expect(late).rejects.toMatchObject({ type: 'DecisionRefused' });
    await withdrawn();
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
  });

  it('however long the partner is away: it stays owed, and the tending ends it', async () => {
    await announcedUnheard();
    await openedThere();
    partnerIsAway = true;
    await expect(withdrawn()).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await sql`update binding set closed_at = now() - interval '3 days'`.execute(here.catalogue);
    expect(await round()).toContain('a');
    partnerIsAway = false;
    expect(await round()).toBeNull();
    expect(await ledgers()).toEqual(['announced', 'opened', 'closed']);
    await round();
    expect(await here.catalogue.selectFrom('binding').selectAll().execute()).toEqual([]);
  });
});

it('what was chosen and told to nobody is owed by nobody', async () => {
  await means.bindings.closeRun('r', 'its run is over');
  await round();
  const agreement = (await served(there.catalogue, { partner: 'b' }))?.id ?? '';
  expect(await bindingNamed(there.catalogue, { side: 'producer', agreement, name })).toBeUndefined();
});

it('a partner that does not say how far it had come is believed that it is over', async () => {
  expect(await opened(here.catalogue, binding.id, null)).toBe(true);
  await means.bindings.close(binding.id, 'test');
  await means.bindings.withdrawn(binding.id, null);
  expect(await means.bindings.left('a')).toEqual([]);
  expect(await linesOf(here, 'asked')).toEqual([]);
});
