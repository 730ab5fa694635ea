// Which of the reader's places a push of kind 3 is about, found by the tag; the server sends no name and no role in it.
import type { Me, Seen } from "./store";

type Place = Me["wish"]["places"][number];

/** Return the place that *seen* is about; undefined of kinds 1 and 2, which name all matched places at once. */
export async function addressed(seen: Seen, me: Me | undefined): Promise<Place | undefined> {
  if (seen.kind !== 3 || !seen.lineage || !me) return undefined;
  for (const [number, place] of me.wish.places.entries()) if ((await tagOf(seen.lineage, number + 1)) === seen.tag) return place;
  return undefined;
}

/** Return the tag of a lineage at a place, as dispatch/message.py writes it. */
export async function tagOf(lineage: string, place: number): Promise<string> {
  const name = new TextEncoder().encode(`3\0${place}\0${lineage}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", name)).subarray(0, 12);
  return btoa(String.fromCharCode(...hash)).replaceAll("+", "-").replaceAll("/", "_");
}
