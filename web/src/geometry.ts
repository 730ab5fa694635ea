// Points on the ground, near enough to be flat: Tokyo is small. Longitude first, as in GeoJSON.
export type Point = readonly [lng: number, lat: number];
export type Ring = readonly Point[];

const METRES_PER_DEGREE = 111_320;

/** Return how far apart two points are, in metres. */
export function metresBetween(from: Point, to: Point): number {
  const east = (to[0] - from[0]) * METRES_PER_DEGREE * Math.cos((from[1] * Math.PI) / 180);
  return Math.hypot(east, (to[1] - from[1]) * METRES_PER_DEGREE);
}

/** Return the direction from one point to another, in degrees clockwise from north. */
export function bearing(from: Point, to: Point): number {
  const east = (to[0] - from[0]) * Math.cos((from[1] * Math.PI) / 180);
  return ((Math.atan2(east, to[1] - from[1]) * 180) / Math.PI + 360) % 360;
}

/** Say whether *point* lies in *ring*, by the even-odd rule. */
export function inside(point: Point, ring: Ring): boolean {
  let within = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const [lngA, latA] = ring[at] as Point;
    const [lngB, latB] = ring[before] as Point;
    if (latA > point[1] !== latB > point[1] && point[0] < ((lngB - lngA) * (point[1] - latA)) / (latB - latA) + lngA) within = !within;
  }
  return within;
}

/** Read a line in the encoded polyline format of 1e-5 degrees; what is cut short ends there. */
export function fromPolyline(letters: string): Point[] {
  const points: Point[] = [];
  let at = 0;
  let lat = 0;
  let lng = 0;
  const next = (): number | undefined => {
    let value = 0;
    for (let shift = 0; at < letters.length; shift += 5) {
      const five = letters.charCodeAt(at++) - 63;
      value |= (five & 0x1f) << shift;
      if (five < 0x20) return value & 1 ? ~(value >> 1) : value >> 1;
    }
    return undefined;
  };
  for (;;) {
    const north = next();
    const east = next();
    if (north === undefined || east === undefined) return points;
    lat += north;
    lng += east;
    points.push([lng / 1e5, lat / 1e5]);
  }
}
