import { expect, it } from "vitest";
import { stepFreeText, type PushPayload } from "../src/newest";
import { fill, NOW_WORDS } from "../src/now-words";
import { LANGUAGES } from "../src/words";

// As wide as a lock screen counts it: a full-width letter takes two columns.
const width = (text: string): number => [...text].reduce((sum, letter) => sum + (/[\u1100-\uffee]/.test(letter) ? 2 : 1), 0);
const payload = (answer: object): PushPayload =>
  ({
    web_push: 8030,
    notification: { title: "世田谷区北沢三丁目：A小学校へ", body: "x", lang: "ja", navigate: "/", tag: "aaaaaaaaaaaaaaaa" },
    shirase: { v: 1, kind: 3, level: 4, sent: 1_789_000_000 },
    way: { at: 1, parts: [{ g: { a: "go", w: "walkable" }, s: answer }] },
  }) as PushPayload;

it.each(LANGUAGES)("in %s level, action and time of the step-free way stand in the first forty characters (R15)", (language) => {
  const words = NOW_WORDS[language];
  for (const answer of [
    { a: "go", w: "walkable", to: "北砂小学校", slow: 1953 },
    { a: "go-up", w: "cut-by-closures", x: "from-3-m/stands/days/step-free" },
  ]) {
    const text = stepFreeText(payload(answer), words);
    const first = text?.body.slice(0, 40) ?? "";
    expect(first).toContain(fill(words.level, { n: 4 }));
    expect(first).toMatch(/\d\d:\d\d/);
    expect(first).toContain(answer.a === "go" ? fill(words.go, { to: "北砂小学校" }) : words.noWay.slice(0, 20));
    expect(width(text?.title ?? "")).toBeLessThanOrEqual(40);
    expect(text?.body.endsWith("\nx"), "the general words stay below").toBe(true);
  }
});

it.each(LANGUAGES)("in %s the words of levels, orders, shaking and waves are short enough for a banner", (language) => {
  const words = NOW_WORDS[language];
  for (const word of [...Object.values(words.levels), ...Object.values(words.orders), ...Object.values(words.intensities), ...Object.values(words.waves)])
    expect(width(`${fill(words.level, { n: 4 })} ${word}`), word).toBeLessThanOrEqual(40);
});
