// The way that a push carries, as dispatch/ways.py writes it: short names, because a push has 2,600 bytes.
import { fromPolyline, inside, type Point } from "./geometry";

export interface PushAnswer {
  a: string;
  w: string;
  x?: string;
  by?: number;
  r?: string;
  to?: string;
  s?: number;
  slow?: number;
  m?: number;
  t?: [metres: number, street: string, side: string, at: string][];
  l?: string;
  u?: number[];
}

export interface PushPart {
  g: PushAnswer;
  s?: PushAnswer;
  o?: string;
}

export interface PushWay {
  at: number;
  parts?: PushPart[];
}

/** Return what *way* tells this reader: the part of her point where that is known, else the first, which is the cautious one. */
export function answerOf(way: PushWay | undefined, point: Point | undefined, stepFree: boolean): PushAnswer | undefined {
  const parts = way?.parts ?? [];
  const part = (point && parts.find(({ o }) => o && inside(point, fromPolyline(o)))) ?? parts[0];
  return part && (stepFree ? (part.s ?? part.g) : part.g);
}
