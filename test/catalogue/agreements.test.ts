import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Agreement } from '../../activities/federation/ports.ts';
import * as agreements from '../../catalogue/agreements.ts';
import { keepConfigured } from '../../catalogue/configured.ts';
import type { Federation } from '../../configuration/federation.ts';
import { want, willTowards } from '../../catalogue/wills.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

let own: CatalogueOfTest;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  for (const table of ['binding', 'agreement', 'will', 'ledger'] as const)
    await own.catalogue.deleteFrom(table).execute();
});

const uses = { partner: 'b', direction: 'uses' } as const;
const begun = async (): Promise<Agreement> => await agreements.begin(own.catalogue, uses);
const now = async (): Promise<Agreement | undefined> => await agreements.agreementWith(own.catalogue, uses);
const given = (context: string): Parameters<typeof agreements.contextGiven>[2] => ({
  context,
  zones: [{ zone: 'z1', at: { lat: 48.1, lon: 11.5 }, details: 'city' }],
  capabilities: {},
});
const heard = { theirs: 'open', linkMs: 3, capabilities: { version: '1' } } as const;
const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));

describe('an agreement', () => {
  it('is begun once, by however many at once, and its callback key stays', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, begun));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(new Set(all.map(({ callbackKey }) => callbackKey)).size).toBe(1);
    expect(Buffer.from((await begun()).callbackKey, 'base64url')).toHaveLength(32);
  });

  it('that we serve keeps its context when it is asked for again, and has its link replaced', async () => {
    const serves = { partner: 'b', direction: 'serves' } as const;
    const ask = async (context: string, link: string): Promise<Agreement> =>
      await agreements.begin(own.catalogue, { ...serves, given: { context, callback_url: link } });
    await ask('context-1', 'https://b.example/1');
    await expect(ask('context-2', 'https://b.example/2')).resolves.toMatchObject({
      context: 'context-1',
      callbackUrl: 'https://b.example/2',
    });
    await expect(agreements.agreementServed(own.catalogue, 'context-1')).resolves.toMatchObject({ partner: 'b' });
    await expect(agreements.agreementServed(own.catalogue, 'context-2')).resolves.toBeUndefined();
  });

  it('may have a context like that of another partner: what they allot is their affair', async () => {
    const other = await agreements.begin(own.catalogue, { partner: 'c', direction: 'uses' });
    await agreements.contextGiven(own.catalogue, other, given('1'));
    await agreements.contextGiven(own.catalogue, await begun(), given('1'));
    await expect(now()).resolves.toMatchObject({ context: '1' });
  });

  it('takes an answer over an older question only', async () => {
    const agreement = await begun();
    await agreements.heard(own.catalogue, agreement, at(10), { ...heard, theirs: 'suspended' });
    await agreements.heard(own.catalogue, agreement, at(9), heard);
    await agreements.silent(own.catalogue, agreement, at(8), 'late');
    await expect(now()).resolves.toMatchObject({ theirs: 'suspended', silentSince: null, problem: null });
    await agreements.heard(own.catalogue, agreement, at(11), heard);
    await expect(now()).resolves.toMatchObject({ theirs: 'open', linkMs: 3 });
  });

  it('takes answers also once the clock of the database was put back', async () => {
    const agreement = await begun();
    const ahead = new Date(Date.now() + 3_600_000);
    await agreements.heard(own.catalogue, agreement, ahead, { ...heard, theirs: 'suspended' });
    await agreements.heard(own.catalogue, agreement, new Date(), heard);
    await expect(now()).resolves.toMatchObject({ theirs: 'open' });
    await agreements.heard(own.catalogue, agreement, ahead, heard);
    await agreements.silent(own.catalogue, agreement, new Date(), 'did not answer');
    await expect(now()).resolves.toMatchObject({ problem: 'did not answer' });
  });

  it('takes no answer about an earlier one of the same partner', async () => {
    const old = await begun();
    await agreements.contextGiven(own.catalogue, old, given('old'));
    await agreements.end(own.catalogue, old, null);
    const fresh = await begun();
    expect(fresh.id).not.toBe(old.id);
    await agreements.heard(own.catalogue, old, at(1), heard);
    await agreements.silent(own.catalogue, old, at(2), 'late');
    await agreements.contextGiven(own.catalogue, old, given('old'));
    await agreements.joinedNow(own.catalogue, old);
    await agreements.problemOf(own.catalogue, old, 'late');
    await expect(now()).resolves.toStrictEqual(fresh);
  });

  it('is silent since it was first asked in vain, until it is heard of', async () => {
    const agreement = await begun();
    await agreements.silent(own.catalogue, agreement, at(1), 'did not answer');
    await agreements.silent(own.catalogue, agreement, at(2), 'did not answer');
    await expect(now()).resolves.toMatchObject({ silentSince: at(1), problem: 'did not answer' });
    await agreements.heard(own.catalogue, agreement, at(3), heard);
    await expect(now()).resolves.toMatchObject({ silentSince: null, problem: null });
  });

  it('takes the newest status that a partner told, whatever comes late or twice', async () => {
    const agreement = await begun();
    const told = async (theirs: 'open' | 'suspended', second: number): Promise<void> =>
      await agreements.statusTold(own.catalogue, agreement, { theirs, modifiedAt: at(second) });
    await told('suspended', 5);
    await told('open', 4);
    await expect(now()).resolves.toMatchObject({ theirs: 'suspended' });
    await told('open', 6);
    await expect(now()).resolves.toMatchObject({ theirs: 'open' });
  });

  const orders = (all: readonly number[]): readonly (readonly number[])[] =>
    all.length < 2
      ? [all]
      : all.flatMap((one) => orders(all.filter((other) => other !== one)).map((rest) => [one, ...rest]));

  it.each(orders([0, 1, 2, 3]))(
    'has the newest status, each told twice and once more at the end, and a context that is given among them: %i %i %i %i',
    async (...order) => {
      const former = await begun();
      await agreements.end(own.catalogue, former, 'left');
      const agreement = await begun();
      const wills = ['open', 'suspended', 'open'] as const;
      const told = async (n: number): Promise<void> => {
        const theirs = wills[n];
        if (theirs === undefined) return void (await agreements.contextGiven(own.catalogue, agreement, given('1')));
        await agreements.statusTold(own.catalogue, agreement, { theirs, modifiedAt: at(n) });
        await agreements.statusTold(own.catalogue, former, { theirs: 'ended', modifiedAt: at(9) });
      };
      let newest = -1;
      for (const n of order) {
        await told(n);
        await told(n);
        if (n < wills.length) newest = Math.max(newest, n);
        await expect(now()).resolves.toMatchObject({ theirs: wills[newest] ?? null });
      }
      for (const n of order.filter((one) => one < wills.length)) await told(n);
      await expect(now()).resolves.toMatchObject({ id: agreement.id, theirs: wills.at(-1), context: '1' });
    },
  );

  it('is joined once, however often that is said', async () => {
    const agreement = await begun();
    await expect(agreements.joinedNow(own.catalogue, agreement)).resolves.toBe(true);
    const since = (await now())?.joinedAt;
    await expect(agreements.joinedNow(own.catalogue, agreement)).resolves.toBe(false);
    expect((await now())?.joinedAt).toEqual(since);
  });

  it('that has ended is given nothing any more: neither a context, nor a problem, nor what it was told', async () => {
    const agreement = await agreements.begin(own.catalogue, { partner: 'b', direction: 'uses' });
    await agreements.end(own.catalogue, agreement, 'left');
    const late = { context: 'late', capabilities: { late: true }, zones: [] };
    await expect(agreements.contextGiven(own.catalogue, agreement, late)).resolves.toBe(false);
    await agreements.problemOf(own.catalogue, agreement, 'late');
    await agreements.willTold(own.catalogue, agreement, 'suspended');
    const row = await own.catalogue.selectFrom('agreement').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ context: null, capabilities: {}, problem: 'left', told_will: null });
  });

  it('ends once, with its aliases and what was learned under it', async () => {
    const agreement = await begun();
    await agreements.contextGiven(own.catalogue, agreement, given('1'));
    const { id } = agreement;
    const system = { agreement: id, foreign_id: 's', name: 'n', provider: 'p', operator: 'b' };
    await own.catalogue.insertInto('system').values(system).execute();
    await own.catalogue.insertInto('alias').values({ agreement: id, kind: 'system', inner_id: id }).execute();
    const ends = await Promise.all([1, 2, 3].map(async () => await agreements.end(own.catalogue, agreement, null)));
    expect(ends.filter(Boolean)).toHaveLength(1);
    for (const table of ['system', 'zone', 'alias'] as const)
      await expect(own.catalogue.selectFrom(table).select('id').execute()).resolves.toStrictEqual([]);
    await expect(now()).resolves.toBeUndefined();
  });
});

const named = async (partners: Federation['partners']): Promise<readonly string[]> =>
  await keepConfigured(own.catalogue, { systems: {}, sites: {}, federation: federationOfTest({ partners }) });

describe('a name that comes to mean another operator', () => {
  const keep = async (operator: string): Promise<readonly string[]> =>
    await named({ b: partnerOfTest('b', { operator }), c: partnerOfTest('c') });
  const standing = async (): Promise<unknown[]> =>
    await own.catalogue
      .selectFrom('agreement')
      .select(['partner', 'direction', 'problem'])
      .where('ended_at', 'is', null)
      .orderBy('partner')
      .orderBy('direction')
      .execute();

  it.each(['which was kept', 'which was not kept before'])('takes over nothing of the former one, %s', async (kept) => {
    const operator = kept === 'which was kept' ? { operator: 'operator-b' } : {};
    const serving = { context: 'context-b', callback_url: 'https://fm.b.example/x' };
    const serves = await agreements.begin(own.catalogue, {
      partner: 'b',
      direction: 'serves',
      ...operator,
      given: serving,
    });
    const used = await agreements.begin(own.catalogue, { ...uses, ...operator });
    await sql`insert into binding (name, side, agreement, offer, system, platform, kind, offer_name, solution, state, owed, path_secret)
      values ('n1', 'consumer', ${used.id}, gen_random_uuid(), 's', 'p', 'service', 'speech', 'federators', 'open', true, 's')`.execute(
      own.catalogue,
    );
    await agreements.begin(own.catalogue, { partner: 'c', direction: 'uses' });
    await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'suspended', why: 'test' });
    await keep('operator-b');
    expect(await standing()).toHaveLength(3);

    await Promise.all([keep('operator-z'), keep('operator-z')]);
    expect(await standing()).toEqual([{ partner: 'c', direction: 'uses', problem: null }]);
    await expect(agreements.agreementServed(own.catalogue, 'context-b')).resolves.toBeUndefined();
    const bound = await own.catalogue.selectFrom('binding').select(['state', 'owed']).execute();
    expect(bound).toEqual([{ state: 'closed', owed: false }]);
    const lines = await own.catalogue.selectFrom('ledger').selectAll().where('key', '=', serves.id).execute();
    expect(lines.map(({ kind, role, origin }) => [kind, role, origin])).toEqual([['left', 'served', 'operator-b']]);
    await expect(willTowards(own.catalogue, { partner: 'b', direction: 'serves', joins: true })).resolves.toMatchObject(
      { ours: 'suspended' },
    );

    await agreements.begin(own.catalogue, { ...uses, operator: 'operator-z' });
    await keep('operator-z');
    expect(await standing()).toHaveLength(2);
  });
});

describe('an operator that comes to have another name', () => {
  const operator = 'operator-b';
  const willTo = async (partner: string) =>
    (await willTowards(own.catalogue, { partner, direction: 'serves', joins: true })).ours;
  beforeEach(async () => {
    await agreements.begin(own.catalogue, { ...uses, operator });
    await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'suspended', why: 'test' });
  });

  it('stays suspended, which is told once, until our operator says otherwise of the new name', async () => {
    const renamed = { d: partnerOfTest('d', { operator }), c: partnerOfTest('c') };
    const told = await Promise.all([named(renamed), named(renamed)]);
    expect(told.flat()).toEqual([
      expect.stringMatching(/^d is operator-b, which was called b: .* serves suspended; .* resume d/),
    ]);
    await expect(Promise.all([willTo('d'), willTo('c')])).resolves.toEqual(['suspended', 'open']);
    await want(own.catalogue, { partner: 'd', direction: 'serves', ours: 'open', why: 'test' });
    await expect(named(renamed)).resolves.toEqual([]);
    await expect(willTo('d')).resolves.toBe('open');
  });

  it('while its former one goes to somebody else: both are', async () => {
    const exchanged = { b: partnerOfTest('b', { operator: 'operator-z' }), d: partnerOfTest('d', { operator }) };
    await expect(named(exchanged)).resolves.toHaveLength(1);
    await expect(Promise.all([willTo('b'), willTo('d')])).resolves.toEqual(['suspended', 'suspended']);
  });

  it('beside that which it has: each name has its own', async () => {
    await expect(named({ b: partnerOfTest('b'), d: partnerOfTest('d', { operator }) })).resolves.toEqual([]);
    await expect(willTo('d')).resolves.toBe('open');
  });
});
