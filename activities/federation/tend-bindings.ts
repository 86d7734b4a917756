import { ApplicationFailure } from '@temporalio/common';
import { bindingName } from '../../domain/binding.ts';
import { failure } from '../failure.ts';
import type { Binding, BindingTended, Consumable, ConsumingMeans } from './consumption.ts';

/** What a partner has announced may be under way so long. */
const FRESH_SECONDS = 60;
/** Of all our platforms at once: what one that is away still has, a later round takes off. */
const PLATFORMS_MS = 5_000;
/** Of all producers that are searched in one round. */
const PRODUCERS_MS = 8_000;

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
  for (const binding of held) if (binding.side === 'producer') await attempt(async () => await serve(means, binding));
  const partner = known(name);
  const used = held.filter(({ side }) => side === 'consumer');
  if (partner !== undefined && context !== null) {
    for (const binding of used) await attempt(async () => await use(means, partner, binding, signal));
    await attempt(async () => await disown(partner, context, used, signal));
  }
  for (const binding of used) await attempt(async () => await show(means, binding, signal));
  const patient = AbortSignal.any([signal, AbortSignal.timeout(PRODUCERS_MS)]);
  for (const binding of await bindings.left(name)) {
    if (binding.side === 'producer') await attempt(async () => await silence(means, binding, patient, signal));
    await attempt(async () => await settle(means, binding, signal));
  }
  await unclaimed(means, signal);
  await bindings.sweep();
  return problem;
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

/** A producer that is gone is replaced by another one of that name at the same platform, or it is over. */
async function serve({ bindings }: ConsumingMeans, { id, state, offer }: Binding): Promise<void> {
  if (state !== 'open' || offer?.endpoint != null) return;
  if (!(await bindings.replaced(id))) await bindings.close(id, 'its producer is gone');
}

/** Believed of a single question only: a list may be cut short. */
async function use(
  { bindings }: ConsumingMeans,
  partner: Consumable,
  { id, name, state, context, idle }: BindingTended,
  signal: AbortSignal,
): Promise<void> {
  if (state !== 'open' || context === null) return;
  if (idle) {
    await bindings.close(id, 'nobody has used it for long');
    await partner.withdraw(context, name, signal);
    return;
  }
  const said = await partner.binding(context, name, signal);
  if (said === 'absent' || said.state === 'closed') await bindings.close(id, 'the partner has ended it');
}

/** What the partner holds for us and we know nothing of is over: we lost it, or an announcement came late. */
async function disown(
  partner: Consumable,
  context: string,
  used: readonly Binding[],
  signal: AbortSignal,
): Promise<void> {
  const ours = new Set(used.map(({ name }) => name));
  for (const { name, ageSeconds } of await partner.bindings(context, signal))
    if (!ours.has(name) && ageSeconds > FRESH_SECONDS) await partner.withdraw(context, name, signal);
}

/** Applications see that it cannot be used for the time being. */
async function show({ exposure: known }: ConsumingMeans, binding: BindingTended, signal: AbortSignal): Promise<void> {
  const { exposedAs, system, platform, ours, theirs } = binding;
  const exposure = known(system, platform);
  if (exposedAs === null || exposure === undefined) return;
  const wanted = ours === 'open' && theirs === 'open';
  const shown = (await exposure.list(signal)).find(({ id }) => id === exposedAs);
  if (shown !== undefined && shown.active !== wanted) await exposure.setActive(exposedAs, wanted, signal);
}

/** What our gateway has registered, and no row knows of: the database was lost, or an undo was given up. */
async function unclaimed({ bindings, exposures }: ConsumingMeans, signal: AbortSignal): Promise<void> {
  const patient = AbortSignal.any([signal, AbortSignal.timeout(PLATFORMS_MS)]);
  await Promise.allSettled(
    exposures.map(async (exposure) => {
      // Looked at before the rows: a row is there before its service
      const listed = (await exposure.list(patient)).filter(({ binding }) => bindingName.test(binding));
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

/** What is over leaves nothing at our own peers: neither the service at the platform nor the decision. */
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
