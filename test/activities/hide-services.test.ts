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

  it('by its content though one, whose answer came, is locked', async () => {
    const { exposeServices, hideServices, both } = steps();
    await run(exposeServices, { ...both, made: [], turn: null });
    world.on('w1.subscriptions.remove', 'PeerRejected');
    const undone = run(hideServices, { ...both, made: ['/locked'], before: [], calmAt: 0 });
    await expect(undone).rejects.toMatchObject({ type: 'PeerRejected' });
    expect(await there()).toEqual([]);
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

const RNI = '/rni/v2/subscriptions';
const AMS = '/amsi/v1/subscriptions';
const platforms: PlayedServices[] = [];
afterEach(async () => {
  for (const { peer } of platforms.splice(0)) await peer.close();
});

async function played(collections: readonly string[]): Promise<PlayedServices> {
  const services = await playedServices(collections);
  platforms.push(services);
  return services;
}

/** Until what it gives back is called. */
function served(services: Readonly<Record<string, PlayedServices>>): () => void {
  const at = new Map(Object.entries(services).map(([name, { peer }]) => [name, mecSubscriptions(peer.exchange)]));
  const sites = world.site.bind(world);
  world.site = async (name) => {
    const site = await sites(name);
    return { ...site, subscriptions: at.get(name) ?? site.subscriptions };
  };
  return () => {
    world.site = sites;
  };
}

describe('an id that was given out again since is of whoever has it now', () => {
  const ours = (n: number, holder: string) => ({
    subscriptionType: 'CellChangeSubscription',
    callbackReference: `http://${one('a1').endpoint?.host}:7000/${n}`,
    filterCriteriaAssocHo: { appInstanceId: holder },
  });

  async function withStrangers() {
    const network = await played([RNI, AMS]);
    served({ w1: network });
    const made = [network.hold(RNI, '1', ours(1, one('w1').id))];
    const stranger = network.hold(RNI, '2', { ...ours(2, 'neighbour'), callbackReference: 'http://10.7.7.7:7000/2' });
    const unnamed = { subscriptionType: 'MobilityProcedureSubscription', filterCriteria: {} };
    const another = network.hold(AMS, '3', { ...unnamed, callbackReference: 'http://10.7.7.7:7000/3' });
    const its = network.hold(AMS, '4', { ...unnamed, callbackReference: `http://${one('a1').endpoint?.host}:7000/4` });
    return { network, made: [...made, stranger, another, its], stranger, another };
  }

  it('where it is taken back', async () => {
    const { network, made, stranger, another } = await withStrangers();
    const { hideServices, both } = steps();
    await run(hideServices, { ...both, made, before: null, calmAt: 0 });
    expect([...network.held.keys()]).toEqual([stranger, another]);
  });

  it('where the source has moved: of what tells an address alone nobody knows which one it had', async () => {
    const { network, made, stranger } = await withStrangers();
    const { followAnchor, both } = steps();
    Object.assign(one('a1'), { subscriptions: [] });
    await run(followAnchor, { ...both, made, turns: [] });
    expect([...network.held.keys()]).toEqual([stranger]);
  });
});

describe('what another anchor to the same source counts on is handed on to it', () => {
  const left = async (holder: { site: string; instance: string } | null): Promise<readonly unknown[]> => {
    const network = await played([RNI, AMS]);
    const asBefore = served({ w1: network });
    const { endpoint, id } = one('a1');
    const named = network.hold(RNI, '1', {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `http://${endpoint?.host}:7000/1`,
      filterCriteriaAssocHo: { appInstanceId: one('w1').id },
    });
    const unnamed = network.hold(AMS, '2', {
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: `http://${endpoint?.host}:7000/2`,
      filterCriteria: {},
    });
    const standing = { source: 'a1', from: id, holder };
    const other = { id: 'other', users: '*', network: 'wifi', source: 'a1', standing };
    const inherited: string[] = [];
    const anchors = {
      of: async () => [other],
      inherit: async (_id: string, ids: readonly string[]) => {
        inherited.push(...ids);
        return 'yes';
      },
    } as unknown as Anchors;
    const pace = { ...Pace.parse({}), pollMs: 1, stepMs: 50 };
    const { hideServices } = anchoringActivities({ catalogue: world, pace, digest, turns: takingTurns(), anchors });
    const { both } = steps();
    await run(hideServices, { ...both, users: 'ue-1', made: [named, unnamed], before: null, calmAt: 0 });
    asBefore();
    expect([...network.held.keys()].toSorted()).toEqual(inherited.toSorted());
    return inherited.map((each) => (each === named ? 'named' : 'unnamed')).toSorted();
  };

  it.each([
    ['all of it, where the holder is the same', () => ({ site: 'w1', instance: one('w1').id }), ['named', 'unnamed']],
    ['what names nobody, where the holder is another one there', () => ({ site: 'w1', instance: 'z9' }), ['unnamed']],
    ['nothing, where the holder is elsewhere', () => ({ site: 'a2', instance: one('w1').id }), []],
    ['nothing, where the network leads there by itself', () => null, []],
  ])('%s', async (_, holder, those) => {
    expect(await left(holder())).toEqual(those);
  });
});

describe('what is exposed among those of strangers', () => {
  /** Services that tell in their lists whose each is. */
  const platform = async (strangers: number): Promise<PlayedServices> => {
    const services = await played([RNI]);
    services.listing = (entries) => ({
      _links: { subscription: entries.map(({ path, body }) => ({ ...body, href: hrefOf(path) })) },
    });
    for (let n = 0; n < strangers; n += 1)
      services.hold(RNI, `foreign-${n}`, {
        subscriptionType: 'CellChangeSubscription',
        callbackReference: `http://10.7.7.7:7000/${n}`,
        filterCriteriaAssocHo: { appInstanceId: `neighbour-${n}` },
      });
    return services;
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
    const asBefore = served({ a1: own, w1: network });
    const standing = { source: 'a1', from: id, holder: { site: 'w1', instance: one('w1').id } };
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
    asBefore();
    return [exposing.toSorted(), asked(network).slice(before)];
  };

  it('costs what it costs without them, and what is taken back is looked for in its own list', async () => {
    const [alone, among] = [await calls(0), await calls(300)];
    expect(among).toEqual(alone);
    const looks = alone[1]?.filter((call) => call.startsWith('GET'));
    const each = [`GET ${RNI}/made-1`, `GET ${RNI}/made-2`];
    expect(looks).toEqual([`GET ${RNI}`, ...each, ...each]);
  });
});
