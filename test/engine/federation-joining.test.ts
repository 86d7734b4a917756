import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tended } from '../../activities/federation/tend-partner.ts';
import { want } from '../../catalogue/wills.ts';
import { brokenAt } from '../../catalogue/ledger.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { federationStanding, poke } from '../../workflows/messages.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { Federated } from '../support/federated.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

let engine: Engine;
let own: CatalogueOfTest;
let partner: PlayedPartner;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine?.stop());
beforeEach(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
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

const wants = async (direction: 'uses' | 'serves', ours: 'open' | 'suspended' | 'ended'): Promise<void> =>
  await want(own.catalogue, { partner: 'b', direction, ours, why: 'test' });

const systems = async (): Promise<string[]> =>
  (await own.catalogue.selectFrom('system').selectAll().where('valid_until', 'is', null).execute()).map(
    ({ name, operator }) => `${name} of ${operator}`,
  );

describe('joining', () => {
  it('costs 24 events, and a round 11', async () => {
    await federated(async (run) => {
      await run.joined();
      const events = async (): Promise<number> => (await run.handle.fetchHistory()).events?.length ?? 0;
      // Started and its first task, 4; a look, 6; four steps, 24; the timer of the wait, 1
      expect(await events()).toBe(4 + 6 + 24 + 1);
    });
    await federated(
      async (run) => {
        const looks = async (): Promise<number> =>
          (await run.handle.fetchHistory()).events?.filter(
            ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'tendPartner',
          ).length ?? 0;
        await eventually(async () => (await looks()) >= 4, 30_000);
        const { events = [] } = await run.handle.fetchHistory();
        const begins = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }, at) =>
          scheduled?.activityType?.name === 'tendPartner' ? [at] : [],
        );
        expect((begins[3] ?? 0) - (begins[2] ?? 0)).toBe(11);
      },
      { pace: { aliveSeconds: 1 } },
    );
  });

  it('gives an agreement with the partner’s systems and zones, and a line in the ledger', async () => {
    await federated(async (run) => {
      const agreement = await run.joined();
      expect(agreement).toMatchObject({
        context: partner.context,
        theirs: 'open',
        systemsTag: 'tag-1',
        problem: null,
        silentSince: null,
      });
      expect(await systems()).toEqual(['radio of operator-b']); // whatever it says of other operators
      const zones = await own.catalogue.selectFrom('zone').selectAll().execute();
      expect(zones).toMatchObject([{ foreign_id: 'zone-1', accepted: true, at: { x: 11.5754, y: 48.1371 } }]);
      const ledger = await own.catalogue.selectFrom('ledger').selectAll().execute();
      expect(ledger).toMatchObject([{ partner: 'b', kind: 'joined', role: 'asked', origin: 'operator-a' }]);
      await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
    });
  });

  it('is found by its partner in the Temporal UI, which shows where it stands', async () => {
    await federated(async (run) => {
      await run.joined();
      const { searchAttributes } = await run.handle.describe();
      expect(searchAttributes).toMatchObject({ FerryPartner: ['b'], FerryWorld: ['test'] });
      const details = await run.handle.query('__temporal_workflow_metadata');
      expect(JSON.stringify(details)).toContain('We use what they serve: our will open, theirs open; joined');
    });
  });

  it('leaves no secret, token, context or key in the history or the log', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.before = ({ path }) =>
        path.startsWith('/mff/') ? { status: 500, json: { detail: `no ${path} for ${partner.token}` } } : undefined;
      await run.round();
      partner.before = () => undefined;
      partner.tag = 'tag-2';
      await run.round();
      const { context = '', callbackKey = '' } = (await run.uses()) ?? {};
      const told = `${historyToJSON(await run.handle.fetchHistory())}${run.logged.join('')}`;
      for (const secret of [SECRET, partner.token, String(context), callbackKey, partner.url])
        expect(told).not.toContain(secret);
      expect(told).toContain('{federationContextId}');
    });
  });

  it.each([
    ['POST', /^POST .*\/partner$/],
    ['POST', /^POST .*\/zones$/],
    ['GET', /^GET \/mff\/v1\/[^/]*$/],
    ['GET', /^GET \/mff\/v1\/.*\/systems$/],
    ['POST', /^POST \/token$/],
  ])('goes on where the answer of a %s is lost: %s', async (_, call) => {
    partner.server.loseAnswer(call, 'reset');
    await federated(async (run) => {
      await run.joined();
      expect(partner.contexts).toBe(1);
      expect(new Set(partner.links).size).toBe(1); // asked for twice, it is the same
      expect(await systems()).toHaveLength(1);
      expect(partner.count(call)).toBeGreaterThan(1);
    });
  });

  it('waits where the partner is down in any step, and tells why', async () => {
    let down = true;
    partner.before = () => (down ? { status: 503 } : undefined);
    await federated(async (run) => {
      await eventually(async () => ((await run.uses())?.problem ?? '').includes('answered 503'), 30_000);
      down = false;
      await run.joined();
      await expect(run.uses()).resolves.toMatchObject({ problem: null });
    });
  });

  it('that is refused is told, goes into the ledger once, and is tried again', async () => {
    partner.refuses = true;
    await federated(async (run) => {
      await run.waits();
      await run.round();
      const { problem = '' } = (await run.uses()) ?? {};
      expect(problem).toContain('answered 403: Forbidden: not you: <uri>');
      const { failure } = await run.handle.query(federationStanding);
      expect(failure).toMatchObject({ type: 'NotFederated' });
      expect(await own.catalogue.selectFrom('ledger').select('kind').execute()).toEqual([{ kind: 'refused' }]);
      partner.refuses = false;
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ problem: null, context: partner.context });
    });
  });

  it('takes a secret that was rotated in the middle, and a new token for one that is refused', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.token = 'another';
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ silentSince: null, problem: null });
      partner.secret = 'rotated';
      partner.token = 'another';
      await run.round();
      const { problem, silentSince } = (await run.uses()) ?? {};
      expect(problem).toContain('refuses our client (invalid_client)');
      expect(silentSince).not.toBeNull();
      process.env['TEST_SECRET_OF_B'] = 'rotated';
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ silentSince: null, problem: null });
    });
  });
});

describe('tending', () => {
  it('follows the partner’s systems: new, changed and gone ones', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.systems = [
        { system: 'alias-1', name: 'radio 2', provider: 'Operator B' },
        { system: 'alias-2', name: 'wifi', provider: 'Operator B' },
        { system: 7 },
      ];
      partner.tag = 'tag-2';
      await run.round();
      expect((await systems()).toSorted()).toEqual(['radio 2 of operator-b', 'wifi of operator-b']);
      partner.systems = [];
      partner.tag = 'tag-3';
      await run.round();
      expect(await systems()).toEqual([]);
      await run.round();
      expect(partner.count(/\/systems$/)).toBe(3); // no oftener than they change
    });
  });

  it('takes the zones that the partner adds, and lets go of those that it takes away, for one step more', async () => {
    const zones = async (): Promise<string[]> =>
      (await own.catalogue.selectFrom('zone').selectAll().where('valid_until', 'is', null).execute())
        .filter(({ accepted }) => accepted)
        .map(({ foreign_id: zone }) => zone);
    await federated(async (run) => {
      await run.joined();
      const events = async (): Promise<number> => (await run.handle.fetchHistory()).events?.length ?? 0;
      await run.round();
      const before = await events();
      partner.zones = [{ zoneId: 'zone-2', geolocation: '50.1,8.6', geographyDetails: 'town' }];
      partner.zonesTag = 'zones-2';
      await run.round();
      expect(await zones()).toEqual(['zone-2']);
      const learned = await events();
      await run.round();
      // A poke costs a signal and the end of the timer that it breaks off; accepting them six
      expect(learned - before - ((await events()) - learned)).toBe(6);
      expect(partner.count(/^POST .*\/zones$/)).toBe(2);
    });
  });

  it('asks nothing while our operator has suspended it', async () => {
    await federated(async (run) => {
      const { id } = await run.joined();
      await wants('uses', 'suspended');
      const before = partner.server.heard.length;
      await run.round();
      expect(partner.server.heard).toHaveLength(before);
      await wants('uses', 'open');
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ id, theirs: 'open' });
      expect(partner.server.heard.length).toBeGreaterThan(before);
    });
  });

  it('hears that the partner has suspended it, and that it goes on', async () => {
    await federated(async (run) => {
      await run.joined();
      partner.will = 'suspended';
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ theirs: 'suspended' });
      partner.will = 'open';
      await run.round();
      await expect(run.uses()).resolves.toMatchObject({ theirs: 'open' });
    });
  });

  it('ends an agreement that the partner knows no more, and joins again', async () => {
    await federated(async (run) => {
      const { id } = await run.joined();
      partner.context = undefined;
      await run.round();
      const again = await run.joined();
      expect(again.id).not.toBe(id);
      expect(again.context).toBe(partner.context);
      expect(await systems()).toHaveLength(1);
    });
  });

  it('leaves for good when our operator leaves, and joins again when it is told to', async () => {
    await federated(async (run) => {
      await run.joined();
      await wants('uses', 'ended');
      await run.round();
      await expect(run.uses()).resolves.toBeUndefined();
      expect(partner.context).toBeUndefined();
      expect(await systems()).toEqual([]);
      await run.round();
      await expect(run.uses()).resolves.toBeUndefined();
      await wants('uses', 'open');
      await run.round();
      await run.joined();
      expect(partner.contexts).toBe(2);
      const kinds = await own.catalogue.selectFrom('ledger').select('kind').orderBy('n').execute();
      expect(kinds.map(({ kind }) => kind)).toEqual(['joined', 'left', 'joined']);
      await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
    });
  });

  it('leaves also what was asked for without an answer', async () => {
    partner.before = ({ method, path }) =>
      method === 'POST' && path.endsWith('/partner') && partner.links.length > 0 ? { status: 504 } : undefined;
    partner.server.loseAnswer(/^POST .*\/partner$/, 504);
    await federated(async (run) => {
      await eventually(() => partner.links.length > 0);
      await wants('uses', 'ended');
      partner.before = () => undefined;
      await run.waits();
      await run.round();
      await expect(run.uses()).resolves.toBeUndefined();
      expect(partner.context).toBeUndefined();
    });
  });

  it('does not end where our operator wants it again while it is about to', async () => {
    let over = 0;
    const again = async ({ next }: Tended): Promise<void> => {
      if (next !== 'over' || (over += 1) > 1) return;
      await wants('uses', 'open');
      await told();
    };
    let told = async (): Promise<void> => undefined;
    await Federated.over(
      engine,
      own,
      partner.federation(),
      async (run) => {
        told = async () => await run.handle.signal(poke);
        await run.joined();
        await wants('uses', 'ended');
        await wants('serves', 'ended');
        await run.handle.signal(poke);
        await eventually(() => over === 1, 30_000);
        await eventually(() => partner.contexts === 2, 30_000);
        expect((await run.joined()).context).toBe(partner.context);
      },
      again,
    );
  });

  it('ends when neither side is wanted and nothing is left', async () => {
    await federated(async (run) => {
      await run.joined();
      await wants('uses', 'ended');
      await wants('serves', 'ended');
      await run.handle.signal(poke);
      await run.handle.result();
      await expect(run.uses()).resolves.toBeUndefined();
    });
  });
});
