/** A point on the earth in degrees, north and east positive. */
export interface Point {
  readonly latitude: number
  readonly longitude: number
}

const EARTH_KM = 6_371
/** Nearer sites are no journey: what a site says of its place is rough. Own choice. */
const NEAR_KM = 50

const radians = (degrees: number) => (degrees * Math.PI) / 180

/** Kilometres between two points along the surface (haversine). */
export function kilometresBetween(a: Point, b: Point): number {
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const part = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(part)))
}

/**
 * Rule 2: whether nobody gets from one place to the other in the time, at `kilometresPerHour`. Source: defaults 2.9.
 *
 * @param ms time between the last use there and the sign-in here, 0 or more
 */
export function isImpossibleTravel(
  from: Point,
  to: Point,
  ms: number,
  kilometresPerHour: number,
): boolean {
  const kilometres = kilometresBetween(from, to)
  return kilometres >= NEAR_KM && kilometres > (kilometresPerHour * ms) / 3_600_000
}
