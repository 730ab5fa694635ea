// Every text of the pages, one file a language. No machine translation at run time, no text built from pieces.
import { en } from "./words/en";
import { ja } from "./words/ja";
import { jaHira } from "./words/ja-Hira";
import { ko } from "./words/ko";
import type { Language } from "./languages";
import type { Need } from "./needs";
import { zhHans } from "./words/zh-Hans";

export { LANGUAGES, languageOf, type Language } from "./languages";

/** The wording of `consent` below that the person reads; another wording is another version, here and at the API. */
export const AREA_CONSENT = 1;

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
  followMe: string;
  followConsent: string;
  followOn: string;
  followOff: string;
  quiet: string;
  quietHint: string;
  needs: string;
  needsHint: string;
  needNames: Record<Need, string>;
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
  drillsTitle: string;
  /** As `streams/notices/drill.py` writes it before a title. */
  drillMark: string;
  drills: string;
  drillsHint: string;
  drillsOn: string;
  drillsOff: string;
  lastDrill: string;
}

export const WORDS: Record<Language, Words> = { ja, "ja-Hira": jaHira, en, "zh-Hans": zhHans, ko };
