import { serves } from '../../domain/application.ts';
import type { SeenInLists } from '../../domain/subscription.ts';
import { failure } from '../failure.ts';
import type { Application, Lead, Owning, PathSight, Site, Wait } from '../ports.ts';
import { alive, serverNow, together, until } from '../waiting.ts';
import { type AnchorTurn, takeAnchors } from './anchors-turned.ts';
import {
  bothHave,
  copySubscriptions,
  heardThenUnheard,
  removeEach,
  dropVanished,
  idsIn,
  keepSeen,
  sightOf,
  strays,
  type Carriage,
  type Journal,
} from './subscriptions.ts';
import {
  endOf,
  find,
  ledByNameAlone,
  leads,
  locate,
  locateBoth,
  look,
  notThere,
  ownerOf,
  sceneOf,
  whatItSays,
  type Both,
  type Located,
  type Means,
  type Scene,
  type Seen,
} from './subject.ts';

/** The rules that are to change at either side, sealed. Null: that side leads nobody. */
export interface PathTurns {
  readonly here: string | null;
  readonly away: string | null;
  /** Of anchors to the source; absent: an older worker tells of none. */
  readonly anchors?: readonly AnchorTurn[];
  /** Networks in which names alone are led; absent: none, as far as an older worker could tell. */
  readonly byName?: readonly string[];
}

export interface CopyOrder extends Both {
  /** Subscriptions that earlier passes made at the target. */
  readonly made: readonly string[];
  /** What may have been turned in an earlier pass. */
  readonly turns: PathTurns | null;
  /** At the source, in an earlier pass. */
  readonly seen?: SeenInLists;
  /** That were found to lead to the source; absent: nobody has looked yet. */
  readonly anchors?: readonly string[];
  /** The target instance was there before: what is made for it does not go with it. Runs that began earlier do not tell. */
  readonly stays?: true;
  /** The source is taken to be dead: what its platform still shows is copied, and nothing is asked of itself. */
  readonly lost?: true;
}

export interface Copied {
  readonly subscriptions: number;
  readonly users: number;
  readonly made: readonly string[];
  /** Step 5 as it is going to be: what it finds now is what its undo restores. */
  readonly turns: PathTurns;
  /** At the source: later steps see it again, or that it is gone. */
  readonly seen: SeenInLists;
}

export interface CopiesOrder extends Both {
  readonly made: readonly string[];
  /** Where the step failed: what the target had before it; null: `made` is all. */
  readonly before: readonly string[] | null;
  /** At the source, as the step was told: it has read no other lists. Runs that began earlier do not tell. */
  readonly seen?: SeenInLists;
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

export const copying = (means: Means) => ({
  /** Step 4 (GR MEC 035, [5.3.2-4], [5.4.2-3]): subscriptions made again and read back; beside it the bulk of the context. */
  copyAhead: async (order: CopyOrder): Promise<Copied> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      if (order.lost) return await copiedFromLost(means, scene, order, wait);
      const { source, target } = await locateBoth(scene, order, wait.signal);
      const carriage = carriageOf(scene, source, target, sightOf(order, wait));
      const [{ made, subscriptions, seen }, users] = await together(
        wait.signal,
        async (signal) => await subscriptionsCopied(carriage, order, { ...wait, signal }),
        async (signal) => await contextCopied(means, scene, order, source, target, { ...wait, signal }),
      );
      return { subscriptions, users, made, seen, turns: await plannedTurns(means, scene, order, source, target, wait) };
    }),

  /** The undo: the copies are deleted, also one of which no answer came, and nothing else. */
  deleteCopies: async (order: CopiesOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { site, application } = await endOf(means, order, 'target');
      const dropMade = async (): Promise<void> => {
        if (order.made.length === 0) return;
        const owner = await asFarAsKnown(site, application, order.to, wait.signal);
        await removeEach(site.subscriptions, order.made, wait.signal, owner);
      };
      const drop = async (): Promise<void> =>
        await heardThenUnheard(wait.signal, dropMade, async () => {
          if (order.before !== null) await deleteStrays(await sceneOf(means, order), order, order.before, wait);
        });
      await drop();
      if (order.before !== null && (await calm(order.calmAt, wait))) await drop();
    }),
});

/** What its platform still shows of it; subscriptions of a platform that is gone with it are gone. */
async function copiedFromLost(means: Means, scene: Scene, order: CopyOrder, wait: Wait): Promise<Copied> {
  const [target, seen] = await Promise.all([
    locate(scene.target, scene.application, order.to, wait.signal),
    look(scene.source, scene.application, order.from, wait.signal),
  ]);
  const { endpoint } = seen;
  const nothing = { made: order.made, subscriptions: 0, seen: order.seen ?? {} };
  if (endpoint === null) {
    // Nobody knows where devices would look for it: they are led by the name alone
    const here = await plannedTurns(means, scene, order, { ...target, id: order.from }, target, wait);
    return { ...nothing, users: 0, turns: { ...here, away: null } };
  }
  const source: Located = { ...seen, state: 'started', endpoint };
  const carriage = carriageOf(scene, source, target, sightOf(order, wait));
  const copied = await whatItSays(async () => await subscriptionsCopied(carriage, order, wait), wait.signal);
  const told = copied instanceof Error ? { ...nothing, made: idsIn(wait.kept('made')) } : copied;
  return { ...told, users: 0, turns: await plannedTurns(means, scene, order, source, target, wait) };
}

/** Without its address as well: it may be gone, or nobody may answer who knows it. */
async function asFarAsKnown(
  site: Site,
  application: Application,
  instance: string,
  signal: AbortSignal,
): Promise<Owning> {
  const seen = await find(site, application, instance, signal).catch(() => undefined);
  signal.throwIfAborted();
  return { instance, endpoint: seen?.endpoint ?? null };
}

/** Nothing tells of them but their content: without both sides nobody knows whether there are any. */
async function deleteStrays(scene: Scene, order: CopiesOrder, before: readonly string[], wait: Wait): Promise<void> {
  const { application, context } = scene;
  const target = owning(scene.target, await look(scene.target, application, order.to, wait.signal));
  if (target === undefined) return; // what it had went with it
  const source = owning(scene.source, await look(scene.source, application, order.from, wait.signal));
  if (source === undefined) throw failure('NotYet', `${scene.source.name}: instance ${order.from} is gone, ${UNTOLD}`);
  const carriage = carriageOf(scene, source, target, { before: order.seen ?? {} });
  const left = strays(carriage, await bothHave(carriage, wait.signal, 'ahead'), before);
  if (left.length === 0) return;
  // Whoever brought users there meanwhile may have made the like for them, and does not look again
  if (context.target.guarantee === 'zeroLoss' && target.state === 'started')
    if (serves(await context.target.state(target.endpoint, '*', wait.signal), '*')) return;
  await removeEach(scene.target.subscriptions, left, wait.signal);
}

const UNTOLD = 'and so nobody knows whether the target has copies of which no answer came';

/** What it has is found by its id and its address, whether it runs or not; undefined: it is gone. */
function owning(site: Site, seen: Seen): Located | undefined {
  const { endpoint, ...rest } = seen;
  if (seen.state === 'gone' || seen.state === 'notInstantiated') return undefined;
  if (endpoint === null) throw notThere(site, seen.id, seen);
  return { ...rest, state: seen.state, endpoint };
}

/** Waits until then; false: it has passed already. */
export async function calm(instant: number, wait: Wait): Promise<boolean> {
  if (serverNow() >= instant) return false;
  while (serverNow() < instant) await wait.pause();
  return true;
}

async function subscriptionsCopied(
  carriage: Carriage,
  { stays }: CopyOrder,
  wait: Wait,
): Promise<Pick<Copied, 'made' | 'subscriptions' | 'seen'>> {
  const made = new Set(carriage.made);
  const learn = (id: string): void => {
    made.add(id);
    wait.keep('made', () => JSON.stringify([...made]));
  };
  const journal: Journal = {
    async begins({ had, seen }, lacking) {
      keepSeen(wait, seen);
      if (wait.kept('before') !== undefined) return; // an earlier attempt began
      wait.keep('before', JSON.stringify(had.flatMap(({ id }) => (made.has(id) ? [] : [id]))));
      // Whoever dies just now leaves nobody who knows which of them were not there
      if (stays === true && lacking.length > 0) await wait.heard();
    },
    made: learn,
  };
  const copied = await copySubscriptions(carriage, wait.signal, journal, 'ahead');
  for (const id of strays(carriage, copied, idsIn(wait.kept('before')))) learn(id);
  const dropped = await dropVanished(carriage, copied, [...made], wait.signal);
  const { wanted, seen } = copied;
  return { made: [...made].filter((id) => !dropped.includes(id)), subscriptions: wanted.length, seen };
}

async function contextCopied(
  { pace }: Means,
  { context, relocation, source: site }: Scene,
  { users }: Both,
  source: Located,
  target: Located,
  wait: Wait,
): Promise<number> {
  const promise = { relocation, users, target: target.endpoint };
  let told = 'nothing of it';
  const copied = await until(wait, pace.stepMs, async () => {
    const answer = await context.source.promise(source.endpoint, promise, wait.signal);
    told = `that of ${answer.copied} of ${answer.users} users`;
    wait.progress(`context of ${answer.copied} of ${answer.users} users copied ahead`);
    return answer.copied >= answer.users ? answer.users : undefined;
  });
  if (copied === undefined)
    throw failure('ContextNotCopied', `${site.name}: the context was to be copied in ${pace.stepMs} ms, ${told} was`);
  return copied;
}

async function plannedTurns(
  means: Means,
  scene: Scene,
  order: CopyOrder,
  source: Located,
  target: Located,
  wait: Wait,
): Promise<PathTurns> {
  const { source: from, target: to, application, device } = scene;
  const { turns: earlier, lost = false } = order;
  const { signal } = wait;
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const asked = async <T>(ask: Promise<T> | undefined): Promise<T | undefined> => {
    const said = await whatItSays(async () => await ask, signal);
    if (said instanceof Error && !lost) throw said;
    return said instanceof Error ? undefined : said;
  };
  const [away, here] = await Promise.all([
    asked(from.path?.look(source, whom, signal)),
    to.path?.look(target, whom, signal),
  ]);
  const sameNetwork = from.network !== undefined && from.network.name === to.network?.name;
  const leadsThere = [here, sameNetwork ? away : undefined].some(
    (sight) => sight !== undefined && leads(sight, device),
  );
  if (here !== undefined && !leadsThere) throw blind(to.name, target.id, here, application);
  const names = new Set((away?.names ?? []).flatMap(({ name, leads: led }) => (led ? [name] : [])));
  const lead: Lead = {
    ...whom,
    aliases: (here?.names ?? []).flatMap(({ name }) => (names.has(name) ? [name] : [])),
    from: ownerOf(source),
    to: ownerOf(target),
    former: [source.endpoint.host, ...(away?.former ?? [])],
    sameNetwork,
  };
  const planned = async (way: 'here' | 'away', { path }: Site, seen: PathSight | undefined): Promise<string | null> =>
    (await path?.plan(way, lead, earlier?.[way] ?? null, signal, seen)) ?? null;
  const [theirs, ours] = await Promise.all([planned('here', to, here), asked(planned('away', from, away))]);
  const ends = { source, target, away, lost };
  const anchors = await takeAnchors(means, scene, order, ends, earlier?.anchors ?? [], wait);
  const byName = ledByNameAlone(scene, { here, away });
  return { here: theirs, away: ours ?? null, anchors, ...(byName.length > 0 && { byName }) };
}

/** Said here, by name: in step 5 it would only be seen that devices do not arrive. */
function blind(site: string, instance: string, { told }: PathSight, { name, ruleIds }: Application): Error {
  const ids = ruleIds.length === 0 ? 'there are none' : `${ruleIds.join(', ')}: it has none of these that leads here`;
  return failure(
    'NotSteerable',
    `${site}: no rule of instance ${instance} could lead devices to it (${told.join('; ')}). A platform that lists ACTIVE rules only is asked for the others by the ruleIds of ${name} in the configuration (${ids})`,
  );
}

export const carriageOf = (
  { source, target, device }: Scene,
  from: Located,
  to: Located,
  sight: Pick<Carriage, 'before' | 'made'> = { before: {} },
): Carriage => ({
  source,
  target,
  from: ownerOf(from),
  to: ownerOf(to),
  device,
  ...sight,
});
