// The part of the sign-up page about drills: one switch, what it means, and the drill that came last.
import { clock } from "./ages";
import { markedTitle } from "./drill-mark";
import { byId, html } from "./dom";
import { areOffered, joinDrills, lastDrill, leaveDrills } from "./drills";
import { DRILLS, saidBy, type Said } from "./lanes";
import { DRILL_STORE, readMe } from "./store";
import type { Words } from "./words";

let offered: Promise<boolean> | undefined;

/** Show it to who is signed up for what is real, where there are drills. */
export async function showDrilling(words: Words): Promise<void> {
  const me = await readMe().catch(() => undefined);
  const [drills, last] = await Promise.all([DRILL_STORE.readMe(), lastDrill()]);
  // Asked once, and again where there was no line; of who is not signed up nothing is asked.
  const askOnce = (): Promise<boolean> => (offered ??= areOffered().catch(() => ((offered = undefined), false)));
  const there = !!me?.active && (!!drills?.active || (await askOnce()));
  const section = byId("drilling");
  const appears = section.hidden && there;
  section.hidden = !there;
  const box = byId<HTMLInputElement>("drills");
  if (!box.disabled) box.checked = !!drills?.active;
  const came = last && drills?.active ? last : undefined;
  byId("last-drill").hidden = !came;
  if (came)
    byId("last-drill").replaceChildren(
      html("h3", {}, words.lastDrill),
      html("p", { lang: came.lang }, html("strong", {}, markedTitle(came))),
      html("p", { lang: came.lang }, came.body),
      html("p", { class: "soft" }, clock(came.came ?? came.sent * 1000, Date.now())),
    );
  if (appears && location.hash === "#drilling") section.scrollIntoView();
}

/** Listen to the switch, and to the worker that shows a drill. */
export function drillingChanged(words: () => Words): void {
  byId("drills").addEventListener("change", (event) => void switched((event.target as HTMLInputElement).checked, words()));
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<Said>) => {
    if (saidBy(DRILLS, event)?.shown) void showDrilling(words());
  });
}

async function switched(wanted: boolean, words: Words): Promise<void> {
  const [box, said] = [byId<HTMLInputElement>("drills"), byId("drills-status")];
  box.disabled = true;
  said.textContent = wanted ? words.waiting : "";
  try {
    const me = await readMe();
    const done = wanted ? !!me?.active && (await joinDrills(me)) : await leaveDrills().then(() => true);
    if (!done) throw new Error("the first drill did not come");
    said.textContent = wanted ? words.drillsOn : words.drillsOff;
  } catch {
    box.checked = !wanted;
    said.textContent = words.failed;
  } finally {
    box.disabled = false;
    await showDrilling(words);
  }
}
