import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { end } from '../../catalogue/agreements.ts';
import { answered, asked, nowOf } from '../../catalogue/asked.ts';
import { candidatesOf } from '../../catalogue/bindable.ts';
import { bindingsOf } from '../../catalogue/consuming.ts';
import { candidates, systemsBy } from '../../catalogue/finding.ts';
import { platformsTold, systemsTold } from '../../catalogue/told.ts';
import { want } from '../../catalogue/wills.ts';
import { byChoice } from '../../domain/choice.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { explained } from '../support/explained.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

let own: CatalogueOfTest;
let agreement: string;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  await sql`truncate will, agreement, system, zone, asked cascade`.execute(own.catalogue);
  const { id } = await own.catalogue
    .insertInto('agreement')
    .values({ partner: 'b', direction: 'uses', context: 'c', theirs: 'open', callback_key: 'k', capabilities: '{}' })
    .returning('id')
    .executeTakeFirstOrThrow();
  agreement = id;
});

const offer = {
  offer: 'o-1',
  kind: 'service',
  name: 'speech',
  version: '1',
  state: 'ACTIVE',
  transport: 'REST_HTTP',
  serializer: 'JSON',
  latencyMs: 7,
  bandwidthKbps: null,
} as const;
const platform = { platform: 'p-1', system: 's-1', operator: 'operator-b', zone: { lat: 50, lon: 8 }, offers: [offer] };
const told = async (platforms = [platform], validSeconds = 60): Promise<number> =>
  await platformsTold(own.catalogue, agreement, { platforms, validSeconds });
const found = async () =>
  await candidates(
    own.catalogue,
    { what: { kind: 'service', name: 'speech' } },
    { theirs: [{ id: agreement, linkMs: 5 }] },
  );

describe('what a partner answers', () => {
  it('is found while the agreement can be used, with the way to the partner in what is achievable', async () => {
    expect(await told()).toBe(1);
    expect(await found()).toMatchObject([
      {
        foreignId: 'o-1',
        agreement,
        latencyMs: 7,
        achievableMs: 12,
        lat: 50,
        lon: 8,
        local: null,
        operator: 'operator-b',
      },
    ]);
    expect(await candidates(own.catalogue, { what: { kind: 'service', name: 'speech' } }, { theirs: [] })).toEqual([]);
  });

  it('of thousands is kept each in its place, though the database has counted one that was told before', async () => {
    await told();
    await sql`analyze`.execute(own.catalogue);
    const platforms = Array.from({ length: 3_000 }, (_, n) => ({ ...platform, platform: `p-${n}`, system: `s-${n}` }));
    await told(platforms);
    const statements = await explained(own.catalogue, async (catalogue) =>
      platformsTold(catalogue, agreement, { platforms, validSeconds: 60 }),
    );
    for (const { sql: statement, buffers, compared } of statements)
      expect([statement, buffers + compared]).toEqual([statement, expect.toSatisfy((n: number) => n < 200_000)]);
  });

  it('does not satisfy a latency that is unknown, of the offer or of the way', async () => {
    await told();
    const within = async (latencyMs: number, linkMs: number | null) =>
      (
        await candidates(
          own.catalogue,
          { what: { kind: 'service', name: 'speech' }, kpi: { latencyMs } },
          { theirs: [{ id: agreement, linkMs }] },
        )
      ).length;
    expect([await within(12, 5), await within(11, 5), await within(100, null)]).toEqual([1, 0, 0]);
    await told([{ ...platform, offers: [{ ...offer, latencyMs: null as unknown as 7 }] }]);
    expect(await within(100, 5)).toBe(0);
  });

  it('by two ways is two candidates, the direct one first; where that refuses the other one takes its place', async () => {
    const { id: ofBroker } = await own.catalogue
      .insertInto('agreement')
      .values({ partner: 'c', direction: 'uses', context: 'c', theirs: 'open', callback_key: 'l', capabilities: '{}' })
      .returning('id')
      .executeTakeFirstOrThrow();
    await sql`update agreement set link_ms = case partner when 'b' then 50 else 1 end`.execute(own.catalogue);
    const federation = federationOfTest({ partners: { b: partnerOfTest('b'), c: partnerOfTest('c') } });
    // The broker has it of operator B by the same ids, and twice
    await told();
    await platformsTold(own.catalogue, ofBroker, { platforms: [platform, platform], validSeconds: 60 });
    const known = await candidatesOf(own.catalogue, federation, { what: { kind: 'service', name: 'speech' } });
    const [direct, byBroker, ...more] = known.toSorted(byChoice);
    expect([direct, byBroker, ...more]).toMatchObject([
      { agreement, viaBroker: false },
      { agreement: ofBroker, viaBroker: true },
    ]);
    const bindings = bindingsOf(own.catalogue, federation);
    const place = { run: 'r', system: 'e', platform: 'a2', forApplication: null };
    const first = await bindings.reserve({ ...place, name: 'n1', offer: direct?.offer ?? '' });
    const second = { ...place, name: 'n2', offer: byBroker?.offer ?? '' };
    await expect(bindings.reserve(second)).rejects.toMatchObject({ type: 'AlreadyBound' });
    await bindings.close(first.id, 'refused');
    await expect(bindings.reserve(second)).resolves.toMatchObject({ partner: 'c', state: 'admitting' });
  });

  it('holds for as long as it says, and is the same when it is told again', async () => {
    await told();
    const [before] = await found();
    await sql`update offer set valid_until = now()`.execute(own.catalogue);
    expect(await found()).toEqual([]);
    await told();
    expect((await found()).map(({ offer: id }) => id)).toEqual([before?.offer]);
  });

  it('is taken once of an answer that has it twice, by however many at once, in whatever order', async () => {
    const many = Array.from({ length: 20 }, (_, n) => ({ ...platform, platform: `p-${n}`, system: `s-${n % 5}` }));
    await Promise.all([many, many.toReversed(), [...many, ...many]].map(async (platforms) => await told(platforms)));
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from platform`.execute(own.catalogue);
    expect([rows, (await found()).length]).toEqual([[{ n: 20 }], 20]);
  });

  it('is kept by nobody once the agreement has ended', async () => {
    await told();
    await end(own.catalogue, { id: agreement }, null);
    expect([await found(), await told(), await found()]).toEqual([[], 0, []]);
  });

  it('to a question for systems is what it was the last time', async () => {
    const systems = (...names: string[]) => ({
      systems: names.map((system) => ({ system, operator: 'operator-b', devices: system === 's-1' ? ['ue-1'] : [] })),
      validSeconds: 60,
    });
    const having = async (by: Parameters<typeof systemsBy>[1]) =>
      (await systemsBy(own.catalogue, by, { theirs: [{ id: agreement, linkMs: 1 }], digest: 'd' }))
        .map(({ foreign_id: id }) => id ?? '')
        .toSorted();
    expect(await systemsTold(own.catalogue, agreement, 'd', systems('s-1', 's-2', 's-2'))).toBe(2);
    expect(await having({ service: 'speech' })).toEqual(['s-1', 's-2']);
    expect(await systemsTold(own.catalogue, agreement, 'd', systems('s-1'))).toBe(1);
    expect(await having({ service: 'speech' })).toEqual(['s-1']);
    const [member] = await systemsBy(own.catalogue, { devices: ['ue-1'] }, { theirs: [{ id: agreement, linkMs: 1 }] });
    expect(member?.foreign_id).toBe('s-1');
  });
});

describe('a question that was put to all', () => {
  const note = async (since: Date) =>
    await answered(own.catalogue, { digest: 'd', complete: true, seconds: 60, since });

  it('is not put again while its answer is fresh', async () => {
    expect([await note(await nowOf(own.catalogue)), await asked(own.catalogue, 'd')]).toEqual([
      true,
      { complete: true },
    ]);
    await sql`update asked set valid_until = now()`.execute(own.catalogue);
    expect(await asked(own.catalogue, 'd')).toBeUndefined();
  });

  it('is answered for nobody when whom there is to ask changed meanwhile, or afterwards', async () => {
    const since = await nowOf(own.catalogue);
    await want(own.catalogue, { partner: 'b', direction: 'uses', ours: 'suspended', why: 'operator' });
    expect([await note(since), await asked(own.catalogue, 'd')]).toEqual([false, undefined]);
    await expect.poll(async () => await note(await nowOf(own.catalogue))).toBe(true);
    await end(own.catalogue, { id: agreement }, null);
    expect(await asked(own.catalogue, 'd')).toBeUndefined();
  });
});
