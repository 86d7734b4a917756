import { describe, expect, it } from 'vitest';
import { isInside, kilometres } from '../../domain/earth.ts';
import {
  candidates,
  type Locality,
  MOST_SITES,
  nearnessOf,
  type Placement,
  PlacementRequest,
  ranked,
} from '../../domain/placement.ts';

const asked = (more: object = {}): PlacementRequest => PlacementRequest.parse({ application: 'counter', ...more });

const placement = (site: string, more: Partial<Placement> = {}): Placement => ({
  site,
  system: 'operator-a',
  network: 'cellular',
  present: false,
  possible: true,
  obstacles: [],
  guarantee: 'zeroLoss',
  expectedFreezeMs: 5,
  latencyMs: null,
  kpi: null,
  near: null,
  distanceKm: null,
  ...more,
});

const order = (...found: readonly Placement[]): string[] => ranked(found).map(({ site }) => site);

describe('of the sites that were looked at', () => {
  it('those come first to which users can be moved', () => {
    expect(order(placement('a', { possible: false }), placement('b'))).toEqual(['b', 'a']);
  });

  it('then those where most can be promised', () => {
    const [none, own] = [placement('a', { guarantee: 'none' }), placement('b', { guarantee: 'applicationOwn' })];
    expect(order(none, own, placement('c', { guarantee: 'stateless' }), placement('d'))).toEqual(['c', 'd', 'b', 'a']);
  });

  it('then those that meet what users need, and of these the nearest', () => {
    const missed = placement('a', { kpi: 'missed', near: true });
    const unknown = placement('b', { kpi: 'unknown', near: true });
    const far = placement('c', { kpi: 'met', near: false });
    expect(order(missed, unknown, far, placement('d', { kpi: 'met', near: true }))).toEqual(['d', 'c', 'b', 'a']);
  });

  it('by kilometres, then by the latency that is declared, what is not known last', () => {
    const far = placement('b', { distanceKm: 80 });
    const near = placement('c', { distanceKm: 8 });
    expect(order(placement('a'), far, near)).toEqual(['c', 'b', 'a']);
    expect(order(placement('a'), placement('b', { latencyMs: 9 }), placement('c', { latencyMs: 4 }))).toEqual([
      'c',
      'b',
      'a',
    ]);
  });

  it('whoever serves them stays first as long as no other is better', () => {
    const present = placement('z', { present: true, guarantee: null });
    expect(order(placement('a'), present)).toEqual(['z', 'a']);
    expect(order(placement('a', { near: true }), { ...present, near: false })).toEqual(['a', 'z']);
    expect(order(placement('a', { near: true, guarantee: 'none' }), { ...present, near: false })).toEqual(['z', 'a']);
  });
});

const site = (name: string, network: string | null, zone: Locality['zone'] = null): Locality => ({
  site: name,
  network,
  zone,
});

describe('before anybody is asked', () => {
  const many = Array.from({ length: MOST_SITES + 5 }, (_, at) => site(`s${String(at).padStart(2, '0')}`, 'cellular'));

  it('the nearest are chosen, and whoever serves them now', () => {
    const near = [site('wifi-1', 'wifi'), site('wifi-2', 'wifi')];
    const { asked: chosen, notLookedAt } = candidates([...many, ...near], asked({ near: { network: 'wifi' } }), 's24');
    expect(chosen.slice(0, 4)).toEqual(['s24', 'wifi-1', 'wifi-2', 's00']);
    expect(chosen).toHaveLength(MOST_SITES);
    expect(notLookedAt).toEqual(['s17', 's18', 's19', 's20', 's21', 's22', 's23']);
  });

  it('those that are named are, all of them', () => {
    const among = many.slice(0, MOST_SITES).map((one) => one.site);
    expect(candidates(many, asked({ among }), 's24')).toEqual({ asked: ['s24', ...among], notLookedAt: [] });
  });

  it('a need that a site does not speak of is neither met nor missed', () => {
    const needs = asked({ kpi: { latencyMs: 10 }, near: { lat: 48, lon: 11 } });
    const zone = { lat: 48, lon: 12 };
    const kpi = (latencyMs?: number) =>
      nearnessOf(site('a1', 'cellular', { ...zone, ...(latencyMs !== undefined && { latencyMs }) }), needs).kpi;
    expect([kpi(), kpi(10), kpi(11)]).toEqual(['unknown', 'met', 'missed']);
    expect(nearnessOf(site('a1', 'cellular', zone), needs)).toMatchObject({ near: null, distanceKm: 74 });
  });

  it('distances are those of the globe', () => {
    expect(kilometres({ lat: 52.52, lon: 13.405 }, { lat: 48.137, lon: 11.576 })).toBeCloseTo(504.4, 0);
    expect(kilometres({ lat: 0, lon: 179 }, { lat: 0, lon: -179 })).toBeCloseTo(222.4, 0);
  });
});

describe('a place', () => {
  const square = (from: number, to: number) => [
    [from, from],
    [to, from],
    [to, to],
    [from, to],
  ];

  it('is in a polygon, and not in a hole of it, whether a ring is closed or not, and however high its corners are', () => {
    const at = (lat: number, lon: number, ...rings: number[][][]) => isInside({ lat, lon }, rings);
    const closed = [...square(0, 10), [0, 0]];
    const high = square(0, 10).map((corner) => [...corner, 100]);
    for (const ring of [square(0, 10), closed, high, closed.toReversed()]) {
      expect(at(5, 5, ring)).toBe(true);
      expect(at(2, 2, ring, square(4, 6))).toBe(true);
      expect(at(5, 5, ring, square(4, 6))).toBe(false);
      for (const [lat, lon] of [
        [5, 11],
        [5, -1],
        [11, 5],
        [-1, 5],
      ] as const)
        expect(at(lat, lon, ring)).toBe(false);
    }
  });

  it('is in no polygon that has no area', () => {
    expect(
      isInside({ lat: 1, lon: 1 }, [
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      ]),
    ).toBe(false);
    expect(isInside({ lat: 1, lon: 1 }, [[[], [], []]])).toBe(false);
  });
});
