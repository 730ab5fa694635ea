import { expect, it } from "vitest";
import { nameIn, NOW_WORDS } from "../src/now-words";

it("names who speaks in Latin letters for a reader of English, the characters beside it", () => {
  expect(nameIn("江東区", NOW_WORDS.en)).toBe("Koto (江東区)");
  expect(nameIn("気象庁・国土交通省", NOW_WORDS.en)).toBe("JMA · MLIT (気象庁・国土交通省)");
  expect(nameIn("constructor", NOW_WORDS.en)).toBe("constructor");
  for (const language of ["ja", "zh-Hans"] as const) expect(nameIn("気象庁・江東区", NOW_WORDS[language])).toBe("気象庁・江東区");
});
