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
