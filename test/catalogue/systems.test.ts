import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepConfigured } from '../../catalogue/configured.ts';
import { change, memberOf, membersListed, register, withdraw } from '../../catalogue/systems.ts';
import { usableAgreements } from '../../catalogue/usable.ts';
import { want } from '../../catalogue/wills.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { explained } from '../support/explained.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

let own: CatalogueOfTest;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  await sql`truncate will, agreement, system, subscription, notice cascade`.execute(own.catalogue);
});

const ours = { agreements: [] };
const registration = { name: 'cellular', provider: 'Operator A', operator: 'operator-a', local: 'one', meo: 'meo' };
const registered = async (more: object = {}) => {
  const member = await register(own.catalogue, { ...registration, client: 'meo-one', ...more });
  if (typeof member === 'string') throw new Error(member);
  return member;
};

const names = async (agreements: readonly string[] = []): Promise<string[]> =>
  (await membersListed(own.catalogue, { agreements }, { limit: 100 })).members.map(({ name }) => name).toSorted();

/** An agreement by which we use what the partner serves, and one system of it. */
async function learned(partner: string, more: object = {}, validSeconds = 60): Promise<string> {
  const { id } = await own.catalogue
    .insertInto('agreement')
    .values({
      partner,
      direction: 'uses',
      context: partner,
      theirs: 'open',
      callback_key: partner,
      capabilities: '{}',
      ...more,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await own.catalogue
    .insertInto('system')
    .values({
      agreement: id,
      foreign_id: 'x',
      name: `of ${partner}`,
      provider: 'Operator B',
      operator: 'operator-b',
      valid_until: sql`now() + make_interval(secs => ${validSeconds})`,
    })
    .execute();
  return id;
}

describe('what members are seen', () => {
  const partners = { b: partnerOfTest('b'), c: { ...partnerOfTest('c'), join: 'onMiss' as const } };
  const federation = federationOfTest({ partners });
  const seen = async (): Promise<string[]> =>
    await names((await usableAgreements(own.catalogue, federation)).map(({ id }) => id));

  it('are ours, and those of partners with whom both sides want it', async () => {
    await registered();
    await learned('b');
    await learned('nobody of ours');
    expect(await seen()).toEqual(['cellular', 'of b']);
  });

  it.each([
    ['that we have suspended', async () => await learned('b').then(async () => await will('b', 'suspended'))],
    ['that has suspended us', async () => await learned('b', { theirs: 'suspended' })],
    ['of which nobody knows what it wants', async () => await learned('b', { theirs: null })],
    ['that has ended', async () => await learned('b', { ended_at: new Date() })],
    ['that is silent for too long', async () => await learned('b', { silent_since: new Date(Date.now() - 400_000) })],
    ['that we are to join only once something is missing', async () => await learned('c')],
    ['that we only serve', async () => await learned('b', { direction: 'serves' })],
    ['whose word is too old', async () => await learned('b', {}, -1)],
  ])('are not those of a partner %s', async (_what, having) => {
    await having();
    expect(await seen()).toEqual([]);
  });

  it('are again those of a partner that was silent for a moment, or that we want after all', async () => {
    await learned('b', { silent_since: new Date() });
    await learned('c');
    await will('c', 'open');
    expect(await seen()).toEqual(['of b', 'of c']);
  });

  const will = async (partner: string, wanted: 'open' | 'suspended'): Promise<void> =>
    await want(own.catalogue, { partner, direction: 'uses', ours: wanted, why: 'test' });
});

describe('a system', () => {
  it('is registered once, whoever asks at the same time', async () => {
    const asked = Array.from({ length: 8 }, async (_, at) =>
      register(own.catalogue, { ...registration, local: `s${at}`, client: `meo-${at}` }),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(7);
    expect(await names()).toEqual(['cellular']);
  });

  it('is one for each client', async () => {
    await registered();
    expect(await register(own.catalogue, { ...registration, client: 'meo-one' })).toBe('taken');
    expect(await register(own.catalogue, { ...registration, name: 'other', client: 'meo-one' })).toBe('registered');
  });

  it('is changed and taken out by the client that registered it, and by nobody else', async () => {
    const { id } = await registered();
    await registered({ name: 'wifi', local: 'two', client: 'meo-two' });
    const changing = { id, client: 'meo-one' };
    expect(await change(own.catalogue, ours, { ...changing, client: 'meo-two', name: 'mine' })).toBe('foreign');
    expect(await withdraw(own.catalogue, ours, { id, client: 'meo-two' })).toBe('foreign');
    expect(await change(own.catalogue, ours, { ...changing, name: 'WIFI' })).toBe('taken');
    expect(await change(own.catalogue, ours, { ...changing, name: 'fast' })).toMatchObject({
      name: 'fast',
      version: '2',
    });
    expect(await change(own.catalogue, ours, { ...changing, endpoint: { fqdn: ['a'] } })).toMatchObject({
      name: 'fast',
      endpoint: { fqdn: ['a'] },
    });
    expect(await withdraw(own.catalogue, ours, changing)).toBe('gone');
    expect(await withdraw(own.catalogue, ours, changing)).toBe('unknown');
    expect(await change(own.catalogue, ours, { ...changing, name: 'late' })).toBe('unknown');
    expect(await memberOf(own.catalogue, ours, 'no id')).toBeUndefined();
  });

  it('of a partner is nobody else’s to change', async () => {
    const sight = { agreements: [await learned('b')] };
    const { members } = await membersListed(own.catalogue, sight, { limit: 1 });
    const id = members[0]?.id ?? '';
    expect(await withdraw(own.catalogue, sight, { id, client: 'meo-one' })).toBe('foreign');
    expect(await withdraw(own.catalogue, ours, { id, client: 'meo-one' })).toBe('unknown');
  });
});

describe('systems of the configuration', () => {
  const system = (client?: string) => ({ meo: 'meo', network: 'n', ...(client !== undefined && { client }) });
  const kept = async (systems: Record<string, ReturnType<typeof system>>): Promise<readonly string[]> =>
    await keepConfigured(own.catalogue, { systems, sites: {}, federation: federationOfTest() });
  const rows = async () => await own.catalogue.selectFrom('system').select(['id', 'local', 'version']).execute();

  it('are there from the start where they have no client, whoever starts, and stay as they are', async () => {
    const systems = { wifi: system(), cellular: system('meo-one') };
    await Promise.all(Array.from({ length: 4 }, async () => await kept(systems)));
    const before = await rows();
    expect(before).toMatchObject([{ local: 'wifi', version: '1' }]);
    await kept(systems);
    expect(await rows()).toEqual(before);
  });

  it('go with it, and so do those whose client is none any more', async () => {
    await kept({ wifi: system(), cellular: system('meo-one') });
    await registered({ local: 'cellular' });
    expect(await names()).toEqual(['cellular', 'wifi']);
    await kept({ cellular: system('meo-one') });
    expect(await names()).toEqual(['cellular']);
    await kept({});
    expect(await names()).toEqual([]);
  });

  it('keep what a client has registered, under the name that the configuration has for it today', async () => {
    const { id } = await registered({ local: 'one' });
    const other = await registered({ local: 'two', client: 'meo-two', name: 'wifi' });
    await kept({ two: system('meo-one'), one: system('meo-two') });
    expect((await rows()).toSorted((a, b) => (a.local ?? '').localeCompare(b.local ?? ''))).toMatchObject([
      { id: other.id, local: 'one' },
      { id, local: 'two' },
    ]);
  });

  it('have their names before whoever registered them', async () => {
    await registered({ local: 'two', name: 'WiFi', client: 'meo-two' });
    await kept({ wifi: system(), two: system('meo-two') });
    expect(await rows()).toMatchObject([{ local: 'wifi' }]);
  });
});

it('ten thousand systems are listed in pages, each of them once, and each by an index', async () => {
  await sql`
    insert into system (name, provider, operator) select 'system ' || n, 'Operator ' || n % 100, 'operator-a'
    from generate_series(1, 10000) n`.execute(own.catalogue);
  await sql`analyze system`.execute(own.catalogue);
  const seen = new Set<string>();
  let pages = 0;
  for (let after: string | undefined; pages < 100; ) {
    const { members, next } = await membersListed(own.catalogue, ours, { after, limit: 500 });
    pages += 1;
    for (const { id } of members) seen.add(id);
    if (next === null) break;
    after = next;
  }
  expect([seen.size, pages]).toEqual([10_000, 20]);

  const page = { after: [...seen][5_000], limit: 20 };
  for (const wanted of [{}, { ids: [...seen].slice(0, 3) }, { names: ['SYSTEM 77'] }, { providers: ['operator 3'] }])
    expect([wanted, await buffersOf({ ...page, wanted })]).toEqual([wanted, expect.toSatisfy((n: number) => n <= 200)]);
});

/** How many pages of the database a list has to look at. */
async function buffersOf(asked: Parameters<typeof membersListed>[2]): Promise<number> {
  const all = await explained(own.catalogue, async (catalogue) => await membersListed(catalogue, ours, asked));
  return all.reduce((sum, { buffers }) => sum + buffers, 0);
}
