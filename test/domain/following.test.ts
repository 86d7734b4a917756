import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  after,
  beginning,
  type Damping,
  dueAt,
  type Followed,
  type Following,
  heard,
  wayTo,
} from '../../domain/following.ts';

const usual: Damping = { staySeconds: 10, holdSeconds: 60, perHour: 12 };
const [HOUR, DAY] = [3_600_000, 86_400_000];

const at = (network: string, now: number, from = beginning(now)): Following =>
  heard(from, { network, happenedAt: null }, now);
const serves = (network: string, relocation: string | null = 'r'): Followed => ({
  did: 'serves',
  network,
  site: network,
  relocation,
});

describe('a device that wanders', () => {
  it('is followed once it has stayed for a while, and not when it has gone back before', () => {
    let following = after(at('cellular', 0), serves('cellular', null), usual, { begunAt: 0, now: 0 });
    expect(dueAt(following, usual)).toBeNull();
    following = at('wifi', 1_000, following);
    expect(dueAt(following, usual)).toBe(11_000);
    expect(dueAt(at('cellular', 5_000, following), usual)).toBeNull();
  });

  it('is followed to where it is when a move ends, whatever was heard while that was under way', () => {
    const moving = at('cellular', 30_000, at('wifi', 0));
    const moved = after(moving, serves('wifi'), usual, { begunAt: 10_000, now: 40_000 });
    expect(moved).toMatchObject({ network: 'cellular', served: 'wifi', moves: 1 });
    expect(dueAt(moved, usual)).toBe(100_000);
  });

  it('is not followed by what is told twice, nor by what is told late', () => {
    const first = heard(beginning(0), { network: 'wifi', happenedAt: 5_000 }, 5_100);
    expect(heard(first, { network: 'wifi', happenedAt: 5_000 }, 9_000).since).toBe(5_100);
    expect(heard(first, { network: 'cellular', happenedAt: 4_000 }, 9_000)).toEqual(first);
    expect(heard(first, { network: 'cellular', happenedAt: 6_000 }, 9_000).network).toBe('cellular');
  });

  it('is believed where it was seen, and not where it was told to be', () => {
    const told = at('wifi', 0);
    const seen = after(told, { did: 'elsewhere', network: 'cellular' }, usual, { begunAt: 10_000, now: 10_000 });
    expect(seen).toMatchObject({ network: 'cellular', moves: 0 });
    expect(seen.begun).toEqual([]);
  });

  it('is looked after again, ever more seldom, where nothing could be done, and at once where it goes on', () => {
    const cannot: Followed = { did: 'cannot', network: 'wifi', why: 'full', relocation: null };
    let following = at('wifi', 0);
    const pauses: number[] = [];
    for (let now = 10_000, n = 0; n < 6; n += 1) {
      following = after(following, cannot, usual, { begunAt: now, now });
      pauses.push(((dueAt(following, usual) ?? 0) - now) / 1_000);
      now = dueAt(following, usual) ?? 0;
    }
    expect(pauses).toEqual([60, 120, 240, 480, 900, 900]);
    const next = (dueAt(following, usual) ?? 0) - 100_000;
    expect(dueAt(at('cellular', next, following), usual)).toBe(next + 10_000);
  });
});

/** Steps of one device: milliseconds, and what is told, seen or done then. */
const step = fc.oneof(
  fc.record({ ms: fc.integer({ min: 0, max: 120_000 }), tells: fc.constantFrom('cellular', 'wifi', 'train', null) }),
  fc.record({
    ms: fc.integer({ min: 0, max: 120_000 }),
    tells: fc.constantFrom('cellular', 'wifi'),
    late: fc.nat(200_000),
  }),
);
const ends = fc.constantFrom('serves', 'elsewhere', 'cannot', 'failed');

describe('whatever is told, late, twice or never', () => {
  it('no hour has more moves than were allowed, none is begun too soon, and none to where the device is served', () => {
    const world = fc.record({
      steps: fc.array(fc.tuple(step, ends, fc.integer({ min: 0, max: 90_000 })), { maxLength: 200 }),
      perHour: fc.integer({ min: 1, max: 5 }),
      holdSeconds: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(world, ({ steps, perHour, holdSeconds }) => {
        const damping = { staySeconds: 10, perHour, holdSeconds };
        const moves: number[] = [];
        let [following, now] = [beginning(0), 0];
        for (const [told, end, took] of steps) {
          now += told.ms;
          const happenedAt = 'late' in told ? now - told.late : null;
          following = heard(following, { network: told.tells, happenedAt }, now);
          const due = dueAt(following, damping);
          if (due === null || following.network === null) continue;
          now = Math.max(now, due);
          expect(following.network).not.toBe(following.served);
          expect(now - following.since).toBeGreaterThanOrEqual(10_000);
          const begunAt = now;
          now += took;
          following = after(following, outcome(end, following.network), damping, { begunAt, now });
          const isMove = end === 'serves' || end === 'failed';
          const pause = isMove ? begunAt - (moves.at(-1) ?? -Infinity) : Infinity;
          expect(pause).toBeGreaterThanOrEqual(holdSeconds * 1_000);
          if (isMove) moves.push(begunAt);
          expect(moves.filter((one) => one > begunAt - HOUR).length).toBeLessThanOrEqual(perHour);
          expect(following.begun.length).toBeLessThanOrEqual(perHour);
          expect(JSON.parse(JSON.stringify(following))).toEqual(following);
        }
      }),
    );
  });

  const outcome = (end: string, network: string): Followed =>
    end === 'serves'
      ? serves(network)
      : end === 'elsewhere'
        ? { did: 'elsewhere', network: 'train' }
        : { did: 'cannot', network, why: '', relocation: end === 'failed' ? 'r' : null };
});

/** A day of a device with two networks, in which it stays for times of this mean; moves an hour, and the share of time served from where it is. */
function day(mean: (network: string) => number, damping: Damping): { perHour: number; right: number } {
  let seed = 3;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  let [now, right, network] = [0, 0, 'cellular'];
  let following = beginning(0);
  while (now < DAY) {
    const leaves = now - mean(network) * 1_000 * Math.log(1 - random());
    following = heard(following, { network, happenedAt: null }, now);
    for (let due = dueAt(following, damping); due !== null && due < leaves; due = dueAt(following, damping))
      following = after(following, serves(network), damping, { begunAt: due, now: due });
    if (following.served === network) right += leaves - Math.max(now, following.begun.at(-1) ?? 0);
    now = leaves;
    network = network === 'wifi' ? 'cellular' : 'wifi';
  }
  return { perHour: following.moves / 24, right: right / DAY };
}

describe('damping, over a day', () => {
  const unlimited = { ...usual, perHour: 1_000_000 };

  it('lets moves at a border, 8 s here and 8 s there, stay below the budget, and far below what they were', () => {
    const undamped = day(() => 8, { staySeconds: 0, holdSeconds: 0, perHour: 1_000_000 });
    expect(undamped.perHour).toBeGreaterThan(400);
    expect(day(() => 8, unlimited).perHour).toBeLessThan(20);
    expect(day(() => 8, usual).perHour).toBeLessThan(usual.perHour);
  });

  it('leaves a walker, five minutes here and five there, nearly all of his', () => {
    const undamped = day(() => 300, { staySeconds: 0, holdSeconds: 0, perHour: 1_000_000 });
    const damped = day(() => 300, unlimited);
    expect(damped.perHour / undamped.perHour).toBeGreaterThan(0.75);
    expect(day(() => 300, usual).right).toBeGreaterThan(0.8);
  });

  it('keeps who is mostly at home where he is', () => {
    expect(day((network) => (network === 'wifi' ? 15 : 600), usual).right).toBeGreaterThan(0.9);
  });
});

describe('the way to a device', () => {
  const one = (site: string, more: object = {}) => ({
    site,
    near: true as boolean | null,
    present: false,
    possible: true,
    obstacles: [] as { failure: string; where: string; detail: string }[],
    ...more,
  });

  it('stays where a site of its network serves it already, also where another one is ranked higher', () => {
    expect(wayTo([one('a2'), one('a1', { present: true })], 'cellular')).toEqual({ to: 'stay', site: 'a1' });
  });

  it('goes to the best site of its network that can take it', () => {
    const full = { possible: false, obstacles: [{ failure: 'TargetRefused', where: 'w1', detail: 'is full' }] };
    const cloud = one('cloud', { present: true, near: false });
    expect(wayTo([cloud, one('w2'), one('w1', full)], 'wifi')).toEqual({ to: 'go', from: 'cloud', site: 'w2' });
    expect(wayTo([cloud, one('w1', full)], 'wifi')).toEqual({ to: 'nowhere', why: 'w1: is full' });
  });

  it('leads its device where a service is missing there, or it may not be moved, and for no other reason', () => {
    const cloud = one('cloud', { present: true, near: false });
    const unable = (...types: string[]) =>
      one('w1', { possible: false, obstacles: types.map((failure) => ({ failure, where: 'w1', detail: failure })) });
    const led = { to: 'anchor', from: 'cloud' };
    for (const type of ['ServiceMissing', 'MobilityNotAllowed', 'ContractMissing'])
      expect(wayTo([cloud, unable(type)], 'wifi')).toMatchObject(led);
    expect(wayTo([cloud, unable('TargetRefused'), unable('ServiceMissing')], 'wifi')).toMatchObject(led);
    for (const types of [['PeerUnavailable'], ['Evacuating'], ['ServiceMissing', 'PeerUnavailable'], []])
      expect(wayTo([cloud, unable(...types)], 'wifi')).toMatchObject({ to: 'nowhere' });
    expect(wayTo([cloud, unable('ServiceMissing'), one('w2')], 'wifi')).toMatchObject({ to: 'go', site: 'w2' });
  });

  it('goes nowhere where no site is of its network, however good others are', () => {
    const cloud = one('cloud', { present: true, near: false });
    expect(wayTo([one('a1', { near: false }), cloud], 'wifi')).toEqual({
      to: 'nowhere',
      why: 'none of these sites serves wifi',
    });
  });
});
