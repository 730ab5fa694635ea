// The word that it is a drill, before everything else: on the notification, and wherever its title is shown again.
import { languageOf, WORDS } from "./words";

/** Return the title of a drill with its mark in the title's own language, once. */
export function markedTitle(seen: { title: string; lang: string }): string {
  const mark = WORDS[languageOf([seen.lang])].drillMark;
  return seen.title.startsWith(mark) ? seen.title : mark + seen.title;
}
