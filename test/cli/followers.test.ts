import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Follower } from '../../api/follower.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...typed: readonly string[]) => await ferry(...typed, '--api', api.url);
const ID = 'abcdefghijklmnopqrstuvwxy';
const request = { application: 'counter', user: 'ue-7', among: ['a1', 'w1'] };
const follower = (more: Partial<Follower> = {}): Follower => ({
  id: ID,
  request: { ...request, staySeconds: 10, holdSeconds: 60, perHour: 12, lookSeconds: 600 },
  state: 'waiting',
  network: 'wifi',
  since: '2026-01-01T00:00:00.000Z',
  site: 'a1',
  dueAt: '2026-01-01T00:00:10.000Z',
  moves: 3,
  relocation: 'a-relocation',
  anchor: 'an-anchor',
  trouble: 'w1: is full\u001b[2J',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  result: null,
  links: { self: `/v1/followers/${ID}`, temporal: null },
  ...more,
});

describe('ferry follow', () => {
  it('asks for it as typed, and tells where the device is, who serves it, and how to end it', async () => {
    api.answer = answering(202, follower());
    const damped = ['--stay', '5', '--hold', '30', '--per-hour', '6', '--look', '60', '--accept', 'none', '--anchor'];
    const { exit, out } = await asked('follow', 'counter', 'ue-7', '--among', 'a1', 'w1', ...damped);
    expect(exit).toBe(0);
    const typed = { staySeconds: 5, holdSeconds: 30, perHour: 6, lookSeconds: 60, accept: 'none', anchor: true };
    expect(api.asked).toMatchObject([{ method: 'POST', url: '/v1/followers', body: { ...request, ...typed } }]);
    expect(out).toContain('counter follows ue-7 among a1, w1: waiting');
    expect(out).toContain('the device: wifi; served at a1');
    expect(out).toContain('led there by the anchor an-anchor');
    expect(out).toContain('w1: is full?[2J');
    expect(out).toContain(`ferry unfollow ${ID}`);
  });

  it('tells of one that has ended no device that would still be looked for', async () => {
    const over = { state: 'ended', network: null, site: null, endedAt: '2026-01-01T00:01:00.000Z' } as const;
    api.answer = answering(200, { followers: [follower()], next: null, ...follower(over) });
    const { out } = await asked('unfollow', ID);
    expect(out).toContain('counter follows ue-7 among a1, w1: ended');
    expect(out).not.toMatch(/not seen|looked for/);
  });

  it('lists those that run, and ends one by the end of its id', async () => {
    api.answer = answering(200, { followers: [follower()], next: null, ...follower() });
    expect((await asked('followers')).out).toMatch(/rstuvwxy +counter +ue-7 +wifi .*a1 +3 +waiting/);
    api.asked.length = 0;
    await expect(asked('unfollow', 'uvwxy')).resolves.toMatchObject({ exit: 0 });
    expect(api.asked).toMatchObject([{ method: 'GET' }, { method: 'DELETE', url: `/v1/followers/${ID}` }]);
    // Three characters are a slip: they would end the following of whoever has them
    for (const name of ['zzzz', 'wxy'])
      await expect(asked('unfollow', name)).resolves.toMatchObject({
        exit: 3,
        err: expect.stringMatching(
          `no follower that runs is called ${name}: name one by .*, as .ferry followers. shows`,
        ),
      });
    expect(api.asked.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'GET', 'GET']);
  });

  it('names the command that shows who follows already', async () => {
    api.answer = answering(409, { title: 'Already followed', status: 409, detail: '', see: `/v1/followers/${ID}` });
    const { exit, err } = await asked('follow', 'counter', 'ue-7', '--among', 'a1');
    expect(exit).toBe(3);
    expect(err).toContain('See: ferry followers rstuvwxy');
  });

  it.each([['follow', 'counter', 'ue-7'], ['unfollow'], ['follow', 'counter', 'ue-7', '--among', 'a1', '--look', '1']])(
    'is refused as %j %j %j',
    async (...typed) => {
      await expect(asked(...typed)).resolves.toMatchObject({ exit: 2 });
      expect(api.asked).toEqual([]);
    },
  );
});
