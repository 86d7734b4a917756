import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { begin } from '../../catalogue/agreements.ts';
import { admit } from '../../catalogue/bindings.ts';
import { bindingNamed, producersOf } from '../../catalogue/bound.ts';
import { bindingsOf } from '../../catalogue/consuming.ts';
import { findingsOf } from '../../catalogue/findings.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

const HOURS = 5 * 3_600_000;
const federation = federationOfTest({
  partners: { b: partnerOfTest('b'), c: partnerOfTest('c', { preference: 1 }), d: partnerOfTest('d') },
});

let own: CatalogueOfTest;
let agreement: string;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  await sql`truncate will, agreement, system, ledger cascade`.execute(own.catalogue);
  agreement = (await begin(own.catalogue, { partner: 'b', direction: 'serves' })).id;
});
afterEach(() => void vi.useRealTimers());

const rows = () => bindingsOf(own.catalogue, federation);

/** A system of ours with a service at its platform. Returns the offer. */
async function offered(name: string, more: object = {}): Promise<string> {
  const { catalogue } = own;
  await sql`insert into system (local, name, provider, operator) values ('one', 'one', 'x', 'operator-a')
    on conflict do nothing`.execute(catalogue);
  await sql`insert into platform (system, foreign_id) select id, 'host-1' from system where local = 'one'
    on conflict do nothing`.execute(catalogue);
  const at = await catalogue.selectFrom('platform').selectAll().executeTakeFirstOrThrow();
  const row = {
    platform: at.id,
    platform_foreign_id: 'host-1',
    system: at.system,
    kind: 'service' as const,
    foreign_id: `${name} ${Math.random()}`,
    name,
    version: '1',
    state: 'ACTIVE' as const,
    transport: 'REST_HTTP',
    endpoint: 'http://10.3.0.7/',
    ...more,
  };
  return (await catalogue.insertInto('offer').values(row).returning('id').executeTakeFirstOrThrow()).id;
}

async function bound(offer: string): Promise<string> {
  const what = { kind: 'service', offer_name: 'speech', for_application: null, solution: 'federators' } as const;
  const place = { system: 'one', platform: 'host-1', operator: 'operator-b' };
  const admitted = await admit(own.catalogue, { name: 'n1', agreement, offer, ...what, ...place }, 1);
  if (typeof admitted === 'string') throw new Error(admitted);
  return admitted.binding.id;
}

describe('what is held with a partner', () => {
  it('is read at once, however much it is, and is idle by the clock of the database', async () => {
    await sql`insert into binding (name, side, agreement, system, platform, kind, offer_name, state, offer, solution, operator)
      select 'n' || n, 'producer', ${agreement}::uuid, 'one', 'host-1', 'service', 'speech', 'open',
        gen_random_uuid(), 'federators', 'operator-b'
      from generate_series(1, 10000) as n`.execute(own.catalogue);
    await sql`update binding set asked_at = now() - interval '2 hours' where name = 'n7'`.execute(own.catalogue);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOURS });
    const held = await rows().held('b');
    expect(held).toHaveLength(10_000);
    expect(held.filter(({ idle }) => idle).map(({ name }) => name)).toEqual(['n7']);
    expect(held[0]).toMatchObject({ ours: 'open', partner: 'b' });
  });

  it('is as old for a partner as it is for the database', async () => {
    await bound(await offered('speech'));
    await sql`update binding set asked_at = now() - interval '70 seconds'`.execute(own.catalogue);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOURS });
    const [listed] = await producersOf(own.catalogue, agreement, { limit: 10 });
    const named = await bindingNamed(own.catalogue, { side: 'producer', agreement, name: 'n1' });
    for (const age of [listed?.age, named?.age]) expect([(age ?? 0) >= 70, (age ?? 0) < 3_600]).toEqual([true, true]);
  });

  it('is without a producer once its orchestrator has told that it is gone, for longer than a gateway waits', async () => {
    const id = await bound(await offered('speech'));
    const gone = async (seconds: number): Promise<boolean> => {
      await sql`update offer set valid_until = now() - make_interval(secs => ${seconds})`.execute(own.catalogue);
      return (await rows().one(id))?.offer?.endpoint == null;
    };
    expect([await gone(300), await gone(-60)]).toEqual([false, false]); // it was only not looked at
    await sql`update system set told_at = now()`.execute(own.catalogue);
    expect([await gone(60), await gone(180)]).toEqual([false, true]);
  });

  it('has no other producer than one that gateways can reach', async () => {
    const id = await bound(await offered('speech'));
    await sql`update offer set state = 'INACTIVE'`.execute(own.catalogue);
    await offered('speech', { transport: 'MB_TOPIC_BASED' });
    expect(await rows().replaced(id)).toBe(false);
    await offered('speech');
    expect(await rows().replaced(id)).toBe(true);
  });
});

it('partners take turns: who was asked least lately, and among equals the preferred', async () => {
  for (const partner of ['b', 'c', 'd']) {
    const { id } = await begin(own.catalogue, { partner, direction: 'uses' });
    await sql`update agreement set context = ${partner}, theirs = 'open' where id = ${id}`.execute(own.catalogue);
  }
  const findings = findingsOf(own.catalogue, federation);
  const turns: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const [next] = await findings.askable();
    if (next === undefined) throw new Error('there is nobody');
    turns.push(next.partner);
    await findings.asking([next]);
  }
  expect(turns).toEqual(['c', 'b', 'd', 'c', 'b']);
});
