// Every text of the pages, one file a language. No machine translation at run time, no text built from pieces.
import { en } from "./words/en";
import { ja } from "./words/ja";
import { jaHira } from "./words/ja-Hira";
import { ko } from "./words/ko";
import { zhHans } from "./words/zh-Hans";

export const LANGUAGES = ["ja", "ja-Hira", "en", "zh-Hans", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Words {
  name: string;
  title: string;
  step1: string;
  step2: string;
  step3: string;
  here: string;
  hereWaiting: string;
  hereDenied: string;
  onMap: string;
  mapHint: string;
  wholeMap: string;
  placeIs: string;
  addPlace: string;
  removePlace: string;
  placeNameHint: string;
  placesFull: string;
  roles: Record<"home" | "work" | "school" | "family" | "other", string>;
  roleLabel: string;
  whose: Record<"mine" | "mine-at-hours" | "someone-elses" | "here-until", string>;
  whoseLabel: string;
  fromHour: string;
  toHour: string;
  levelLabel: string;
  everyLevel: string;
  fromLevel: string;
  stays: string;
  quiet: string;
  quietHint: string;
  needs: string;
  needsHint: string;
  stepFree: string;
  consent: string;
  allow: string;
  waiting: string;
  done: string;
  doneHint: string;
  blocked: string;
  unsupported: string;
  iphone: string;
  silentMode: string;
  stored: string;
  forget: string;
  forgotten: string;
  failed: string;
  back: string;
  unknownPush: string;
  unknownPushBody: string;
  renew: string;
}

export const WORDS: Record<Language, Words> = { ja, "ja-Hira": jaHira, en, "zh-Hans": zhHans, ko };

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
