import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Site } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { type PlayedServices, playedServices } from '../support/played-services.ts';
import { PortWorld } from '../support/world.ts';

const RNI = '/rni/v2/subscriptions';

/** Copies of subscriptions are deleted on the way back: what this relocation made, all of it, and nothing else. */
let world: PortWorld;
beforeEach(() => {
  world = new PortWorld(2);
  world.add('a1');
});

const run = async <A, R>(step: (given: A) => Promise<R>, given: A): Promise<R> =>
  await attemptOf().run<[A], R, typeof step>(step, given);

const steps = (chain = 'relocation:one/first') => {
  const activities = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1, stepMs: 50 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const both = {
    chain,
    application: 'counter',
    users: '*',
    source: 'cloud',
    target: 'a1',
    from: source().id,
    to: target().id,
  };
  return { ...activities, both, lost: { ...both, made: [], before: [] as readonly string[], calmAt: 0 } };
};

const one = (site: string) => {
  const [instance] = world.at(site);
  if (instance === undefined) throw new Error(`nothing at ${site}`);
  return instance;
};
const source = () => one('cloud');
const target = () => one('a1');
const copies = (): number => target().subscriptions.length;

/** Its own, that no relocation asked for. */
const own = { service: 'rni', type: 'CellChangeSubscription', filter: { hoStatus: [9] }, body: {}, named: true };

/** A copy of which no answer came: it is known by its content alone. */
async function copied(): Promise<void> {
  const { copyAhead, both } = steps();
  target().subscriptions.push({ ...own, id: '/own', callback: '/own', expiry: null });
  await run(copyAhead, { ...both, made: [], turns: null });
  expect(copies()).toBe(3);
}
const ids = () => target().subscriptions.map(({ id }) => id);

describe('what was made is deleted', () => {
  it('by its id, and nothing else', async () => {
    await copied();
    const made = ids().filter((id) => id !== '/own');
    const { deleteCopies, both } = steps();
    await run(deleteCopies, { ...both, made, before: null, calmAt: 0 });
    expect(ids()).toEqual(['/own']);
  });

  it('once more where one of them could not be, by an attempt or by an operator', async () => {
    await copied();
    const made = ids().filter((id) => id !== '/own');
    const { deleteCopies, both } = steps();
    world.on('a1.subscriptions.remove', 'PeerUnavailable');
    const undo = { ...both, made, before: ['/own'], calmAt: 0 };
    await expect(run(deleteCopies, undo)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(copies()).toBeGreaterThan(1);
    await run(deleteCopies, undo);
    expect(ids()).toEqual(['/own']);
    await run(deleteCopies, undo);
    expect(ids()).toEqual(['/own']);
  });

  it.each([
    ['', 0],
    [', by a worker whose clock is hours behind', 9],
    [', by a worker whose clock is hours ahead', -9],
  ])('also where the peer carries it out after everybody had given up%s', async (_, hours) => {
    const { deleteCopies, lost } = steps();
    const scheduled = Date.now() + hours * 3_600_000;
    const attempt = attemptOf({ scheduledTimestampMs: scheduled, currentAttemptScheduledTimestampMs: scheduled });
    const undone = attempt.run(deleteCopies, { ...lost, calmAt: scheduled + 300 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    target().subscriptions.push(...structuredClone(source().subscriptions));
    await undone;
    expect(copies()).toBe(0);
  });
});

describe('an id that was given out again since', () => {
  let services: PlayedServices;
  beforeEach(async () => {
    services = await playedServices();
    world = new (class extends PortWorld {
      override async site(name: string): Promise<Site> {
        const site = await super.site(name);
        return name === 'a1' ? { ...site, subscriptions: mecSubscriptions(services.peer.exchange) } : site;
      }
    })(0);
    world.add('a1');
  });
  afterEach(async () => await services.peer.close());

  it.each(['a1', 'nobody'])(
    'is of whoever has it now: it is left alone, also where %s tells the address',
    async (who) => {
      const filterCriteriaAssocHo = { appInstanceId: target().id };
      const of = { subscriptionType: 'CellChangeSubscription', callbackReference: 'http://10.0.0.2:7000/x' };
      const ours = services.hold(RNI, '1', { ...of, filterCriteriaAssocHo });
      const theirs = services.hold(RNI, '2', { ...of, filterCriteriaAssocHo: { appInstanceId: 'neighbour' } });
      if (who === 'nobody') world.on('a1.instances.list', 'PeerUnavailable');
      const { deleteCopies, both } = steps();
      await run(deleteCopies, { ...both, made: [ours, theirs], before: null, calmAt: 0 });
      expect([...services.held.keys()]).toEqual([theirs]);
    },
  );
});

describe('what the target had', () => {
  it.each([
    ['was there before, so that copies would stay', true, ['heard', 'subscriptions.create']],
    ['was made for this relocation, and goes with its copies', false, ['subscriptions.create']],
  ])('of an instance that %s', async (_, stays, expected) => {
    const { copyAhead, both } = steps();
    const heard = () => void world.calls.push('heard');
    const order = { ...both, made: [], turns: null, ...(stays && { stays: true as const }) };
    await attemptOf({}, heard).run(copyAhead, order);
    const done = world.calls.map((call) => call.replace('a1.', '')).filter((call) => expected.includes(call));
    expect([...new Set(done)]).toEqual(expected);
    expect(world.calls.includes('heard')).toBe(stays);
  });
});

describe('a copy of which no answer came', () => {
  beforeEach(copied);

  it('is deleted, and what the target had before is not', async () => {
    const { deleteCopies, lost } = steps();
    await run(deleteCopies, { ...lost, before: ['/own'] });
    expect(ids()).toEqual(['/own']);
  });

  it('is deleted though another one, whose answer came, cannot be', async () => {
    const { deleteCopies, lost } = steps();
    world.on('a1.subscriptions.remove', 'PeerRejected');
    const undo = { ...lost, made: ['/locked'], before: ['/own'] };
    await expect(run(deleteCopies, undo)).rejects.toMatchObject({ type: 'PeerRejected' });
    expect(ids()).toEqual(['/own']);
  });

  it.each(['cloud', 'a1'])(
    'is known to be left while %s shows its instance to nobody, and deleted then',
    async (site) => {
      const { deleteCopies, lost } = steps();
      world.hidden.add(one(site).id);
      await expect(run(deleteCopies, { ...lost, before: ['/own'] })).rejects.toMatchObject({ type: 'NotYet' });
      expect(copies()).toBe(3);
      world.hidden.clear();
      await run(deleteCopies, { ...lost, before: ['/own'] });
      expect(ids()).toEqual(['/own']);
    },
  );

  it('is known to be left while its target tells no address', async () => {
    const { deleteCopies, lost } = steps();
    Object.assign(target(), { endpoint: null });
    await expect(run(deleteCopies, lost)).rejects.toMatchObject({ type: 'NotYet' });
  });

  it('is known to be left where its source has gone, since nothing else tells what it is', async () => {
    const { deleteCopies, lost } = steps();
    world.instances.splice(world.instances.indexOf(source()), 1);
    await expect(run(deleteCopies, lost)).rejects.toThrow(/cloud: instance \S+ is gone, and so nobody knows whether/);
  });

  it('is deleted at a target that was stopped again', async () => {
    const { deleteCopies, lost } = steps();
    target().state = 'stopped';
    await run(deleteCopies, { ...lost, before: ['/own'] });
    expect(ids()).toEqual(['/own']);
  });

  it('went with a target that is gone', async () => {
    const { deleteCopies, lost } = steps();
    world.instances.splice(world.instances.indexOf(target()), 1);
    await expect(run(deleteCopies, lost)).resolves.toBeUndefined();
  });
});

describe('of two relocations at once to one target', () => {
  it('the one that goes back leaves what the other has made, whose users are served there by now', async () => {
    await copied();
    Object.assign(target(), { role: 'authority', epoch: 2 });
    const { deleteCopies, lost } = steps('relocation:two/first');
    await run(deleteCopies, { ...lost, before: ['/own'] });
    expect(copies()).toBe(3);
  });

  it('the one that goes on makes again what the other took along', async () => {
    const first = steps();
    const { made } = await run(first.copyAhead, { ...first.both, made: [], turns: null });
    const second = steps('relocation:two/first');
    const { promisedTo } = source();
    source().promisedTo = null;
    const theirs = await run(second.copyAhead, { ...second.both, made: [], turns: null });
    expect(theirs.made).toEqual([]);
    source().promisedTo = promisedTo;
    await run(first.deleteCopies, { ...first.both, made, before: null, calmAt: 0 });
    expect(copies()).toBe(0);
    expect(await run(second.notifyEndpoint, second.both)).toMatchObject({ subscriptions: 2 });
    expect(copies()).toBe(2);
  });
});
