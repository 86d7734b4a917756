import { atOnce } from '../../domain/at-once.ts';
import { inTheirLists, missing } from '../../domain/subscription.ts';
import { highestEpoch } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Lead, Owning, Wait } from '../ports.ts';
import { calm } from '../relocation/copy-ahead.ts';
import {
  bothHave,
  type Carriage,
  concerning,
  heardThenUnheard,
  idsIn,
  removeEach,
  strays,
} from '../relocation/subscriptions.ts';
import {
  endOf,
  leads,
  locateBoth,
  look,
  ownerOf,
  sceneOf,
  whatItSays,
  type Both,
  type Located,
  type Means,
  type Scene,
} from '../relocation/subject.ts';
import { alive } from '../waiting.ts';
import { networkNamed } from './view.ts';

/** `from` at `source` serves; `to` at `target` holds the rules. */
export interface ExposeOrder extends Both {
  readonly network: string;
  readonly relayed: boolean;
  /** Of earlier passes. */
  readonly made: readonly string[];
  readonly turn: string | null;
}

export interface Exposed {
  readonly exposed: number;
  /** Subscriptions for which the network's platform has no service. */
  readonly lacking: number;
  readonly made: readonly string[];
  /** Step 5 as it is going to be; null: nothing is to be turned any more. */
  readonly turn: string | null;
}

export interface FollowOrder extends Omit<ExposeOrder, 'turn'> {
  /** Its own, and what the relocation has made of it. */
  readonly turns: readonly string[];
}

export interface HideOrder extends Both {
  /** Runs that began earlier do not tell. */
  readonly network?: string;
  readonly made: readonly string[];
  /** Where the step failed: what was there before it; null: `made` is all. */
  readonly before: readonly string[] | null;
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

const AT_ONCE = 4;

export const exposing = (means: Means) => ({
  /**
   * Step 4 ([5.4.2-6]): what the source is subscribed to is made again at the network's platform, with the source's callback; its
   * own stay. What that platform has no service for is told. Which rules step 5 will change is planned here.
   */
  exposeServices: async (order: ExposeOrder): Promise<Exposed> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { source, target } = await locateBoth(scene, order, wait.signal);
      wait.progress(`exposing services of ${scene.target.name} to the source`);
      const exposed = await made(scene, source, target, order.made, wait);
      return { ...exposed, turn: await planned(means, scene, order, source, target, wait) };
    }),

  /** The source has moved: the holder relays to the new one, and services tell that one. Rules were turned by the relocation. */
  followAnchor: async (order: FollowOrder): Promise<Exposed> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { target: site, context } = scene;
      const { source, target } = await locateBoth(scene, order, wait.signal);
      if (source.id === target.id && order.source === order.target) {
        await removeEach(site.subscriptions, order.made, wait.signal, ofHolder(order));
        return { exposed: 0, lacking: 0, made: [], turn: null };
      }
      wait.progress(`telling the holder at ${site.name} of the new source`);
      const epoch = highestEpoch(await context.source.state(source.endpoint, order.users, wait.signal));
      const introduction = { relocation: scene.relocation, users: order.users, source: source.endpoint, epoch };
      await context.target.standBy(target.endpoint, introduction, wait.signal);
      const exposed = await made(scene, source, target, [], wait);
      const still = new Set(exposed.made);
      const old = order.made.filter((id) => !still.has(id));
      await removeEach(site.subscriptions, old, wait.signal, ofHolder(order));
      return { ...exposed, turn: joined(scene, order.turns) };
    }),

  /** The undo: what was made is deleted, also of what no answer came, and nothing else. */
  hideServices: async (order: HideOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { site } = await endOf(means, order, 'target');
      const hideMade = async (): Promise<void> => {
        if (order.made.length === 0) return;
        const owner = await leadingToSource(means, order, wait.signal);
        const left = await handedOn(means, order, owner, wait.signal);
        const ours = order.made.filter((id) => !left.has(id));
        await removeEach(site.subscriptions, ours, wait.signal, owner);
      };
      const hide = async (): Promise<void> =>
        await heardThenUnheard(wait.signal, hideMade, async () => {
          if (order.before !== null) await deleteUntold(means, order, order.before, wait);
        });
      await hide();
      if (order.before !== null && (await calm(order.calmAt, wait))) await hide();
    }),
});

/** Whose own platform it is already, is told by it. */
async function made(
  scene: Scene,
  source: Located,
  target: Located,
  earlier: readonly string[],
  wait: Wait,
): Promise<Omit<Exposed, 'turn'>> {
  if (scene.source.subscriptions === scene.target.subscriptions) return { exposed: 0, lacking: 0, made: earlier };
  const carriage = carriageOf(scene, source, target);
  const both = await bothHave(carriage, wait.signal);
  const ids = new Set([...earlier, ...idsIn(wait.kept('made'))]);
  const learn = (id: string): void => {
    ids.add(id);
    wait.keep('made', () => JSON.stringify([...ids]));
  };
  if (wait.kept('before') === undefined) {
    wait.keep('before', JSON.stringify(both.had.flatMap(({ id }) => (ids.has(id) ? [] : [id]))));
    if (missing(both.wanted, both.had, alike(source)).length > 0) await wait.heard();
  }
  const lacking = await scene.target.subscriptions.lacking(both.wanted, wait.signal);
  const able = both.wanted.filter((each) => !lacking.includes(each));
  for (const id of strays(carriage, { ...both, wanted: able }, idsIn(wait.kept('before')))) learn(id);
  await atOnce(AT_ONCE, missing(able, both.had, alike(source)), async (subscription) => {
    const { to, from } = carriage;
    const created = await scene.target.subscriptions.create(to, subscription, from, wait.signal, learn);
    if (created.made) learn(created.held.id);
  });
  return { exposed: able.length, lacking: lacking.length, made: [...ids] };
}

/** What is made there is the holder's by its name, and leads to a source that may have had another address. */
const ofHolder = ({ to }: Both): Owning => ({ instance: to, endpoint: null });

async function leadingToSource(means: Means, order: HideOrder, signal: AbortSignal): Promise<Owning> {
  const { site, application } = await endOf(means, order, 'source');
  // A source that died with its host keeps nobody from giving back what leads to it
  const seen = await whatItSays(async () => await look(site, application, order.from, signal), signal);
  return { ...ofHolder(order), endpoint: seen instanceof Error ? null : seen.endpoint };
}

/**
 * What another anchor to this source exposes there, too, is that one's from now on; it made none of its own beside these. One
 * with another holder counts on what tells an address alone; one that needs none, or has it elsewhere, on nothing here.
 */
async function handedOn(
  { anchors, catalogue }: Means,
  order: HideOrder,
  owner: Owning,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { application, users, network, source, from, target, to } = order;
  if (network === undefined) return new Set();
  const all = (await anchors?.of({ application, users: '*' }, signal)) ?? [];
  const others = all.filter(({ standing, ...one }) => {
    const leadsThere = standing?.source === source && standing.from === from;
    return one.network === network && one.users !== users && leadsThere && standing.holder?.site === target;
  });
  if (others.length === 0) return new Set();
  const there = await catalogue.site(target);
  const ours = new Set(order.made);
  const before = inTheirLists(order.made);
  const among = ({ path }: { readonly path: string }): boolean => Object.hasOwn(before, path);
  const { held } = await there.subscriptions.list(owner, signal, { before, among });
  const left = new Set<string>();
  for (const { id, users: whose, standing } of others) {
    const device = whose === '*' ? null : await catalogue.device(whose);
    if (whose !== '*' && device === null) continue; // nothing names him any more
    const sameHolder = standing?.holder?.instance === to;
    const shared = concerning(device, held).filter((one) => sameHolder || !one.named);
    const ids = shared.map((one) => one.id).filter((one) => ours.has(one) && !left.has(one));
    if (ids.length > 0 && (await anchors?.inherit(id, ids, signal)) === 'yes') for (const one of ids) left.add(one);
  }
  return left;
}

/** They keep the source's callback. */
const alike = ({ endpoint: { host } }: Located): { from: string; to: string } => ({ from: host, to: host });

/** At that platform the holder is known, and its name is the one under which they are made; they lead to the source. */
const carriageOf = (
  { source, target, device }: Scene,
  { id, endpoint }: Pick<Located, 'id' | 'endpoint'>,
  holder: Pick<Located, 'id'>,
): Carriage => ({
  source,
  target,
  from: { instance: id, endpoint },
  to: { instance: holder.id, endpoint },
  device,
  before: {},
});

/** Equal to what the source has, and not there before: what the application has asked for there itself stays. */
async function deleteUntold(means: Means, order: HideOrder, before: readonly string[], wait: Wait): Promise<void> {
  const scene = await sceneOf(means, order);
  const { source, target, application } = scene;
  if (source.subscriptions === target.subscriptions) return; // nothing was made
  const { endpoint, ...seen } = await look(source, application, order.from, wait.signal);
  if (endpoint === null)
    throw failure(
      'NotYet',
      `${source.name}: instance ${order.from} has no address, by which its subscriptions are found`,
    );
  const carriage = carriageOf(scene, { id: seen.id, endpoint }, { id: order.to });
  const left = strays(carriage, await bothHave(carriage, wait.signal), before);
  await removeEach(target.subscriptions, left, wait.signal);
}

const joined = ({ target }: Scene, turns: readonly string[]): string | null =>
  turns.reduce<string | null>(
    (turn, later) => (turn === null ? later : (target.path?.takenFurther(turn, later) ?? null)),
    null,
  );

async function planned(
  means: Means,
  { source: at, target: site, application, device }: Scene,
  { network: named, relayed, turn }: ExposeOrder,
  source: Located,
  target: Located,
  { signal }: Wait,
): Promise<string> {
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const { network } = await networkNamed(means, named);
  const [own, theirs, resolved] = await Promise.all([
    site.path?.look(target, whom, signal),
    whatItSays(async () => await at.path?.look(source, whom, signal), signal),
    network.vantage?.resolve(application.domainName, signal),
  ]);
  if (site.path === undefined || own === undefined || !leads(own, device))
    throw failure(
      'NotSteerable',
      `${site.name}: no rule of instance ${target.id} could lead devices on: ${(own?.told ?? []).join('; ')}`,
    );
  const sight = theirs instanceof Error ? undefined : theirs;
  const [holder, server] = [ownerOf(target), ownerOf(source)];
  const lead: Omit<Lead, 'from' | 'to'> = {
    ...whom,
    aliases: (sight?.names ?? []).flatMap(({ name, leads: led }) => (led ? [name] : [])),
    former: [source.endpoint.host, ...(sight?.former ?? []), ...(resolved?.addresses ?? [])],
    sameNetwork: false,
  };
  return relayed
    ? await site.path.plan('here', { ...lead, from: server, to: holder }, turn, signal, own)
    : await site.path.plan('through', { ...lead, from: holder, to: server }, turn, signal, own);
}
