import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { begin } from '../../../catalogue/agreements.ts';
import { brokenAt } from '../../../catalogue/ledger.ts';
import { want } from '../../../catalogue/wills.ts';
import { ContextFound, FederationAnswer, FederationState } from '../../../protocols/ewbi/partner.ts';
import { RegisteredZone, ZonesAnswer } from '../../../protocols/ewbi/zones.ts';
import { Relation, type SharedSystem, SharedSystems } from '../../../protocols/mff/relation.ts';
import { sql } from 'kysely';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { eventually } from '../../support/eventually.ts';
import { ewbi, type Heard, nothingLeaked, Outer } from '../../support/outer.ts';

let own: CatalogueOfTest;
let ferry: Outer;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());

beforeEach(async () => {
  await sql`truncate will, agreement, system, zone, alias, ledger cascade`.execute(own.catalogue);
  ferry = await Outer.start(own.catalogue);
  await addSystem('shown');
  await addSystem('hidden');
  return async () => {
    await ferry.stop();
    await nothingLeaked(ferry, own.catalogue);
  };
});

const addSystem = async (name: string, more: object = {}): Promise<string> => {
  const row = {
    local: `system-${name}`,
    name,
    provider: 'Operator A',
    operator: 'operator-a',
    meo: 'meo-inner',
    ...more,
  };
  const made = await own.catalogue.insertInto('system').values(row).returning('id').executeTakeFirstOrThrow();
  return made.id;
};
const agreements = async () => await own.catalogue.selectFrom('agreement').selectAll().orderBy('created_at').execute();
const our = async (ours: 'open' | 'suspended' | 'ended', partner = 'b'): Promise<void> =>
  await want(own.catalogue, { partner, direction: 'serves', ours, why: 'test' });
const link = { availZoneNotifLink: 'https://notices.b.example:8443/x' };

describe('an agreement', () => {
  it('is made by asking for it, and tells who we are and which zones there are', async () => {
    const { status, headers, body } = await ferry.join();
    expect(status).toBe(200);
    const answer = FederationAnswer.parse(body);
    expect(answer).toMatchObject({
      partnerOPFederationId: 'operator-a',
      partnerOPCountryCode: 'DE',
      partnerOPMobileNetworkCodes: { mcc: '262', mncs: ['01'] },
      lcmServiceEndPoint: { fqdn: 'fm.a.example', port: 443 },
      offeredAvailabilityZones: [{ geolocation: '48.1374,11.5755', geographyDetails: 'Munich' }],
    });
    expect(headers.get('location')).toBe(`https://fm.a.example${ewbi}/${answer.federationContextId}/partner`);
    expect(ferry.poked).toEqual(['b']);
  });

  it('is the same when it is asked for again, with the link of the latest', async () => {
    const first = await ferry.context();
    const second = await ferry.join('b', 'https://fm.b.example/other');
    expect(second.body.federationContextId).toBe(first);
    expect(await agreements()).toMatchObject([{ context: first, callback_url: 'https://fm.b.example/other' }]);
  });

  it('is one, of twenty who ask for it at once', async () => {
    const contexts = await Promise.all(Array.from({ length: 20 }, async () => await ferry.context()));
    expect(new Set(contexts).size).toBe(1);
    expect(await agreements()).toHaveLength(1);
  });

  it('is found by whoever has lost its context', async () => {
    const context = await ferry.context();
    const { body } = await ferry.ask('b', 'GET', `${ewbi}/fed-context-id`);
    expect(ContextFound.parse(body)).toEqual({ FederationContextId: context });
  });

  it('keeps no credentials that are sent with it', async () => {
    await ferry.join();
    expect(JSON.stringify(await agreements())).not.toMatch(/not kept|clientSecret/);
  });

  it('ends by the partner: nothing is there any more, and joining again gives another one, with other ids', async () => {
    const before = (await ferry.join()).body;
    const context = before.federationContextId;
    const { status, text } = await ferry.ask('b', 'DELETE', `${ewbi}/${context}/partner`);
    expect([status, text]).toEqual([200, '']);
    for (const path of [`${ewbi}/${context}/partner`, `/mff/v1/${context}`, `/mff/v1/${context}/systems`])
      expect((await ferry.ask('b', 'GET', path)).status).toBe(404);
    expect((await ferry.ask('b', 'DELETE', `${ewbi}/${context}/partner`)).status).toBe(404);
    expect(await own.catalogue.selectFrom('alias').selectAll().execute()).toEqual([]);
    const after = (await ferry.join()).body;
    expect(after.federationContextId).not.toBe(context);
    expect(after.offeredAvailabilityZones[0]?.zoneId).not.toBe(before.offeredAvailabilityZones[0]?.zoneId);
  });

  it('that our operator has ended is gone at once, cleaned up or not; asked for again it is refused until we join', async () => {
    const context = await ferry.context();
    await our('ended');
    expect((await ferry.ask('b', 'GET', `/mff/v1/${context}`)).status).toBe(404);
    expect((await ferry.ask('b', 'DELETE', `${ewbi}/${context}/partner`)).status).toBe(404);
    expect((await ferry.ask('b', 'GET', `${ewbi}/fed-context-id`)).status).toBe(404);
    const refused = await ferry.join();
    expect([refused.status, refused.body.cause]).toEqual([403, 'Forbidden']);
    await our('open');
    expect((await ferry.join()).status).toBe(200);
  });

  it('that is new comes under the old will: suspended stays suspended', async () => {
    const context = await ferry.context();
    await our('suspended');
    expect((await ferry.ask('b', 'DELETE', `${ewbi}/${context}/partner`)).status).toBe(200);
    const again = await ferry.context();
    expect((await ferry.ask('b', 'GET', `/mff/v1/${again}`)).body.will).toBe('suspended');
    expect((await ferry.ask('b', 'GET', `/mff/v1/${again}/systems`)).status).toBe(403);
  });

  it('is of one partner: suspending it concerns no other', async () => {
    const [, other] = [await ferry.context('b'), await ferry.context('c')];
    await our('suspended');
    expect((await ferry.ask('c', 'GET', `/mff/v1/${other}/systems`)).status).toBe(200);
  });

  it('is of the partner, not of the token: one of a rotated key is the same', async () => {
    const context = await ferry.context();
    await ferry.issuer.rotate();
    expect((await ferry.ask('b', 'GET', `/mff/v1/${context}`)).status).toBe(200);
  });

  it('knows when the partner was here last', async () => {
    const context = await ferry.context();
    await ferry.ask('b', 'GET', `/mff/v1/${context}`);
    const heard = async (): Promise<boolean> => (await agreements())[0]?.heard_at instanceof Date;
    await eventually(heard);
    expect(await heard()).toBe(true);
  });
});

describe('the ledger', () => {
  it('has a line for each agreement that was made and that was ended, however often that was asked for', async () => {
    const context = await ferry.context();
    await ferry.context();
    await Promise.all([1, 2, 3].map(async () => await ferry.ask('b', 'DELETE', `${ewbi}/${context}/partner`)));
    await ferry.context();
    const lines = await own.catalogue.selectFrom('ledger').selectAll().orderBy('n').execute();
    expect(lines.map(({ partner, kind, role, origin }) => [partner, kind, role, origin])).toEqual([
      ['b', 'joined', 'served', 'operator-b'],
      ['b', 'left', 'served', 'operator-b'],
      ['b', 'joined', 'served', 'operator-b'],
    ]);
    expect(await brokenAt(own.catalogue, 'b')).toBeNull();
  });
});

describe('the networks of a partner', () => {
  const change = async (context: string, more: object) =>
    await ferry.ask('b', 'PATCH', `${ewbi}/${context}/partner`, {
      body: { objectType: 'MOBILE_NETWORK_CODES', operationType: 'UPDATE_CODES', ...more },
    });

  it('are told, changed, and not changed by what comes late', async () => {
    const context = await ferry.context();
    const [add, remove] = [
      { mcc: '208', mncs: ['03'] },
      { mcc: '208', mncs: ['01'] },
    ];
    const later = {
      addMobileNetworkIds: add,
      removeMobileNetworkIds: remove,
      modificationDate: '2026-02-02T00:00:00Z',
    };
    for (const _ of [1, 2]) {
      const { status, body } = await change(context, later);
      expect(status).toBe(200);
      expect(FederationState.parse(body).allowedMobileNetworkIds).toEqual({ mcc: '208', mncs: ['02', '03'] });
    }
    await change(context, { addMobileNetworkIds: remove, modificationDate: '2026-02-01T00:00:00Z' });
    const { body } = await ferry.ask('b', 'GET', `${ewbi}/${context}/partner`);
    expect(FederationState.parse(body).allowedMobileNetworkIds).toEqual({ mcc: '208', mncs: ['02', '03'] });
  });
});

describe('network codes that a partner adds, and adds', () => {
  it('are a hundred at most, as its answers have them: what is refused changes nothing, and what goes makes room', async () => {
    const context = await ferry.context();
    const codes = (nth: number): string[] => Array.from({ length: 40 }, (_, n) => `code-${nth}-${n}`);
    const change = async (nth: number, more: object) =>
      await ferry.ask('b', 'PATCH', `${ewbi}/${context}/partner`, {
        body: {
          objectType: 'FIXED_NETWORK_CODES',
          operationType: 'UPDATE_CODES',
          modificationDate: `2026-02-01T00:00:0${nth}Z`,
          ...more,
        },
      });
    const statuses: number[] = [];
    for (const nth of [1, 2, 3]) statuses.push((await change(nth, { addFixedNetworkIds: codes(nth) })).status);
    expect(statuses).toEqual([200, 200, 400]);
    const { body } = await ferry.ask('b', 'GET', `${ewbi}/${context}/partner`);
    expect(FederationState.parse(body).allowedFixedNetworkIds).toEqual([...codes(1), ...codes(2)]);
    const exchanged = await change(3, { removeFixedNetworkIds: codes(1), addFixedNetworkIds: codes(3) });
    expect(FederationState.parse(exchanged.body).allowedFixedNetworkIds).toEqual([...codes(2), ...codes(3)]);
  });
});

describe('zones', () => {
  it('are accepted, shown, and given back, each once', async () => {
    const { federationContextId: context, offeredAvailabilityZones: offered } = (await ferry.join()).body;
    const zone = offered[0]?.zoneId ?? '';
    const path = `${ewbi}/${context}/zones`;
    expect((await ferry.ask('b', 'GET', `${path}/${zone}`)).status).toBe(404);
    for (const _ of [1, 2]) {
      const { status, body } = await ferry.ask('b', 'POST', path, {
        body: { acceptedAvailabilityZones: [zone], ...link },
      });
      expect(status).toBe(200);
      expect(ZonesAnswer.parse(body).acceptedZoneResourceInfo).toMatchObject([{ zoneId: zone }]);
    }
    expect((await agreements())[0]?.zones_url).toBe(link.availZoneNotifLink);
    expect(RegisteredZone.parse((await ferry.ask('b', 'GET', `${path}/${zone}`)).body).zoneId).toBe(zone);
    expect((await ferry.ask('b', 'DELETE', `${path}/${zone}`)).status).toBe(200);
    for (const method of ['GET', 'DELETE']) expect((await ferry.ask('b', method, `${path}/${zone}`)).status).toBe(404);
  });

  it('are accepted all or none', async () => {
    const { federationContextId: context, offeredAvailabilityZones: offered } = (await ferry.join()).body;
    const zone = offered[0]?.zoneId ?? '';
    const body = { acceptedAvailabilityZones: [zone, '3e0f2b34-9b75-4a8e-9f39-0a4f3f1f4a11'], ...link };
    expect((await ferry.ask('b', 'POST', `${ewbi}/${context}/zones`, { body })).status).toBe(404);
    expect((await ferry.ask('b', 'GET', `${ewbi}/${context}/zones/${zone}`)).status).toBe(404);
  });

  it('have other ids for another partner, which are nothing to this one', async () => {
    const one = (await ferry.join('b')).body;
    const other = (await ferry.join('c')).body;
    const theirs = other.offeredAvailabilityZones[0]?.zoneId ?? '';
    expect(theirs).not.toBe(one.offeredAvailabilityZones[0]?.zoneId);
    const body = { acceptedAvailabilityZones: [theirs], ...link };
    const answer = await ferry.ask('b', 'POST', `${ewbi}/${one.federationContextId}/zones`, { body });
    expect(answer.status).toBe(404);
  });

  it('are looked at without a word in the catalogue, as long as they are as they were', async () => {
    const context = await ferry.context();
    const rows = async () =>
      (
        await sql`select id, ctid, xmin, xmax from zone union all select id, ctid, xmin, xmax from alias order by id`.execute(
          own.catalogue,
        )
      ).rows;
    const before = await rows();
    expect(before).toHaveLength(2);
    expect((await ferry.ask('b', 'GET', `${ewbi}/${context}/partner`)).status).toBe(200);
    expect(await rows()).toEqual(before);
    await sql`update zone set details = 'as it was once'`.execute(own.catalogue);
    const state = FederationState.parse((await ferry.ask('b', 'GET', `${ewbi}/${context}/partner`)).body);
    expect(state.offeredAvailabilityZones).toMatchObject([{ geographyDetails: 'Munich' }]);
  });

  it('keep their ids under one agreement', async () => {
    const context = await ferry.context();
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await ferry.ask('b', 'GET', `${ewbi}/${context}/partner`)).body),
    );
    expect(new Set(ids.map(({ offeredAvailabilityZones }) => offeredAvailabilityZones[0]?.zoneId)).size).toBe(1);
  });
});

describe('the relation', () => {
  it('tells what we want, also while that is to suspend', async () => {
    const context = await ferry.context();
    const open = Relation.parse((await ferry.ask('b', 'GET', `/mff/v1/${context}`)).body);
    expect(open).toMatchObject({ operator: 'operator-a', role: 'manager', will: 'open', validSeconds: 60 });
    await our('suspended');
    const shut = Relation.parse((await ferry.ask('b', 'GET', `/mff/v1/${context}`)).body);
    expect(shut.will).toBe('suspended');
    expect(shut.since > open.since).toBe(true);
  });

  it('tells by a tag whether zones are others: the same each time, and another to another partner', async () => {
    const tagTo = async (who: string, context: string): Promise<string> =>
      Relation.parse((await ferry.ask(who, 'GET', `/mff/v1/${context}`)).body).zonesTag;
    const [b, c] = [await ferry.context('b'), await ferry.context('c')];
    expect(await tagTo('b', b)).toBe(await tagTo('b', b));
    expect(await tagTo('c', c)).not.toBe(await tagTo('b', b));
  });
});

describe('systems', () => {
  const list = async (context: string, who = 'b', headers: Record<string, string> = {}) =>
    await ferry.ask<SharedSystem[]>(who, 'GET', `/mff/v1/${context}/systems`, { headers });

  it('are those that are shared, under ids of this agreement', async () => {
    const [b, c] = [await ferry.context('b'), await ferry.context('c')];
    const { body, headers } = await list(b);
    const [system, ...others] = SharedSystems.parse(body);
    expect(others).toEqual([]);
    expect(system).toMatchObject({
      name: 'shown',
      provider: 'Operator A',
      operator: 'operator-a',
      meo: system?.system,
    });
    const theirs = await list(c, 'c');
    expect(theirs.body[0]?.system).not.toBe(system?.system);
    expect(theirs.headers.get('etag')).not.toBe(headers.get('etag'));
  });

  it("have a tag, which is the relation's, changes when one of them does, and with which nothing is sent twice", async () => {
    const context = await ferry.context();
    const relation = async () => (await ferry.ask('b', 'GET', `/mff/v1/${context}`)).body.systemsTag;
    const tag = (await list(context)).headers.get('etag') ?? '';
    expect(tag).toBe(`"${await relation()}"`);
    for (const sent of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const same = await list(context, 'b', { 'if-none-match': sent });
      expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', tag]);
    }
    await own.catalogue.updateTable('system').set({ version: sql`version + 1` }).where('name', '=', 'hidden').execute();
    expect(`"${await relation()}"`).toBe(tag);
    await own.catalogue.updateTable('system').set({ version: sql`version + 1` }).where('name', '=', 'shown').execute();
    const changed = await list(context, 'b', { 'if-none-match': tag });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, `"${await relation()}"`]);
    await own.catalogue.deleteFrom('system').where('name', '=', 'shown').execute();
    expect((await list(context, 'b', { 'if-none-match': changed.headers.get('etag') ?? '' })).body).toEqual([]);
  });

  it('of a partner are not passed on by a manager', async () => {
    const { id } = await begin(own.catalogue, { partner: 'c', direction: 'uses' });
    await addSystem('of c', { local: null, agreement: id, foreign_id: 'x' });
    const { body } = await list(await ferry.context());
    expect(body.map(({ name }) => name)).toEqual(['shown']);
  });

  it('come in pages that lead to one another', async () => {
    const many = Array.from({ length: 1_100 }, (_, nth) => `many-${nth}`);
    await ferry.stop();
    ferry = await Outer.start(own.catalogue, { systems: many });
    await own.catalogue
      .insertInto('system')
      .values(many.map((local) => ({ local, name: local, provider: 'A', operator: 'operator-a' })))
      .execute();
    const context = await ferry.context('e');
    const seen: string[] = [];
    let path: string | undefined = `/mff/v1/${context}/systems`;
    const sizes: number[] = [];
    while (path !== undefined) {
      const { body, headers }: Heard<SharedSystem[]> = await ferry.ask('e', 'GET', path);
      sizes.push(body.length);
      seen.push(...body.map(({ name }) => name));
      const next: string | undefined = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
      const to: URL | undefined = next === undefined ? undefined : new URL(next, `${ferry.url}${path}`);
      path = to === undefined ? undefined : `${to.pathname}${to.search}`;
    }
    expect(sizes).toEqual([500, 500, 102]);
    expect(new Set(seen)).toEqual(new Set(['shown', 'hidden', ...many]));
  });
});
