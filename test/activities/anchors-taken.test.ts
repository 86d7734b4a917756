import { beforeEach, describe, expect, it } from 'vitest';
import type { Anchor, Anchors } from '../../activities/anchoring/anchors.ts';
import { failure } from '../../activities/failure.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { digest } from '../../configuration/digest.ts';
import { Pace } from '../../configuration/peers.ts';
import type { Taking } from '../../domain/anchoring.ts';
import { attemptOf } from '../support/attempt.ts';
import { PortWorld } from '../support/world.ts';

/** A relocation takes along the anchors that step 1 has found: however many, each once, and nobody looks for others. */
let world: PortWorld;
let played: PlayedAnchors;
beforeEach(() => {
  world = new PortWorld(0);
  world.servedAt('a1');
  world.add('a2');
  world.add('w1');
  played = new PlayedAnchors(ONE_USER, one('a1').id, one('w1').id);
});

const ONE_USER = 300;
const one = (site: string) => {
  const [instance] = world.at(site);
  if (instance === undefined) throw new Error(`nothing at ${site}`);
  return instance;
};

/** Anchors of single users, all through one holder. */
class PlayedAnchors implements Anchors {
  readonly asked: string[] = [];
  readonly taken: { readonly id: string; readonly taking: Taking }[] = [];
  readonly failing = new Set<string>();
  readonly gone = new Set<string>();
  readonly all: readonly Anchor[];

  constructor(many: number, from: string, holder: string) {
    const leading = {
      way: 'holder',
      relayed: false,
      source: 'a1',
      from,
      holder: { site: 'w1', instance: holder },
    } as const;
    const standing = { ...leading, observed: true, exposed: 0, lacking: 0, under: null, trouble: null };
    const each = { network: 'wifi', source: 'a1', standing };
    this.all = Array.from({ length: many }, (_, n) => ({
      ...each,
      id: `anchor-${n}`,
      users: n === 0 ? 'ue-1' : `ue-${n}`,
    }));
  }

  async of(): Promise<readonly Anchor[]> {
    this.asked.push('of');
    return this.all.filter(({ id }) => !this.gone.has(id));
  }
  readonly found = async (): Promise<readonly Anchor[]> => await this.of();
  async again(ids: readonly string[]): Promise<readonly Anchor[]> {
    this.asked.push('again');
    return this.all.filter(({ id }) => ids.includes(id) && !this.gone.has(id));
  }
  async takeIn(id: string, taking: Taking): Promise<'yes' | 'gone'> {
    this.taken.push({ id, taking });
    if (this.failing.has(id)) throw failure('PeerUnavailable', id);
    return this.gone.has(id) ? 'gone' : 'yes';
  }
  async moved(id: string): Promise<void> {
    this.asked.push(`moved ${id}`);
  }
  anyOf = async (): Promise<boolean> => true;
  inherit = async () => 'gone' as const;
  isFound = async (): Promise<boolean> => true;
  relocation = async (): Promise<'over'> => 'over';
  isMoving = async (): Promise<boolean> => false;
}

const steps = () => {
  const pace = { ...Pace.parse({}), pollMs: 1, stepMs: 50 };
  const means = { catalogue: world, pace, digest, turns: takingTurns(), anchors: played };
  const both = {
    chain: 'relocation:one/first',
    application: 'counter',
    users: '*',
    source: 'a1',
    target: 'a2',
    from: one('a1').id,
    to: one('a2').id,
  };
  return { ...relocationActivities(means), both };
};

const run = async <A, R>(step: (given: A) => Promise<R>, given: A, kept?: object): Promise<R> =>
  await attemptOf(kept === undefined ? {} : { heartbeatDetails: { told: 'it', kept } }).run<[A], R, typeof step>(
    step,
    given,
  );
const keptIn = (error: unknown): object => (error as { details: [{ kept: object }] }).details[0].kept;

describe('anchors that lead to the source', () => {
  const known = (): readonly string[] => played.all.map(({ id }) => id);

  it('are taken in, each with the one turn of its holder; what is told of them does not grow with it', async () => {
    const { copyAhead, both } = steps();
    const { turns } = await run(copyAhead, { ...both, made: [], turns: null, anchors: known() });
    expect(played.asked).toStrictEqual(['again']);
    expect(played.taken.map(({ id }) => id).toSorted()).toStrictEqual(known().toSorted());
    expect(new Set(played.taken.map(({ taking }) => taking.turn)).size).toBe(1);
    expect(turns.anchors).toMatchObject([{ site: 'w1', network: 'wifi', ids: known() }]);
    expect(turns.anchors?.[0]?.seenBy).toHaveLength(8);
    expect(JSON.stringify(turns.anchors).length / ONE_USER).toBeLessThan(20);
  });

  it('have their turn where one fails; the next attempt takes that one in, by the same turn', async () => {
    const { copyAhead, both } = steps();
    const order = { ...both, made: [], turns: null, anchors: known() };
    played.failing.add('anchor-3');
    const error = await run(copyAhead, order).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ type: 'PeerUnavailable' });
    expect(played.taken).toHaveLength(ONE_USER);
    const [first] = played.taken;
    played.failing.clear();
    played.taken.length = 0;
    one('w1').rules = one('w1').rules.map((rule) => ({ ...rule, active: !rule.active }));
    await run(copyAhead, order, keptIn(error));
    expect(played.taken.map(({ id }) => id)).toStrictEqual(['anchor-3']);
    expect(played.taken[0]?.taking).toStrictEqual(first?.taking);
  });

  it('that have gone meanwhile are nobody to be told, or looked from', async () => {
    const { copyAhead, both } = steps();
    for (const id of known()) if (id !== 'anchor-0') played.gone.add(id);
    const { turns } = await run(copyAhead, { ...both, made: [], turns: null, anchors: known() });
    expect(turns.anchors).toMatchObject([{ ids: ['anchor-0'], seenBy: ['ue-1'] }]);
  });

  it('are looked for where step 1 has not told of them', async () => {
    const { copyAhead, both } = steps();
    await run(copyAhead, { ...both, made: [], turns: null });
    expect(played.asked).toStrictEqual(['of']);
  });

  it('are told where it is now, each once, and nobody looks for them again', async () => {
    const { notifyEndpoint, both } = steps();
    await run(notifyEndpoint, { ...both, anchors: known() });
    expect(played.asked.toSorted()).toStrictEqual(
      known()
        .map((id) => `moved ${id}`)
        .toSorted(),
    );
    played.asked.length = 0;
    await run(notifyEndpoint, { ...both, anchors: [] });
    expect(played.asked).toStrictEqual([]);
  });

  it('keep the source as long as one of them leads there', async () => {
    const { retireSource, both } = steps();
    Object.assign(one('a1'), { role: 'relay' });
    Object.assign(one('a2'), { role: 'authority' });
    await expect(run(retireSource, { ...both, anchors: known() })).rejects.toMatchObject({ type: 'AnchorInProgress' });
    expect(world.at('a1')).toHaveLength(1);
    for (const id of known()) played.gone.add(id);
    await run(retireSource, { ...both, anchors: known() });
    expect(played.asked).toStrictEqual(['again', 'again']);
    expect(world.at('a1')).toStrictEqual([]);
  });
});

describe('a plan tells of anchors to the source', () => {
  const plan = async (target = 'a2') => {
    const { planRelocation, both } = steps();
    const { chain, application, users, source } = both;
    const order = { chain, application, users, source, target, maxInterruptionMs: null, own: null };
    const { possible, obstacles, anchors } = await run(planRelocation, order);
    return { possible, anchors, obstacles: obstacles.map(({ failure: type, where }) => `${type} at ${where}`) };
  };
  const holder = (): string => one('w1').id;

  it('what becomes of them, once for each holder', async () => {
    await expect(plan()).resolves.toStrictEqual({
      possible: true,
      obstacles: [],
      anchors: [`wifi: led on to a2, by the rules of instance ${holder()} at w1 (300 anchors)`],
    });
    await expect(plan('w1')).resolves.toMatchObject({
      anchors: [
        `wifi: instance ${holder()} at w1 serves then, and its rules are its own: a release leaves them (300 anchors)`,
      ],
    });
    expect(played.taken).toStrictEqual([]);
  });

  it('which are on their way, and which nothing would lead on', async () => {
    const [first, second] = played.all;
    Object.assign(first ?? {}, { standing: null });
    await expect(plan()).resolves.toMatchObject({ possible: false, obstacles: ['AnchorInProgress at wifi'] });
    Object.assign(first ?? {}, { standing: { ...second?.standing, way: 'network', holder: null } });
    await expect(plan()).resolves.toMatchObject({ possible: false, obstacles: ['NotSteerable at wifi'] });
    await expect(plan('w1')).resolves.toMatchObject({ possible: true });
  });
});
