import { sql } from 'kysely';

/**
 * The bandwidth, as each kind of index has it: of a name, of a zone, of a system. An index that leads through all zones or
 * systems is not to be found by it, else it is taken for the shorter way where few are believed to be so broad.
 */
export const breadth = {
  named: sql`offer.bandwidth_kbps`,
  ofZone: sql`(offer.bandwidth_kbps + 0)`,
  ofSystem: sql`(offer.bandwidth_kbps - 0)`,
} as const;
