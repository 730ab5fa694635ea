// What somebody needs stays on the phone: it picks the way without steps and adds a line, and nobody else learns of it.
import { html } from "./dom";
import type { NowWords } from "./now-words";
import type { Me, Seen } from "./store";

export const NEEDS = ["elderly", "infant", "wheelchair", "pet", "underground", "high-floor"] as const;
export type Need = (typeof NEEDS)[number];

// A cane, a pram, a chair: a way with steps is none for them (R3: whoever did not say is told the general words, which are safe alone).
const NO_STEPS: readonly Need[] = ["elderly", "infant", "wheelchair"];
// From here on people act (高齢者等避難); below it a line would only make the notice longer.
const LEAST_LEVEL = 3;
const ENDED = ["lifted", "cancelled"];

/** Whether the way for *needs* is the one without steps. */
export const takesNoSteps = (needs: readonly Need[]): boolean => needs.some((need) => NO_STEPS.includes(need));

/** Return what this phone keeps. One that only knew of a way without steps, from before there were others, walks with a cane. */
export const needsOf = (me: Pick<Me, "needs" | "stepFree"> | undefined): Need[] => me?.needs ?? (me?.stepFree ? ["elderly"] : []);

/** Return *needs* when the way without steps is switched on or off alone. */
export function withSteps(needs: readonly Need[], noSteps: boolean): Need[] {
  if (noSteps === takesNoSteps(needs)) return [...needs];
  return noSteps ? [...needs, "elderly"] : needs.filter((need) => !NO_STEPS.includes(need));
}

/** Return a line for each of *needs*: true of any danger and of any advice, as a push says neither to its worker. */
export const needLines = (needs: readonly Need[], words: NowWords): string[] => NEEDS.filter((need) => needs.includes(need)).map((need) => words.needLines[need]);

/** Return the lines that *seen* is shown with: none where nothing is asked of anybody. */
export function linesFor(seen: Pick<Seen, "level" | "phase" | "check">, needs: readonly Need[], words: NowWords): string[] {
  const asks = (seen.level ?? 0) >= LEAST_LEVEL && !seen.check && !ENDED.includes(seen.phase);
  return asks ? needLines(needs, words) : [];
}

/** Return *lines* as a list, nothing where there are none. */
export const needList = (lines: readonly string[]): HTMLElement[] => (lines.length ? [html("ul", { class: "needs" }, ...lines.map((line) => html("li", {}, line)))] : []);
