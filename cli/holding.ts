import type { Hold, HoldList } from '../api/hold.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { everyPage } from './pages.ts';
import { table } from './table.ts';
import { age, type Terminal } from './terminal.ts';

export async function hold(client: FerryClient, terminal: Terminal, site: string, why: string): Promise<Exit> {
  const held = await client.post<Hold>('/v1/holds', { site, why });
  if (terminal.json) terminal.document(held);
  else for (const line of [...earlier(held, why), endsWith(held, terminal)]) terminal.tell(line);
  return exits.done;
}

const endsWith = ({ site }: Hold, { hints }: Terminal): string =>
  `Nothing is moved to ${site}. \`${hints.command('reopen', site)}\` ends that.`;

/** Who asks again joins the hold that is there, whose reason stays. */
const earlier = (held: Hold, why: string): string[] =>
  held.why === why
    ? []
    : [
        `${held.site} is held already, for ${age(held.since)}, ${held.why === '' ? 'without a reason' : `because of: ${legible(held.why)}`}: that is kept.`,
      ];

export async function holds(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const all = (await everyPage<HoldList>(client, '/v1/holds')).flatMap((page) => page.holds);
  if (terminal.json) terminal.list({ holds: all, next: null } satisfies HoldList, all);
  else terminal.tell(all.length === 0 ? 'No site is held.' : holdTable(all, terminal));
  return exits.done;
}

export async function reopen(client: FerryClient, terminal: Terminal, site: string): Promise<Exit> {
  const held = await client.delete<Hold>(`/v1/holds/${encodeURIComponent(site)}`);
  if (terminal.json) terminal.document(held);
  else terminal.tell(`${held.site} is not held any more.`);
  return exits.done;
}

const holdTable = (all: readonly Hold[], terminal: Terminal): string =>
  table(
    ['site', 'held for', 'why'],
    all.map(({ site, since, why }) => [site, age(since), legible(why)]),
    terminal,
  );
