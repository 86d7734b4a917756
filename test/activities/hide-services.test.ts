import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Anchors } from '../../activities/anchoring/anchors.ts';
import { anchoringActivities } from '../../activities/anchoring/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { digest } from '../../configuration/digest.ts';
import type { HeldSubscription } from '../../domain/subscription.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { attemptOf } from '../support/attempt.ts';
import { hrefOf, type PlayedServices, playedServices } from '../support/played-services.ts';
import { PortWorld } from '../support/world.ts';

/** What an anchor has exposed is taken back where it never came to hold: what it made, also unheard, and nothing else. */
let world: PortWorld;
beforeEach(() => {
  world = new PortWorld(0);
  const source = world.servedAt('a1');
  for (const n of [1, 2]) world.subscribe(source, n);
  for (const each of source.subscriptions)
    Object.assign(each, { callback: `http://${source.endpoint?.host}${each.callback}` });
  world.add('w1');
});

const one = (site: string) => {
  const [instance] = world.at(site);
  if (instance === undefined) throw new Error(`nothing at ${site}`);
  return instance;
};

const steps = () => {
  const pace = { ...Pace.parse({}), pollMs: 1, stepMs: 50 };
  const both = {
    chain: 'anchor:one/first',
    application: 'counter',
    users: '*',
    source: 'a1',
    target: 'w1',
    from: one('a1').id,
    to: one('w1').id,
    network: 'wifi',
    relayed: false,
  };
  return { ...anchoringActivities({ catalogue: world, pace, digest, turns: takingTurns() }), both };
};

const run = async <A, R>(step: (given: A) => Promise<R>, given: A): Promise<R> =>
  await attemptOf().run<[A], R, typeof step>(step, given);

/** What the platform of the network has, that leads to the source. */
const there = async (): Promise<readonly HeldSubscription[]> => {
  const { endpoint } = one('a1');
  if (endpoint === null) throw new Error('the source has no address');
  const { subscriptions } = await world.site('w1');
  return (await subscriptions.list({ instance: one('w1').id, endpoint }, AbortSignal.timeout(1_000))).held;
};

/** The application asks for something at the network's platform itself. */
async function asksItself(): Promise<void> {
  const { endpoint } = one('a1');
  if (endpoint === null) throw new Error('the source has no address');
  const owner = { instance: one('w1').id, endpoint };
  const own = { service: 'rni', type: 'CellChangeSubscription', filter: { hoStatus: [9] }, body: {}, named: true };
  const { subscriptions } = await world.site('w1');
  const asked = { ...own, callback: `http://${endpoint.host}/own`, expiry: null };
  await subscriptions.create(owner, asked, owner, AbortSignal.timeout(1_000));
}

describe('what was exposed is taken back', () => {
  it('by its id, and nothing else', async () => {
    const { exposeServices, hideServices, both } = steps();
    const { made } = await run(exposeServices, { ...both, made: [], turn: null });
    await asksItself();
    expect(await there()).toHaveLength(3);
    await run(hideServices, { ...both, made, before: null, calmAt: 0 });
    expect(await there()).toMatchObject([{ filter: { hoStatus: [9] } }]);
  });

  it('by its content where no answer came, and what the application has asked for there meanwhile stays', async () => {
    const { exposeServices, hideServices, both } = steps();
    await run(exposeServices, { ...both, made: [], turn: null });
    await asksItself();
    await run(hideServices, { ...both, made: [], before: [], calmAt: 0 });
    expect(await there()).toMatchObject([{ filter: { hoStatus: [9] } }]);
  });

  it('not where its like was there before', async () => {
    const { exposeServices, hideServices, both } = steps();
    await run(exposeServices, { ...both, made: [], turn: null });
    const before = (await there()).map(({ id }) => id);
    await run(hideServices, { ...both, made: [], before, calmAt: 0 });
    expect(await there()).toHaveLength(2);
  });

  it('only once it is known what the source has: without it nobody knows what was made for it', async () => {
    const { exposeServices, hideServices, both } = steps();
    await run(exposeServices, { ...both, made: [], turn: null });
    Object.assign(one('a1'), { state: 'stopped', endpoint: null });
    await expect(run(hideServices, { ...both, made: [], before: [], calmAt: 0 })).rejects.toMatchObject({
      type: 'NotYet',
    });
  });

  it('with the holder, where that is gone', async () => {
    const { hideServices, both } = steps();
    world.instances.splice(world.instances.indexOf(one('w1')), 1);
    await run(hideServices, { ...both, made: [], before: [], calmAt: 0 });
    expect(one('a1').subscriptions).toHaveLength(2);
  });
});

describe('what is exposed among those of strangers', () => {
  const RNI = '/rni/v2/subscriptions';
  const platforms: PlayedServices[] = [];
  afterEach(async () => {
    for (const { peer } of platforms.splice(0)) await peer.close();
  });

  /** Services that tell in their lists whose each is. */
  const platform = async (strangers: number): Promise<PlayedServices> => {
    const played = await playedServices([RNI]);
    platforms.push(played);
    played.listing = (entries) => ({
      _links: { subscription: entries.map(({ path, body }) => ({ ...body, href: hrefOf(path) })) },
    });
    for (let n = 0; n < strangers; n += 1)
      played.hold(RNI, `foreign-${n}`, {
        subscriptionType: 'CellChangeSubscription',
        callbackReference: `http://10.7.7.7:7000/${n}`,
        filterCriteriaAssocHo: { appInstanceId: `neighbour-${n}` },
      });
    return played;
  };

  /** The calls of one that is made, and given back beside another one that shares what it has exposed. */
  const calls = async (strangers: number): Promise<readonly string[][]> => {
    const [own, network] = [await platform(strangers), await platform(strangers)];
    const { endpoint, id } = one('a1');
    for (const n of [1, 2])
      own.hold(RNI, `s${n}`, {
        subscriptionType: 'CellChangeSubscription',
        callbackReference: `http://${endpoint?.host}:7000/${n}`,
        filterCriteriaAssocHo: { appInstanceId: id, ecgi: [{ n }] },
      });
    const at = { a1: mecSubscriptions(own.peer.exchange), w1: mecSubscriptions(network.peer.exchange) };
    const sites = world.site.bind(world);
    world.site = async (name) => ({
      ...(await sites(name)),
      ...(name in at && { subscriptions: at[name as keyof typeof at] }),
    });
    const standing = { source: 'a1', from: id };
    const other = { id: 'other', users: 'ue-1', network: 'wifi', source: 'a1', standing };
    const anchors = { of: async () => [other], inherit: async () => 'gone' } as unknown as Anchors;
    const pace = { ...Pace.parse({}), pollMs: 1, stepMs: 50 };
    const { both } = steps();
    const { exposeServices, hideServices } = anchoringActivities({
      catalogue: world,
      pace,
      digest,
      turns: takingTurns(),
      anchors,
    });
    const asked = ({ peer }: PlayedServices): string[] => peer.heard.map(({ method, path }) => `${method} ${path}`);
    const { made } = await run(exposeServices, { ...both, made: [], turn: null });
    expect(made).toHaveLength(2);
    const exposing = [own, network].flatMap(asked);
    const before = network.peer.heard.length;
    await run(hideServices, { ...both, made, before: null, calmAt: 0 });
    world.site = sites;
    return [exposing.toSorted(), asked(network).slice(before)];
  };

  it('costs what it costs without them, and what is taken back is looked for in its own list', async () => {
    const [alone, among] = [await calls(0), await calls(300)];
    expect(among).toEqual(alone);
    const looks = alone[1]?.filter((call) => call.startsWith('GET'));
    expect(looks).toEqual([`GET ${RNI}`, `GET ${RNI}/made-1`, `GET ${RNI}/made-2`]);
  });
});
