// Streets, towns and landmarks of a shard, to say which road is meant without a map. The phone asks for the whole shard and
// looks for the name itself (R13); what is typed leaves it only as the point of a report.
import { metresBetween, type Point } from "./geometry";

export interface StreetPlace {
  name: string;
  kind: "street" | "town" | "landmark";
  near: string;
  at: [lat: number, lng: number];
}

// As far as somebody sees, and as many as she reads: api/live/streets.py has the same.
const NEARBY_M = 500;
const MOST = 12;

const kept = new Map<string, Promise<StreetPlace[]>>();

/** Return the places of *shard*; none where nothing can be had. */
export function placesOf(shard: string): Promise<StreetPlace[]> {
  const known = kept.get(shard);
  if (known) return known;
  const asked = ask(shard).catch(() => {
    kept.delete(shard); // no line just now: asked again at the next key
    return [];
  });
  kept.set(shard, asked);
  return asked;
}

async function ask(shard: string): Promise<StreetPlace[]> {
  const answer = await fetch(`/reports/streets/${shard}`, { credentials: "omit", referrerPolicy: "no-referrer" });
  return answer.ok ? ((await answer.json()) as { places: StreetPlace[] }).places : [];
}

/** Return the name with its town, by which it is told from another stretch of the same street. */
export const labelOf = (place: StreetPlace): string => (place.near && place.near !== place.name ? `${place.name}（${place.near}）` : place.name);

/** Return the roads that *typed* may mean, and those about them; a town is no road, but says where to look. */
export function roadsMeant(places: readonly StreetPlace[], typed: string): StreetPlace[] {
  const wanted = plain(typed);
  if (!wanted) return [];
  const named = places.filter((place) => plain(place.name) === wanted);
  const found = named.length ? named : places.filter((place) => plain(labelOf(place)).includes(wanted));
  const about = found.slice(0, 3).flatMap((place) => roadsNear(places, pointOf(place)));
  return [...new Set([...found.filter((place) => place.kind !== "town"), ...about])].slice(0, MOST);
}

/** Return the roads about *point*, the nearest first. */
export function roadsNear(places: readonly StreetPlace[], point: Point): StreetPlace[] {
  const far = (place: StreetPlace): number => metresBetween(pointOf(place), point);
  return places
    .filter((place) => place.kind !== "town" && far(place) <= NEARBY_M)
    .sort((one, other) => far(one) - far(other))
    .slice(0, MOST);
}

export const pointOf = (place: StreetPlace): Point => [place.at[1], place.at[0]];

const plain = (words: string): string => words.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
