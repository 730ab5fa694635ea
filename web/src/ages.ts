// How old a fact is, in words, and its time on a wall clock in Japan: a page without both is not to be trusted.
import { fill, type NowWords } from "./now-words";

const CLOCK = new Intl.DateTimeFormat("ja-JP", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tokyo" });
const DAY = new Intl.DateTimeFormat("ja-JP", { month: "numeric", day: "numeric", timeZone: "Asia/Tokyo" });
const A_DAY_MS = 86_400_000;

/** Return the time of day at *ms*, with the date where it is not within the last day. */
export function clock(ms: number, now: number): string {
  const time = CLOCK.format(ms);
  return Math.abs(now - ms) < A_DAY_MS / 2 || DAY.format(ms) === DAY.format(now) ? time : `${DAY.format(ms)} ${time}`;
}

/** Return how long ago *ms* was, rounded down to minutes, hours or days. What lies ahead is "just now". */
export function ago(ms: number, now: number, words: NowWords): string {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) return words.justNow;
  if (minutes < 60) return fill(words.minutesAgo, { n: minutes });
  if (minutes < 48 * 60) return fill(words.hoursAgo, { n: Math.floor(minutes / 60) });
  return fill(words.daysAgo, { n: Math.floor(minutes / 60 / 24) });
}

/** Return the moment that a server wrote, as milliseconds; undefined for none or for nonsense. */
export function moment(text: unknown): number | undefined {
  if (typeof text === "number" && Number.isFinite(text)) return text * 1000;
  if (typeof text !== "string") return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
