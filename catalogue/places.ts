import { type RawBuilder, sql } from 'kysely';
import { EARTH_KM, kilometres, radians } from '../domain/earth.ts';
import type { Place } from '../domain/wish.ts';

const degrees = (angle: number): number => (angle * 180) / Math.PI;

export interface Box {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

/** Hold whatever is within reach, and some of what is not: two where they go around the world's edge. */
export function boxesAround({ lat, lon, withinKm }: Place): readonly Box[] {
  const angle = withinKm / EARTH_KM;
  const [south, north] = [lat - degrees(angle), lat + degrees(angle)];
  if (south <= -90 || north >= 90)
    return [{ south: Math.max(south, -90), west: -180, north: Math.min(north, 90), east: 180 }];
  const wide = degrees(Math.asin(Math.sin(angle) / Math.cos(radians(lat))));
  const [west, east] = [lon - wide, lon + wide];
  if (west < -180)
    return [
      { south, west: -180, north, east },
      { south, west: west + 360, north, east: 180 },
    ];
  if (east > 180)
    return [
      { south, west, north, east: 180 },
      { south, west: -180, north, east: east - 360 },
    ];
  return [{ south, west, north, east }];
}

type Point = { readonly lat: number | null; readonly lon: number | null };

export function kmBetween(one: Pick<Place, 'lat' | 'lon'>, { lat, lon }: Point): number | null {
  return lat === null || lon === null ? null : kilometres(one, { lat, lon });
}

/** The same of `zone.at`, for the database. */
export const kmFrom = ({ lat, lon }: Pick<Place, 'lat' | 'lon'>): RawBuilder<number> => sql`
  (2 * ${EARTH_KM}::float8 * asin(least(1, sqrt(sind((zone.at[1] - ${lat}::float8) / 2) ^ 2
    + cosd(zone.at[1]) * cosd(${lat}::float8) * sind((zone.at[0] - ${lon}::float8) / 2) ^ 2))))`;
