import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Evacuation } from '../../api/evacuation.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...typed: readonly string[]) => await ferry(...typed, '--api', api.url);

const ID = 'a1.01999999-1111-7111-8111-111111111111';
const failure: Evacuation['failures'][number] = {
  application: 'counter',
  users: '*',
  target: 'a2',
  failure: 'ServiceMissing',
  message: 'a2: RNIS is not ACTIVE\u001b[2J',
  relocation: 'a-relocation',
  remedy: 'Start the missing service.',
};

const evacuation = (more: Partial<Evacuation> = {}): Evacuation => ({
  id: ID,
  request: { site: 'a1', among: ['a2', 'a3'], window: 50, perUser: false },
  returns: null,
  state: 'working',
  window: 50,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  counts: { total: 9, moved: 3, failed: 0, underWay: 2, resting: 1, left: 4 },
  failures: [],
  waitingFor: {
    what: '3 of 9 moved',
    since: '2026-01-01T00:00:00.000Z',
    until: null,
    attempt: 1,
    nextAt: null,
    lastFailure: null,
    call: '',
  },
  actions: ['pause', 'cancel'],
  outcome: null,
  links: { self: `/v1/evacuations/${ID}`, relocations: '', temporal: null },
  ...more,
});
const over = (more: Partial<Evacuation> = {}): Evacuation =>
  evacuation({
    state: 'ended',
    endedAt: '2026-01-01T00:01:00.000Z',
    counts: { total: 9, moved: 9, failed: 0, underWay: 0, resting: 0, left: 0 },
    waitingFor: null,
    actions: [],
    outcome: 'evacuated',
    ...more,
  });

describe('ferry evacuate', () => {
  it('asks for it as typed, and follows that one to its end', async () => {
    api.answer = ({ method }, response) =>
      answering(method === 'POST' ? 202 : 200, method === 'POST' ? evacuation() : over())(
        { method, url: '', headers: {}, body: undefined },
        response,
      );
    const { exit, out } = await asked(
      'evacuate',
      'a1',
      '--to',
      'a2',
      'a3',
      '--window',
      '10',
      '--per-user',
      '--accept',
      'none',
    );
    expect(exit).toBe(0);
    expect(out).toContain('a1 → a2, a3: evacuated after 60 s');
    expect(api.asked).toMatchObject([
      {
        method: 'POST',
        url: '/v1/evacuations',
        body: { site: 'a1', among: ['a2', 'a3'], window: 10, perUser: true, accept: 'none' },
      },
      { method: 'GET', url: `/v1/evacuations/${ID}` },
    ]);
  });

  it('ends with 1 where something was not moved, and tells what, why, and where all of it is listed', async () => {
    const counts = { total: 9, moved: 6, failed: 3, underWay: 0, resting: 0, left: 0 };
    api.answer = answering(200, over({ outcome: 'inPart', counts, failures: [failure] }));
    const { exit, out } = await asked('evacuate', 'a1');
    expect(exit).toBe(1);
    expect(out).toContain('counter, all users → a2: ServiceMissing: a2: RNIS is not ACTIVE?[2J (a-relocation)');
    expect(out).toContain('  ServiceMissing: Start the missing service.\n');
    expect(out).toContain(`and 2 more: ferry list --evacuation ${ID}`);
  });

  it('tells of one that is paused how it is resumed, and of what waits for a person how it is found, once each', async () => {
    const paused = evacuation({ state: 'paused', actions: ['resume', 'cancel'] });
    const seen = [evacuation(), paused, paused, evacuation({ state: 'cancelling' }), over()];
    api.answer = (one, response) => answering(200, seen[api.asked.length - 1])(one, response);
    const { out } = await asked('evacuate', 'a1');
    const at = `--api ${api.url}`;
    expect(out.split('\n').slice(0, 4)).toEqual([
      `  paused: ferry evacuations resume a1 ${at}`,
      `  2 under way, 1 of them wait for a person: \`ferry list --waiting ${at}\``,
      '  cancelling: what is under way goes on to its end',
      'a1 → a2, a3: evacuated after 60 s',
    ]);
  });

  it.each([
    [{}, 'nothing was there to be moved'],
    [{ returns: ID }, 'nothing was left to be brought back'],
  ])('says that there was nothing to do, in place of noughts: %j', async (more, said) => {
    const counts = { total: 0, moved: 0, failed: 0, underWay: 0, resting: 0, left: 0 };
    api.answer = answering(200, over({ counts, ...more }));
    const { out } = await asked('evacuations', 'show', 'a1');
    expect(out).toMatch(new RegExp(`at once; its id is .*\n  ${said}\n$`));
  });

  it('prints its id and returns with --no-wait', async () => {
    api.answer = answering(202, evacuation());
    await expect(asked('evacuate', 'a1', '--no-wait')).resolves.toMatchObject({ exit: 0, out: `${ID}\n` });
  });

  it('says which one runs already', async () => {
    const problem = { title: 'Already evacuating', status: 409, detail: 'a1 is', see: `/v1/evacuations/${ID}` };
    api.answer = answering(409, problem);
    const { exit, err } = await asked('evacuate', 'a1');
    expect(exit).toBe(3);
    expect(err).toContain(`evacuations show ${ID.slice(-8)} `);
  });
});

describe('ferry evacuations', () => {
  it('lists them', async () => {
    api.answer = answering(200, { evacuations: [evacuation(), over({ outcome: 'inPart', counts: null })] });
    const { exit, out } = await asked('evacuations');
    expect(exit).toBe(0);
    expect(out).toMatch(/a1 +a2,a3 +working +50 +\d+d ago +3\/9 +0 +11111111/);
    expect(out).toMatch(/a1 +a2,a3 +inPart/);
  });

  it('lists a return as what it is: from where it brings back to its site', async () => {
    api.answer = answering(200, { evacuations: [over({ id: `~${ID}`, returns: ID, outcome: 'returned' })] });
    const { out } = await asked('evacuations');
    expect(out).toMatch(/^from +to +state.*\na2,a3 +a1 +returned/);
  });

  it.each([
    [['pause', 'a1'], { method: 'POST', url: '/v1/evacuations/a1/pause' }],
    [['resume', 'a1'], { method: 'POST', url: '/v1/evacuations/a1/resume' }],
    [['cancel', 'a1'], { method: 'POST', url: '/v1/evacuations/a1/cancel' }],
    [['show', ID], { method: 'GET', url: `/v1/evacuations/${ID}` }],
    [['resize', 'a1', '--window', '5'], { method: 'PATCH', url: '/v1/evacuations/a1', body: { window: 5 } }],
  ])('%j says so, and shows what came of it and may be said now', async (typed, expected) => {
    api.answer = answering(200, evacuation());
    const { exit, out } = await asked('evacuations', ...typed);
    expect(exit).toBe(0);
    expect(api.asked).toMatchObject([expected]);
    expect(out).toContain('3 of 9 moved, 0 failed, 4 not begun');
    expect(out).toContain('2 under way, 1 of them wait for a person: `ferry list --waiting');
    expect(out).toContain('evacuations pause a1');
  });

  it('says of one that is tried again how often, and of what it failed', async () => {
    const { waitingFor } = evacuation();
    const lastFailure = 'PeerUnavailable: meo-cellular: 503';
    api.answer = answering(200, evacuation({ waitingFor: waitingFor && { ...waitingFor, attempt: 7, lastFailure } }));
    const { out } = await asked('evacuations', 'show', 'a1');
    expect(out).toContain('a2, a3: 3 of 9 moved; attempt 7; PeerUnavailable: meo-cellular: 503\n');
  });

  it.each([
    ['evacuations', 'show', '11111111'],
    ['list', '--evacuation', '11111111'],
  ])('finds one by the end of its id, as others are: %j', async (...typed) => {
    const links = { ...evacuation().links, relocations: `/v1/relocations?evacuation=${ID}` };
    api.answer = ({ url, ...rest }, response) =>
      answering(
        200,
        url.startsWith('/v1/relocations')
          ? { relocations: [], next: null }
          : url.includes('?')
            ? { evacuations: [evacuation()], next: null }
            : evacuation({ links }),
      )({ url, ...rest }, response);
    expect((await asked(...typed)).exit).toBe(0);
    const urls = ['/v1/evacuations?limit=100', `/v1/evacuations/${ID}`];
    const of = `/v1/relocations?evacuation=${ID}`;
    expect(api.asked.map(({ url }) => url)).toEqual(typed[0] === 'list' ? [...urls, of] : urls);
  });

  it('tells of more than one that ends so, and touches none', async () => {
    const evacuations = [evacuation(), evacuation({ id: ID.replace('a1', 'a2') })];
    api.answer = answering(200, { evacuations, next: null });
    const { exit, err } = await asked('evacuations', 'cancel', '11111111');
    expect(exit).toBe(3);
    expect(err).toMatch(/11111111 is the end of more than one id:\n {2}a1\.0.*a1 → a2, a3\n {2}a2\.0/);
    expect(api.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('returns one, and follows that to its end', async () => {
    const request = { site: 'a1', among: ['a2'], window: 20, perUser: false };
    api.answer = answering(200, over({ id: `~${ID}`, returns: ID, outcome: 'returned', request }));
    const { exit, out } = await asked('evacuations', 'return', 'a1', '--window', '20');
    expect(exit).toBe(0);
    expect(api.asked).toMatchObject([
      { method: 'POST', url: '/v1/evacuations/a1/return', body: { window: 20 } },
      { method: 'GET', url: `/v1/evacuations/${encodeURIComponent(`~${ID}`)}` },
    ]);
    expect(out).toContain('a2 → a1 (return): returned after 60 s');
  });

  it.each([['pause'], ['resize', 'a1'], ['pause', 'a1', '--window', '5'], ['empty', 'a1']])(
    'is refused as %j',
    async (...typed) => {
      await expect(asked('evacuations', ...typed)).resolves.toMatchObject({ exit: 2 });
      expect(api.asked).toEqual([]);
    },
  );
});

describe('ferry hold', () => {
  const held = (why: string) => ({ site: 'a1', why, since: '2026-01-01T00:00:00.000Z', links: { self: '' } });

  it.each([
    ['new memory', 'new memory', ''],
    ['', 'new memory', 'a1 is held already, for 3d, without a reason: that is kept.\n'],
    ['fan', 'new memory', 'a1 is held already, for 3d, because of: fan: that is kept.\n'],
    ['fan', '', 'a1 is held already, for 3d, because of: fan: that is kept.\n'],
  ])('that meets one for %j says for %j what stays', async (there, typed, said) => {
    api.answer = answering(200, held(there));
    const { exit, out } = await asked('hold', 'a1', ...typed.split(' ').filter(Boolean));
    expect(exit).toBe(0);
    expect(api.asked).toMatchObject([{ method: 'POST', url: '/v1/holds', body: { site: 'a1', why: typed } }]);
    const told = out.replace(/for \d+d/, 'for 3d');
    expect(told).toBe(`${said}Nothing is moved to a1. \`ferry reopen a1 --api ${api.url}\` ends that.\n`);
  });
});
