import { z } from 'zod';

/** What other federators answer to E/WBI (GSMA OPG.04): tolerant, since published servers leave out what is mandatory. */

export const base = '/operatorplatform/federation/v1';

const Text = z.string().min(1);

export const OfferedZone = z.object({
  zoneId: Text.max(200),
  geolocation: z.string().nullish().catch(null),
  geographyDetails: z.string().nullish().catch(null),
});
export type OfferedZone = z.infer<typeof OfferedZone>;

/** One that does not fit is passed over. */
const OfferedZones = z
  .array(z.unknown())
  .nullish()
  .catch([])
  .transform((zones) => (zones ?? []).flatMap((zone) => OfferedZone.safeParse(zone).data ?? []));

export const FederationResponse = z.object({
  federationContextId: z.string().min(1).max(200),
  partnerOPFederationId: z.string().nullish(),
  platformCaps: z.array(z.string()).nullish().catch([]),
  offeredAvailabilityZones: OfferedZones,
});

export const PartnerAnswer = z.object({ offeredAvailabilityZones: OfferedZones }).nullish().catch(null);

/** OpenOP 1.2.0, with its capital F. */
export const ContextAnswer = z.object({ FederationContextId: z.string().min(1).max(200) });

/** `48.1374,11.5755`; anything else is no place. */
export function placeOf(geolocation: string | null | undefined): { lat: number; lon: number } | null {
  const [, lat = '', lon = ''] =
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(geolocation ?? '') ?? [];
  const place = { lat: Number(lat), lon: Number(lon) };
  return lat !== '' && Math.abs(place.lat) <= 90 && Math.abs(place.lon) <= 180 ? place : null;
}
