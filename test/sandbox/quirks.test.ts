import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Router } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultOrder, Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { etagOf, demandMatch } from '../../sandbox/peers/etag.ts';
import { Refused } from '../../sandbox/problem.ts';
import { type QuirkOrder, Quirks } from '../../sandbox/quirks/quirks.ts';
import { names, quirks as table, type QuirkName } from '../../sandbox/quirks/table.ts';
import { type Answer, ask, eventually } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();

/** Quirks that show on the wire, at a peer that is nothing but a few lists. */

interface Filtered {
  readonly trafficFilter: readonly object[];
}
const PEERS = ['platform-a', 'meo-b'];
let quirks: Quirks;
let faults: Faults;
let platform: Peer;
let meo: Peer;
let things: { id: string }[];

beforeEach(async () => {
  [quirks, faults, things] = [new Quirks(), new Faults(), []];
  const around = { journal: new Journal(), faults, quirks };
  const tag = () => etagOf('version', things.length, null);
  const routes = () =>
    Router()
      .get(['/app_lcm/v1/things', '/rni/v2/things'], (_req, res) => void res.json(things))
      .post('/app_lcm/v1/things', (req, res) => {
        const { id } = req.body as { id: string };
        const href = `http://127.${NET}.0.40/t/v1/${id}`;
        things.push({ id });
        res
          .status(201)
          .location(href)
          .json({ id, _links: { self: { href } } });
      })
      .delete('/app_lcm/v1/things/:id', (req, res) => {
        things = things.filter(({ id }) => id !== req.params.id);
        res.status(204).end();
      })
      .post('/app_lcm/v1/app_instances/:id/instantiate', (_req, res) => void res.status(202).end())
      .get('/links', (_req, res) => void res.json({ _links: { self: { href: '/links' }, subscription: [] } }))
      .get('/tagged', (_req, res) => void res.set('ETag', tag()).json({}))
      .put('/tagged', (req, res) => {
        demandMatch(req, tag());
        res.set('ETag', tag()).json({});
      })
      .get('/refused', () => {
        throw new Refused(409, 'no place');
      })
      .get('/apps/:id/dns_rules', (_req, res) => void res.json(rules))
      .get('/apps/:id/traffic_rules', (_req, res) => void res.json(filters));
  const serve = async (name: string, address: string) =>
    await servePeer({ name, address, port: 0, routes: routes(), state: () => null }, around);
  [platform, meo] = [await serve('platform-a', `127.${NET}.0.40`), await serve('meo-b', `127.${NET}.0.41`)];
});
afterEach(async () => {
  await Promise.all([platform.close(), meo.close()]);
});

const rules = [
  { dnsRuleId: 'a', domainName: 'counter.edge.example', ipAddress: '127.9.9.9', state: 'ACTIVE' },
  { dnsRuleId: 'b', domainName: 'other.example', ipAddress: '127.9.9.8', ttl: 7, state: 'INACTIVE' },
];
const filters: readonly Filtered[] = [
  { trafficFilter: [{ srcAddress: ['127.9.9.9'], dstAddress: ['127.0.0.0/8', '::1'] }] },
];
const order = (quirk: QuirkOrder['quirk'], peer = '*', operation?: string) =>
  quirks.order({ peer, quirk, ...(operation && { operation }) }, PEERS);
const create = async (id: string) => await ask('POST', `${meo.url}/app_lcm/v1/things`, { id });
const list = async (query = '') => await ask('GET', `${meo.url}/app_lcm/v1/things${query}`);

describe('a quirk', () => {
  it('is of one peer, or of every one that can have it', () => {
    expect(order('nullLists', 'meo-b')).toMatchObject([{ peer: 'meo-b', quirk: 'nullLists', harmless: true }]);
    expect(order('nullLists').map(({ peer }) => peer)).toEqual(['meo-b', 'platform-a']);
    expect(order('sha512').map(({ peer }) => peer)).toEqual(['meo-b']);
    expect(quirks.list()).toHaveLength(3);
  });

  it('is refused for whoever cannot have it, and says who can', () => {
    expect(() => order('weakTags', 'meo-b')).toThrow('meo-b cannot have weakTags; these can: platform-a');
    expect(() => order('gzip', 'vantage-wifi')).toThrow('these can: meo-b, platform-a');
  });

  it('lasts until it is switched off, one or all', async () => {
    const [quirk] = order('nullLists', 'meo-b');
    for (let n = 0; n < 2; n += 1) expect((await list()).body).toBeNull();
    expect(quirks.list()).toMatchObject([{ met: 2 }]);
    expect(quirks.remove(quirk?.id)).toBe(true);
    expect((await list()).body).toEqual([]);
    expect(quirks.remove(quirk?.id)).toBe(false);
  });

  it('meets only the operation that it was ordered for', async () => {
    order('nullLists', 'meo-b', 'GET /links');
    expect((await list()).body).toEqual([]);
    expect((await ask('GET', `${meo.url}/links`)).body).toMatchObject({ _links: { subscription: null } });
  });

  it('does no harm with all others that do none: one order switches them all on, of two alternatives one', () => {
    const ordered = order('harmless');
    const at = (peer: string): QuirkName[] => ordered.flatMap((one) => (one.peer === peer ? one.quirk : []));
    expect(ordered.every(({ quirk }) => table[quirk].harmless)).toBe(true);
    const alternatives = ['nullLists', 'voidLists', 'weakTags', 'bareTags'].concat([
      'trailingSlash',
      'movedGets',
      'pagedLists',
      'overlappingPages',
    ]);
    const both = [...at('meo-b'), ...at('platform-a')].filter((name) => alternatives.includes(name)).toSorted();
    expect(both).toHaveLength(6);
    const rest = names.filter((name) => table[name].harmless && !alternatives.includes(name));
    expect(new Set([...at('meo-b'), ...at('platform-a')])).toEqual(new Set([...rest, ...both]));
  });
});

describe('a quirk of a request', () => {
  it('strictQuery: parameters that are not of the API are 400, and so is a known one twice', async () => {
    order('strictQuery');
    expect((await list('?filter=(eq,id,a)')).status).toBe(400);
    expect((await list('?all_fields')).status).toBe(400);
    expect((await list('?ser_name=a&ser_name=b')).status).toBe(400);
    expect((await list('?ser_name=a,b')).status).toBe(400);
    expect((await list('?ser_name=a')).status).toBe(200);
  });

  it('trailingSlash: leads on by 308, with the query, and executes nothing before', async () => {
    order('trailingSlash', 'meo-b');
    const asked = { method: 'POST', redirect: 'manual' as const };
    const answer = await fetch(`${meo.url}/app_lcm/v1/things?x=1`, asked);
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/app_lcm/v1/things/?x=1']);
    expect(things).toEqual([]);
    expect((await create('a')).status).toBe(201);
    expect(things).toHaveLength(1);
  });

  it('movedGets: leads a GET on by 301, and takes whatever changes something as it comes', async () => {
    order('movedGets', 'meo-b');
    const answer = await fetch(`${meo.url}/app_lcm/v1/things?x=1`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, '/app_lcm/v1/things/?x=1']);
    expect((await create('a')).status).toBe(201);
    expect((await list()).body).toEqual([{ id: 'a' }]);
  });

  it('goneForGood: what was deleted is 410, until its name is given out again', async () => {
    order('goneForGood', 'meo-b');
    const one = `${meo.url}/app_lcm/v1/things/a`;
    await create('a');
    for (const status of [204, 410, 410]) expect((await ask('DELETE', one)).status).toBe(status);
    expect((await ask('GET', `${one}/`)).status).toBe(410);
    expect((await ask('DELETE', `${meo.url}/app_lcm/v1/things/b`)).status).toBe(204);
    await create('a');
    expect((await ask('DELETE', one)).status).toBe(204);
  });

  it('trailingSlash: faults meet the call that is executed', async () => {
    order('trailingSlash', 'meo-b');
    faults.add(
      FaultOrder.parse({ peer: 'meo-b', operation: 'POST /app_lcm/v1/things', kind: 'status', status: 507, times: 1 }),
    );
    expect((await create('a')).status).toBe(507);
    expect((await create('a')).status).toBe(201);
  });

  it('retryLater: the first call of a kind is 503 with Retry-After, whatever its id', async () => {
    order('retryLater', 'meo-b');
    const first = await list();
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await list()).status).toBe(200);
    expect((await ask('GET', `${meo.url}/apps/a1/dns_rules`)).status).toBe(503);
    expect((await ask('GET', `${meo.url}/apps/b2/dns_rules`)).status).toBe(200);
  });

  it('createdUnknown: an instance is unknown once, right after its creation', async () => {
    order('createdUnknown', 'meo-b');
    const instantiate = async (id: string) =>
      (await ask('POST', `${meo.url}/app_lcm/v1/app_instances/${id}/instantiate`)).status;
    await create('i1');
    expect(await instantiate('i1')).toBe(404);
    expect(await instantiate('i1')).toBe(202);
    expect(await instantiate('older')).toBe(202);
  });

  it('noRadio and radioUnsupported: there is no such service', async () => {
    const look = async () => (await ask('GET', `${platform.url}/rni/v2/things`)).status;
    expect(await look()).toBe(200);
    order('noRadio', 'platform-a');
    expect(await look()).toBe(404);
    quirks.remove();
    order('radioUnsupported', 'platform-a');
    expect(await look()).toBe(501);
  });

  it('noTrafficRules: DNS rules alone', async () => {
    order('noTrafficRules', 'platform-a');
    expect((await ask('GET', `${platform.url}/apps/i/traffic_rules`)).status).toBe(501);
    expect((await ask('GET', `${platform.url}/apps/i/dns_rules`)).status).toBe(200);
  });
});

describe('a quirk of an answer', () => {
  it('nullLists and voidLists: nothing is said by null, or without a body', async () => {
    order('voidLists', 'meo-b');
    const empty = await list();
    expect([empty.status, empty.body]).toEqual([204, undefined]);
    await create('a');
    expect((await list()).body).toHaveLength(1);
  });

  it('laggingLists: what was created is listed a moment later', async () => {
    order('laggingLists', 'meo-b');
    await create('a');
    expect((await list()).body).toEqual([]);
    await eventually(
      async () => (await list()).body,
      (seen) => (seen as unknown[]).length === 1,
    );
  });

  it.each([
    ['pagedLists', ['a', 'b', 'c', 'd', 'e']],
    ['overlappingPages', ['a', 'b', 'b', 'c', 'c', 'd', 'd', 'e']],
  ] as const)('%s: two at a time, the rest behind the link', async (quirk, shown) => {
    order(quirk, 'meo-b');
    for (const id of ['a', 'b', 'c', 'd', 'e']) await create(id);
    const seen: string[] = [];
    const queries: boolean[] = [];
    let path: string | undefined = '/app_lcm/v1/things?all_fields';
    while (path !== undefined) {
      const page: Answer<{ id: string }[]> = await ask('GET', `${meo.url}${path}`);
      const { body, headers } = page;
      expect(body.length).toBeLessThanOrEqual(2);
      seen.push(...body.map(({ id }) => id));
      path = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
      queries.push(path?.includes('all_fields') ?? true);
    }
    expect([seen, new Set(queries)]).toEqual([shown, new Set([true])]);
  });

  it('activeRulesOnly: INACTIVE rules are not listed', async () => {
    order('activeRulesOnly', 'platform-a');
    expect((await ask('GET', `${platform.url}/apps/i/dns_rules`)).body).toMatchObject([{ dnsRuleId: 'a' }]);
  });

  it('filledDefaults: what a rule leaves open', async () => {
    order('filledDefaults', 'platform-a');
    expect((await ask('GET', `${platform.url}/apps/i/dns_rules`)).body).toMatchObject([{ ttl: 300 }, { ttl: 7 }]);
  });

  it('capitalNames: names are spelt as people do', async () => {
    order('capitalNames', 'platform-a');
    expect((await ask('GET', `${platform.url}/apps/i/dns_rules`)).body).toMatchObject([
      { domainName: 'Counter.Edge.Example.' },
      { domainName: 'Other.Example.' },
    ]);
  });

  it('maskedAddresses: single addresses of filters have their mask', async () => {
    order('maskedAddresses', 'platform-a');
    const { body } = await ask<Filtered[]>('GET', `${platform.url}/apps/a1/traffic_rules`);
    expect(body.map(({ trafficFilter }) => trafficFilter)).toEqual([
      [{ srcAddress: ['127.9.9.9/32'], dstAddress: ['127.0.0.0/8', '::1'] }],
    ]);
  });

  it('foreignLinks: links and Location name another host, and a path before ours', async () => {
    order('foreignLinks', 'meo-b');
    const { headers, body } = await create('a');
    expect(headers.get('location')).toBe('https://mep.inner.example:8443/gateway/t/v1/a');
    expect(body).toMatchObject({ _links: { self: { href: 'https://mep.inner.example:8443/gateway/t/v1/a' } } });
  });

  it('slashedLinks: links and Location end with a slash', async () => {
    order('slashedLinks', 'meo-b');
    const { headers, body } = await create('a');
    expect(headers.get('location')).toBe(`http://127.${NET}.0.40/t/v1/a/`);
    expect(body).toMatchObject({ _links: { self: { href: `http://127.${NET}.0.40/t/v1/a/` } } });
  });

  it('weakTags: they never match', async () => {
    order('weakTags', 'platform-a');
    const tag = (await ask('GET', `${platform.url}/tagged`)).headers.get('etag');
    expect(tag).toBe('W/"v0"');
    expect((await put('W/"v0"')).status).toBe(412);
    expect((await put('"v0"')).status).toBe(412);
    expect((await put()).status).toBe(200);
  });

  it('bareTags: without quotes, and taken back so', async () => {
    order('bareTags', 'platform-a');
    const tag = (await ask('GET', `${platform.url}/tagged`)).headers.get('etag');
    expect(tag).toBe('v0');
    expect((await put('v0')).status).toBe(200);
    expect((await put('v7')).status).toBe(412);
  });

  it('gzip: who says nothing of codings gets it, who wants none does not', async () => {
    order('gzip', 'meo-b');
    await create('a');
    const coded = await raw(`${meo.url}/app_lcm/v1/things`, {});
    expect(coded.encoding).toBe('gzip');
    expect(JSON.parse(gunzipSync(coded.body).toString())).toMatchObject([{ id: 'a' }]);
    expect((await raw(`${meo.url}/app_lcm/v1/things`, { 'accept-encoding': 'identity' })).encoding).toBeUndefined();
    const refused = await raw(`${meo.url}/refused`, {});
    expect(JSON.parse(gunzipSync(refused.body).toString())).toMatchObject({ status: 409 });
  });

  it('localProblems: in another language, with a time and a number', async () => {
    order('localProblems', 'meo-b');
    const { body } = await ask<{ detail: string }>('GET', `${meo.url}/refused`);
    expect(body.detail).toMatch(/^作业 \d+ 于 \d{4}-\d\d-\d\dT[\d:.]+Z 失败.*no place$/);
  });
});

async function put(tag?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(tag && { 'if-match': tag }) };
  return await fetch(`${platform.url}/tagged`, { method: 'PUT', headers, body: '{}' });
}

/** `fetch` asks for codings by itself. */
async function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ encoding: string | undefined; body: Buffer }> {
  return await new Promise((resolve, reject) => {
    request(url, { headers: { connection: 'close', ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}
