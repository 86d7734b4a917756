import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FederationDirection, FederationWith } from '../../api/resources.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const asked = async (...more: readonly string[]) => await ferry('federation', ...more, '--api', api.url);

const open: FederationDirection = {
  ours: 'open',
  since: null,
  theirs: 'open',
  agreed: true,
  joinedAt: '2030-01-31T12:00:00.000Z',
  usable: true,
  heardAt: '2030-01-31T12:00:00.000Z',
  silentSince: null,
  linkMs: 1.5,
  problem: null,
};
const shut: FederationDirection = { ...open, usable: false };
const federation = (more: Partial<FederationWith> = {}): FederationWith => ({
  partner: 'b',
  operator: 'operator-b',
  uses: open,
  serves: open,
  ...more,
});

describe('ferry federation', () => {
  it('shows a line for each partner and direction', async () => {
    const serves = { ...shut, agreed: false, theirs: null, heardAt: null, linkMs: null, problem: 'b does not answer' };
    api.answer = answering(200, { federations: [federation({ serves })] });
    const { exit, out } = await asked();
    expect([exit, api.asked[0]?.url]).toEqual([0, '/v1/federations']);
    const [, ours, theirs] = out.split('\n');
    expect(ours).toMatch(/^b +uses +open +open +usable +0s ago +1\.5 ms$/);
    expect(theirs).toMatch(/^b +serves +open +- +no agreement +b does not answer$/);
  });

  it('tells by its exit status that what was agreed and is wanted cannot be used', async () => {
    api.answer = answering(200, { federations: [federation({ uses: { ...shut, problem: 'b is silent' } })] });
    expect((await asked()).exit).toBe(1);
    api.answer = answering(200, { federations: [federation({ uses: { ...shut, ours: 'suspended' } })] });
    expect((await asked()).exit).toBe(0);
  });

  it('says that there are no partners', async () => {
    api.answer = answering(200, { federations: [] });
    expect((await asked()).out).toBe('No partners are configured.\n');
  });

  it('writes the document of the API with --json, and nothing else', async () => {
    api.answer = answering(200, federation());
    const { out, err } = await asked('suspend', 'b', '--json');
    expect([JSON.parse(out), err]).toEqual([federation(), '']);
  });

  const here = () => `--api ${api.url}`;
  it.each([
    ['suspend', { ...shut, ours: 'suspended' }, 'is suspended from now on, whether or not b hears of it', 'resume'],
    ['leave', { ...shut, ours: 'ended' }, 'is ended from now on; the agreement is being ended', 'join'],
    ['leave', { ...shut, ours: 'ended', agreed: false }, 'is ended from now on', 'join'],
    ['resume', open, 'is open, and usable', undefined],
    ['resume', { ...shut, theirs: 'suspended' }, 'is open, but suspended by b: it waits for them', undefined],
    ['join', { ...shut, agreed: false, theirs: null }, 'is open; it is joined by itself', undefined],
    ['join', { ...shut, problem: 'b is silent' }, 'is open; it is tried again by itself: b is silent', undefined],
  ] as const)('%s tells what it made of both directions, and what happens next', async (said, now, told, back) => {
    api.answer = answering(200, federation({ uses: now, serves: now }));
    const { exit, out } = await asked(said, 'b');
    expect(exit).toBe(0);
    expect(api.asked[0]).toMatchObject({ method: 'POST', url: `/v1/federations/b/${said}` });
    for (const [direction, what] of [
      ['uses', 'our use of b'],
      ['serves', 'use by b'],
    ] as const) {
      expect(out).toContain(`${what} ${told}.`);
      const undone = `ferry federation ${back} b --direction ${direction} ${here()}`;
      expect(out.includes(`\`${undone}\` `)).toBe(back !== undefined);
    }
  });

  it('tells of the direction that was meant alone', async () => {
    api.answer = answering(200, federation({ serves: { ...shut, ours: 'suspended' } }));
    const { out } = await asked('suspend', 'b', '--direction', 'serves');
    expect(api.asked[0]?.url).toBe('/v1/federations/b/suspend?direction=serves');
    expect([out.includes('use by b is suspended'), out.includes('our use of b')]).toEqual([true, false]);
  });

  it.each([[['fly', 'b']], [['suspend']], [['suspend', 'b', '--direction', 'up']]])(
    'ends with 2 on %j, before it asks anything',
    async (argv) => {
      expect((await asked(...argv)).exit).toBe(2);
      expect(api.asked).toEqual([]);
    },
  );

  it('tells the remedy where there is no such partner', async () => {
    api.answer = answering(404, {
      type: 'about:blank',
      title: 'Unknown partner',
      status: 404,
      detail: 'the configuration names no partner zed',
      remedy: 'Name one of the configuration.',
    });
    const { exit, err } = await asked('suspend', 'zed');
    expect(exit).toBe(3);
    expect(err).toContain('the configuration names no partner zed\nRemedy: Name one of the configuration.');
  });
});
