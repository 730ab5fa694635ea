// A road that cannot be walked, told by whoever stands before it. Nothing of the person or her subscription goes along.
import { Refused } from "./door";

/** What a resident can see; police lines and works are for those who make them. */
export const KINDS = ["flooded", "collapsed", "landslide", "debris", "bridge-damaged", "fire", "other"] as const;
export type Kind = (typeof KINDS)[number];

interface ReportWords {
  reportThanks: string;
  reportFailed: string;
  reportProblems: Record<string, string>;
}

/** Say whether this server takes reports; a copy of files, or no line, takes none. */
export async function takesReports(): Promise<boolean> {
  try {
    const answer = await fetch("/reports", { credentials: "omit" });
    return answer.ok && ((await answer.json()) as { taken?: unknown }).taken === true;
  } catch {
    return false;
  }
}

/** Send the report; raises `Refused` with the server's code. Five digits are a metre: more would say nothing of a road. */
export async function sendReport(lat: number, lng: number, cause: Kind): Promise<void> {
  const digits = (value: number): number => Math.round(value * 1e5) / 1e5;
  const answer = await fetch("/reports", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ lat: digits(lat), lng: digits(lng), cause }),
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
  });
  if (answer.ok) return;
  const said: unknown = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, (said as { code?: string }).code ?? "unknown");
}

/** Return what to say of *error*: its own sentence where the reader can do something about it. */
export const problemIn = (error: unknown, words: ReportWords): string =>
  error instanceof Refused && Object.hasOwn(words.reportProblems, error.code) ? (words.reportProblems[error.code] as string) : words.reportFailed;
