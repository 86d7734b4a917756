import { describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { followingActivities, type FollowOrder } from '../../activities/following/follow.ts';
import type { PartOf, RunEnded } from '../../activities/evacuation/runs.ts';
import type { Followed } from '../../domain/following.ts';
import type { Placement } from '../../domain/placement.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { attemptOf } from '../support/attempt.ts';
import { quickPace } from '../support/pace.ts';
import { moved, rolledBack } from '../support/played-runs.ts';

const order: FollowOrder = {
  follower: 'f',
  user: 'ue-1',
  among: ['a1', 'w1'],
  application: 'counter',
  accept: null,
  network: 'wifi',
  chain: 'follow:f/run-0',
};
const placement = (site: string, more: Partial<Placement> = {}): Placement => ({
  site,
  system: 's',
  network: null,
  present: false,
  possible: true,
  obstacles: [],
  guarantee: null,
  expectedFreezeMs: null,
  latencyMs: null,
  kpi: null,
  near: false,
  distanceKm: null,
  ...more,
});

/** What one look finds, and does. */
class Around {
  network: string | null | Error = 'wifi';
  found: Placement[] | Error = [placement('w1', { near: true }), placement('a1', { present: true })];
  own = true;
  ended: RunEnded = moved;
  readonly begun: { request: RelocationRequest; part: PartOf }[] = [];
  readonly awaited: string[] = [];
  /** What a killed attempt had begun. */
  unheard: { id: string; own: true; target: string } | undefined;
  unheardAnchor: string | null = null;
  readonly lookedUp: string[] = [];
  ownAnchor = true;
  failed: { why: string } | null = null;
  readonly led: string[] = [];

  async look(more: Partial<FollowOrder> = {}, heard?: unknown): Promise<Followed> {
    const { followDevice } = followingActivities({
      whereabouts: {
        networkOf: async () => given(this.network),
        listen: async () => undefined,
        hush: async () => undefined,
      },
      placements: async () => ({ placements: given(this.found), notLookedAt: [] }),
      runs: {
        begin: async (request, part) => {
          this.begun.push({ request, part });
          return { id: 'r1', own: this.own };
        },
        begunBy: async ({ chain }) => {
          this.lookedUp.push(chain);
          return this.unheard;
        },
        ended: async (id) => {
          this.awaited.push(id);
          return this.ended;
        },
      },
      ways: {
        begin: async ({ source, network }, follower) => {
          this.led.push(`begin ${follower}: ${network} to ${source}`);
          return { id: 'anchor-2', own: this.ownAnchor };
        },
        begun: async ({ network }) => {
          this.lookedUp.push(network);
          return this.unheardAnchor;
        },
        holds: async () => this.failed,
        release: async (id) => void this.led.push(`release ${id}`),
      },
      pace: quickPace,
    });
    const attempt = heard === undefined ? {} : { attempt: 2, heartbeatDetails: heard };
    return await attemptOf(attempt).run(followDevice, { ...order, ...more });
  }
}

function given<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

describe('one look of a follower', () => {
  it('begins one relocation from where its user is served, by the key of this look, and tells where he is then', async () => {
    const around = new Around();
    await expect(around.look({ accept: 'none' })).resolves.toEqual({
      did: 'serves',
      network: 'wifi',
      site: 'w1',
      relocation: 'r1',
      anchor: null,
    });
    const cutOver = 'immediately';
    expect(around.begun).toEqual([
      {
        request: { application: 'counter', users: 'ue-1', source: 'a1', target: 'w1', cutOver, accept: 'none' },
        part: { follower: 'follow:f/run-0' },
      },
    ]);
  });

  it('awaits what an earlier attempt has begun, wherever the device is by now', async () => {
    const around = Object.assign(new Around(), { network: 'cellular' });
    const heard = { told: '', kept: { begun: JSON.stringify({ id: 'r0', own: true, to: 'w1' }) } };
    await expect(around.look({}, heard)).resolves.toMatchObject({ did: 'serves', relocation: 'r0' });
    expect([around.begun, around.awaited]).toEqual([[], ['r0']]);
  });

  it('is a move of its own what an attempt had begun that was killed before it said so, also when that has ended', async () => {
    const there = { found: [placement('w1', { near: true, present: true })] };
    const unheard = { id: 'r0', own: true, target: 'w1' } as const;
    for (const world of [there, { network: 'cellular' }]) {
      const around = Object.assign(new Around(), { ...world, unheard });
      await expect(around.look({}, 'asking')).resolves.toMatchObject({ did: 'serves', site: 'w1', relocation: 'r0' });
      expect([around.begun, around.awaited, around.lookedUp]).toEqual([[], ['r0'], ['follow:f/run-0']]);
    }
    const first = Object.assign(new Around(), there);
    await first.look();
    expect(first.lookedUp).toEqual([]); // an index is asked by whoever was replaced alone
  });

  it.each<[string, Partial<Around>, object]>([
    ['is elsewhere', { network: 'cellular' }, { did: 'elsewhere', network: 'cellular' }],
    ['is nowhere', { network: null }, { did: 'elsewhere', network: null }],
    [
      'is served there',
      { found: [placement('w1', { near: true, present: true })] },
      { did: 'serves', relocation: null },
    ],
    ['has no site there', { found: [placement('a1', { present: true })] }, { did: 'cannot', relocation: null }],
    ['cannot be asked for', { network: failure('PeerUnavailable', 'silent') }, { did: 'cannot', relocation: null }],
    ['is served by nobody', { found: failure('NotServing', 'nobody') }, { did: 'cannot', why: 'NotServing: nobody' }],
  ])('begins nothing where the device %s', async (_, world, outcome) => {
    const around = Object.assign(new Around(), world);
    await expect(around.look()).resolves.toMatchObject(outcome);
    expect(around.begun).toEqual([]);
  });

  it('tells of its own move that came to nothing, and of one of somebody else that it is not its own', async () => {
    const failed = Object.assign(new Around(), { ended: rolledBack('TargetRefused') });
    await expect(failed.look()).resolves.toMatchObject({ did: 'cannot', relocation: 'r1' });
    const others = Object.assign(new Around(), { own: false });
    await expect(others.look()).resolves.toMatchObject({ did: 'cannot', relocation: null });
    expect(others.awaited).toEqual(['r1']);
  });
});

describe('one look of a follower that may lead its device', () => {
  const lacking = [{ failure: 'ServiceMissing' as const, where: 'w1', detail: 'RNIS is missing', remedy: '' }];
  const stuck = [
    placement('w1', { near: true, possible: false, obstacles: lacking }),
    placement('a1', { present: true, near: false }),
  ];
  const around = (more: Partial<Around> = {}) => Object.assign(new Around(), { found: stuck, ...more });
  const may = { mayAnchor: true };

  it('has it led to where its application is, once, and gives back what led it elsewhere', async () => {
    const world = around();
    const led = { did: 'serves', network: 'wifi', site: 'a1', relocation: null, anchor: 'anchor-2' };
    await expect(world.look(may)).resolves.toEqual({ ...led, anchored: true });
    await expect(world.look({ ...may, anchor: 'anchor-2' })).resolves.toEqual(led);
    await expect(world.look({ ...may, anchor: 'anchor-1' })).resolves.toEqual({ ...led, anchored: true });
    const begin = 'begin f: wifi to a1';
    expect(world.led).toEqual([begin, begin, begin, 'release anchor-1']);
    // Replaced when it had begun one: both of the attempt before are known
    const kept = { told: '', kept: { anchor: 'anchor-2' } };
    await expect(world.look({ ...may, anchor: 'anchor-1' }, kept)).resolves.toEqual({ ...led, anchored: true });
    expect(world.led.slice(4)).toEqual([begin, 'release anchor-1']);
    await around({ network: 'cellular' })
      .look(may, kept)
      .then((outcome) => expect(outcome).toEqual({ did: 'elsewhere', network: 'cellular', anchor: 'anchor-2' }));
  });

  it('knows the anchor that a killed attempt had begun, and gives it back', async () => {
    const elsewhere = around({ network: 'cellular', unheardAnchor: 'anchor-2' });
    await expect(elsewhere.look(may, 'asking')).resolves.toMatchObject({ did: 'elsewhere', anchor: 'anchor-2' });
    const back = around({ found: [placement('a1', { present: true, near: true })], unheardAnchor: 'anchor-2' });
    await expect(back.look({ ...may, anchor: 'anchor-1' }, 'asking')).resolves.toMatchObject({ anchor: null });
    expect(back.led).toEqual(['release anchor-1', 'release anchor-2']);
    await expect(around().look(may, 'asking')).resolves.toMatchObject({ anchor: 'anchor-2', anchored: true });
  });

  it.each<[string, Partial<Around>, string | null, string[]]>([
    ['is back', { found: [placement('a1', { present: true, near: true })] }, null, ['release anchor-1']],
    ['can be served where it is', { found: new Around().found }, null, ['release anchor-1']],
    ['cannot be moved after all', { found: new Around().found, ended: rolledBack('TargetRefused') }, 'anchor-1', []],
    ['is nowhere', { network: null }, 'anchor-1', []],
    ['cannot be asked for', { network: failure('PeerUnavailable', 'silent') }, 'anchor-1', []],
  ])('gives it back when its user is served where it is, and not before: it %s', async (_, more, anchor, led) => {
    const world = around(more);
    await expect(world.look({ ...may, anchor: 'anchor-1' })).resolves.toMatchObject({ anchor });
    expect(world.led).toEqual(led);
  });

  it('leads nobody unless it may, and takes nothing of somebody else for its own', async () => {
    const world = around();
    await expect(world.look()).resolves.toMatchObject({ did: 'cannot', why: 'w1: RNIS is missing', anchor: null });
    expect(world.led).toEqual([]);
    const others = await around({ ownAnchor: false }).look(may);
    expect(others).toEqual({ did: 'serves', network: 'wifi', site: 'a1', relocation: null, anchor: null });
    const failed = await around({ failed: { why: 'NotSteerable: nobody' } }).look({ ...may, anchor: 'anchor-1' });
    expect(failed).toMatchObject({ did: 'cannot', why: 'NotSteerable: nobody', anchor: 'anchor-1' });
  });
});
