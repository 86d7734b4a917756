import type { Table } from '../serve.ts';
import { federationTable } from './federations-table.ts';
import { anchorsTable } from './table/anchors.ts';
import { bindingsTable } from './table/bindings.ts';
import { discoveriesTable } from './table/discoveries.ts';
import { fencesTable } from './table/fences.ts';
import { evacuationsTable } from './table/evacuations.ts';
import { followersTable } from './table/followers.ts';
import { holdsTable } from './table/holds.ts';
import { membersTable } from './table/members.ts';
import { networkTable } from './table/network.ts';
import { processTable } from './table/process.ts';
import { relocationTable } from './table/relocations.ts';
import { waitingTable } from './table/waiting.ts';

/** What operators, orchestrators and operations support systems of our own network may ask. */
export const northboundTable = {
  ...relocationTable,
  ...waitingTable,
  ...fencesTable,
  ...anchorsTable,
  ...evacuationsTable,
  ...followersTable,
  ...holdsTable,
  ...networkTable,
  ...membersTable,
  ...discoveriesTable,
  ...federationTable,
  ...bindingsTable,
  ...processTable,
} as const satisfies Table;

export type NorthboundTable = typeof northboundTable;
