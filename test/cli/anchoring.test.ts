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

  it('goes on looking while no worker has answered, and while the API is away for a while', async () => {
    const answers = [
      answering(202, anchor({ state: null, way: null, holder: null })),
      answering(200, anchor({ state: 'making', way: null, holder: null })),
      answering(503, { title: 'Service Unavailable', status: 503, detail: '' }),
      answering(200, anchor()),
    ];
    api.answer = (asked, response) => answers[api.asked.length - 1]?.(asked, response);
    const { exit, out } = await ferry(...typed, ...at());
    expect([exit, api.asked.length]).toEqual([0, answers.length]);
    expect(out).toContain('counter, ue-7: wifi → a1: holds\n  by rules of an instance made for it (h-1 at w1)');
  });

  it('that is released says nothing of the instance that was made for it: it is gone', async () => {
    const result = { outcome: 'released', failure: null, leftovers: [] } as unknown as Anchor['result'];
    const released = anchor({ state: 'ended', endedAt: '2026-01-02T00:00:00.000Z', actions: [], result });
    api.answer = answering(200, { ...released, anchors: [released], next: null });
    const { exit, out } = await ferry('anchor', 'release', 'rstuvwxy', ...at());
    expect([exit, out]).toEqual([0, 'counter, ue-7: wifi → a1: released\n']);
  });

  it.each(['y', 'wxy', 'nope'])('is not meant by %j: a slip would release one', async (name) => {
    api.answer = answering(200, { anchors: [anchor()], next: null });
    const { exit, err } = await ferry('anchor', 'release', name, ...at());
    expect(exit).toBe(3);
    expect(err).toContain(
      `no anchor is called ${name}: name one by its id, or by the end of it, as \`ferry anchors\` shows`,
    );
    expect(api.asked.map(({ method }) => method)).toEqual(['GET']);
  });
});
