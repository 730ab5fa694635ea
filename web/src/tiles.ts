// The way tile of a shard: the phone asks for the whole shard wherever in it it is, so that no question is finer (R13).
import { parentOf } from "./cells";
import type { Point } from "./geometry";
import { SHARD_RESOLUTION } from "./live";
import { inflate, readTile, wayFrom, type Way } from "./way-tile";

/** Return the way from *point*, which lies in *cell*; undefined where no order holds or nothing can be had. */
export async function exactWay(cell: string, point: Point, stepFree: boolean): Promise<Way | undefined> {
  try {
    const answer = await fetch(`/live/ways/${parentOf(cell, SHARD_RESOLUTION)}`, { credentials: "omit" });
    return answer.ok ? wayFrom(readTile(await inflate(await answer.arrayBuffer())), point, stepFree) : undefined;
  } catch {
    // Without it the way of the plan stays, which begins at the cell's own node.
    return undefined;
  }
}
