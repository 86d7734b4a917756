import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Anchor } from '../../api/anchor.ts';
import { eventually } from './eventually.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const at = (): readonly string[] => ['--api', api.url];
const ID = 'abcdefghijklmnopq.rstuvwxy';
const anchor = (more: Partial<Anchor> = {}): Anchor => ({
  id: ID,
  request: { application: 'counter', users: 'ue-7', source: 'a1', network: 'wifi', accept: {} } as Anchor['request'],
  state: 'holds',
  way: 'holder',
  relayed: false,
  source: 'a1',
  holder: { site: 'w1', instance: 'h-1' },
  observed: true,
  exposed: 2,
  lacking: 0,
  takenBy: null,
  trouble: null,
  silentSince: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  waitingFor: null,
  actions: ['release'],
  result: null,
  links: { self: `/v1/anchors/${ID}`, temporal: null },
  ...more,
});
const typed = ['anchor', 'counter', 'a1', 'wifi', '--user', 'ue-7'];

describe('ferry anchor', () => {
  it.each([
    ['one that holds is done', anchor(), 0],
    ['one that waits for a person is told by the exit status', anchor({ state: 'parked', actions: ['retry'] }), 5],
    ['one that was ended from outside has not gone through', anchor({ state: 'terminated', actions: [] }), 1],
  ])('%s', async (_, answer, exit) => {
    api.answer = answering(202, answer);
    expect((await ferry(...typed, ...at())).exit).toBe(exit);
  });

  it('that Ctrl-C ends goes on, and says how it stands and how it is ended', async () => {
    api.answer = answering(202, anchor({ state: 'making', way: null, holder: null }));
    const before = process.listenerCount('SIGINT');
    const running = ferry(...typed, ...at());
    await eventually(() => process.listenerCount('SIGINT') > before && api.asked.length > 1);
    process.emit('SIGINT');
    const { exit, out } = await running;
    expect(exit).toBe(130);
    for (const word of ['show', 'release']) expect(out).toContain(`ferry anchor ${word} rstuvwxy --api ${api.url}`);
  });
});
