/** A place on it, in degrees (WGS 84). */
export interface OnEarth {
  readonly lat: number;
  readonly lon: number;
}

/** Its mean radius. */
export const EARTH_KM = 6_371.0088;

export const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along a great circle. */
export function kilometres(one: OnEarth, other: OnEarth): number {
  const half = (angle: number): number => Math.sin(radians(angle) / 2) ** 2;
  const across = Math.cos(radians(other.lat)) * Math.cos(radians(one.lat)) * half(other.lon - one.lon);
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(half(other.lat - one.lat) + across)));
}

/** A polygon as GeoJSON has it: rings of `[longitude, latitude]`, those after the first are holes. */
export type Rings = readonly (readonly (readonly number[])[])[];

/** By the edges that lie east of it: inside it is an odd number of them, holes included. */
export function isInside({ lat, lon }: OnEarth, rings: Rings): boolean {
  const edges = rings.flatMap((ring) =>
    ring.map((corner, at) => [...corner.slice(0, 2), ...(ring[(at + 1) % ring.length] ?? [])]),
  );
  const east = edges.filter(([x = NaN, y = NaN, nextX = NaN, nextY = NaN]) => {
    if (y > lat === nextY > lat) return false;
    return lon < x + ((nextX - x) * (lat - y)) / (nextY - y);
  });
  return east.length % 2 === 1;
}
