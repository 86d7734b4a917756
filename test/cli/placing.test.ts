import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Placement, PlacementList } from '../../domain/placement.ts';
import { answering, FakeApi, ferry } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await FakeApi.start();
});
afterEach(async () => await api.stop());

const placement = (more: Partial<Placement>): Placement => ({
  site: 'a1',
  system: 'operator-a',
  network: 'cellular',
  present: false,
  possible: true,
  obstacles: [],
  guarantee: 'zeroLoss',
  expectedFreezeMs: 5,
  latencyMs: 4,
  kpi: 'met',
  near: true,
  distanceKm: null,
  ...more,
});
const obstacle = {
  failure: 'ServiceMissing' as const,
  where: 'a2',
  detail: 'RNIS is not ACTIVE',
  remedy: 'Register it.',
};
const refused = placement({ site: 'a2', possible: false, obstacles: [obstacle], latencyMs: 40, kpi: 'missed' });
const present = placement({ site: 'cloud', network: null, present: true, guarantee: null, expectedFreezeMs: null });

const placed = async (placements: Placement[], ...words: readonly string[]) => {
  api.answer = answering(200, { placements, notLookedAt: ['z9'] } satisfies PlacementList);
  return await ferry('place', 'counter', ...words, '--api', api.url);
};

describe('ferry place', () => {
  it('asks for users where they are, and shows which site fits, and what stands in the way elsewhere', async () => {
    const words = ['--network', 'cellular', '--latency', '10', '--among', 'a1', 'a2', '--user', 'ue-1'];
    const { exit, out } = await placed([placement({}), present, refused], ...words);
    expect(exit).toBe(0);
    expect(api.asked).toMatchObject([
      {
        url: '/v1/placements',
        body: {
          application: 'counter',
          users: 'ue-1',
          near: { network: 'cellular' },
          kpi: { latencyMs: 10 },
          among: ['a1', 'a2'],
        },
      },
    ]);
    const [, first, second, third] = out.split('\n');
    expect(first).toMatch(/^a1 +operator-a +cellular +yes +zeroLoss +5 ms +4 ms/);
    expect(second).toMatch(/^cloud .*serves them now/);
    expect(third).toMatch(/^a2 .* no .*40 ms, too long/);
    expect(out).toContain('ServiceMissing at a2: RNIS is not ACTIVE');
    expect(out).toContain('Not looked at: z9');
  });

  it('ends with 1 when nobody could serve them but who does', async () => {
    expect((await placed([present, refused], '--near', '48.1,11.5')).exit).toBe(1);
    expect(api.asked[0]?.body).toEqual({ application: 'counter', near: { lat: 48.1, lon: 11.5 } });
  });
});
