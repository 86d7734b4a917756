import type { ServiceBinding, ServiceBindingList } from '../api/service-bindings.ts';
import { bind, bindingPath, type Consumed } from './binding-progress.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { goesOn, untilInterrupted } from './interruption.ts';
import { shortId } from './hints.ts';
import { legible } from './legible.ts';
import { endingIn, isEnd } from './naming.ts';
import { everyPage } from './pages.ts';
import { table } from './table.ts';
import { type Terminal, when } from './terminal.ts';

/** Asks for it, and shows its steps until it is bound, or could not be. */
export async function consume(client: FerryClient, terminal: Terminal, wanted: Consumed): Promise<Exit> {
  const binding = await untilInterrupted(async (signal) => await bind(client, terminal, wanted, signal));
  if (binding === 'interrupted') return goesOn(terminal, [terminal.hints.command('bindings'), 'tells how it stands']);
  if (terminal.json) terminal.document(binding);
  else for (const line of [...lines(binding), ...next(binding, terminal)]) terminal.tell(line);
  return binding.state === 'open' ? exits.done : exits.notThrough;
}

export async function bindings(client: FerryClient, terminal: Terminal, all: boolean): Promise<Exit> {
  const found = await known(client, all);
  if (terminal.json) terminal.list({ bindings: found, next: null }, found);
  else terminal.tell(found.length === 0 ? 'No bindings.' : bindingTable(found, terminal));
  return exits.done;
}

const known = async (client: FerryClient, all: boolean): Promise<ServiceBinding[]> =>
  (await everyPage<ServiceBindingList>(client, '/v1/service-bindings', { all: String(all) })).flatMap(
    (page) => page.bindings,
  );

const called = ({ id, what, platform, system }: ServiceBinding) => ({
  id,
  about: `${legible(what.name)} at ${platform} of ${system}`,
});

/** `name`: its id, or the end of it. */
export async function release(client: FerryClient, terminal: Terminal, name: string): Promise<Exit> {
  const id = (isEnd(name) ? endingIn(name, (await known(client, false)).map(called)) : undefined) ?? name;
  const binding = await client.delete<ServiceBinding>(bindingPath(id));
  if (terminal.json) terminal.document(binding);
  else
    terminal.tell(
      `${legible(binding.what.name)} at ${binding.platform} is ${binding.state === 'closed' ? 'closed' : 'being released'}.`,
    );
  return exits.done;
}

/** How it came out. */
export function lines({ id, state, what, platform, operator, failure, why, leftovers }: ServiceBinding): string[] {
  const name = legible(what.name);
  const outcome =
    state === 'open'
      ? `${name} of ${operator} can be used at ${platform}: its applications find it there (MEC 011). Its id is ${id}.`
      : failure === null
        ? `${name} is not bound: ${legible(why ?? state)}.`
        : `${name} is not bound. ${failure.type} at step ${failure.step}: ${legible(failure.message)}. ${failure.remedy}`;
  return [outcome, ...(leftovers.length === 0 ? [] : [`Left to be undone: ${leftovers.join(', ')}.`])];
}

const next = ({ id, actions }: ServiceBinding, { hints }: Terminal): string[] =>
  actions.map((action) => `  \`${hints.command(action, shortId(id))}\` ends it`);

const bindingTable = (all: readonly ServiceBinding[], terminal: Terminal): string =>
  table(
    ['what', 'at', 'side', 'partner', 'state', 'requests', 'used', 'id'],
    all.map(({ id, what, system, platform, side, partner, state, requests, usedAt }) => [
      legible(what.name),
      `${platform} of ${system}`,
      side,
      partner ?? '-',
      state,
      String(requests),
      usedAt === null ? '-' : when(usedAt, terminal),
      terminal.format === 'wide' ? id : shortId(id),
    ]),
    terminal,
    { spare: ['used', 'requests', 'side'] },
  );
