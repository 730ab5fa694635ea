// The words of the page "Here, now", of its pictures and of the self-check: one reviewed file a language.
import { en } from "./now-words/en";
import { ja } from "./now-words/ja";
import { jaHira } from "./now-words/ja-Hira";
import { ko } from "./now-words/ko";
import { zhHans } from "./now-words/zh-Hans";
import type { Language } from "./words";

type Spoken<T> = { [K in keyof T]: T[K] extends string ? string : Spoken<T[K]> };
/** What every language has to say; the compiler refuses a file in which a word is missing. */
export type NowWords = Spoken<typeof ja>;

export const NOW_WORDS: Record<Language, NowWords> = { ja, "ja-Hira": jaHira, en, "zh-Hans": zhHans, ko };

/** Return *text* with its blanks filled. What fills them is text, never markup. */
export const fill = (text: string, blanks: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in blanks ? String(blanks[name]) : whole));

/** Return *name* as a reader of *words* reads it, with the characters on signs beside it; parts of it are parted by ・. */
export const nameIn = (name: string, words: NowWords): string => {
  const read = name.split("・").map((part) => said(words.names, part, part)).join(" · ");
  return read === name.split("・").join(" · ") ? name : `${read} (${name})`;
};

/** Return what *table* says of *key*; *otherwise* for a key that a newer server may send. */
export const said = (table: Record<string, string>, key: string, otherwise: string): string =>
  Object.hasOwn(table, key) ? (table[key] as string) : otherwise;
