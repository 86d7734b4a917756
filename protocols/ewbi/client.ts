import { z } from 'zod';
import { kept, keptEntries } from '../../domain/kept.ts';

/** What other federators answer to E/WBI (GSMA OPG.04): tolerant, since published servers leave out what is mandatory. */

export const base = '/operatorplatform/federation/v1';

const Context = kept(200);

export const OfferedZone = z.object({
  zoneId: kept(200),
  geolocation: z.string().nullish().catch(null),
  geographyDetails: kept(2_000).nullish().catch(null),
});
export type OfferedZone = z.infer<typeof OfferedZone>;

/** Nobody has more: it would be an answer without an end. */
const ZONES = 10_000;

/** One that does not fit is passed over. Null: it does not say which it offers, which is not that it offers none. */
const OfferedZones = z
  .array(z.unknown())
  .nullish()
  .catch(null)
  .pipe(z.array(z.unknown()).max(ZONES).nullish())
  .transform((zones) => zones?.flatMap((zone) => OfferedZone.safeParse(zone).data ?? []) ?? null);

export const FederationResponse = z.object({
  federationContextId: Context,
  partnerOPFederationId: z.string().nullish(),
  platformCaps: keptEntries(50, 63).nullish().catch([]),
  offeredAvailabilityZones: OfferedZones,
});

export const PartnerAnswer = z.object({ offeredAvailabilityZones: OfferedZones }).nullish().catch(null);

/** OpenOP 1.2.0, with its capital F. */
export const ContextAnswer = z.object({ FederationContextId: Context });

/** `48.1374,11.5755`; anything else is no place. */
export function placeOf(geolocation: string | null | undefined): { lat: number; lon: number } | null {
  const [, lat = '', lon = ''] =
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(geolocation ?? '') ?? [];
  const place = { lat: Number(lat), lon: Number(lon) };
  return lat !== '' && Math.abs(place.lat) <= 90 && Math.abs(place.lon) <= 180 ? place : null;
}
