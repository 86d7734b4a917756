import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, answering, ended, event, FakeApi, ferry, ID, relocation, SHORT, streaming } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const problem = {
  type: 'about:blank',
  title: 'Already relocating',
  status: 409,
  detail: 'counter moves from cloud to a2',
  remedy: 'Wait for its end.',
  see: `/v1/relocations/${ID}`,
};

const at = (): readonly string[] => ['--api', api.url];

describe('ferry relocate', () => {
  it('sends what was asked for, with the key, and tells the id when it is not to wait', async () => {
    api.answer = answering(202, relocation());
    const options = ['--user', 'ue-1', '--max-interruption', '50', '--key', 'k1', '--no-wait'];
    const { exit, out } = await ferry('relocate', 'counter', 'cloud', 'a1', ...options, ...at());
    expect(exit).toBe(0);
    expect(out).toBe(`${ID}\n`);
    expect(api.asked).toHaveLength(1);
    expect(api.asked[0]).toMatchObject({
      method: 'POST',
      url: '/v1/relocations',
      headers: { 'idempotency-key': 'k1' },
      body: { application: 'counter', source: 'cloud', target: 'a1', users: 'ue-1', maxInterruptionMs: 50 },
    });
  });

  it('asks once more, with the same key, where the API has too much to do and says when', async () => {
    const overloaded = { ...problem, status: 503, failure: 'Overloaded' };
    api.answer = (asked, response) =>
      api.asked.length < 3
        ? void response
            .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '0' })
            .end(JSON.stringify(overloaded))
        : answering(202, relocation())(asked, response);
    const { exit, out } = await ferry('relocate', 'counter', 'cloud', 'a1', '--key', 'k1', '--no-wait', ...at());
    expect([exit, out]).toEqual([0, `${ID}\n`]);
    expect(api.asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['k1', 'k1', 'k1']);
  });

  it('asks no second time where something may have been begun', async () => {
    api.answer = (_, response) =>
      void response
        .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '0' })
        .end(JSON.stringify({ ...problem, status: 503 }));
    const { exit } = await ferry('relocate', 'counter', 'cloud', 'a1', '--no-wait', ...at());
    expect(exit).not.toBe(0);
    expect(api.asked).toHaveLength(1);
  });

  it('turns times into instants, and holds the cut-over for approval or until a time', async () => {
    api.answer = answering(202, relocation());
    const move = ['relocate', 'counter', 'cloud', 'a1', '--no-wait'];
    await ferry(...move, '--approve', '--deadline', '2030-01-31T13:00:00+01:00', ...at());
    await ferry(...move, '--at', '2030-02-01T00:00:00Z', ...at());
    expect(api.asked[0]?.body).toMatchObject({ cutOver: { approval: true }, deadline: '2030-01-31T12:00:00.000Z' });
    expect(api.asked[1]?.body).toMatchObject({ cutOver: { at: '2030-02-01T00:00:00.000Z' } });
    await ferry(...move, '--at', '2020-02-01T00:00:00Z', '--key', 'k1', ...at()); // as it was asked for then
    expect(api.asked[2]?.body).toMatchObject({ cutOver: { at: '2020-02-01T00:00:00.000Z' } });
  });

  it('says that it takes a time without its offset for local time', async () => {
    api.answer = answering(202, relocation());
    const move = ['relocate', 'counter', 'cloud', 'a1', '--no-wait', '--deadline', '2030-01-31T18:00'];
    const { exit, out, err } = await ferry(...move, ...at());
    const instant = new Date(2030, 0, 31, 18).toISOString();
    expect([exit, out]).toEqual([0, `${ID}\n`]);
    expect(err).toBe(`2030-01-31T18:00 is local time: ${instant}\n`);
    expect(api.asked[0]?.body).toMatchObject({ deadline: instant });
  });

  it('shows one line for each step, also for one that the stream passed over, and how it ended', async () => {
    api.answer = (asked, response) =>
      asked.method === 'POST'
        ? answering(202, relocation())(asked, response)
        : streaming(
            ': keepalive\n\n',
            event(relocation()),
            event(relocation({ step: 'instance' })),
            event(ended()),
          )(asked, response);
    const { exit, out } = await ferry('relocate', 'counter', 'cloud', 'a1', ...at());
    expect(exit).toBe(0);
    const lines = out.split('\n').filter((line) => line.includes('✓'));
    expect(lines).toHaveLength(9);
    expect(lines[1]).toMatch(/✓ 2 bring the package to the target/);
    expect(out).toContain('relocated in 9.8 s, frozen for 4.21 ms');
    expect(lines[2]).toMatch(/✓ 3 start the target instance +1\.4 s$/);
    expect(out).not.toContain('\u001B');
  });

  it('writes one JSON document to stdout with --json, and the progress to stderr', async () => {
    api.answer = (asked, response) =>
      asked.method === 'POST'
        ? answering(202, relocation())(asked, response)
        : streaming(event(relocation()), event(ended()))(asked, response);
    const { exit, out, err } = await ferry('relocate', 'counter', 'cloud', 'a1', '--json', ...at());
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toEqual(ended());
    expect(err).toContain('✓ 1 check');
  });
});

describe('ferry watch', () => {
  it.each([
    ['relocated', ended(), 0],
    ['relocated, with the source kept as a relay', ended({ outcome: 'relocatedSourceKept' }), 0],
    ['rolled back', ended({ outcome: 'rolledBack' }), 1],
    ['refused', ended({ outcome: 'refused' }), 1],
    ['abandoned', ended({ outcome: 'abandoned' }), 1],
    ['terminated from outside', relocation({ state: 'terminated' }), 1],
    ['parked', relocation({ state: 'parked' }), 5],
  ] as const)('tells by its exit status that it was %s', async (_, last, status) => {
    api.answer = streaming(event(relocation()), event(last));
    expect((await ferry('watch', ID, ...at())).exit).toBe(status);
  });

  it('names failure, remedy and what was left behind, and marks the step that failed', async () => {
    const failure = {
      type: 'TargetRefused' as const,
      step: 'instance' as const,
      message: 'no room',
      remedy: 'Choose another target.',
    };
    const leftovers = [
      { undo: 'removeTarget', type: 'PeerRejected' as const, message: 'instance at a1', remedy: 'Look.' },
    ];
    const last = { ...ended({ outcome: 'rolledBack', failure, leftovers }), step: 'instance' as const };
    api.answer = streaming(event(relocation()), event(relocation({ step: 'instance' })), event(last));
    const { out } = await ferry('watch', ID, ...at());
    for (const said of ['✗ 3', 'TargetRefused at instance: no room', 'Choose another target.', 'instance at a1'])
      expect(out).toContain(said);
  });

  it.each([
    ['is returned now', relocation(), false],
    ['was returned before', ended(), true],
  ])('says whether anything moves where it %s', async (_, back, before) => {
    const watched = streaming(event(ended()));
    api.answer = (asked, response) => (asked.method === 'POST' ? answering(202, back) : watched)(asked, response);
    const { exit, out } = await ferry('return', ID, ...at());
    expect(exit).toBe(0);
    expect(out.includes('nothing moves now')).toBe(before);
    expect(out.includes('`ferry relocate counter cloud a1`')).toBe(before);
  });

  it('goes on when the stream breaks, without telling a step twice', async () => {
    const streams = [
      streaming(event(relocation()), event(relocation({ step: 'package' }))),
      answering(503, { ...problem, status: 503 }),
      streaming(event(relocation({ step: 'package' })), event(ended())),
    ];
    api.answer = (asked, response) => streams.shift()?.(asked, response);
    const { exit, out } = await ferry('watch', ID, ...at());
    expect(exit).toBe(0);
    expect(out.match(/✓/g)).toHaveLength(9);
  });

  it('goes on for half a minute from the first failure on, however long nothing was to be told before', async () => {
    const real = performance.now.bind(performance);
    let later = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + later);
    const breaking: Answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(relocation({ state: 'held', step: 'copyAhead' })));
      setTimeout(() => {
        later += 3_600_000;
        response.destroy();
      }, 300);
    };
    const away = answering(503, { ...problem, status: 503 });
    const streams: Answer[] = [breaking, away, streaming(event(ended()))];
    api.answer = (asked, response) => streams.shift()?.(asked, response);
    try {
      expect((await ferry('watch', ID, ...at())).exit).toBe(0);
      streams.push(breaking, away);
      api.answer = (asked, response) => {
        if (streams.length === 0) later += 31_000;
        (streams.shift() ?? away)(asked, response);
      };
      expect((await ferry('watch', ID, ...at())).exit).toBe(3);
    } finally {
      clock.mockRestore();
    }
  });

  it('tells no step twice when the step is not known for a moment', async () => {
    const seen = [relocation({ step: 'instance' }), relocation({ step: null }), relocation({ step: 'switchPath' })];
    api.answer = streaming(...seen.map(event), event(ended()));
    const { out } = await ferry('watch', ID, ...at());
    expect(out.match(/✓ \d/g)).toEqual(Array.from({ length: 9 }, (_, n) => `✓ ${n + 1}`));
  });

  it('tells no step of a takeover that it does without, nor one before its turn', async () => {
    const [check, handOver, switchPath] = [120, 40, 700];
    const durations = [{ check }, { check, handOver }, { check, handOver, switchPath }];
    const seen = durations.map((durationsMs) => relocation({ step: 'notify', durationsMs }));
    api.answer = streaming(...seen.map(event), event({ ...ended(), durationsMs: { check, handOver, switchPath } }));
    const { out } = await ferry('watch', ID, ...at());
    expect(out.match(/✓ \d/g)).toEqual(['✓ 1', '✓ 6', '✓ 5']);
  });

  it('says how to approve one that is held', async () => {
    api.answer = streaming(
      event(relocation({ state: 'held', step: 'switchPath', actions: ['approve', 'cancel'] })),
      event(ended()),
    );
    expect((await ferry('watch', ID, ...at())).out).toContain(`ferry approve ${SHORT} --api ${api.url}`);
  });
});

describe('ferry plan', () => {
  const plan = {
    direction: 'cloudToMec',
    possible: true,
    obstacles: [],
    package: 'distribute',
    instance: 'create',
    subscriptions: 3,
    steering: ['dns rule of a1'],
    observed: true,
    guarantee: 'zeroLoss',
    expectedFreezeMs: 5,
    drainMs: 4_000,
    confirmation: true,
  };

  it('asks without side effects, and shows what would be turned', async () => {
    api.answer = answering(200, plan);
    const { exit, out } = await ferry('plan', 'counter', 'cloud', 'a1', ...at());
    expect(exit).toBe(0);
    expect(api.asked[0]?.url).toBe('/v1/plans');
    for (const told of [plan.steering[0], 'held until it is approved']) expect(out).toContain(told);
  });

  it('says what may be lost, who may have written and for how long nobody is served, where that is accepted', async () => {
    const risk = {
      writerOverlap: 'possible',
      mayBeLost: 'a bit',
      mayHaveWritten: 'the source',
      interrupted: 'a while',
    };
    api.answer = answering(200, { ...plan, guarantee: 'applicationOwn', risk, expectedFreezeMs: null });
    const { out } = await ferry('plan', 'counter', 'cloud', 'a1', '--accept', 'applicationOwn', ...at());
    expect(api.asked[0]?.body).toMatchObject({ accept: 'applicationOwn' });
    for (const told of [/may be lost +a bit/, /may write +the source/, /interrupted +a while/, /MEC 021/])
      expect(out).toMatch(told);
    api.answer = answering(200, { ...plan, risk });
    expect((await ferry('plan', 'counter', 'cloud', 'a1', ...at())).out).not.toContain('may be lost');
    expect((await ferry('plan', 'counter', 'cloud', 'a1', '--accept', 'anything', ...at())).exit).not.toBe(0);
  });

  it('of a takeover says what may be lost, and not what a move would keep', async () => {
    const recovery = { mayBeLost: 'everything', mayHaveWritten: { stopped: 'nobody but the target' } };
    api.answer = answering(200, { ...plan, recovery });
    const { out } = await ferry('plan', 'counter', 'a1', 'a2', '--source-lost', '--accept-lost-writes', ...at());
    expect(out).toMatch(/may be lost +everything/);
    expect(out).not.toContain('no write is lost');
  });

  it('ends with 1 when something stands in the way, and names the remedy', async () => {
    const obstacles = [{ failure: 'NotServing', where: 'cloud', detail: 'a2 serves them', remedy: 'Name a2.' }];
    api.answer = answering(200, { ...plan, possible: false, obstacles });
    const { exit, out } = await ferry('plan', 'counter', 'cloud', 'a1', ...at());
    expect(exit).toBe(1);
    expect(out).toContain('Name a2.');
  });
});

describe('ferry list, show, peers and the actions', () => {
  it('lists as a table what the filters leave', async () => {
    api.answer = answering(200, {
      relocations: [{ ...ended(), result: null }, relocation({ id: ID.replace('a5', 'a6') })],
      next: null,
    });
    const { out } = await ferry('list', '--state', 'ended', '--source', 'cloud', ...at());
    expect(api.asked[0]?.url).toBe('/v1/relocations?source=cloud&state=ended');
    const [head, first, second] = out.split('\n');
    expect(head).toMatch(/^id +application +from +to +users +state +took +begun +waits for$/);
    expect(first).toMatch(/^3e2ee0a5 +counter +cloud +a1 +all +relocated +9\.8 s +\w+ ago$/);
    expect(second).toMatch(/^3e2ee0a6 .* working: check +\w+ ago$/);
  });

  it('shows what one waits for and what may be done', async () => {
    const waitingFor = {
      what: 'the target to become ready',
      since: '2030-01-31T12:00:01.000Z',
      until: null,
      attempt: 2,
      nextAt: null,
      lastFailure: 'a1 answered 503',
      call: 'temporal workflow describe',
    };
    api.answer = answering(200, relocation({ waitingFor }));
    const { out } = await ferry('show', ID, ...at());
    for (const said of ['the target to become ready', 'a1 answered 503', `ferry cancel ${SHORT} --api ${api.url}`])
      expect(out).toContain(said);
  });

  it.each(['pause', 'resume', 'cancel', 'approve', 'retry', 'abandon'])('asks to %s', async (action) => {
    api.answer = answering(200, relocation({ state: 'paused' }));
    expect((await ferry(action, ID, ...at())).exit).toBe(0);
    expect(api.asked[0]).toMatchObject({ method: 'POST', url: `/v1/relocations/${ID}/${action}` });
  });

  it('asks to recover only with what that costs', async () => {
    api.answer = answering(200, relocation({ state: 'parked' }));
    const unsaid = await ferry('recover', ID, ...at());
    expect(unsaid.exit).toBe(2);
    expect(unsaid.err).toMatch(/takes the source to be dead.*had not copied is lost.*--accept-lost-writes/);
    expect(api.asked).toEqual([]);
    expect((await ferry('recover', ID, '--accept-lost-writes', ...at())).exit).toBe(0);
    expect(api.asked[0]).toMatchObject({ method: 'POST', url: `/v1/relocations/${ID}/recover` });
  });

  it.each([
    ['relocate', ['--source-lost'], /had not copied is lost.*--accept-lost-writes/],
    ['plan', ['--source-lost'], /had not copied is lost.*--accept-lost-writes/],
    ['relocate', ['--accept-lost-writes', '--accept-fence', 'ledAway'], /say --source-lost as well/],
  ])('asks to %s %j only with all that a takeover needs, and says what is missing', async (command, options, said) => {
    const { exit, err } = await ferry(command, 'counter', 'a1', 'a2', ...options, ...at());
    expect({ exit, asked: api.asked }).toEqual({ exit: 2, asked: [] });
    expect(err).toMatch(said);
  });

  it('tells which peer is not in reach, and what one cannot do', async () => {
    const able = { kind: 'meo', reachable: true, detail: '' };
    const capabilities = [{ name: 'rules', available: false, detail: '501 at dns_rules' }];
    api.answer = answering(200, {
      peers: [
        { ...able, name: 'meo', capabilities },
        { ...able, name: 'oss', reachable: false, detail: 'connection refused', capabilities: [] },
      ],
    });
    const { out } = await ferry('peers', ...at());
    expect(out).toMatch(/meo .*yes +rules missing \(501 at dns_rules\)/);
    expect(out).toMatch(/oss .*no +connection refused/);
  });

  it.each([
    ['list', { relocations: [], next: null }],
    ['peers', { peers: [] }],
    [`show ${ID}`, relocation()],
    [`cancel ${ID}`, relocation()],
  ])('answers `ferry %s --json` with the document of the API and nothing else', async (command, document) => {
    api.answer = answering(200, document);
    const { out, err } = await ferry(...command.split(' '), '--json', ...at());
    expect(JSON.parse(out)).toEqual(document);
    expect(err).toBe('');
  });
});

describe('ferry show', () => {
  it('says what it means when somebody else ended it', async () => {
    api.answer = answering(200, relocation({ state: 'terminated', step: null, actions: [] }));
    const { out } = await ferry('show', ID, ...at());
    expect(out).toContain('terminated: ended from outside; nothing was cleaned up');
    expect(out).toContain('docs/operations.md');
  });
});

describe('ferry, when it does not go through', () => {
  it('ends with 3 when the API refuses, with title, detail and remedy and no stack', async () => {
    api.answer = answering(409, problem);
    const { exit, out, err } = await ferry('relocate', 'counter', 'cloud', 'a1', ...at());
    expect(exit).toBe(3);
    expect(out).toBe('');
    expect(err).toBe(
      'Already relocating: counter moves from cloud to a2\nRemedy: Wait for its end.\nSee: ferry show 3e2ee0a5 --api '.concat(
        api.url,
        '\n',
      ),
    );
  });

  it.each([
    [['sites'], ['Unrecognized key: "waitSeconds"'], 'asks with waitSeconds, which'],
    [
      ['place', 'counter', '--near', '48.1,11.5'],
      ['Unrecognized keys: "near", "among"'],
      'asks with near, among, which',
    ],
  ])('says that the API is older where it does not know what %j asks with', async (argv, messages, told) => {
    const errors = messages.map((message) => ({ path: 'query', message }));
    const detail = 'the query is not what this operation takes';
    api.answer = answering(400, { ...problem, status: 400, title: 'Bad Request', detail, errors, remedy: 'Mend it.' });
    const { exit, err } = await ferry(...argv, ...at());
    expect(exit).toBe(3);
    expect(err).toContain(`${api.url} is of another version than this ferry: ${detail}`);
    expect(err).toContain(told);
    expect(err).not.toContain('Mend it.');
  });

  it('says so as well where it has no such path', async () => {
    api.answer = answering(404, {
      ...problem,
      status: 404,
      title: 'Not Found',
      detail: 'there is nothing at this path',
    });
    const { exit, err } = await ferry('anchors', ...at());
    expect(exit).toBe(3);
    expect(err).toMatch(/is of another version than this ferry.*\nRemedy: .* asks with \/v1\/anchors, which/);
  });

  it('gives the problem as the document with --json', async () => {
    api.answer = answering(409, problem);
    const { exit, out } = await ferry('cancel', ID, '--json', ...at());
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toMatchObject(problem);
  });

  it('ends with 3 when something else than Ferry answers, and says so', async () => {
    api.answer = (_, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    const { exit, err } = await ferry('list', ...at());
    expect(exit).toBe(3);
    expect(err).toContain("not as Ferry's API");
  });

  it('ends with 4 when nobody answers, and says how to start it', async () => {
    const { url } = api;
    await api.stop();
    const { exit, err } = await ferry('list', '--api', url);
    expect(exit).toBe(4);
    expect(err).toContain('ferry up');
    expect(err).not.toContain('    at ');
  });

  it.each([
    [['relocate', 'counter', 'cloud'], 'target'],
    [['relocate', 'counter', 'cloud', 'a1', '--max-interruption', 'long'], 'whole number'],
    [['relocate', 'counter', 'cloud', 'a1', '--deadline', 'soon'], 'An instant with its offset, such as 2030-'],
    [['relocate', 'counter', 'cloud', 'a1', '--at', '2026-12-01'], 'or local time, such as 2030-01-31T18:00:00'],
    [['relocate', 'counter', 'cloud', 'a1', '--at', '2026-02-31T12:00:00Z'], 'instant'],
    [['plan', 'counter', 'cloud', 'a1', '--at', '2026-12-01junk'], 'instant'],
    [['relocate', 'counter', 'cloud', 'a1', '--at', '2020-01-01T00:00:00Z'], '2020-01-01T00:00:00.000Z has passed'],
    [['relocate', 'counter', 'cloud', 'a1', '--approve', '--at', '2030-01-01T00:00:00Z'], 'cannot be used with'],
    [['list', '--state', 'odd'], 'Allowed choices'],
    [['fly'], 'unknown command'],
    [['fly', '--help'], 'unknown command'],
    [['show'], 'relocation'],
    [['up', '--exit'], '--tour'],
    [['up', '--net', '300'], 'whole number'],
  ])('ends with 2 on %j, before it asks anything', async (argv, said) => {
    const { exit, err } = await ferry(...argv, ...(argv[0] === 'up' ? [] : at()));
    expect(exit).toBe(2);
    expect(err).toContain(said);
    expect(err).toMatch(/\nSee `.* --help`\.\n$/);
    expect(api.asked).toEqual([]);
  });

  it('lists its commands by name under headings, in lines of 80 columns', async () => {
    const { out } = await ferry('--help');
    const [commands = ''] = out.split('\nExit status');
    expect(commands.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out).toMatch(/^Move applications:\n {2}relocate +move users/m);
    expect(out.match(/^For providers:$/gm)).toHaveLength(1);
    expect(commands).not.toMatch(/^Commands:/m);
  });

  it('documents every exit status in its help', async () => {
    const { exit, out } = await ferry('--help');
    expect(exit).toBe(0);
    for (const status of [0, 1, 2, 3, 4, 5, 130]) expect(out).toMatch(new RegExp(`^ {2}${status}  \\w`, 'm'));
  });

  it('finds the API by FERRY_API, as a program of its own', async () => {
    api.answer = answering(200, { relocations: [], next: null });
    const program = fileURLToPath(new URL('../../cli/ferry.mjs', import.meta.url));
    const environment = { ...process.env, FERRY_API: api.url };
    const [status, out] = await new Promise<[number, string]>((resolve) =>
      execFile(process.execPath, [program, 'list'], { env: environment, cwd: '/' }, (error, stdout) =>
        resolve([typeof error?.code === 'number' ? error.code : 0, stdout]),
      ),
    );
    expect([status, out]).toEqual([0, 'No relocations.\n']);
  });

  it('ends quietly when whoever reads along has had enough', async () => {
    const program = fileURLToPath(new URL('../../cli/ferry.mjs', import.meta.url));
    const err = await new Promise<string>((resolve) =>
      execFile('/bin/sh', ['-c', `"${process.execPath}" "${program}" --help | true`], (_, __, stderr) =>
        resolve(stderr),
      ),
    );
    expect(err).toBe('');
  });
});

it.each(['ключ', 'two words', '', 'k'.repeat(201)])(
  'a key of which no header can be made is wrong usage: %s',
  async (key) => {
    const { exit, err } = await ferry('relocate', 'counter', 'cloud', 'a1', '--key', key, ...at());
    expect([exit, err]).toEqual([2, expect.stringContaining('1 to 200 visible ASCII characters')]);
  },
);

describe('ferry watch --until', () => {
  it('ends where the state is reached, and with 1 where it is not any more', async () => {
    api.answer = streaming(event(relocation()), event(relocation({ state: 'held', step: 'handOver' })), event(ended()));
    expect((await ferry('watch', ID, '--until', 'held', ...at())).exit).toBe(0);
    expect((await ferry('watch', ID, '--until', 'paused', ...at())).exit).toBe(1);
    expect((await ferry('watch', ID, '--until', 'ended', ...at())).exit).toBe(0);
  });

  it.each(['rollingBack', 'parked'] as const)('ends where it is %s: nobody is held there any more', async (state) => {
    const now = event(relocation({ state, step: 'copyAhead' }));
    api.answer = streaming(event(relocation()), now, event(relocation({ state: 'ended', outcome: 'rolledBack' })));
    const { exit, out } = await ferry('watch', ID, '--until', 'held', ...at());
    expect([exit, out]).toEqual([1, expect.stringContaining(`It will not be held any more: it is ${state}.`)]);
  });

  it('does not end where it is parked, from where it may go on; by itself it does', async () => {
    const parked = event(relocation({ state: 'parked', step: 'retire' }));
    api.answer = streaming(parked, event(ended()));
    expect((await ferry('watch', ID, ...at())).exit).toBe(5);
    expect((await ferry('watch', ID, '--until', 'ended', ...at())).exit).toBe(0);
    expect((await ferry('watch', ID, '--until', 'parked', ...at())).exit).toBe(0);
  });

  it('is of one relocation, and of a state that there is', async () => {
    expect((await ferry('watch', '--until', 'held', ...at())).exit).toBe(2);
    expect((await ferry('watch', ID, '--until', 'happy', ...at())).exit).toBe(2);
  });
});

describe('-o jsonl', () => {
  it('writes a line for each change that is watched', async () => {
    const first = relocation();
    api.answer = streaming(event(first), event(first), event(ended()));
    const { exit, out } = await ferry('watch', ID, '-o', 'jsonl', ...at());
    expect(exit).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([first, ended()]);
  });

  it('writes a line for each thing of a list', async () => {
    const [one, two] = [relocation(), ended()];
    api.answer = answering(200, { relocations: [one, two], next: null });
    const { out } = await ferry('list', '-o', 'jsonl', ...at());
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([one, two]);
  });
});
