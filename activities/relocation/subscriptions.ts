import { atOnce, everyAtOnce } from '../../domain/at-once.ts';
import {
  concerns,
  type HeldSubscription,
  inTheirLists,
  missing,
  type NotCarried,
  type SeenInLists,
  type Subscription,
  unwanted,
  without,
} from '../../domain/subscription.ts';
import { failure, mayPass } from '../failure.ts';
import type { Looking, Owner, Owning, Site, Subscriptions, SubscriptionsSeen, Wait } from '../ports.ts';
import { together } from '../waiting.ts';

/** Peers limit what they are asked at once. */
const AT_ONCE = 4;

/** Whose subscriptions go from where to where. */
export interface Carriage {
  readonly source: Pick<Site, 'name' | 'subscriptions'>;
  readonly target: Pick<Site, 'name' | 'subscriptions'>;
  readonly from: Owner;
  readonly to: Owner;
  /** Address of the one device that moves; null: all users move. */
  readonly device: string | null;
  /** What this run has seen at the source so far. */
  readonly before: SeenInLists;
  /** What it has made at the target so far; absent: nothing. It is there, or known to be gone, whatever a list shows. */
  readonly made?: readonly string[];
}

export interface CopiedSubscriptions {
  /** All that the moved users have at the source. */
  readonly wanted: readonly HeldSubscription[];
  /** What the target had before. */
  readonly had: readonly HeldSubscription[];
  /** Ids of what this very call made: all that may be deleted again. */
  readonly made: readonly string[];
  readonly notCarried: readonly NotCarried[];
  /** Of the source: what was not to be seen there need not have vanished. */
  readonly listed: SubscriptionsSeen['listed'];
  /** And of what was, it need not either, for whoever looks next. */
  readonly seen: SeenInLists;
}

export interface Foreseen {
  /** What the moved users have at the source. */
  readonly wanted: readonly HeldSubscription[];
  /** What stays behind, or of which nobody knows whose it is. */
  readonly notCarried: readonly NotCarried[];
  /** Of `wanted`, what the target has no service for. */
  readonly lacking: readonly HeldSubscription[];
  readonly seen: SeenInLists;
}

/** What step 1 can know before there is an instance at the target; changes nothing. */
export async function foreseeSubscriptions(
  { source, target, from, device }: Omit<Carriage, 'to' | 'before'>,
  signal: AbortSignal,
): Promise<Foreseen> {
  const { held, notCarried, lists: seen } = await source.subscriptions.list(from, signal);
  const wanted = concerning(device, held);
  return { wanted, notCarried, seen, lacking: await target.subscriptions.lacking(wanted, signal) };
}

/** Hears of what is about to be done, before it is, and of each that is made as soon as it is: a failure must not hide it. */
export interface Journal {
  begins(both: Omit<CopiedSubscriptions, 'made'>, lacking: readonly Subscription[]): Promise<void> | void;
  made(id: string): void;
}

const unread: Journal = { begins: () => undefined, made: () => undefined };

/** What earlier steps of this run, and attempts of this one, have seen at the source, and made at the target. */
export const sightOf = (
  { seen = {}, made = [] }: { readonly seen?: SeenInLists; readonly made?: readonly string[] },
  { kept }: Pick<Wait, 'kept'>,
): Required<Pick<Carriage, 'before' | 'made'>> => {
  const own = kept('seen');
  return {
    before: own === undefined ? seen : (JSON.parse(own) as SeenInLists),
    made: [...new Set([...made, ...idsIn(kept('made'))])],
  };
};

/** Names that an attempt has kept, for the next one. */
export const idsIn = (kept: string | undefined): readonly string[] =>
  kept === undefined ? [] : (JSON.parse(kept) as string[]);

export const keepSeen = ({ keep }: Pick<Wait, 'keep'>, seen: SeenInLists): void => keep('seen', JSON.stringify(seen));

/** For attempts and steps after this one: what was seen, and in `ids` what was made. */
export function keeping(
  { made = [] }: Pick<Carriage, 'made'>,
  wait: Pick<Wait, 'keep'>,
): Journal & { readonly ids: readonly string[] } {
  const ids = [...made];
  return {
    ids,
    begins: ({ seen }) => keepSeen(wait, seen),
    made(id) {
      ids.push(id);
      wait.keep('made', () => JSON.stringify(ids));
    },
  };
}

/**
 * How much of either side is read. `all`: every list there can be. After the check, which does that at the source: there
 * the lists that it has seen, and at the target, `ahead`, those of the same services, so that each attempt and the undo see
 * alike; `later`, of the services in which something was seen or made. What is in a list that came to be meanwhile is
 * found at the end, before the source goes. Where none was seen (a takeover's, of a source that was away), all.
 */
export type Reading = 'all' | 'ahead' | 'later';

/** Makes again at the target what the source has and the target has not (GR MEC 035, [5.3.2-4], [5.4.2-3]). */
export async function copySubscriptions(
  carriage: Carriage,
  signal: AbortSignal,
  journal: Journal = unread,
  reading: Reading = 'all',
): Promise<CopiedSubscriptions> {
  const { target, from, to } = carriage;
  const both = await bothHave(carriage, signal, reading);
  const { wanted, had } = both;
  const lacking = missing(wanted, had, moveOf(carriage));
  await journal.begins(both, lacking);
  const made: string[] = [];
  await atOnce(AT_ONCE, lacking, async (subscription) => {
    const created = await target.subscriptions.create(to, subscription, from, signal, (id) => journal.made(id));
    if (!created.made) return;
    made.push(created.held.id);
    journal.made(created.held.id);
  });
  return { ...both, made };
}

/**
 * Of what the target has now, what an attempt must have made of which no answer came: equal to
 * what is wanted, and not there when it began.
 */
export const strays = (
  carriage: Carriage,
  { wanted, had }: Pick<CopiedSubscriptions, 'wanted' | 'had'>,
  before: readonly string[],
): readonly string[] => {
  const others = new Set([...unwanted(had, wanted, moveOf(carriage)).map(({ id }) => id), ...before]);
  return had.flatMap(({ id }) => (others.has(id) ? [] : [id]));
};

/**
 * Deletes copies of what vanished at the source, or was changed there; of these ids only. Before
 * the hand-over only: then the target makes its own.
 */
export async function dropVanished(
  carriage: Carriage,
  { wanted, had, listed }: Pick<CopiedSubscriptions, 'wanted' | 'had' | 'listed'>,
  made: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const vanished = unwanted(had, wanted, moveOf(carriage)).filter((each) => made.includes(each.id) && listed(each));
  const ids = vanished.map(({ id }) => id);
  await removeEach(carriage.target.subscriptions, ids, signal);
  return ids;
}

/** What the moved users have, and what the target has. */
export async function bothHave(
  carriage: Carriage,
  signal: AbortSignal,
  reading: Reading = 'all',
): Promise<Omit<CopiedSubscriptions, 'made'>> {
  const { source, target, from, to, device, before, made = [] } = carriage;
  const ofOurs = inTheirLists(made);
  const [atSource, atTarget] = lookingFor(reading, before, ofOurs);
  const lookAtSource = async (within = signal) =>
    await source.subscriptions.list(from, within, { before, ...atSource });
  const look = async (how = atTarget, within = signal) =>
    await target.subscriptions.list(to, within, { before: ofOurs, ...how });
  // One after the other where both are at one platform: what is of others is read once then
  const [theirs, ours] =
    source.subscriptions === target.subscriptions
      ? [await lookAtSource(), await look()]
      : await together(signal, lookAtSource, async (within) => await look(atTarget, within));
  const { held, notCarried, listed, lists } = theirs;
  const wanted = concerning(device, held);
  // What the target seems to lack, its service being away for a moment, would be made a second time
  const unseen = missing(wanted, ours.held, moveOf(carriage)).some((each) => !ours.listed(each));
  const { held: had } = unseen ? await look(reading === 'ahead' ? atTarget : whereItWouldBe(wanted)) : ours;
  return { wanted, had, notCarried, listed, seen: lists };
}

function lookingFor(reading: Reading, before: SeenInLists, made: SeenInLists): readonly [Looking, Looking] {
  if (reading === 'all' || Object.keys(before).length === 0) return [{}, {}];
  const used = Object.entries(before).filter(([, names]) => reading === 'ahead' || names.length > 0);
  const services = new Set([...used.map(([path]) => path), ...Object.keys(made)].map(serviceAt));
  return [{ among: ({ path }) => Object.hasOwn(before, path) }, { among: ({ path }) => services.has(serviceAt(path)) }];
}

/** An API is below its own name, whatever its version (MEC 009, 6.2): two platforms may have different ones. */
const serviceAt = (path: string): string => path.split('/', 2).join('/');

const whereItWouldBe = (wanted: readonly Subscription[]): Looking => ({
  among: ({ service, types }) => wanted.some((each) => each.service === service && types.includes(each.type)),
});

/**
 * Deletes these, and nothing else; `owner`: whose they were when their ids were heard, a while ago. Whatever becomes of one of
 * them the others go, unless nobody is there: as many as are asked at once have failed, and none
 * has gone. Told is what may pass first: then it is tried again.
 */
export async function removeEach(
  at: Subscriptions,
  ids: readonly string[],
  signal: AbortSignal,
  owner?: Owning,
): Promise<void> {
  const failed: unknown[] = [];
  let gone = 0;
  await everyAtOnce(AT_ONCE, ids, async (id) => {
    if (signal.aborted || (gone === 0 && failed.filter(mayPass).length >= AT_ONCE)) return;
    await at.remove(id, signal, owner).then(
      () => (gone += 1),
      (error: unknown) => failed.push(error),
    );
  });
  signal.throwIfAborted();
  if (failed.length > 0) throw failed.find(mayPass) ?? failed[0];
}

/**
 * What an undo takes back: of which an id was heard, then of which none was, although one of the first is kept from going.
 * What may pass is waited for: all of it is tried again.
 */
export async function heardThenUnheard(
  signal: AbortSignal,
  heard: () => Promise<void>,
  unheard: () => Promise<void>,
): Promise<void> {
  const kept = await heard().catch((error: unknown) => error as Error);
  signal.throwIfAborted();
  if (kept instanceof Error && mayPass(kept)) throw kept;
  await unheard();
  if (kept instanceof Error) throw kept;
}

/**
 * Deletes these at the source, and no others: whatever was made there since has no copy yet, and is found at last, in
 * whatever list, also what tells of others too.
 */
export async function releaseSubscriptions(
  { source, from, device }: Pick<Carriage, 'source' | 'from' | 'device'>,
  { wanted: copied, seen: before }: Pick<CopiedSubscriptions, 'wanted' | 'seen'>,
  wait: Pick<Wait, 'signal' | 'keep'>,
): Promise<void> {
  const { signal } = wait;
  const ids = leaving(device, copied).map(({ id }) => id);
  await removeEach(source.subscriptions, ids, signal);
  const { held, lists } = await source.subscriptions.list(from, signal, { before: without(before, ids) });
  keepSeen(wait, lists);
  const seen = new Set(copied.map(({ id }) => id));
  const more = concerning(device, held).filter((each) => !seen.has(each.id) || leaving(device, [each]).length > 0);
  if (more.length > 0) throw failure('NotYet', `${source.name}: ${more.length} subscriptions were made meanwhile`);
}

/** Of a shared instance only what names the device that moves. */
export const concerning = <S extends Subscription>(device: string | null, subscriptions: readonly S[]): readonly S[] =>
  device === null ? subscriptions : subscriptions.filter((each) => concerns(each, device) !== 'no');

/** What nobody needs at the source any more: one that names other devices too still tells of them. */
export const leaving = <S extends Subscription>(device: string | null, subscriptions: readonly S[]): readonly S[] =>
  device === null ? subscriptions : subscriptions.filter((each) => concerns(each, device) === 'alone');

const moveOf = ({ from, to }: Carriage) => ({ from: from.endpoint.host, to: to.endpoint.host });
