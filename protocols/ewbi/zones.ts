import { z } from 'zod';

/** E/WBI, availability zones (GSMA OPG.04), as they are served. */

/** At most four decimals. */
const Geolocation = z.string().regex(/^-?\d{1,2}(\.\d{1,4})?,-?\d{1,3}(\.\d{1,4})?$/);

export const geolocationOf = ({ lat, lon }: { readonly lat: number; readonly lon: number }): string =>
  [lat, lon].map((degrees) => String(Math.round(degrees * 10_000) / 10_000)).join(',');

export const ZoneDetails = z.strictObject({ zoneId: z.uuid(), geolocation: Geolocation, geographyDetails: z.string() });

export const ZonesRequest = z.object({
  acceptedAvailabilityZones: z.array(z.string().max(200)).min(1).max(1_000),
  availZoneNotifLink: z.string().max(2_000),
});

/** What there is for a partner in a zone. Nothing is reserved, and nothing limited: quotas are not agreed upon here. */
export const RegisteredZone = z.strictObject({
  zoneId: z.uuid(),
  reservedComputeResources: z.array(z.never()),
  computeResourceQuotaLimits: z.array(z.never()),
  flavoursSupported: z.array(z.never()),
});

export const registered = (zoneId: string): z.infer<typeof RegisteredZone> => ({
  zoneId,
  reservedComputeResources: [],
  computeResourceQuotaLimits: [],
  flavoursSupported: [],
});

export const ZonesAnswer = z.strictObject({ acceptedZoneResourceInfo: z.array(RegisteredZone) });
