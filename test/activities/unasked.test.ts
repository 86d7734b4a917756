import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import type { Catalogue } from '../../activities/ports.ts';
import { Pace } from '../../configuration/peers.ts';
import { stepKey } from '../../domain/identity.ts';
import { attemptOf } from '../support/attempt.ts';
import { PlayedTarget } from '../support/played-target.ts';
import { PortWorld } from '../support/world.ts';

/** Whoever runs, or may run, and cannot be asked is not taken away, and not taken for gone. */
const subject = { chain: 'relocation:one/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
const order = { ...subject, maxInterruptionMs: null, own: null };

const run = async <A, R>(step: (given: A) => Promise<R>, given: A): Promise<R> =>
  await attemptOf().run<[A], R, typeof step>(step, given);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 25);

const activities = (catalogue: Catalogue) =>
  relocationActivities({
    catalogue,
    pace: { ...Pace.parse({}), pollMs: 1, stepMs: 50, drainLimitMs: 20 },
    digest,
    turns: takingTurns(),
  });

/** As a run has it that is held. */
async function held(catalogue: Catalogue) {
  const steps = activities(catalogue);
  const { from, there } = await run(steps.checkRelocation, order);
  const { to, how } = await run(steps.instantiateTarget, { ...subject, from, there });
  const removal = { ...subject, there, to, own: how === 'created' ? to : null, calmAt: 0 };
  return { ...steps, both: { ...subject, from, to }, removal };
}

let world: PortWorld;
beforeEach(() => {
  world = new PortWorld();
});
const at = (site: string) => {
  const [instance] = world.at(site);
  if (instance === undefined) throw new Error(`nothing at ${site}`);
  return instance;
};
/** Users of another relocation were handed over to it meanwhile. */
const serves = { role: 'authority', epoch: 5 } as const;

describe('an undo at the target', () => {
  it('does not delete the instance that it made, and that others rely on, while that one has no address', async () => {
    const { removeTarget, removal } = await held(world);
    const { endpoint } = at('a1');
    for (const state of ['started', 'starting', 'unknown'] as const) {
      Object.assign(at('a1'), serves, { state, endpoint: null });
      await expect(run(removeTarget, removal)).rejects.toMatchObject({ type: 'NotYet' });
      expect(world.at('a1')).toMatchObject([{ role: 'authority' }]);
    }
    Object.assign(at('a1'), { state: 'started', endpoint });
    await run(removeTarget, removal);
    expect(world.at('a1')).toMatchObject([{ role: 'authority', expected: new Set() }]);
  });

  it('deletes the one that it made and that never came to run, though it tells no address', async () => {
    const { removeTarget, removal } = await held(world);
    Object.assign(at('a1'), { endpoint: null });
    await run(removeTarget, { ...removal, to: null });
    expect(world.at('a1')).toEqual([]);
  });

  it('deletes what was made late under its key beside what it made, though one that it found is used', async () => {
    const found = world.add('a1');
    const { removeTarget, removal } = await held(world);
    expect(removal).toMatchObject({ to: found.id, own: null });
    const name = stepKey(subject.chain, 'instantiateTarget', digest);
    Object.assign(world.add('a1'), { name });
    const late = Object.assign(world.add('a1'), { name });
    world.hidden.add(late.id);
    await run(removeTarget, removal);
    expect(world.at('a1')).toEqual([found]);
  });

  it('does not delete it while no list shows it', async () => {
    const { removeTarget, removal } = await held(world);
    Object.assign(at('a1'), serves);
    world.hidden.add(removal.to);
    await expect(run(removeTarget, removal)).rejects.toThrow(`a1: instance ${removal.to} is started`);
    expect(world.at('a1')).toMatchObject([{ role: 'authority' }]);
  });

  it('does not delete one of another application that has been given its id', async () => {
    const { removeTarget, removal } = await held(world);
    Object.assign(at('a1'), { state: 'stopped' });
    world.hidden.add(removal.to);
    world.others.add(removal.to);
    const told = `a1: instance ${removal.to} is one of another application, and is left alone`;
    await expect(run(removeTarget, removal)).rejects.toThrow(told);
    await expect(run(removeTarget, { ...removal, to: null })).rejects.toThrow(told);
    expect(world.at('a1')).toHaveLength(1);
  });

  it('does not delete it where an orchestrator shows it by its name only', async () => {
    const target = await PlayedTarget.open(5_000);
    try {
      const { removal } = await held(target);
      const before = target.left();
      const site = target.site.bind(target);
      target.site = async (name) => {
        const { instances, ...rest } = await site(name);
        return { ...rest, instances: name === 'a1' ? { ...instances, list: async () => [] } : instances };
      };
      await expect(run(activities(target).removeTarget, removal)).rejects.toMatchObject({ type: 'NotYet' });
      expect(target.left()).toEqual(before);
    } finally {
      await target.close();
    }
  });

  describe('that re-started a kept instance', () => {
    beforeEach(() => void (world.add('a1').state = 'stopped'));

    it.each(['hidden', 'without an address'])(
      'does not stop it, nor take it for stopped, while it is %s',
      async (how) => {
        const { removeTarget, removal } = await held(world);
        const { id, endpoint } = at('a1');
        if (how === 'hidden') world.hidden.add(id);
        else Object.assign(at('a1'), { endpoint: null });
        await expect(run(removeTarget, removal)).rejects.toMatchObject({ type: 'NotYet' });
        expect(world.at('a1')).toMatchObject([{ state: 'started' }]);
        world.hidden.clear();
        Object.assign(at('a1'), { endpoint });
        await run(removeTarget, removal);
        expect(world.at('a1')).toMatchObject([{ state: 'stopped', expected: new Set() }]);
      },
    );
  });

  it('does not forget a found instance that still expects the relocation, and has no address', async () => {
    world.add('a1');
    const { removeTarget, removal } = await held(world);
    Object.assign(at('a1'), { endpoint: null });
    await expect(run(removeTarget, removal)).rejects.toMatchObject({ type: 'NotYet' });
  });
});

describe('a promise', () => {
  const unknownSource = { ...subject, from: null, to: null };

  it('is not taken for released while its source is starting, and no list shows it', async () => {
    const { releasePromise, both } = await held(world);
    world.hidden.add(both.from);
    at('cloud').state = 'starting';
    await expect(run(releasePromise, { ...both, to: null })).rejects.toMatchObject({ type: 'NotYet' });
  });

  it.each([
    ['started, without an address', { endpoint: null }],
    ['starting', { state: 'starting' }],
    ['in a state that nobody published, without an address', { state: 'unknown', endpoint: null }],
  ])('of a source that is not known is not taken for released while an instance there is %s', async (_, how) => {
    const { releasePromise } = await held(world);
    Object.assign(at('cloud'), how);
    await expect(run(releasePromise, unknownSource)).rejects.toMatchObject({ type: 'NotYet' });
    expect(at('cloud').promisedTo).not.toBeNull();
  });

  it('is released at a source in a state that nobody published, which can be asked', async () => {
    const { releasePromise, both } = await held(world);
    at('cloud').state = 'unknown';
    await run(releasePromise, { ...both, to: null });
    expect(at('cloud').promisedTo).toBeNull();
  });
});

describe('a hand-over whose answer is missing', () => {
  it.each(['hidden', 'without an address'])('is not settled as lost while the source runs and is %s', async (how) => {
    const { settle, both } = await held(world);
    const { id, endpoint } = at('cloud');
    if (how === 'hidden') world.hidden.add(id);
    else Object.assign(at('cloud'), { endpoint: null });
    await expect(run(settle, both)).rejects.toMatchObject({ type: 'NotYet' });
    world.hidden.clear();
    Object.assign(at('cloud'), { endpoint });
    await expect(run(settle, both)).resolves.toBe('kept');
  });

  it('is settled by what the target is where the source is gone, and where the target has taken over', async () => {
    const { settle, handOver, both } = await held(world);
    await run(handOver, both);
    world.hidden.add(both.from);
    await expect(run(settle, both)).resolves.toBe('handedOver');
    Object.assign(at('a1'), { role: 'standby' });
    at('cloud').state = 'failed';
    await expect(run(settle, both)).resolves.toBe('lost');
  });

  it('is not settled as lost while a target runs that cannot be asked whether it has taken over', async () => {
    const { settle, handOver, both } = await held(world);
    await run(handOver, both);
    at('cloud').state = 'failed';
    world.hidden.add(both.to);
    await expect(run(settle, both)).rejects.toThrow(`a1: instance ${both.to} is started, and no list shows it`);
  });
});

describe('a source that was left', () => {
  it('is quiet once it is terminated, though its resource stays', async () => {
    const { confirmQuiet, both } = await held(world);
    Object.assign(at('cloud'), { state: 'notInstantiated', endpoint: null });
    await expect(run(confirmQuiet, both)).resolves.toBeUndefined();
  });

  it('is neither quiet nor taken away in a state that nobody published, while it cannot be asked', async () => {
    const { confirmQuiet, retireSource, handOver, both } = await held(world);
    await run(handOver, both);
    Object.assign(at('cloud'), { state: 'unknown', endpoint: null });
    await expect(run(confirmQuiet, both)).rejects.toThrow(/is unknown/);
    await expect(run(retireSource, both)).rejects.toMatchObject({ type: 'NotYet' });
    expect(at('cloud').state).toBe('unknown');
  });

  it('is asked in such a state where it can be', async () => {
    const { confirmQuiet, retireSource, handOver, both } = await held(world);
    await run(handOver, both);
    Object.assign(at('cloud'), serves, { state: 'unknown' });
    await run(confirmQuiet, both);
    await expect(run(retireSource, both)).resolves.toMatchObject({ how: 'serving' });
  });
});
