import { z } from 'zod';
import { isInside } from '../../domain/earth.ts';

/** MEC 016 V2.2.1: what a device application asks through its LCM proxy, which relays it. Lengths are the standard's. */

export const base = '/dev_app/v1';
export const availability = '/obtain_app_loc_availability';
export const context = '/app_contexts/{contextId}';

const Short = z.string().min(1).max(32);

/** 6.5.2. One of country and area is there; an address is not understood here. */
export const LocationConstraints = z
  .looseObject({
    countryCode: z.string().nullish(),
    civicAddressElement: z.array(z.looseObject({})).nullish(),
    area: z.looseObject({ coordinates: z.array(z.array(z.array(z.number()).min(2)).min(3)).min(1) }).nullish(),
  })
  .meta({ id: 'LocationConstraints' });
export type LocationConstraints = z.infer<typeof LocationConstraints>;

const Application = {
  appName: Short,
  appProvider: Short,
  appSoftVersion: Short.nullish(),
  appDVersion: z.string(),
};

/** 6.2.3. */
export const AppContext = z
  .looseObject({
    contextId: Short.nullish(),
    associateDevAppId: Short,
    appInfo: z.looseObject({
      ...Application,
      appDId: z.string().nullish(),
      userAppInstanceInfo: z.array(z.looseObject({ appLocation: LocationConstraints.nullish() })).min(1),
    }),
  })
  .meta({ id: 'AppContext' });
export type AppContext = z.infer<typeof AppContext>;

/** 6.2.4. */
export const ApplicationLocationAvailability = z
  .looseObject({ associateDevAppId: Short, appInfo: z.looseObject(Application) })
  .meta({ id: 'ApplicationLocationAvailability' });
export type ApplicationLocationAvailability = z.infer<typeof ApplicationLocationAvailability>;

/** A place as its zone declares it. */
interface Somewhere {
  readonly lat: number;
  readonly lon: number;
  readonly country: string | null;
}

/** A zone is declared by a point: about half a kilometre around it. */
const HALF = 0.005;

export function locationOf({ lat, lon, country }: Somewhere): LocationConstraints {
  const [west, east, south, north] = [lon - HALF, lon + HALF, lat - HALF, lat + HALF].map((value) =>
    Number(value.toFixed(6)),
  ) as [number, number, number, number];
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { ...(country !== null && { countryCode: country }), area: { type: 'Polygon', coordinates: [ring] } };
}

/** Whatever is said has to hold; where nothing is said that can be understood, nothing does. */
export function isThere(place: Somewhere, { countryCode, area }: LocationConstraints): boolean {
  if (countryCode == null && area == null) return false;
  const inCountry = countryCode == null || countryCode === place.country;
  return inCountry && (area == null || isInside(place, area.coordinates));
}
