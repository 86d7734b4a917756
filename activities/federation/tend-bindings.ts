import { ApplicationFailure } from '@temporalio/common';
import { bindingName } from '../../domain/binding.ts';
import { NOT_NAMED } from '../../domain/federation.ts';
import { failure } from '../failure.ts';
import type { Binding, BindingTended, ConsumingMeans, ExposedService, Exposure } from './consumption.ts';
import { inTurn } from './in-turn.ts';
import { compare, withdraw } from './tend-used.ts';
import { within } from '../within.ts';

/**
 * Of ten thousand bindings more may have to be put right than a round has time for, of which all together have to leave enough
 * for the partner to be looked at: each kind has its share, and is gone on with in the next round.
 */
const CHANGED_MS = 4_000;
/** Of our own platforms and orchestrators, for what is over. */
const OWN_PEERS_MS = 6_000;
/** Of all producers that are searched in one round. */
const PRODUCERS_MS = 4_000;
/** Of all our platforms at once: what one that is away still has, a later round takes off. */
const PLATFORMS_MS = 5_000;

/**
 * Puts right what is bound with one partner, as a part of each round: what either side has ended, what is gone, what nobody uses.
 * It looks anew each time, and what cannot be done now the next round does. `context`: of our use of it; null: it is not asked now.
 * Returns the first thing that went wrong.
 */
export async function tendBindings(
  means: ConsumingMeans,
  { partner: name, context }: { readonly partner: string; readonly context: string | null },
  signal: AbortSignal,
): Promise<string | null> {
  const { bindings, partner: known } = means;
  let problem: string | null = null;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof ApplicationFailure)) throw error;
      problem ??= error.message;
    }
  };

  const held = await bindings.held(name);
  // What is not seen for long the gateway takes to be gone
  await Promise.all([...servedOf(held)].map(async ([system, used]) => await means.observe(system, used, signal)));
  const served = held.filter(({ side }) => side === 'producer');
  await attempt(async () => await inTurn(served, CHANGED_MS, signal, async (each) => await serve(means, each)));
  const partner = known(name);
  const used = held.filter(({ side }) => side === 'consumer');
  const uses = partner !== undefined && context !== null ? { bindings, name, partner, context } : null;
  const before = await bindings.left(name);
  if (uses !== null) await attempt(async () => await compare(uses, [...used, ...before], signal));
  const lists = listedOnce();
  await attempt(
    async () => await inTurn(used, CHANGED_MS, signal, async (each, until) => await show(means, each, lists, until)),
  );
  const left = await bindings.left(name);
  if (uses !== null) await attempt(async () => await withdraw(uses, left, signal));
  const patient = within(signal, PRODUCERS_MS);
  const over = left.filter(({ side }) => side === 'producer');
  await attempt(
    async () =>
      await inTurn(over, 2 * PRODUCERS_MS, signal, async (each) => await silence(means, each, patient, signal)),
  );
  await attempt(
    async () => await inTurn(left, OWN_PEERS_MS, signal, async (each, until) => await settle(means, each, until)),
  );
  await unclaimed(means, lists, signal);
  await bindings.sweep();
  return problem;
}

/** Of a partner that nobody can ask any more: `any`: something is left at our own peers. */
export async function endBindings(
  means: ConsumingMeans,
  partner: string,
  signal: AbortSignal,
): Promise<{ readonly any: boolean; readonly problem: string | null }> {
  for (const { id } of await means.bindings.held(partner)) await means.bindings.close(id, NOT_NAMED);
  const problem = await tendBindings(means, { partner, context: null }, signal);
  const left = await means.bindings.left(partner);
  // What it owes an answer for is left at it alone
  return { any: left.some(({ told, exposedAs, side }) => told || exposedAs !== null || side === 'producer'), problem };
}

/** What of our systems is used, each once. */
function servedOf(held: readonly Binding[]): ReadonlyMap<string, readonly Binding['what'][]> {
  const served = new Map<string, Binding['what'][]>();
  for (const { side, system, what } of held) {
    if (side !== 'producer') continue;
    const used = served.get(system) ?? [];
    served.set(system, used);
    if (used.every(({ kind, name }) => kind !== what.kind || name !== what.name)) used.push(what);
  }
  return served;
}

/** What is not shared any more is over. A producer that is gone is replaced by another one of that name at the same platform, or it is. */
async function serve({ bindings }: ConsumingMeans, { id, state, offer, isShared }: BindingTended): Promise<void> {
  if (!isShared) await bindings.close(id, 'it is not shared any more');
  if (!isShared || state !== 'open' || offer?.endpoint != null) return;
  if (!(await bindings.replaced(id))) await bindings.close(id, 'its producer is gone');
}

/** Of one that does not answer: so often in a round, and not once for each of hundreds. */
const LIST_TRIES = 3;

/**
 * Each platform of ours is asked once in a round, however much is used there: its services by their ids. Where that fails whoever
 * needs them next asks again: that a connection broke tells nothing of the next one.
 */
type Lists = (exposure: Exposure, signal: AbortSignal) => Promise<ReadonlyMap<string, ExposedService>>;

const listing: Lists = async (exposure, signal) =>
  new Map((await exposure.list(signal)).map((each) => [each.id, each]));

const listedOnce = (): Lists => {
  const asked = new Map<Exposure, ReturnType<Lists>>();
  const failed = new Map<Exposure, number>();
  return async (exposure, signal) => {
    let list = asked.get(exposure);
    if (list === undefined) {
      list = listing(exposure, signal);
      asked.set(exposure, list);
      // However many wait for it, it has failed once
      list.catch(() => {
        const times = (failed.get(exposure) ?? 0) + 1;
        failed.set(exposure, times);
        if (times < LIST_TRIES) asked.delete(exposure);
      });
    }
    return await list;
  };
};

/** Applications see that it cannot be used for the time being. */
async function show(
  { exposure: known }: ConsumingMeans,
  binding: BindingTended,
  lists: Lists,
  signal: AbortSignal,
): Promise<void> {
  const { exposedAs, system, platform, ours, theirs } = binding;
  const exposure = known(system, platform);
  if (exposedAs === null || exposure === undefined) return;
  const wanted = ours === 'open' && theirs === 'open';
  const shown = (await lists(exposure, signal)).get(exposedAs);
  if (shown !== undefined && shown.active !== wanted) await exposure.setActive(exposedAs, wanted, signal);
}

/** What our gateway has registered, and no row knows of: the database was lost, or an undo was given up. */
async function unclaimed({ bindings, exposures }: ConsumingMeans, lists: Lists, signal: AbortSignal): Promise<void> {
  const patient = within(signal, PLATFORMS_MS);
  await Promise.allSettled(
    exposures.map(async (exposure) => {
      // Looked at before the rows: a row is there before its service
      const listed = [...(await lists(exposure, patient)).values()].filter(({ binding }) => bindingName.test(binding));
      const unbound = new Set(await bindings.unbound(listed.map(({ binding }) => binding)));
      for (const { id, binding } of listed) if (unbound.has(binding)) await exposure.remove(id, patient);
    }),
  );
  signal.throwIfAborted();
}

/**
 * The producer notifies nobody any more of what is over. Of what it was asked for and nobody heard the answer, since a gateway
 * was killed or the producer late, the callback's address tells which is ours.
 */
async function silence(
  { bindings, producers }: ConsumingMeans,
  { id }: Binding,
  patient: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const { made, unanswered, settled } = await bindings.subscriptions(id);
  for (const url of made) await producers.unsubscribe(url, signal);
  await bindings.unsubscribed(id, { made, settled: false });
  try {
    for (const { at, callback } of unanswered)
      for (const url of await producers.notifying(at, callback, patient)) await producers.unsubscribe(url, patient);
  } catch (error) {
    if (signal.aborted || !patient.aborted) throw error;
    throw failure('NotYet', 'the subscriptions of its producers are too many to be looked through in one round');
  }
  if (settled) await bindings.unsubscribed(id, { made: [], settled });
}

/**
 * What is over leaves nothing at our own peers: the service at the platform, and then the decision, without which our
 * orchestrator would find there what nobody has told it of.
 */
async function settle(
  { bindings, exposure: known, decisions }: ConsumingMeans,
  { id, name, system, platform, exposedAs, told }: Binding,
  signal: AbortSignal,
): Promise<void> {
  if (exposedAs !== null) {
    await known(system, platform)?.remove(exposedAs, signal);
    await bindings.exposed(id, null);
  }
  if (!told) return;
  await decisions.retract(system, name, signal);
  await bindings.told(id, false);
}
