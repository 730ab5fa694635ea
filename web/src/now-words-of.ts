// The words of "Here, now" in one language, loaded when it is chosen: on 2G all five cost as much as the rest of the page.
import type { Language } from "./languages";
import type { NowWords } from "./now-words";

const FILES: Record<Language, () => Promise<NowWords>> = {
  ja: async () => (await import("./now-words/ja")).ja,
  "ja-Hira": async () => (await import("./now-words/ja-Hira")).jaHira,
  en: async () => (await import("./now-words/en")).en,
  "zh-Hans": async () => (await import("./now-words/zh-Hans")).zhHans,
  ko: async () => (await import("./now-words/ko")).ko,
};

/** Return the words of *language*; undefined where they can neither be fetched nor were kept. */
export const nowWordsOf = (language: Language): Promise<NowWords | undefined> => FILES[language]().catch(() => undefined);
