// The languages of the pages, and which one a reader gets. Their words are files of their own: a bad line carries one.
export const LANGUAGES = ["ja", "ja-Hira", "en", "zh-Hans", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each is called by those who read it. */
export const NAMES: Record<Language, string> = { ja: "日本語", "ja-Hira": "やさしい にほんご", en: "English", "zh-Hans": "简体中文", ko: "한국어" };

/** Return the language that a browser's list asks for; Japanese where it asks for none of ours. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((own) => own.toLowerCase() === tag.toLowerCase());
    if (found) return found;
    const main = tag.toLowerCase().split("-")[0];
    if (main === "zh") return "zh-Hans";
    const close = LANGUAGES.find((own) => own.split("-")[0] === main);
    if (close) return close;
  }
  return "ja";
}
