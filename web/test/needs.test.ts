import { expect, it } from "vitest";
import { linesFor, NEEDS, needLines, needsOf, takesNoSteps, withSteps } from "../src/needs";
import { NOW_WORDS } from "../src/now-words";
import { LANGUAGES, WORDS } from "../src/words";

const order = { level: 4, phase: "issued" };

it("a cane, a pram and a chair take the way without steps; a pet does not", () => {
  expect(NEEDS.filter((need) => takesNoSteps([need]))).toEqual(["elderly", "infant", "wheelchair"]);
});

it("a phone from before there were needs keeps its way without steps", () => {
  expect(takesNoSteps(needsOf({ stepFree: true }))).toBe(true);
  expect(needsOf({ stepFree: false })).toEqual([]);
  expect(needsOf({ stepFree: true, needs: ["pet"] })).toEqual(["pet"]);
});

it("the switch of the way alone leaves the other needs, and does nothing that is done", () => {
  expect(withSteps(["pet"], true)).toEqual(["pet", "elderly"]);
  expect(withSteps(["wheelchair", "pet"], true)).toEqual(["wheelchair", "pet"]);
  expect(withSteps(["wheelchair", "infant", "pet"], false)).toEqual(["pet"]);
});

it.each(LANGUAGES)("in %s each need has a name and a line of its own, short enough to be read on a lock screen", (language) => {
  const lines = needLines(NEEDS, NOW_WORDS[language]);
  expect(new Set(lines).size).toBe(NEEDS.length);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(90);
  expect(new Set(NEEDS.map((need) => WORDS[language].needNames[need])).size).toBe(NEEDS.length);
});

it("lines are for those who are to act: from level 3, never with an end, never with a check", () => {
  const lines = (seen: Parameters<typeof linesFor>[0]) => linesFor(seen, ["pet", "underground"], NOW_WORDS.ja);
  expect(lines(order)).toEqual([NOW_WORDS.ja.needLines.pet, NOW_WORDS.ja.needLines.underground]);
  expect(lines({ level: 3, phase: "issued" })).toHaveLength(2);
  expect(lines({ level: 2, phase: "issued" })).toEqual([]);
  expect(lines({ level: null, phase: "issued" })).toEqual([]);
  expect(lines({ ...order, phase: "lifted" })).toEqual([]);
  expect(lines({ ...order, phase: "cancelled" })).toEqual([]);
  expect(lines({ ...order, check: true })).toEqual([]);
});
