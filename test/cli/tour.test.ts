import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { Devices } from '../../cli/devices.ts';
import { Terminal } from '../../cli/terminal.ts';
import { type Leg, tour, unanswered, verdict } from '../../cli/tour.ts';
import { answering, ended, event, FakeApi, relocation, streaming } from './fake-api.ts';

const leg: Leg = {
  direction: 'cloudToMec',
  outcome: 'relocated',
  durationMs: 9_800,
  freezeMs: 4.2,
  interruptionMs: 61,
  givenUpStill: 0,
  stoodStillMs: 0,
  requests: 2_400,
  lost: 0,
  givenUp: 0,
  stale: 0,
  doubled: 0,
  subscriptions: 3,
  byKind: { keeping: { requests: 200, lost: 0, givenUp: 0, stale: 0, doubled: 0 } },
};
const whole = [leg, leg, leg, leg];

describe('the verdict of the tour', () => {
  it('is ok when every relocation went through and nothing was lost, stale or doubled', () => {
    expect(verdict(whole)).toBe(true);
  });

  it.each([
    ['one write was lost', { lost: 1 }],
    ['one answer was stale', { stale: 1 }],
    ['one write was doubled', { doubled: 1 }],
    ['one was rolled back', { outcome: 'rolledBack' }],
    ['the source stayed as a relay', { outcome: 'relocatedSourceKept' }],
    ['no device sent anything', { requests: 0 }],
  ] as const)('is not ok when %s', (_, difference) => {
    expect(verdict([leg, { ...leg, ...difference }, leg, leg])).toBe(false);
  });

  it('is not ok when the route was not travelled to its end', () => {
    expect(verdict(whole.slice(1))).toBe(false);
    expect(verdict([])).toBe(false);
  });
});

describe('what is said of writes that had no answer', () => {
  it('is nothing where there were none', () => {
    expect(unanswered(whole)).toBe('');
  });

  it.each([
    ['the moves', { givenUp: 5 }, '5 during the moves, 0 in comparisons', 'look at what the instances said'],
    ['the machine', { givenUp: 5, stoodStillMs: 6_100 }, '5 during the moves', 'stood still for up to 6.1 s'],
    ['the application', { givenUp: 5, givenUpStill: 3 }, '2 during the moves, 3 in comparisons', 'fast enough'],
    ['another protocol', { givenUp: 9_600 }, 'None had', 'docs/providers.md'],
  ] as const)('looks to %s', (_, difference, figures, why) => {
    const said = unanswered([leg, { ...leg, requests: 7_200, ...difference }]);
    expect(said).toContain(figures);
    expect(said).toContain(why);
  });
});

describe('the tour', () => {
  let api: FakeApi;
  beforeEach(async () => {
    api = await FakeApi.start();
  });
  afterEach(async () => await api.stop());

  /** API and control in one: each relocation ends as told, each window counts as told. */
  const travelled = async (ends: Relocation, lost: (window: string) => number, application?: string) => {
    let [moves, out] = [0, ''];
    api.answer = (asked, response) => {
      const { method, url } = asked;
      const figures = {
        requests: 100,
        lost: lost(url),
        givenUp: lost(url),
        stale: 0,
        doubled: 0,
        longestGapMs: url.includes('still') ? 52 : 95,
      };
      if (url.endsWith('/events')) streaming(event(relocation()), event(ends))(asked, response);
      else if (url === '/v1/relocations') answering(202, relocation({ id: `r${(moves += 1)}` }))(asked, response);
      else if (method === 'DELETE')
        answering(200, { durationMs: 20, stoodStillMs: 0, byKind: { keeping: figures }, total: figures })(
          asked,
          response,
        );
      else answering(201, {})(asked, response);
    };
    const stream = { write: (text: string) => void (out += text) };
    const terminal = new Terminal(stream, stream);
    const report = await tour(new FerryClient(api.url), new Devices(api.url), terminal, { application });
    return { report, out };
  };

  it('starts the devices, travels every direction in turn, and shows both gaps', async () => {
    const { report, out } = await travelled(ended(), () => 0);
    expect(report).toMatchObject({ ok: true, federation: null }); // the operator is alone
    expect(api.asked.find(({ url }) => url.endsWith('/fleet'))?.body).toEqual({ devices: 6, rate: 20 });
    const moves = api.asked.filter(({ url }) => url === '/v1/relocations').map(({ body }) => body);
    expect(moves).toEqual(
      ['cloud a1', 'a1 a2', 'a2 w1', 'w1 cloud'].map((move) => {
        const [source, target] = move.split(' ');
        return { application: 'counter', source, target };
      }),
    );
    expect(report.relocations[0]).toEqual({ ...leg, interruptionMs: 95, freezeMs: 4.21, requests: 200 });
    expect(out).toMatch(/gap +gap still/);
    expect(out).toMatch(/95 ms +52 ms/);
  });

  it('measures each window with a move while that move is going on', async () => {
    await travelled(ended(), () => 0);
    const first = api.asked.filter(
      ({ url, body }) =>
        url.includes('tour-1') ||
        JSON.stringify(body)?.includes('"a1"') ||
        url.includes('/r1/') ||
        JSON.stringify(body)?.includes('tour-1'),
    );
    expect(first.slice(0, 4).map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /sandbox/devices/windows',
      'POST /v1/relocations',
      'GET /v1/relocations/r1/events',
      'DELETE /sandbox/devices/windows/tour-1',
    ]);
  });

  it('counts what is lost between the moves as well', async () => {
    const { report } = await travelled(ended(), (window) => (window.includes('tour-2-still') ? 1 : 0));
    expect(report.ok).toBe(false);
    expect(report.relocations.map(({ lost }) => lost)).toEqual([0, 1, 0, 0]);
  });

  it('moves an application of ones own', async () => {
    await travelled(ended(), () => 0, 'notes');
    const moves = api.asked.filter(({ url }) => url === '/v1/relocations').map(({ body }) => body);
    expect(moves[0]).toEqual({ application: 'notes', source: 'cloud', target: 'a1' });
  });

  it('stops where a relocation does not go through', async () => {
    const { report } = await travelled(ended({ outcome: 'rolledBack' }), () => 0);
    expect(report.ok).toBe(false);
    expect(report.relocations.map(({ outcome }) => outcome)).toEqual(['rolledBack']);
  });
});
