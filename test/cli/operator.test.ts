import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Waiting, WaitingList } from '../../api/northbound/table/waiting.ts';
import type { Relocation } from '../../api/resources.ts';
import { main } from '../../cli/main.ts';
import { Hints } from '../../cli/hints.ts';
import { toBegin } from '../../cli/up.ts';
import { Progress } from '../../cli/progress.ts';
import { age, Terminal } from '../../cli/terminal.ts';
import {
  type Answer,
  answering,
  ended,
  event,
  FakeApi,
  ferry,
  ferryOn,
  ID,
  relocation,
  SHORT,
  streaming,
} from './fake-api.ts';
import { eventually } from './eventually.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const at = (): readonly string[] => ['--api', api.url];
const hint = (action: string): string => `ferry ${action} ${SHORT} --api ${api.url}`;

const waitingFor = (members: Partial<NonNullable<Relocation['waitingFor']>> = {}) => ({
  what: 'oss to carry out the order',
  since: new Date(Date.now() - 90_000).toISOString(),
  until: null,
  attempt: 4,
  nextAt: null,
  lastFailure: 'PeerUnavailable: oss answered 503 to GET /tmf-api/serviceOrdering/v4/serviceOrder/7, which takes long',
  call: 'temporal workflow describe',
  ...members,
});

describe('a command tells what it made of the run, and what happens next', () => {
  it.each([
    ['approve', relocation({ state: 'working', step: 'check' }), 'working: check', 'watch'],
    ['pause', relocation({ step: 'package', asked: 'pause', actions: ['resume'] }), 'pausing: package', 'resume'],
    ['cancel', relocation({ step: 'package', asked: 'cancel', actions: [] }), 'cancelling: package', 'watch'],
    ['cancel', relocation({ state: 'rollingBack', step: 'copyAhead', actions: [] }), 'rollingBack: copyAhead', 'watch'],
    ['retry', ended({ outcome: 'rolledBack' }), 'rolledBack', 'show'],
    ['pause', relocation({ state: 'paused', step: 'package', actions: ['resume'] }), 'paused: package', 'resume'],
  ] as const)('%s', async (action, after, standing, next) => {
    api.answer = answering(200, after);
    const { exit, out } = await ferry(action, ID, ...at());
    const [first, ...more] = out.split('\n');
    expect([exit, first]).toEqual([0, `counter: cloud → a1, all users: ${standing}`]);
    expect(more.join('\n')).toContain(hint(next));
  });
});

describe('what waits for a person', () => {
  const waits = (kind: Waiting['kind'], id: string, more: Partial<Waiting> = {}): Waiting => ({
    kind,
    id,
    about: 'counter: cloud → a1, all users',
    state: 'parked',
    waitingFor: waitingFor({ attempt: null }),
    actions: [],
    links: { self: '', temporal: null },
    ...more,
  });

  it('is one look away, of every kind, with what it waits for and since when', async () => {
    const fence = { about: 'chat at a1, taken to be dead', state: 'unfenced' } as const;
    const partner = { about: 'the federation with b', state: 'suspended' } as const;
    const waiting = [waits('relocation', ID), waits('fence', ID, fence), waits('federation', 'operator-b', partner)];
    api.answer = answering(200, { waiting, next: null });
    const { out } = await ferry('list', '--waiting', '--application', 'counter', ...at());
    expect(api.asked[0]?.url).toBe('/v1/waiting?application=counter');
    const [, ...rows] = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    const what = expect.stringMatching(/^oss to carry out the order; PeerUnavailable: oss answered 503/) as string;
    expect(rows).toEqual([
      ['relocation', SHORT, 'counter: cloud → a1, all users', 'parked', '90s', what],
      ['fence', SHORT, 'chat at a1, taken to be dead', 'unfenced', '90s', what],
      ['federation', 'operator-b', 'the federation with b', 'suspended', '90s', what],
    ]);
  });

  it('is nothing, where nothing does', async () => {
    api.answer = answering(200, { waiting: [], next: null });
    await expect(ferry('list', '--waiting', ...at())).resolves.toMatchObject({ out: 'Nothing waits for a person.\n' });
  });

  it('is told whole, however many pages of the API it fills; and that there is more', async () => {
    const page = (more: number): Answer =>
      answering(200, {
        waiting: Array.from({ length: 100 }, () => waits('relocation', ID)),
        next: more > 0 ? `page-${more}` : null,
      });
    api.answer = (asked, response) =>
      page(asked.url.includes('next=') ? Number(asked.url.slice(-1)) - 1 : 3)(asked, response);
    const { out } = await ferry('list', '--waiting', '--limit', '250', ...at());
    expect(api.asked.map(({ url }) => url)).toEqual([
      '/v1/waiting?limit=100',
      '/v1/waiting?limit=100&next=page-3',
      '/v1/waiting?limit=50&next=page-2',
    ]);
    expect(out).toContain('There are more: --limit 600 shows so many.');
    const all = await ferry('list', '--waiting', '--limit', '1000', '--json', ...at());
    const { waiting, next } = JSON.parse(all.out) as WaitingList;
    expect([waiting.length, next]).toEqual([400, null]);
  });

  it.each(['held', 'paused', 'parked', 'waiting'])('is also found by state %s', async (state) => {
    api.answer = answering(200, { relocations: [], next: null });
    expect((await ferry('list', '--state', state, ...at())).exit).toBe(0);
  });

  it('is told to be on the way back, and when it tries again by itself', async () => {
    const what = 'an operator, on the way back: retry, or abandon it; still to be undone: "turn the path back"';
    const until = '2030-01-31T12:10:00.000Z';
    const back = relocation({
      state: 'parked',
      step: 'copyAhead',
      actions: ['retry', 'abandon'],
      waitingFor: waitingFor({ what, until, attempt: null, lastFailure: 'PeerUnavailable: no' }),
    });
    const lines = [`It waits for ${what}.`, `It tries again by itself at ${until}.`];
    api.answer = streaming(event(back));
    const watched = await ferry('watch', ID, ...at());
    expect(watched.exit).toBe(5);
    for (const said of ['parked at copyAhead: PeerUnavailable: no', ...lines, hint('retry')])
      expect(watched.out).toContain(said);
    api.answer = answering(200, back);
    const commanded = await ferry('retry', ID, ...at());
    for (const said of lines) expect(commanded.out).toContain(said);
    const forward = { ...back, waitingFor: waitingFor({ what: 'an operator: retry, or abandon it' }) };
    api.answer = streaming(event(forward));
    expect((await ferry('watch', ID, ...at())).out).not.toContain('by itself');
  });

  it('is told by an exit status of its own', async () => {
    api.answer = streaming(event(relocation({ state: 'parked', step: 'retire' })));
    expect((await ferry('watch', ID, ...at())).exit).toBe(5);
    api.answer = streaming(event(ended({ outcome: 'rolledBack' })));
    expect((await ferry('watch', ID, ...at())).exit).toBe(1);
  });
});

describe('Ctrl-C while a relocation is watched', () => {
  it.each([
    ['watch', ID],
    ['relocate', 'counter', 'cloud', 'a1'],
    ['protect', 'counter', 'cloud', 'a1'],
  ])('in `%s` leaves it running, and says how it is followed and taken back', async (...argv) => {
    api.answer = (asked, response) => {
      if (asked.method === 'POST') return answering(202, relocation())(asked, response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(relocation()));
      return undefined;
    };
    const before = process.listenerCount('SIGINT');
    const running = ferry(...argv, ...at());
    await eventually(
      () => process.listenerCount('SIGINT') > before && api.asked.some(({ url }) => url.endsWith('/events')),
    );
    process.emit('SIGINT');
    const { exit, out } = await running;
    expect(exit).toBe(130);
    for (const action of ['watch', 'cancel']) expect(out).toContain(hint(action));
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('after the hand-over says of nothing that it takes it back', async () => {
    api.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(relocation({ step: 'drain', actions: ['pause'] })));
    };
    let out = '';
    const stream = { write: (text: string) => (out += text) };
    const running = main(['watch', ID, ...at()], stream, stream);
    await eventually(() => out.includes('counter: '));
    process.emit('SIGINT');
    await expect(running).resolves.toBe(130);
    expect(out).toContain(hint('watch'));
    expect(out).not.toContain(hint('cancel'));
  });
});

describe('a step that is tried again', () => {
  const failing = relocation({ step: 'package', waitingFor: waitingFor() });

  it('is told with attempt and reason, whole, whenever the reason changes', async () => {
    const other = { ...failing, waitingFor: waitingFor({ attempt: 9, lastFailure: 'PeerRejected: no' }) };
    api.answer = streaming(...[failing, failing, other, ended()].map(event));
    for (const terminal of [{}, { isTTY: true, columns: 80 }]) {
      const { out } = await ferryOn(terminal, 'watch', ID, ...at());
      const lines = stripVTControlCharacters(out).split(/[\n\r]/);
      expect(lines.filter((line) => /^ {4}attempt/.test(line))).toEqual([
        `    attempt 4, after ${failing.waitingFor?.lastFailure}`,
        '    attempt 9, after PeerRejected: no',
      ]);
    }
  });

  it('is told with the time since it began, not since it is watched', async () => {
    api.answer = streaming(event({ ...failing, since: new Date(Date.now() - 90_000).toISOString() }), event(ended()));
    const { out } = await ferryOn({ isTTY: true, columns: 80 }, 'watch', ID, ...at());
    expect(stripVTControlCharacters(out)).toMatch(/2 bring the package to the target {2}9\d s {2}attempt 4 {2}oss to/);
  });

  it('is told now and then where no line changes', async () => {
    const out: string[] = [];
    const progress = new Progress(new Terminal({ write: (text) => out.push(text) }, { write: () => undefined }), 5);
    progress.show(failing);
    await eventually(() => out.filter((line) => line.includes('… 2 bring the package')).length >= 2);
    progress.end();
    expect(out.at(-1)).toContain('attempt 4');
  });
});

describe('how long it took', () => {
  const recovery = { fence: 'ledAway', users: 6, writes: 900 } as const;
  it.each([
    [
      'of a takeover',
      { totalMs: 143_000, waitedMs: 120_000, recovery: { ...recovery, tookMs: 14_200 } },
      '14 s from `recover` on (143 s in all)',
    ],
    ['of what was held', { totalMs: 36_000, waitedMs: 24_000 }, '12 s without the waiting (36 s in all)'],
    ['of what waited for nobody', { totalMs: 36_000, waitedMs: 0 }, '36 s'],
    ['as an older worker tells it', { totalMs: 36_000 }, '36 s'],
  ])('is told %s', async (_, figures, told) => {
    api.answer = answering(200, ended(figures));
    const { out } = await ferry('show', ID, ...at());
    expect(out).toContain(`relocated in ${told}, frozen`);
  });
});

describe('a line that changes', () => {
  it('is wiped out when nothing is watched any more, and not drawn again', () => {
    const out: string[] = [];
    const terminal = new Terminal({ isTTY: true, write: (text) => out.push(text) }, { write: () => undefined });
    terminal.living('⠙ 8 wait');
    terminal.rest();
    terminal.living('⠹ 8 wait');
    terminal.tell('Interrupted.');
    expect(out.map(stripVTControlCharacters)).toEqual(['\r⠙ 8 wait', '\r', 'Interrupted.\n']);
  });
});

describe('a hold', () => {
  it('comes after the step that is done, and what it waited for is verified anew', async () => {
    const held = relocation({ state: 'held', step: 'copyAhead', actions: ['approve'] });
    api.answer = (asked, response) =>
      (asked.url.endsWith('/events') ? streaming(event(held)) : answering(200, relocation()))(asked, response);
    const { out } = await ferry('watch', ID, '--until', 'held', ...at());
    expect(out).toMatch(/✓ 4 copy subscriptions and context ahead[^]*held: before/);
    expect((await ferry('approve', ID, ...at())).out).toContain('each step is verified anew, from the first on');
  });
});

describe('a standby', () => {
  it('is to be recovered when its source is lost: nobody is told to approve it', async () => {
    const what = 'an operator: the standby is kept warm; recover when the source is lost';
    const held = relocation({ state: 'held', step: 'copyAhead', actions: ['recover', 'cancel', 'approve'] });
    const standby = { ...held, waitingFor: waitingFor({ what, attempt: null, lastFailure: null }) };
    api.answer = (asked, response) =>
      (asked.url.endsWith('/events') ? streaming(event(standby)) : answering(202, standby))(asked, response);
    const { out } = await ferry('protect', 'counter', 'cloud', 'a1', ...at());
    expect(out).toContain(`held: ${what} (ferry recover ${SHORT} --accept-lost-writes --api ${api.url})`);
    expect(out).not.toContain('approve');
  });
});

describe('what is shown', () => {
  const many = Array.from({ length: 3 }, () => relocation({ waitingFor: waitingFor() }));
  const peers = {
    peers: [
      {
        name: 'meo',
        kind: 'meo',
        reachable: true,
        detail: '',
        capabilities: Array.from({ length: 12 }, (_, n) => ({
          name: `capability ${n}`,
          available: n > 0,
          detail: 'no',
        })),
      },
    ],
  };

  it.each([
    ['list', { relocations: many, next: null }],
    ['peers', peers],
  ])('by `ferry %s` fits a terminal, and is whole in a pipe and with -o wide', async (command, document) => {
    api.answer = answering(200, document);
    const { out } = await ferryOn({ isTTY: true, columns: 80 }, command, ...at());
    for (const line of stripVTControlCharacters(out).split(/[\n\r]/)) expect(line.length).toBeLessThanOrEqual(80);
    const wide = await ferryOn({ isTTY: true, columns: 80 }, command, '-o', 'wide', ...at());
    const last = command === 'list' ? ID : 'capability 11';
    expect([wide.out.includes(last), out.includes(last)]).toEqual([true, false]);
  });

  it('is coloured on a terminal, and as NO_COLOR and FORCE_COLOR have it', () => {
    const painted = (isTTY: boolean): boolean =>
      new Terminal({ isTTY, write: () => undefined }, { write: () => undefined }).paint('red', 'x') !== 'x';
    const before = { ...process.env };
    try {
      for (const name of ['NO_COLOR', 'FORCE_COLOR']) delete process.env[name];
      process.env['TERM'] = 'xterm';
      expect([painted(true), painted(false)]).toEqual([true, false]);
      process.env['FORCE_COLOR'] = '1';
      expect(painted(false)).toBe(true);
      delete process.env['FORCE_COLOR'];
      process.env['NO_COLOR'] = '1';
      expect(painted(true)).toBe(false);
    } finally {
      process.env = before;
    }
  });

  it.each([
    [0, '0s'],
    [119_000, '119s'],
    [120_000, '2m'],
    [7_200_000, '2h'],
    [172_800_000, '2d'],
  ])('says of %i ms ago that it is %s', (ms, said) => {
    expect(age(new Date(1e12 - ms).toISOString(), 1e12)).toBe(said);
  });
});

describe('a relocation is named', () => {
  const other = relocation({
    id: ID.replace('3e2ee0a5', '7777e0a5'),
    request: { ...relocation().request, application: 'chess' },
  });
  const serve = (all: readonly Relocation[] = [other, relocation()]): void => {
    api.answer = (asked, response) => {
      const { pathname, searchParams } = new URL(asked.url, api.url);
      const application = searchParams.get('application');
      const relocations = all.filter(({ request }) => application === null || request.application === application);
      const last = searchParams.get('next') ?? 'ab';
      const page = { relocations, next: all.length > 2 && application === null ? last : null };
      answering(200, pathname === '/v1/relocations' ? page : relocation())(asked, response);
    };
  };

  it.each([
    [SHORT, ID],
    ['counter', ID],
    ['chess', other.id],
    [ID, ID],
  ])('by %s', async (name, id) => {
    serve();
    expect((await ferry('show', name, ...at())).exit).toBe(0);
    expect(api.asked.at(-1)?.url).toBe(`/v1/relocations/${id}`);
  });

  it('by its application, however long the list is', async () => {
    serve([...Array.from({ length: 100 }, () => other), relocation()]);
    expect((await ferry('show', 'counter', ...at())).exit).toBe(0);
    expect(api.asked.map(({ url }) => url)).toEqual([
      '/v1/relocations?application=counter&limit=1',
      `/v1/relocations/${ID}`,
    ]);
  });

  it('by its application, and by a command only where one runs that can take it', async () => {
    const running = [
      relocation({ id: other.id, state: 'working' }),
      relocation({ state: 'held', actions: ['approve'] }),
    ];
    api.answer = (asked, response) =>
      answering(200, asked.method === 'POST' ? running[1] : { relocations: running, next: null })(asked, response);
    expect((await ferry('approve', 'counter', ...at())).exit).toBe(0);
    expect(api.asked.at(-1)?.url).toBe(`/v1/relocations/${ID}/approve`);
    api.answer = answering(200, { relocations: [ended({ outcome: 'refused' })], next: null });
    await expect(ferry('approve', 'counter', ...at())).resolves.toMatchObject({
      exit: 3,
      err: `no relocation of counter runs, and approve is for one that does: the last one, ${SHORT}, is refused\n`,
    });
  });

  it('and is not said to be none where the list goes on', async () => {
    serve(Array.from({ length: 100 }, () => other));
    await expect(ferry('show', 'ffffffff', ...at())).resolves.toMatchObject({
      exit: 3,
      err: expect.stringMatching(/none is called ffffffff, and there are more: name one by its whole id/) as string,
    });
  });

  it('by what is the end of one id only', async () => {
    serve();
    const { exit, err } = await ferry('show', 'e0a5', ...at());
    expect(exit).toBe(3);
    for (const { id } of [other, relocation()]) expect(err).toContain(id);
    await expect(ferry('show', 'nobody', ...at())).resolves.toMatchObject({
      exit: 3,
      err: expect.stringContaining('no relocation is called nobody') as string,
    });
  });
});

describe('peers', () => {
  const peer = (name: string, reachable: boolean) => ({
    name,
    kind: 'meo',
    reachable,
    detail: 'refused',
    capabilities: [],
  });

  it('out of reach are told by the exit status', async () => {
    api.answer = answering(200, { peers: [peer('meo', true), peer('oss', false)] });
    expect((await ferry('peers', ...at())).exit).toBe(1);
    api.answer = answering(200, { peers: [peer('meo', true)] });
    expect((await ferry('peers', ...at())).exit).toBe(0);
  });
});

describe('sites and applications', () => {
  it('are listed: who is where, and serves whom', async () => {
    const instance = { id: 'i-1', state: 'started', serves: 'all', users: 6, promisedTo: null, detail: null };
    const sites = [
      { site: 'cloud', detail: null, instances: [instance] },
      { site: 'a1', detail: null, instances: [] },
      { site: 'a2', detail: 'meo does not answer', instances: [] },
    ];
    const holder = { site: 'w1', instance: 'h-1' };
    const alike = {
      network: 'wifi',
      site: 'cloud',
      instance: 'i-1',
      way: 'holder',
      holder,
      relayed: false,
      silentSince: null as string | null,
    };
    const led = [
      { ...alike, everybody: true, anchors: 2 },
      { ...alike, way: 'network', holder: null, everybody: false, anchors: 1 },
      { ...alike, relayed: true, silentSince: '2026-01-01T00:00:00.000Z', everybody: false, anchors: 40 },
      { ...alike, instance: null, way: null, holder: null, everybody: true, anchors: 1 },
    ];
    api.answer = answering(200, { name: 'counter', sites, led });
    const { out } = await ferry('where', 'counter', ...at());
    expect(out).toMatch(/counter +cloud +i-1 +started +all$/m);
    expect(out).toContain('counter: devices of wifi are served at cloud by i-1, led there by the rules of h-1 at w1');
    expect(out).toContain('counter: one device of wifi is served at cloud by i-1: the network leads there by itself');
    expect(out).toContain(
      'counter: 40 devices of wifi are served at cloud by i-1, which serves nobody since 2026-01-01T00:00:00.000Z, relayed by h-1 at w1',
    );
    expect(out).toContain('counter: devices of wifi: an anchor to cloud is being made, or was never made');
    expect(api.asked[0]?.url).toBe('/v1/applications/counter');
    expect(out).toMatch(/counter +a2 .*meo does not answer/);
    expect(out).not.toContain('a1');
    api.answer = answering(200, { name: 'counter', sites: sites.slice(0, 2), led: null });
    const unknown = await ferry('where', 'counter', ...at());
    expect(unknown.out).toMatch(
      /counter +cloud +i-1 .*\n.*which devices .* is not known: Temporal's index does not answer/s,
    );
    expect(unknown.exit).toBe(1);
    const peersOf = { meo: 'meo-cellular', platform: 'mep-1' };
    api.answer = answering(200, {
      sites: [{ name: 'a1', kind: 'mecHost', system: 'cellular', network: 'cell', peers: peersOf }],
      peers: {},
    });
    expect((await ferry('sites', ...at())).out).toMatch(/a1 +mecHost +cellular +cell +not seen +meo-cellular, mep-1/);
  });

  it('where some users are served by themselves, nobody is told to serve all', async () => {
    const instance = (id: string, serves: string, users: number): object[] => [
      { id, state: 'started', serves, users, promisedTo: null, detail: null },
    ];
    const sites = [
      { site: 'a1', detail: null, instances: instance('i-1', 'all', 5) },
      { site: 'a2', detail: null, instances: instance('i-2', 'some', 1) },
      { site: 'w1', detail: null, instances: instance('i-3', 'some', 3) },
    ];
    api.answer = answering(200, { name: 'counter', sites, led: [] });
    const { out } = await ferry('where', 'counter', ...at());
    expect(out).toMatch(/a1 +i-1 +started +all others$[^]*a2 +i-2 +started +1 user$[^]*w1 +i-3 +started +3 users$/m);
  });

  it('are told with what an application was seen to keep, by which move and when; and that nothing was seen', async () => {
    const then = '2026-01-01T00:00:00.000Z';
    const by = `${'a'.repeat(25)}.01999999-1111-7111-8111-111111111111`;
    const seen = [{ what: 'handsOver', at: then, relocation: by, freezeMs: 2.1 }];
    const missed = [{ failure: 'WritesMissing', message: 'the target has 0 writes', at: then, relocation: by }];
    const shown = { name: 'counter', sites: [], led: [] };
    api.answer = answering(200, { ...shown, contract: { declared: 'zeroLoss', seen, missed, lookedAt: 2 } });
    const { out } = await ferry('where', 'counter', ...at());
    expect(out).toMatch(/counter: declares the application contract\n/);
    expect(out).toMatch(/counter: handed its users over, all that its receipt says, in 2.1 ms: \d+d ago \(\w+\)/);
    expect(out).toMatch(/counter: WritesMissing: the target has 0 writes: \d+d ago/);
    api.answer = answering(200, { ...shown, contract: { declared: 'none', seen: [], missed: [], lookedAt: 0 } });
    expect((await ferry('where', 'counter', ...at())).out).toMatch(
      /declares neither the contract nor a transfer of its own; no relocation has seen it yet/,
    );
    api.answer = answering(200, { ...shown, contract: null });
    expect((await ferry('where', 'counter', ...at())).out).toMatch(/what moves have seen of it is not known/);
  });

  it('are listed with how their peers were seen, who is away by name, since when and why', async () => {
    const since = '2026-01-01T00:00:00.000Z';
    const what = 'mep-1: GET /rules did not answer (ECONNREFUSED)';
    const well = { reachable: true, since, seenAt: since, lastFailure: null };
    const away = { reachable: false, since, seenAt: since, lastFailure: { what, at: since } };
    const site = { kind: 'mecHost', system: 'cellular', network: 'cell' };
    api.answer = answering(200, {
      sites: [
        { name: 'a1', ...site, peers: { meo: 'meo', platform: 'mep-1' } },
        { name: 'a2', ...site, peers: { meo: 'meo' } },
        { name: 'a3', ...site, peers: { meo: 'meo', platform: 'mep-3' } },
      ],
      peers: { meo: well, 'mep-1': away },
    });
    const { out, exit } = await ferry('sites', ...at());
    expect(out).toMatch(/a1 .* no: mep-1 +meo, mep-1\n/);
    expect(out).toMatch(/a2 .* all +meo\n/);
    expect(out).toMatch(/a3 .* not seen: mep-3 +meo, mep-3\n/);
    expect(out).toMatch(/\nmep-1 has not answered since 2026-01-01T00:00:00.000Z \(\d+d\): mep-1: GET .*ECONNREFUSED/);
    expect(out).not.toMatch('meo has not');
    expect(exit).toBe(0);
  });
});

describe('a plan', () => {
  it('promises nothing where nobody has answered', async () => {
    const obstacles = [{ failure: 'NotServing', where: 'cloud', detail: 'nobody', remedy: 'Look at it.' }];
    const plan = { direction: 'cloudToMec', possible: false, obstacles, package: 'kept', instance: 'create' };
    api.answer = answering(200, {
      ...plan,
      steering: [],
      subscriptions: 0,
      observed: true,
      guarantee: null,
      expectedFreezeMs: null,
      drainMs: 0,
    });
    const { out } = await ferry('plan', 'counter', 'cloud', 'a1', ...at());
    for (const what of ['guarantee', 'subscriptions'])
      expect(out).toMatch(new RegExp(`^ {2}${what} +not known: no instance has answered$`, 'm'));
    expect(out).toMatch(/^ {2}freeze +not known$/m);
  });

  it('promises nothing of a context that it has just refused to move', async () => {
    const obstacles = [{ failure: 'ContractMissing', where: 'cloud', detail: 'no contract', remedy: 'Keep it.' }];
    const plan = {
      direction: 'cloudToMec',
      possible: false,
      obstacles,
      package: 'kept',
      instance: 'create',
      steering: [],
    };
    api.answer = answering(200, { ...plan, subscriptions: 0, observed: true, guarantee: 'stateless', drainMs: 0 });
    expect((await ferry('plan', 'counter', 'cloud', 'a1', ...at())).out).not.toContain('there is no context to move');
  });
});

describe('hints can be pasted', () => {
  const program = '/srv/ferry/cli/ferry.mjs';
  it('and what up tells to type first is of what there is', () => {
    const hints = new Hints(['node', '/usr/local/bin/ferry'], { PATH: '/usr/local/bin' });
    hints.said = { api: 'http://127.0.0.1:9000' };
    const first = (sandbox: string | null, name?: string): string | undefined =>
      toBegin({ sandbox, application: name === undefined ? null : { name, instances: '' } }, hints)[0];
    expect(first('http://127.10.0.1:8080', 'notes')).toBe('ferry relocate notes cloud a1 --api http://127.0.0.1:9000');
    expect(first(null)).toBe('ferry peers --api http://127.0.0.1:9000');
  });

  it.each([
    ['by npx', ['node', program], { npm_command: 'exec' }, 'npx ferry list'],
    ['from the PATH', ['node', '/usr/local/bin/ferry'], { PATH: '/bin:/usr/local/bin' }, 'ferry list'],
    ['by its path', ['node', program], {}, `node ${program} list`],
  ])('where it was called %s', (_, argv, environment, said) => {
    expect(new Hints(argv, environment).command('list')).toBe(said);
  });

  it('with the API that was named, and without one that the environment names', () => {
    const hints = new Hints(['node', program], { npm_command: 'exec' });
    hints.said = { api: 'http://127.0.0.1:9' };
    expect(hints.about('show', ID)).toBe(`npx ferry show ${SHORT} --api http://127.0.0.1:9`);
    expect(hints.command('up')).toBe('npx ferry up');
    const lost = '--accept-lost-writes';
    expect(hints.about('recover', ID)).toBe(`npx ferry recover ${SHORT} ${lost} --api http://127.0.0.1:9`);
  });
});

describe('ferry itself', () => {
  it('tells its version, and examples with each command that has choices', async () => {
    await expect(ferry('--version')).resolves.toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    for (const command of ['up', 'relocate', 'plan', 'list', 'peers', 'where', 'check-app'])
      expect((await ferry(command, '--help')).out).toMatch(new RegExp(`Examples:\\n.*ferry ${command}`));
  });

  it('shows what comes of each example in lines of 80 columns', async () => {
    const { out } = await ferry('--help');
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(20);
    const wide: string[] = [];
    for (const command of commands) {
      const examples = (await ferry(command, '--help')).out.split('\nExamples:\n')[1] ?? '';
      wide.push(...examples.split('\n').filter((line) => line.length > 80));
    }
    expect(wide).toEqual([]);
  });

  it.each(['up', 'sandbox'])(
    '%s looks at the package before it starts anything, and says how one is made',
    async (command) => {
      const folder = mkdtempSync(join(tmpdir(), 'ferry-app-'));
      const note = join(folder, 'note.txt');
      writeFileSync(note, 'no package');
      const data = join(folder, 'data');
      const told = async (app: string) => {
        const { exit, err } = await ferry(command, '--app', app, '--data', data);
        expect([exit, existsSync(data)]).toEqual([2, false]);
        return err;
      };
      expect(await told(folder)).toMatch(/It is a folder: package it first: .*ferry.* package \S*ferry-app-/);
      expect(await told(join(folder, 'none.zip'))).toMatch(/There is no such file: make one with .* package <folder>/);
      expect(await told(note)).toContain('It is no package (a ZIP archive)');
      rmSync(folder, { recursive: true });
    },
  );

  it('completes commands and their choices in a shell', async () => {
    const program = fileURLToPath(new URL('../../cli/ferry.mjs', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'ferry-completing-'));
    const env = { ...process.env, XDG_CONFIG_HOME: folder };
    const said = async (...argv: string[]) =>
      (await promisify(execFile)(process.execPath, [program, ...argv], { env })).stdout;
    await said('context', 'set', 'munich', '--api', 'http://127.0.0.1:1');
    const [script, commands, states, contexts] = await Promise.all([
      said('complete', 'bash'),
      said('complete', '--', 're'),
      said('complete', '--', 'list', '--state', 'pa'),
      said('complete', '--', 'sites', '--context', ''),
    ]);
    rmSync(folder, { recursive: true });
    expect(contexts).toContain('munich');
    expect(script).toContain('complete');
    for (const command of ['relocate', 'resume', 'retry']) expect(commands).toContain(command);
    for (const state of ['paused', 'parked']) expect(states).toContain(state);
  });

  it('refuses a folder that cannot be made, instead of trying for ever', async () => {
    for (const command of ['up', 'sandbox']) {
      const { exit, out, err } = await ferry(command, '--data', '/proc/x/y');
      expect(exit).toBe(1);
      expect(`${out}${err}`).toMatch(/cannot make the folder \/proc\/x.*choose another with --data/);
    }
  });
});

describe('ferry watch without a relocation', () => {
  it('tells whatever runs, and each change of it, over a stream that breaks off; of what had ended, nothing', async () => {
    const told = (id: number, kind: string, data: object): string =>
      `id: a.${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    const running = relocation({ step: 'check' });
    const streams = [
      streaming(
        told(0, 'anew', {}),
        told(0, 'relocation', { ...ended(), id: 'another' }),
        told(0, 'relocation', running),
        told(3, 'sources', { temporal: { answers: true, since: '', detail: null }, catalogue: null }),
        told(4, 'relocation', { ...running, waitingFor: waitingFor() }),
      ),
      streaming(told(5, 'relocation', ended())),
      answering(404, { type: 'about:blank', title: 'Not Found', status: 404, detail: 'enough' }),
    ];
    api.answer = (asked, response) => streams[api.asked.length - 1]?.(asked, response);
    const { exit, out } = await ferry('watch', ...at());
    expect(api.asked.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual([
      ['/v1/events', undefined],
      ['/v1/events', 'a.4'],
      ['/v1/events', 'a.5'],
    ]);
    expect(exit).toBe(3);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(10)),
    ).toEqual(['counter: cloud → a1, all users  working: check', 'counter: cloud → a1, all users  relocated']);
  });

  it('asks once, and ends, where it never heard anything', async () => {
    api.answer = answering(503, { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'away' });
    expect((await ferry('watch', ...at())).exit).toBe(3);
    expect(api.asked).toHaveLength(1);
  });

  it('says to a person that nothing is under way, and how it ends', async () => {
    const sources = { temporal: { answers: true, since: '', detail: null }, catalogue: null };
    const streams = [
      streaming(`id: a.1\nevent: sources\ndata: ${JSON.stringify(sources)}\n\n`),
      answering(404, { type: 'about:blank', title: 'Not Found', status: 404, detail: 'enough' }),
    ];
    api.answer = (asked, response) => streams[api.asked.length - 1]?.(asked, response);
    const { out } = await ferryOn({ isTTY: true, columns: 80 }, 'watch', ...at());
    expect(out).toContain('Nothing is under way. What changes is told here; Ctrl-C ends it.');
  });
});
