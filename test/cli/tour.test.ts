import { describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { Devices } from '../../cli/devices.ts';
import { Terminal } from '../../cli/terminal.ts';
import { type Leg, tour, verdict } from '../../cli/tour.ts';
import { takeoverTold, type TakeoverReport, takeoverWentWell } from '../../cli/tour-takeover.ts';
import { unanswered, unansweredIn } from '../../cli/tour-unanswered.ts';
import { answering, ended, event, FakeApi, relocation, streaming } from './fake-api.ts';

const leg: Leg = {
  direction: 'cloudToMec',
  outcome: 'relocated',
  durationMs: 9_800,
  freezeMs: 4.2,
  interruptionMs: 61,
  givenUpStill: 0,
  stoodStillMs: 0,
  load: 0.4,
  unanswered: [],
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
  it('is ok when every relocation went through and nothing was lost, given up, stale or doubled', () => {
    expect(verdict(whole)).toBe(true);
  });

  it.each([
    ['one write was lost', { lost: 1 }],
    ['one write had no answer', { givenUp: 1 }],
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
    ['the moves', { givenUp: 5 }, '5 during the moves, 0 in comparisons', 'look at what the instances and Ferry said'],
    ['the machine', { givenUp: 5, stoodStillMs: 6_100 }, 'stood still for up to 6.1 s', 'busy with other things'],
    ['the machine, by its load', { givenUp: 5, load: 7.9 }, '7.9 processes for each core', 'busy with other things'],
    ['the application', { givenUp: 5, givenUpStill: 3 }, '2 during the moves, 3 in comparisons', 'fast enough'],
    ['another protocol', { givenUp: 9_600 }, 'None had', 'docs/providers.md'],
  ] as const)('looks to %s', (_, difference, figures, why) => {
    const said = unanswered([leg, { ...leg, requests: 7_200, ...difference }]);
    expect(said).toContain(figures);
    expect(said).toContain(why);
  });

  it('tells when each gap was, in which step, and whom it hit', () => {
    const gap = {
      from: '2030-01-31T02:00:05.000Z',
      ms: 4_120,
      step: 'hand over',
      devices: { keeping: 2, clamping: 1 },
    };
    const still = { from: '2030-01-31T02:00:30.000Z', ms: 2_300, step: null, devices: { resolving: 1 } };
    const said = unanswered([{ ...leg, givenUp: 5, givenUpStill: 1, stoodStillMs: 297, unanswered: [gap, still] }]);
    expect(said).toContain(
      'From 2030-01-31T02:00:05.000Z on, for up to 4.1 s, in "hand over": 2 keeping, 1 clamping. From 2030-01-31T02:00:30.000Z on, for up to 2.3 s, while nothing moved: 1 resolving.',
    );
    expect(said).toContain('stood still for up to 0.3 s');
  });

  it('looks for the gap among the devices that gave up, the longest wait first', () => {
    const device = { requests: 9, lost: 0, stale: 0, doubled: 0, kind: 'keeping' };
    const window = {
      durationMs: 9_000,
      stoodStillMs: 0,
      byKind: {},
      total: { ...device, givenUp: 3, longestGapMs: 9_000 },
      devices: [
        { ...device, givenUp: 0, longestGapMs: 9_000, longestGapAt: '2030-01-31T02:00:00.000Z' },
        { ...device, givenUp: 1, longestGapMs: 2_100, longestGapAt: '2030-01-31T02:00:01.000Z' },
        { ...device, givenUp: 2, longestGapMs: 2_500.4, longestGapAt: '2030-01-31T02:00:02.000Z' },
      ],
    };
    expect(unansweredIn(window, (instant) => `step at ${instant}`)).toEqual([
      {
        from: '2030-01-31T02:00:02.000Z',
        ms: 2_500,
        step: 'step at 2030-01-31T02:00:02.000Z',
        devices: { keeping: 2 },
      },
    ]);
  });
});

describe('what is said of a host that died', () => {
  const taken = {
    source: 'a2',
    target: 'a1',
    outcome: 'recovered',
    fence: 'ledAway',
    recoveredInMs: 14_200,
    interruptionMs: 14_500,
    users: 6,
    saved: 900,
    requests: 1_500,
    lost: 1,
    givenUp: 470,
    doubled: 0,
    stranded: 1,
    fenced: 'fenced',
    totalMs: 60_000,
  } satisfies TakeoverReport;

  it('tells what was lost and what was given up apart, and how long the takeover took', () => {
    expect(takeoverTold(taken)).toBe(
      'The death of a2 cost more: 1 acknowledged write lost, as whoever takes over accepts, 470 given up while nobody served, 0 doubled; taken over in 14 s.',
    );
  });

  it('is no failure for what was under way, and for nothing else', () => {
    expect(takeoverWentWell(taken)).toBe(true);
    expect(takeoverWentWell({ ...taken, lost: 13 })).toBe(false);
  });
});

const device = (figures: object) => ({ ...figures, kind: 'keeping', longestGapAt: new Date().toISOString() });

// Each waits for its devices: side by side
describe.concurrent('the tour', () => {
  /** API and control in one: each relocation ends as told, each window counts as told. */
  const travelled = async (
    ends: Relocation,
    lost: (window: string) => number,
    application?: string,
    givenUp = lost,
  ) => {
    const api = await FakeApi.start();
    let [moves, out] = [0, ''];
    api.answer = (asked, response) => {
      const { method, url } = asked;
      const figures = {
        requests: 100,
        lost: lost(url),
        givenUp: givenUp(url),
        stale: 0,
        doubled: 0,
        longestGapMs: url.includes('still') ? 52 : 95,
      };
      if (url.endsWith('/events')) streaming(event(relocation()), event(ends))(asked, response);
      else if (url === '/v1/relocations') answering(202, relocation({ id: `r${(moves += 1)}` }))(asked, response);
      else if (method === 'DELETE')
        answering(200, {
          durationMs: 20,
          stoodStillMs: 0,
          byKind: { keeping: figures },
          total: figures,
          devices: [device(figures)],
        })(asked, response);
      else answering(201, {})(asked, response);
    };
    const stream = { write: (text: string) => void (out += text) };
    const terminal = new Terminal(stream, stream);
    const report = await tour(new FerryClient(api.url), new Devices(api.url), terminal, { application });
    await api.stop();
    return { report, out, asked: api.asked };
  };

  it('starts the devices, travels every direction in turn, and shows both gaps', async () => {
    const { report, out, asked } = await travelled(ended(), () => 0);
    expect(report).toMatchObject({ ok: true, federation: null }); // the operator is alone
    expect(asked.find(({ url }) => url.endsWith('/fleet'))?.body).toEqual({ devices: 6, rate: 20, rest: 2 });
    const moves = asked.filter(({ url }) => url === '/v1/relocations').map(({ body }) => body);
    expect(moves).toEqual(
      ['cloud a1', 'a1 a2', 'a2 w1', 'w1 cloud'].map((move) => {
        const [source, target] = move.split(' ');
        return { application: 'counter', source, target };
      }),
    );
    expect(report.relocations[0]).toEqual({
      ...leg,
      load: expect.any(Number) as number,
      interruptionMs: 95,
      freezeMs: 4.21,
      requests: 200,
    });
    expect(out).toMatch(/gap +gap still/);
    expect(out).toMatch(/95 ms +52 ms/);
    expect(out).toContain('Every relocation went through: no write was lost, given up, stale or doubled.');
  });

  it('measures each window with a move while that move is going on', async () => {
    const { asked } = await travelled(ended(), () => 0);
    const first = asked.filter(
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

  it('fails for a write without an answer, and says in which step that was', async () => {
    const late = (window: string): number => (window.includes('tour-2') && !window.includes('still') ? 1 : 0);
    const { report, out } = await travelled(ended(), () => 0, undefined, late);
    expect(report.ok).toBe(false);
    expect(report.relocations[1]).toMatchObject({
      lost: 0,
      givenUp: 1,
      unanswered: [{ ms: 95, devices: { keeping: 1 } }],
    });
    expect(out).toMatch(/1 write had no answer in time: 1 during the moves, .* in "[^"]+": 1 keeping/);
    expect(out).not.toContain('never stood still');
  });

  it('moves an application of ones own', async () => {
    const { asked } = await travelled(ended(), () => 0, 'notes');
    const moves = asked.filter(({ url }) => url === '/v1/relocations').map(({ body }) => body);
    expect(moves[0]).toEqual({ application: 'notes', source: 'cloud', target: 'a1' });
  });

  it('stops where a relocation does not go through', async () => {
    const { report } = await travelled(ended({ outcome: 'rolledBack' }), () => 0);
    expect(report.ok).toBe(false);
    expect(report.relocations.map(({ outcome }) => outcome)).toEqual(['rolledBack']);
  });
});
