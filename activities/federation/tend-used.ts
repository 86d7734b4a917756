import { failure } from '../failure.ts';
import type { BindingTended, Consumable, ConsumingMeans } from './consumption.ts';
import { inTurn } from './in-turn.ts';

/** What we use of a partner: what of it is over, there or here. */

/** What was announced may be under way so long. */
const FRESH_SECONDS = 60;
/** Of one round, for what has to be done one by one. */
const EACH_MS = 4_000;

export interface Uses {
  readonly bindings: ConsumingMeans['bindings'];
  /** Its name, and how it is asked. */
  readonly name: string;
  readonly partner: Consumable;
  readonly context: string;
}

/**
 * The partner's own list tells what is there, by one question for each of its pages, however much we use. It may be cut short, and
 * is older than what was announced since: what is not on it is asked for by its name, and that answer alone is believed.
 */
export async function compare(
  { bindings, name: whose, partner, context }: Uses,
  used: readonly BindingTended[],
  signal: AbortSignal,
): Promise<void> {
  const open = used.filter((binding) => binding.state === 'open' && binding.context !== null);
  const idle = open.filter((binding) => binding.idle);
  await inTurn(idle, EACH_MS, signal, async ({ id }) => await bindings.close(id, 'nobody has used it for long'));
  const listed = await partner.bindings(context, signal);
  const there = new Set(listed.map(({ name }) => name));
  const missing = open.filter((binding) => !binding.idle && !there.has(binding.name));
  await inTurn(missing, EACH_MS, signal, async ({ id, name }, patient) => {
    const said = await partner.binding(context, name, patient);
    if (said === 'absent' || said.state === 'closed') await bindings.close(id, 'the partner has ended it');
  });
  // What the partner holds for us and we know nothing of is over: we lost it
  const ours = new Set(used.map(({ name }) => name));
  const strange = listed.filter(({ name, ageSeconds }) => !ours.has(name) && ageSeconds > FRESH_SECONDS);
  await inTurn(strange, EACH_MS, signal, async ({ name }, patient) => {
    const was = await partner.withdraw(context, name, patient);
    const isLost = (was === 'announced' || was === 'opened') && (await bindings.reached(whose, name)) === 'nothing';
    if (isLost)
      throw failure(
        'UnknownBinding',
        `${whose} held ${name} for us, of which our ledger has no line, as the one of ${whose} has: was our database set back? It is ended there`,
      );
  });
}

/**
 * What is over here is over there: told until the partner says so, and how far it had come. What it had not said under an
 * agreement that has ended it is asked under this one: its ledger is one, whatever the agreement.
 */
export async function withdraw(
  { bindings, partner, context }: Uses,
  closed: readonly BindingTended[],
  signal: AbortSignal,
): Promise<void> {
  const owed = closed.filter((binding) => binding.owed && [context, null].includes(binding.context));
  await inTurn(owed, EACH_MS, signal, async ({ id, name }, patient) => {
    const was = await partner.withdraw(context, name, patient);
    if (was !== 'absent') await bindings.withdrawn(id, was);
  });
}

/** Before an agreement ends: what is on its way is given up, and asked how far it had come. What is open ends there with it. */
export async function giveUp(uses: Uses, signal: AbortSignal): Promise<void> {
  const { bindings, name } = uses;
  for (const { id, side, state } of await bindings.held(name))
    if (side === 'consumer' && state === 'admitting') await bindings.close(id, 'our operator leaves');
  await withdraw(uses, await bindings.left(name), signal);
}
