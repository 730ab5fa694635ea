// The first turns of a line on the ground, for somebody who walks: metres and a side.
import { bearing, metresBetween, type Point } from "./geometry";

export interface Turn {
  metres: number;
  side: "s" | "l" | "r" | "b";
  street: string;
  at: string;
}

// Less is a bend, not a turn; more than the second is turning round.
const TURN_DEGREES = 40;
const BACK_DEGREES = 150;
// Bends closer together than this are one turn: a corner is often drawn with several points.
const CORNER_METRES = 15;

/** Return at most *most* turns of *line*. The metres of each are counted from the turn before. */
export function turnsOf(line: readonly Point[], most: number): Turn[] {
  const turns: Turn[] = [];
  let metres = 0;
  let since = 0;
  let heading: number | undefined;
  for (let at = 1; at < line.length; at++) {
    const from = line[at - 1] as Point;
    const to = line[at] as Point;
    const length = metresBetween(from, to);
    if (length < 1) continue;
    const now = bearing(from, to);
    if (heading !== undefined) {
      const change = ((now - heading + 540) % 360) - 180;
      if (Math.abs(change) >= TURN_DEGREES && since >= CORNER_METRES) {
        const side = Math.abs(change) > BACK_DEGREES ? "b" : change > 0 ? "r" : "l";
        turns.push({ metres: Math.round(metres / 5) * 5, side, street: "", at: "" });
        if (turns.length === most) return turns;
        metres = 0;
        since = 0;
        heading = now;
      } else if (since >= CORNER_METRES) heading = now;
    } else heading = now;
    metres += length;
    since += length;
  }
  return turns;
}
