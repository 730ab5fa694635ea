// The official palette of levels, always with number and word. Other dangers have other colours: nobody reads a level into them.
import { said, type NowWords } from "./now-words";

export interface Look {
  key: string;
  fill: string;
  ink: string;
  mark: string;
  word: string;
}

const LEVELS: Record<number, readonly [fill: string, ink: string]> = {
  5: ["#0C000C", "#FFFFFF"],
  4: ["#AA00AA", "#FFFFFF"],
  // White on this red has a contrast of 3.8; black has 5.6.
  3: ["#FF2800", "#000000"],
  2: ["#F2E700", "#000000"],
  1: ["#FFFFFF", "#000000"],
};
const SEVERITIES: Record<string, readonly [fill: string, ink: string, mark: string]> = {
  Extreme: ["#16324F", "#FFFFFF", "!!"],
  Severe: ["#2F6690", "#FFFFFF", "!"],
  Moderate: ["#8DB4D2", "#000000", "i"],
  Minor: ["#8DB4D2", "#000000", "i"],
};

/** Return how a danger of *level*, or without one of *severity*, looks and is called. An order to leave has words of its own. */
export function lookOf(level: number | null | undefined, severity: string, words: NowWords, order = false): Look {
  const known = level ? LEVELS[level] : undefined;
  if (known && level)
    return { key: `l${level}`, fill: known[0], ink: known[1], mark: String(level), word: (order && said(words.orders, String(level), "")) || words.levels[level as 1] };
  const other = SEVERITIES[severity] ?? ["#C9D1D9", "#000000", "i"];
  return { key: `s${severity}`, fill: other[0], ink: other[1], mark: other[2], word: said(words.severities, severity, words.severities.Unknown) };
}

/** Return how grave a danger is, for sorting: every level above every danger without one but the greatest. */
export function gravity(level: number | null | undefined, severity: string): number {
  if (level) return level * 2;
  return { Extreme: 9, Severe: 5, Moderate: 3, Minor: 1 }[severity] ?? 0;
}
