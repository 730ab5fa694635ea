// "Here, now": what is in force at a place, what to do, and the way. No sign-up; the place is found on the phone.
import "./page.css";
import "./now.css";
import { ago, clock } from "./ages";
import { answerHere, drawGuide, drawState, tellFinding, tellTrouble } from "./now-draw";
import { cellAt, isCell, middleOf, parentOf, resolutionOf } from "./cells";
import { check, checkCame, lastChecked, obstacle, renewIfLapsed, type Reach } from "./check";
import { keepDrills } from "./drills";
import { byId, html } from "./dom";
import { follow } from "./follow";
import { followOnOpen } from "./follow-me";
import type { Point } from "./geometry";
import { install, needsHomeScreen, onInstallable } from "./install";
import { LIVE, saidBy, type Said } from "./lanes";
import { SHARD_RESOLUTION, shards, stateOf, type Shards, type State } from "./live";
import { LANGUAGES, languageOf, NAMES, type Language } from "./languages";
import { fill, type NowWords } from "./now-words";
import { nowWordsOf } from "./now-words-of";
import { needsOf, takesNoSteps, withSteps, type Need } from "./needs";
import { RESOLUTION, whereIAm } from "./places";
import { pushView } from "./push-view";
import { listenToReports, offerReports, speakReports } from "./report-form";
import { readMe, readSeen, updateMe, type Me, type Seen } from "./store";
import { exactWay } from "./tiles";
import type { Way } from "./way-tile";

/** Where the reader asks about. The exact point is kept in memory only, and only where the phone itself gave it. */
export interface Spot {
  cell: string;
  point: Point | undefined;
  exact: boolean;
  name: string;
}

export interface Shown {
  language: Language;
  words: NowWords;
  spot: Spot | undefined;
  state: State | undefined;
  index: Shards | undefined;
  way: Way | undefined;
  needs: readonly Need[];
}

const shown: Shown = {
  language: languageOf(navigator.languages),
  // Nothing is drawn before they are there (`start`).
  words: undefined as unknown as NowWords,
  spot: undefined,
  state: undefined,
  index: undefined,
  way: undefined,
  needs: [],
};
let me: Me | undefined;
let pushed: Seen | undefined;
let asked = 0;
let spoken = 0;
// For which place, plan and need the way was found; moving a step does not ask again.
let reckoned = "";

async function speak(language: Language): Promise<void> {
  const number = ++spoken;
  const words = await nowWordsOf(language);
  if (number !== spoken) return;
  byId<HTMLSelectElement>("language").value = words ? language : shown.language;
  // Without a line and not kept: what is read now stays.
  if (!words) return;
  shown.language = language;
  shown.words = words;
  document.documentElement.lang = language === "ja-Hira" ? "ja" : language;
  document.title = shown.words.title;
  for (const at of document.querySelectorAll<HTMLElement>("[data-now]")) at.textContent = shown.words[at.dataset["now"] as "title"];
  byId("language").setAttribute("aria-label", shown.words.language);
  byId("map").setAttribute("aria-label", shown.words.pick);
  byId("big-map").setAttribute("aria-label", shown.words.map);
  byId("mine").setAttribute("aria-label", shown.words.places);
  byId("report-map").setAttribute("aria-label", shown.words.reportMap);
  byId("iphone").textContent = words.iphone;
  speakReports(words);
  listMine();
  draw();
  void tellReach();
}

function draw(): void {
  if (pushed) byId("pushed").replaceChildren(pushView(pushed, shown.spot?.exact ? shown.spot.point : undefined, shown.needs, Date.now(), shown.words));
  byId("pushed").hidden = !pushed;
  drawState(shown);
}

function listMine(): void {
  const places = me?.wish.places ?? [];
  byId("mine").replaceChildren(
    ...places.map((place) => {
      const name = me?.names[place.cell] || shown.words.roles[place.role] || shown.words.thisPlace;
      const button = html("button", { type: "button", "aria-pressed": String(shown.spot?.cell === place.cell) }, name);
      button.addEventListener("click", () => void look({ cell: place.cell, point: middleOf(place.cell), exact: false, name }));
      return button;
    }),
  );
}

/** Show what is known of *spot*. Only its shard is asked about. */
async function look(spot: Spot): Promise<void> {
  shown.spot = spot;
  shown.way = undefined;
  reckoned = "";
  shown.state = undefined;
  byId("chooser").hidden = true;
  listMine();
  tellFinding(shown.words.loading);
  await refresh();
  tellFinding("");
  byId("found").scrollIntoView?.({ block: "start" });
}

async function refresh(): Promise<void> {
  const { spot } = shown;
  if (!spot) return;
  const number = ++asked;
  const first = (state: State): void => {
    if (number !== asked || shown.state) return;
    shown.state = state;
    draw();
  };
  const [state, index] = await Promise.all([stateOf(parentOf(spot.cell, SHARD_RESOLUTION), first), shards()]);
  // An answer that was overtaken by a newer question says nothing about the place that is shown now.
  if (number !== asked) return;
  shown.state = state;
  shown.index = index ?? shown.index;
  draw();
  tellTrouble(shown);
  await findWay();
  await offerReports();
}

/** Find the way from the phone's own point, once for each plan: only where people are told to go are there tiles. */
async function findWay(): Promise<void> {
  const { spot, state } = shown;
  if (!spot?.exact || !spot.point || !state) return;
  const plan = state["plan.json"];
  const answer = answerHere(shown);
  const wanted = answer?.advice === "go" ? `${spot.cell} ${plan?.plan_digest} ${takesNoSteps(shown.needs)}` : "";
  if (wanted === reckoned) return;
  reckoned = wanted;
  const way = wanted ? await exactWay(spot.cell, spot.point, takesNoSteps(shown.needs)) : undefined;
  // Another place or plan may have been asked about since.
  if (wanted !== reckoned) return;
  // Not to be had just now: the way of the plan stands, and the next news or half minute asks again.
  if (!way) reckoned = "";
  shown.way = way;
  drawGuide(shown);
}

async function here(): Promise<void> {
  tellFinding(shown.words.finding);
  try {
    const { lat, lng } = await whereIAm();
    const cell = cellAt(lat, lng, RESOLUTION);
    if (!cell) throw new Error("in the sea");
    await look({ cell, point: [lng, lat], exact: true, name: "" });
  } catch {
    tellFinding(shown.words.notFound);
    await pick();
  }
}

async function pick(): Promise<void> {
  byId("chooser").hidden = false;
  if (byId("map").childElementCount) return;
  try {
    const { drawMap } = await import("./map");
    drawMap(byId("map"), (cell) => void look({ cell, point: middleOf(cell), exact: false, name: "" }));
  } catch {
    await pickWithoutWebGL();
  }
}

async function pickWithoutWebGL(): Promise<void> {
  try {
    const { drawPlainMap } = await import("./plain-map");
    const holder = byId("map");
    // What moves by keyboard is within; the frame is no stop of its own.
    for (const name of ["tabindex", "role"]) holder.removeAttribute(name);
    holder.classList.add("drawn");
    await drawPlainMap(holder, (cell) => void look({ cell, point: middleOf(cell), exact: false, name: "" }), { back: shown.words.wholeMap, hint: shown.words.mapHint });
  } catch {
    byId("chooser").hidden = true;
    tellFinding(shown.words.noMap);
  }
}

async function openBigMap(): Promise<void> {
  const holder = byId("big-map");
  holder.hidden = false;
  byId("big").hidden = true;
  try {
    const { drawBigMap } = await import("./big-map");
    drawBigMap(holder, shown);
  } catch {
    holder.hidden = true;
    tellFinding(shown.words.noMap);
  }
}

/** Follow the part of the address that no server sees: `#here`, a cell, or the tag of a push. */
async function followFragment(): Promise<void> {
  const path = /^\/n\/([\w-]{16})$/.exec(location.pathname)?.[1];
  const [name, value = ""] = location.hash.slice(1).split("=");
  const tag = name === "n" && /^[\w-]{16}$/.test(value) ? value : path;
  pushed = tag ? await readSeen(tag).catch(() => undefined) : undefined;
  draw();
  if (name === "here") await here();
  else if (name === "c" && isCell(value) && resolutionOf(value) === RESOLUTION && middleOf(value))
    await look({ cell: value, point: middleOf(value), exact: false, name: "" });
  else if (!shown.spot && me?.wish.places[0]) {
    const { cell } = me.wish.places[0];
    await look({ cell, point: middleOf(cell), exact: false, name: "" });
  }
}

async function tellReach(reach?: Reach): Promise<void> {
  const now = reach ?? (await obstacle(me).catch(() => "unsupported" as const));
  byId("check-state").textContent = now ? shown.words.checkStates[now] : "";
  byId<HTMLButtonElement>("check-now").disabled = now === "unsupported" || now === "denied" || now === "none" || now === "sent";
  byId("iphone").hidden = !needsHomeScreen();
  const [came, checked] = [await checkCame().catch(() => undefined), lastChecked()];
  tellWhen("check-came", came && fill(shown.words.checkCame, { time: clock(came, Date.now()) }));
  tellWhen("checked", checked && fill(shown.words.checked, { ago: ago(checked, Date.now(), shown.words) }));
}

function tellWhen(id: string, said: string | 0 | undefined): void {
  byId(id).textContent = said || "";
  byId(id).hidden = !said;
}

function share(): void {
  if (!shown.spot) return;
  const url = `${location.origin}/map#c=${shown.spot.cell}`;
  void navigator.share({ title: document.title, url }).catch(() => undefined);
}

async function start(): Promise<void> {
  const chooser = byId<HTMLSelectElement>("language");
  for (const language of LANGUAGES) {
    const option = new Option(NAMES[language], language);
    option.lang = language === "ja-Hira" ? "ja" : language;
    chooser.add(option);
  }
  me = await readMe().catch(() => undefined);
  shown.needs = needsOf(me);
  byId<HTMLInputElement>("step-free").checked = takesNoSteps(shown.needs);
  if (me) shown.language = languageOf([me.wish.language]);
  chooser.value = shown.language;
  chooser.addEventListener("change", () => void speak(chooser.value as Language));
  byId("here").addEventListener("click", () => void here());
  byId("pick").addEventListener("click", () => void pick());
  byId("big").addEventListener("click", () => void openBigMap());
  byId("check-now").addEventListener("click", () => void check((reach) => void tellReach(reach)));
  byId("install").addEventListener("click", () => void install());
  listenToReports(() => shown.words, () => void refresh(), () => shown.spot?.point);
  byId("share").hidden = !("share" in navigator);
  byId("share").addEventListener("click", share);
  byId<HTMLInputElement>("step-free").addEventListener("change", (event) => {
    const needs = withSteps(shown.needs, (event.target as HTMLInputElement).checked);
    shown.needs = needs;
    // A need stays on the phone; one who signed up need not say it twice.
    if (me) void updateMe({ needs, stepFree: takesNoSteps(needs) });
    draw();
    void refresh();
  });
  onInstallable(() => {
    for (const id of ["install", "install-why"]) byId(id).hidden = false;
  });
  await speak(shown.language);
  if (!shown.words) await speak("ja");
  if (!shown.words) return;
  addEventListener("hashchange", () => void followFragment());
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.addEventListener("message", (event: MessageEvent<Said>) => {
      if (!saidBy(LIVE, event)?.shown) return;
      void refresh();
      void tellReach();
    });
    void navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => undefined);
    // What was loaded before the worker was there is asked for once more, so that the next time needs no network.
    if (!navigator.serviceWorker.controller) navigator.serviceWorker.addEventListener("controllerchange", () => void refresh());
  }
  await followFragment();
  if (!shown.spot) {
    // Before a place is chosen, too: whoever opens the page without a line is told so, and from when its facts are.
    shown.index = (await shards()) ?? shown.index;
    if (!shown.spot) tellTrouble(shown);
  }
  follow((changed) => !!shown.spot && changed.includes(parentOf(shown.spot.cell, SHARD_RESOLUTION)), () => void refresh());
  await renewIfLapsed((reach) => void tellReach(reach));
  // Only after it: a place is told under an address that is proved. Without a position or a line it stays where it was.
  await followOnOpen().catch(() => undefined);
  void keepDrills().catch(() => undefined);
  me = await readMe().catch(() => me);
  listMine();
}

void start();
