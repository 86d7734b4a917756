import type { Fencing, FencingList } from '../api/northbound/table/fences.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { shortId } from './hints.ts';
import { legible } from './legible.ts';
import { endingIn } from './naming.ts';
import { everyPage } from './pages.ts';
import { table } from './table.ts';
import { age, type Terminal } from './terminal.ts';

/** Sources that were taken to be dead: who waits for them, and what they had accepted. */
export async function fences(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const all = await everyFence(client);
  if (terminal.json) terminal.list({ fences: [...all], next: null } satisfies FencingList, all);
  else if (all.length === 0) terminal.tell('No source that was taken to be dead is waited for.');
  else terminal.tell(fenceTable(all, terminal));
  return exits.done;
}

export async function scrap(client: FerryClient, terminal: Terminal, name: string): Promise<Exit> {
  const known = (await everyFence(client)).map((each) => ({
    id: each.id,
    about: `${each.application} at ${each.source}`,
  }));
  const fencing = await client.post<Fencing>(`/v1/fences/${encodeURIComponent(endingIn(name, known) ?? name)}/scrap`);
  if (terminal.json) terminal.document(fencing);
  else terminal.tell(`${fencing.application} at ${fencing.source}: nobody waits for it any more.`);
  return exits.done;
}

const everyFence = async (client: FerryClient): Promise<readonly Fencing[]> =>
  (await everyPage<FencingList>(client, '/v1/fences')).flatMap((page) => page.fences);

const fenceTable = (all: readonly Fencing[], terminal: Terminal): string =>
  table(
    ['id', 'application', 'source', 'state', 'for', 'stranded', 'more'],
    all.map(({ id, application, source, state, startedAt, result }) => [
      terminal.format === 'wide' ? id : shortId(id),
      application,
      source,
      result?.outcome ?? state ?? 'not known',
      result === null ? age(startedAt) : '',
      result?.stranded == null ? '' : String(result.stranded),
      result === null
        ? `when it comes back it is fenced; \`${terminal.hints.about('scrap', id)}\` when it is gone for good`
        : result.kept === null
          ? legible(result.left?.message ?? '')
          : `stays as a relay: ${result.kept.message}`,
    ]),
    terminal,
    { spare: ['stranded'] },
  );
