import { atOnce } from '../../domain/at-once.ts';
import {
  concerns,
  type HeldSubscription,
  missing,
  type NotCarried,
  type SeenInLists,
  type Subscription,
  unwanted,
  without,
} from '../../domain/subscription.ts';
import { failure } from '../failure.ts';
import type { Owner, Site, Subscriptions, SubscriptionsSeen, Wait } from '../ports.ts';
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

/** Hears of what is about to be done, and of each that is made as soon as it is: a failure must not hide it. */
export interface Journal {
  begins(both: Omit<CopiedSubscriptions, 'made'>): void;
  made(id: string): void;
}

const unread: Journal = { begins: () => undefined, made: () => undefined };

/** What earlier steps of this run, or attempts of this one, have seen at the source. */
export const seenBefore = ({ kept }: Pick<Wait, 'kept'>, seen: SeenInLists = {}): SeenInLists => {
  const own = kept('seen');
  return own === undefined ? seen : (JSON.parse(own) as SeenInLists);
};

/** Names that an attempt has kept, for the next one. */
export const idsIn = (kept: string | undefined): readonly string[] =>
  kept === undefined ? [] : (JSON.parse(kept) as string[]);

export const keepSeen = ({ keep }: Pick<Wait, 'keep'>, seen: SeenInLists): void => keep('seen', JSON.stringify(seen));

export const keepingSeen = (wait: Wait): Journal => ({ ...unread, begins: ({ seen }) => keepSeen(wait, seen) });

/** Makes again at the target what the source has and the target has not (GR MEC 035, [5.3.2-4], [5.4.2-3]). */
export async function copySubscriptions(
  carriage: Carriage,
  signal: AbortSignal,
  journal: Journal = unread,
): Promise<CopiedSubscriptions> {
  const { target, from, to } = carriage;
  const both = await bothHave(carriage, signal);
  const { wanted, had } = both;
  journal.begins(both);
  const made: string[] = [];
  await atOnce(AT_ONCE, missing(wanted, had, moveOf(carriage)), async (subscription) => {
    const created = await target.subscriptions.create(to, subscription, from, signal);
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
  const others = new Set(unwanted(had, wanted, moveOf(carriage)).map(({ id }) => id));
  return had.flatMap(({ id }) => (others.has(id) || before.includes(id) ? [] : [id]));
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
  await deleteMade(carriage.target.subscriptions, ids, signal);
  return ids;
}

/** What the moved users have, and what the target has. */
export async function bothHave(carriage: Carriage, signal: AbortSignal): Promise<Omit<CopiedSubscriptions, 'made'>> {
  const { source, target, from, to, device, before } = carriage;
  const look = async (within = signal): Promise<SubscriptionsSeen> => await target.subscriptions.list(to, within);
  const lookAtSource = async (within = signal) => await source.subscriptions.list(from, within, before);
  // One after the other where both are at one platform: what is of others is read once then
  const [theirs, ours] =
    source.subscriptions === target.subscriptions
      ? ([await lookAtSource(), await look()] as const)
      : await together(signal, lookAtSource, look);
  const { held, notCarried, listed, lists } = theirs;
  const wanted = concerning(device, held);
  // What the target seems to lack, its service being away for a moment, would be made a second time
  const unseen = missing(wanted, ours.held, moveOf(carriage)).some((each) => !ours.listed(each));
  const { held: had } = unseen ? await look() : ours;
  return { wanted, had, notCarried, listed, seen: lists };
}

/** The undo: what this relocation made is deleted, and nothing else. */
export async function deleteMade(at: Subscriptions, ids: readonly string[], signal: AbortSignal): Promise<void> {
  await atOnce(AT_ONCE, ids, async (id) => await at.remove(id, signal));
}

/**
 * Deletes these at the source, and no others: whatever was made there since has no copy yet, and is found at last, also
 * what tells of others too.
 */
export async function releaseSubscriptions(
  { source, from, device }: Pick<Carriage, 'source' | 'from' | 'device'>,
  { wanted: copied, seen: lists }: Pick<CopiedSubscriptions, 'wanted' | 'seen'>,
  signal: AbortSignal,
): Promise<void> {
  const ids = leaving(device, copied).map(({ id }) => id);
  await atOnce(AT_ONCE, ids, async (id) => await source.subscriptions.remove(id, signal));
  const { held } = await source.subscriptions.list(from, signal, without(lists, ids));
  const seen = new Set(copied.map(({ id }) => id));
  const more = concerning(device, held).filter((each) => !seen.has(each.id) || leaving(device, [each]).length > 0);
  if (more.length > 0) throw failure('NotYet', `${source.name}: ${more.length} subscriptions were made meanwhile`);
}

/** Of a shared instance only what names the device that moves. */
export const concerning = <S extends Subscription>(device: string | null, subscriptions: readonly S[]): readonly S[] =>
  device === null ? subscriptions : subscriptions.filter((each) => concerns(each, device) !== 'no');

/** What nobody needs at the source any more: one that names other devices too still tells of them. */
const leaving = <S extends Subscription>(device: string | null, subscriptions: readonly S[]): readonly S[] =>
  device === null ? subscriptions : subscriptions.filter((each) => concerns(each, device) === 'alone');

const moveOf = ({ from, to }: Carriage) => ({ from: from.endpoint.host, to: to.endpoint.host });
