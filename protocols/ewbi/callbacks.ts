import { z } from 'zod';
import type { Will } from '../../domain/federation.ts';

/** What a partner calls back (GSMA OPG.04). It tells that there is news; only the status of a federation is read. */
export const StatusCallback = z.object({
  objectType: z.string().nullish().catch(null),
  operationType: z.string().nullish().catch(null),
  federationStatus: z.string().nullish().catch(null),
  modificationDate: z.iso.datetime({ offset: true }).nullish().catch(null),
});
export type StatusCallback = z.infer<typeof StatusCallback>;

export const ZoneCallback = z.looseObject({});

/** An offset leads beyond it: a year of five digits is written otherwise, and no database reads it. */
const LAST_YEAR = 9_999;

const wills: Readonly<Record<string, Will>> = { AVAILABLE: 'open', LOCKED: 'suspended', NOT_AVAILABLE: 'ended' };

/** What the partner wants, and since when; undefined: it is about something else. */
export function willIn(told: StatusCallback): { readonly theirs: Will; readonly modifiedAt: Date } | undefined {
  const { objectType, operationType, federationStatus, modificationDate } = told;
  const theirs = Object.hasOwn(wills, federationStatus ?? '') ? wills[federationStatus ?? ''] : undefined;
  if (objectType !== 'FEDERATION' || operationType !== 'STATUS' || theirs === undefined) return undefined;
  const modifiedAt = new Date(modificationDate ?? '');
  return modifiedAt.getTime() > 0 && modifiedAt.getUTCFullYear() <= LAST_YEAR ? { theirs, modifiedAt } : undefined;
}
