import { createHash } from 'node:crypto';
import type { FindingMeans } from '../activities/federation/finding.ts';
import { findingActivities } from '../activities/federation/index.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { findingsOf } from '../catalogue/findings.ts';
import type { Federation } from '../configuration/federation.ts';

/** What finding needs of the catalogue, of partners and of our orchestrators. */
export function findingOver(
  federation: Federation,
  catalogue: Catalogue,
  { partner, wake, orchestrators }: Pick<FindingMeans, 'partner' | 'wake' | 'orchestrators'>,
): ReturnType<typeof findingActivities> {
  return findingActivities({
    findings: findingsOf(catalogue, federation),
    partner,
    orchestrators,
    wake,
    uuidOf,
    operator: federation.operator.id,
    pace: federation.pace,
  });
}

/** A UUID of version 8 (RFC 9562, 5.8): the first 122 bits of SHA-256. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
