import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as agreements from '../../catalogue/agreements.ts';
import { admit } from '../../catalogue/bindings.ts';
import { federationsSeen } from '../../catalogue/federations.ts';
import { want } from '../../catalogue/wills.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { federationStanding } from '../../workflows/messages.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { Federated } from '../support/federated.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

let engine: Engine;
let own: CatalogueOfTest;
let partner: PlayedPartner;
beforeAll(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine?.stop());
beforeEach(async () => {
  own = await catalogueOfTest();
  partner = await PlayedPartner.start();
});
afterEach(async () => {
  await partner.server.close();
  await own.drop();
});

const federated = async (
  scenario: (federated: Federated) => Promise<void>,
  more: Parameters<PlayedPartner['federation']>[0] = {},
): Promise<void> => await Federated.over(engine, own, partner.federation(more), scenario);

const served = async (): Promise<void> => {
  const given = { context: 'served-context', callback_url: `${partner.url}/status/of-a` };
  await agreements.begin(own.catalogue, { partner: 'b', direction: 'serves', given });
};
const serves = async () => await agreements.agreementWith(own.catalogue, { partner: 'b', direction: 'serves' });
const told = (): unknown[] =>
  partner.server.heard.filter(({ path }) => path === '/status/of-a').map(({ json }) => json['federationStatus']);

describe('what comes late', () => {
  it('of a round that was thought dead changes nothing of the agreement that came after it', async () => {
    await federated(async (run) => {
      const old = await run.joined();
      await want(own.catalogue, { partner: 'b', direction: 'uses', ours: 'ended', why: 'test' });
      await run.round();
      await want(own.catalogue, { partner: 'b', direction: 'uses', ours: 'open', why: 'test' });
      await run.round();
      const fresh = await run.joined();
      // What the older round would have written then
      await agreements.silent(own.catalogue, old, new Date(), 'late');
      await agreements.heard(own.catalogue, old, new Date(), { theirs: 'suspended', linkMs: 1, capabilities: {} });
      await expect(run.uses()).resolves.toStrictEqual(fresh);
    });
  });

  it('is found out: a DELETE that is carried out after we joined again ends it, and we join once more', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.context = undefined;
      await run.round();
      await run.joined();
      expect(partner.contexts).toBe(2);
    });
  });
});

describe('a silent partner', () => {
  it('is silent since it was first asked in vain, and heard again', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.before = () => ({ status: 503 });
      await run.round();
      const { silentSince, problem } = (await run.uses()) ?? {};
      expect(silentSince).toBeInstanceOf(Date);
      expect(problem).toContain('b: GET /mff/v1/{federationContextId} answered 503');
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ silentSince });
      partner.before = () => undefined;
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ silentSince: null, problem: null });
    });
  });

  it('is forgotten after the days of the configuration', async () => {
    await federated(async (run) => {
      const { id } = await run.joined();
      partner.before = () => ({ status: 503 });
      await own.catalogue.updateTable('agreement').set({ silent_since: sql`now() - interval '31 days'` }).execute();
      await run.round();
      await expect(run.uses()).resolves.toBeUndefined();
      partner.before = () => undefined;
      await run.round();
      expect((await run.joined()).id).not.toBe(id);
    });
  });

  it('that we left is insisted on, and left in the end', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.before = ({ method }) => (method === 'DELETE' ? { status: 503 } : undefined);
      await want(own.catalogue, { partner: 'b', direction: 'uses', ours: 'ended', why: 'test' });
      const round = run.round();
      await eventually(() => partner.count(/^DELETE /) > 1, 30_000);
      await expect(run.uses()).resolves.toMatchObject({ problem: expect.stringContaining('answered 503') as string });
      partner.before = () => undefined;
      await round;
      await expect(run.uses()).resolves.toBeUndefined();
      expect(partner.context).toBeUndefined();
    });
  });
});

describe('whom we serve', () => {
  it('is told of our will by its link, once for each change', async () => {
    await served();
    await federated(async (run) => {
      await run.joined();
      await run.round();
      expect(told()).toEqual([]); // open is what it knows
      await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'suspended', why: 'test' });
      await run.round();
      await run.round();
      await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'open', why: 'test' });
      await run.round();
      expect(told()).toEqual(['LOCKED', 'AVAILABLE']);
    });
  });

  it('is told that it is ended, and its agreement ends, also where nobody answers', async () => {
    await served();
    partner.before = ({ path }) => (path.startsWith('/status') ? { status: 503 } : undefined);
    await federated(async (run) => {
      await run.joined();
      await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'ended', why: 'test' });
      await run.round();
      expect(told()).toEqual(['NOT_AVAILABLE']);
      await expect(serves()).resolves.toBeUndefined();
    });
  });

  it('that has left, and of which nobody heard, is seen to be quiet, and forgotten with what it used', async () => {
    await served();
    const { id: agreement = '' } = (await serves()) ?? {};
    const system = { local: 'metro', name: 'metro', provider: 'A', operator: 'operator-a' };
    const { id: own_system } = await own.catalogue
      .insertInto('system')
      .values(system)
      .returning('id')
      .executeTakeFirstOrThrow();
    const bound = { kind: 'service', offer_name: 'speech', solution: 'federators', operator: 'operator-b' } as const;
    const place = { system: 'metro', platform: 'b1', for_application: null };
    await admit(own.catalogue, { name: `f${'a'.repeat(25)}`, agreement, offer: own_system, ...place, ...bound }, 1);
    const days = async (quiet: number): Promise<void> =>
      void (await sql`update agreement set heard_at = now() - make_interval(days => ${quiet})
        where direction = 'serves'`.execute(own.catalogue));
    const federation = partner.federation();
    await federated(async (run) => {
      await run.joined();
      await days(29);
      await run.round();
      await expect(serves()).resolves.toMatchObject({ id: agreement });
      const heardAt = (await federationsSeen(own.catalogue, federation)).get('b')?.serves.heardAt;
      expect(Date.now() - (heardAt?.getTime() ?? 0)).toBeGreaterThan(28 * 86_400_000);
      await days(31);
      await run.round();
      await expect(serves()).resolves.toBeUndefined();
      const rows = await own.catalogue.selectFrom('binding').select(['state', 'why']).execute();
      expect(rows).toEqual([{ state: 'closed', why: 'b was silent for too long' }]);
      await expect(run.uses()).resolves.toMatchObject({ problem: null }); // our own use goes on
    });
    const lines = await own.catalogue.selectFrom('ledger').select(['role', 'kind']).orderBy('n').execute();
    expect(lines.filter(({ role }) => role === 'served').map(({ kind }) => kind)).toEqual([
      'announced',
      'closed',
      'left',
    ]);
  });

  it('is not told by a link that leads elsewhere than to its hosts', async () => {
    await served();
    await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'suspended', why: 'test' });
    await federated(
      async (run) => {
        await run.waits();
        expect(told()).toEqual([]);
        expect((await serves())?.problem).toContain('leads to none of its hosts');
      },
      { partner: { hosts: ['b.example'] } },
    );
  });
});

describe('without the database', () => {
  it('nothing is asked for, that is told, and the next round goes on', async () => {
    await federated(async (run) => {
      await run.joined();
      await own.catalogue.schema.alterTable('agreement').renameTo('away').execute();
      const asked = partner.server.heard.length;
      const round = run.round();
      await new Promise((resume) => setTimeout(resume, 1_500));
      expect(partner.server.heard).toHaveLength(asked);
      await own.catalogue.schema.alterTable('away').renameTo('agreement').execute();
      await round;
      await expect(run.uses()).resolves.toMatchObject({ problem: null, silentSince: null });
    });
  });
});

describe('a partner that is in the configuration no more', () => {
  it('is over, and not tended any longer', async () => {
    const { partners: _, ...rest } = partner.federation();
    await Federated.over(engine, own, { ...rest, partners: {} }, async (run) => {
      await run.handle.result();
      await expect(run.handle.query(federationStanding)).resolves.toMatchObject({
        uses: { ours: 'ended', joined: false, problem: null },
      });
    });
  });
});
