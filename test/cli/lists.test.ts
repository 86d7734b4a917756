import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { offersExample, zonesExample } from '../../api/northbound/examples.ts';
import { answering, FakeApi, ferry, ferryOn } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const ID = 'mfrggzdfmztwq2lknnwg23tpo.01a20e13-15b3-77c0-9b4a-5e1e3e2ee0a5';
const AT = '2026-01-01T00:00:00.000Z';
const links = { self: '', relocations: '', relocation: '', temporal: null };

/** Each list of which the API tells pages, and one of its rows. */
const lists = {
  fences: {
    id: ID,
    application: 'counter',
    source: 'a1',
    target: 'a2',
    state: 'waiting',
    startedAt: AT,
    endedAt: null,
    result: null,
    links,
  },
  holds: {
    site: 'a1',
    why: 'a reason that is longer than a narrow line has room for, and then some',
    since: AT,
    links,
  },
  evacuations: {
    id: `a1.${ID}`,
    request: { site: 'a1', among: ['a2'], window: 50, perUser: false },
    returns: null,
    state: 'working',
    window: 50,
    startedAt: AT,
    endedAt: null,
    counts: { total: 100, moved: 40, failed: 2, underWay: 8, resting: 0, left: 50 },
    failures: [],
    waitingFor: null,
    actions: [],
    outcome: null,
    links,
  },
  followers: {
    id: ID.slice(0, 25),
    request: { application: 'counter', user: 'ue-1', among: ['a1', 'w1'] },
    state: 'waiting',
    network: 'cellular',
    since: AT,
    site: 'a1',
    dueAt: null,
    moves: 3,
    relocation: null,
    anchor: null,
    trouble: 'the location service does not answer, and has not for a while',
    result: null,
    endedAt: null,
    links,
  },
} as const;
const names = Object.keys(lists) as (keyof typeof lists)[];

function told(name: keyof typeof lists): void {
  api.answer = (asked, response) =>
    answering(200, { [name]: [lists[name]], next: asked.url.includes('next=') ? null : 'a-token' })(asked, response);
}

it.each(names)('ferry %s reads every page, and with jsonl has a line for each of them', async (name) => {
  told(name);
  const { exit, out } = await ferry(name, '-o', 'jsonl', '--api', api.url);
  expect(exit).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([lists[name], lists[name]]);
  expect(api.asked.map(({ url }) => url)).toEqual([`/v1/${name}?limit=100`, `/v1/${name}?limit=100&next=a-token`]);
});

it.each(names)('ferry %s fits in a narrow terminal', async (name) => {
  told(name);
  const { out } = await ferryOn({ isTTY: true, columns: 60 }, name, '--api', api.url);
  const widths = out.split('\n').map((line) => stripVTControlCharacters(line).replaceAll('\r', '').length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(60);
  expect(Math.max(...widths)).toBeGreaterThan(20);
});

/** What is read from them stays; what only a program needs, or is told twice, goes first. */
it.each([
  ['offers', { offers: offersExample.offers }, ['kind', 'name', 'state', 'system', 'platform', 'told by']],
  [
    'zones',
    { zones: zonesExample.zones.map((zone) => ({ ...zone, zone: ID, partner: 'operator-b' })) },
    ['zone', 'system', 'told by', 'where', 'details'],
  ],
] as const)('ferry %s in a narrow terminal shows what is read from it', async (name, rows, heads) => {
  api.answer = answering(200, { ...rows, next: null });
  const { out } = await ferryOn({ isTTY: true, columns: 64 }, name, '--api', api.url);
  const [head = ''] = stripVTControlCharacters(out).replaceAll('\r', '').split('\n');
  expect(head.trimEnd().split(/ {2,}/)).toEqual(heads);
});
