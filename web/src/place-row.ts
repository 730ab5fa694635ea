// One chosen place: what it is, its own name for it, whose it is and when (R5), and from which level on it is told.
import type { WishedPlace } from "./door";
import { fill } from "./now-words";
import type { Words } from "./words";

export const ROLES = ["home", "work", "school", "family", "other"] as const;
const WHOSE = ["mine", "mine-at-hours", "someone-elses", "here-until"] as const;
// No place is left out above level 4, where everybody is to leave.
const LEVELS = [0, 2, 3, 4] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAY_MS = 86_400_000;
const TOKYO_MS = 9 * 3_600_000;

/** Return the end of *now*'s day in Tokyo, in seconds since 1970; *now* is in milliseconds. */
export const tonight = (now: number): number => ((Math.floor((now + TOKYO_MS) / DAY_MS) + 1) * DAY_MS - TOKYO_MS) / 1000;

export function hourChooser(label: string, hour: number, changed: (hour: number) => void): HTMLSelectElement {
  return chooser(label, HOURS.map((one) => [String(one), `${one}:00`]), String(hour), (value) => changed(Number(value)));
}

/** Return the row of *place*, which it changes; *again* draws the list once more. */
export function placeRow(place: WishedPlace, names: Record<string, string>, words: Words, again: () => void, remove: () => void): HTMLElement {
  const row = document.createElement("li");
  const name = document.createElement("input");
  name.type = "text";
  name.value = names[place.cell] ?? "";
  name.placeholder = words.placeNameHint;
  name.setAttribute("aria-label", words.placeNameHint);
  name.addEventListener("change", () => (names[place.cell] = name.value));
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.removePlace;
  button.addEventListener("click", remove);
  row.append(
    chooser(words.roleLabel, ROLES.map((one) => [one, words.roles[one]]), place.role, (value) => (place.role = value as WishedPlace["role"])),
    name,
    chooser(words.whoseLabel, WHOSE.map((one) => [one, words.whose[one]]), place.whose ?? "mine", (value) => {
      belongs(place, value as (typeof WHOSE)[number], Date.now());
      again();
    }),
  );
  if (place.whose === "mine-at-hours")
    row.append(hours(hourChooser(words.fromHour, place.start_hour ?? 0, (hour) => (place.start_hour = hour)), hourChooser(words.toHour, place.end_hour ?? 0, (hour) => (place.end_hour = hour))));
  row.append(
    chooser(
      words.levelLabel,
      LEVELS.map((level) => [String(level), level ? fill(words.fromLevel, { n: level }) : words.everyLevel]),
      String(place.min_level),
      (value) => (place.min_level = Number(value)),
    ),
    button,
  );
  return row;
}

/** Return two hours with what stands between them, in one line. */
export function hours(from: HTMLElement, to: HTMLElement): HTMLElement {
  const pair = document.createElement("span");
  pair.className = "hours";
  pair.append(from, " – ", to);
  return pair;
}

/** Let *place* be *whose* from *now* on, with nothing left of what it was before. */
export function belongs(place: WishedPlace, whose: (typeof WHOSE)[number], now: number): void {
  delete place.start_hour;
  delete place.end_hour;
  delete place.until;
  place.whose = whose;
  if (whose === "mine-at-hours") Object.assign(place, { start_hour: 9, end_hour: 18 });
  if (whose === "here-until") place.until = tonight(now);
}

function chooser(label: string, options: readonly (readonly [string, string])[], value: string, changed: (value: string) => void): HTMLSelectElement {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  for (const [one, text] of options) select.add(new Option(text, one, false, one === value));
  select.addEventListener("change", () => changed(select.value));
  return select;
}
