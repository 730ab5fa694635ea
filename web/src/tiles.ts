// Way tiles. A tile holds a cell of resolution 8 and its ring, so the seven middles of a shard's children hold the whole
// shard: the phone asks for these seven wherever in the shard it is, and no question is finer than a shard (R13).
import { parentOf } from "./cells";
import type { Point } from "./geometry";
import { SHARD_RESOLUTION } from "./live";
import { inflate, readTile, wayFrom, type Tile, type Way } from "./way-tile";

const TILE_RESOLUTION = 8;

/** Return the seven tiles that hold *shard*, each the middle child of one of its children. */
export function tilesOf(shard: string): string[] {
  const id = BigInt(`0x${shard}`);
  const at = (resolution: number): bigint => BigInt(3 * (15 - resolution));
  const bare = (id & ~(15n << 52n) & ~(7n << at(7)) & ~(7n << at(8))) | (BigInt(TILE_RESOLUTION) << 52n);
  return [0n, 1n, 2n, 3n, 4n, 5n, 6n].map((child) => (bare | (child << at(7))).toString(16));
}

async function tileAt(tile: string): Promise<Tile | undefined> {
  const answer = await fetch(`/live/ways/${tile}`, { credentials: "omit" });
  return answer.ok ? readTile(await inflate(await answer.arrayBuffer())) : undefined;
}

/** Return the way from *point*, which lies in *cell*; undefined where no order holds or nothing can be had. */
export async function exactWay(cell: string, point: Point, stepFree: boolean): Promise<Way | undefined> {
  const tiles = tilesOf(parentOf(cell, SHARD_RESOLUTION));
  const mine = tiles.findIndex((tile) => parentOf(tile, 7) === parentOf(cell, 7));
  // All are waited for, so that not even the order of the questions says which one was needed.
  const found = await Promise.allSettled(tiles.map(tileAt));
  const tile = found[mine];
  return tile?.status === "fulfilled" && tile.value ? wayFrom(tile.value, point, stepFree) : undefined;
}
