import type { Placement, PlacementList, PlacementRequest } from '../domain/placement.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Which sites fit: the best first. Ends with 1 when nobody could serve these users but who does. */
export async function place(
  client: FerryClient,
  terminal: Terminal,
  request: Partial<PlacementRequest>,
): Promise<Exit> {
  const answer = await client.post<PlacementList>('/v1/placements', request);
  const { placements, notLookedAt } = answer;
  if (terminal.json) terminal.list(answer, placements);
  else {
    terminal.tell(placementTable(placements, terminal));
    for (const { site, obstacles } of placements) {
      const [first] = terminal.format === 'wide' ? [] : obstacles;
      if (first !== undefined) terminal.tell(`  ${first.failure} at ${site}: ${first.detail}`);
      if (terminal.format === 'wide')
        for (const { failure, where, detail, remedy } of obstacles) {
          terminal.tell(`  ${site}: ${failure} at ${where}: ${detail}`);
          terminal.tell(`    Remedy: ${remedy}`);
        }
    }
    if (notLookedAt.length > 0)
      terminal.tell(terminal.paint('dim', `Not looked at: ${notLookedAt.join(', ')}; --among names others.`));
  }
  return placements.some(({ present, possible }) => possible && !present) ? exits.done : exits.notThrough;
}

const placementTable = (placements: readonly Placement[], terminal: Terminal): string =>
  table(
    ['site', 'system', 'network', 'fits', 'guarantee', 'freeze', 'latency', 'distance'],
    placements.map((one) => [
      one.site,
      one.system,
      one.network ?? '',
      one.present ? 'serves them now' : one.possible ? 'yes' : 'no',
      one.guarantee ?? '',
      one.expectedFreezeMs === null ? '' : `${one.expectedFreezeMs} ms`,
      one.latencyMs === null ? '' : `${one.latencyMs} ms${one.kpi === 'missed' ? ', too long' : ''}`,
      one.distanceKm === null ? '' : `${one.distanceKm} km`,
    ]),
    terminal,
    { spare: ['system', 'guarantee'], tone: (cell, head) => (head === 'fits' && cell === 'no' ? 'red' : undefined) },
  );
