// Three taps: language, place, allow. Everything else has a safe default.
import "./page.css";
import { alive, confirm, doorKey, forget, Refused, standing, stored, type Wish, type WishedPlace } from "./door";
import { drillingChanged, showDrilling } from "./drill-view";
import { keepDrills, leaveDrills } from "./drills";
import { chosenPlaces, followed, followOnOpen, startFollowing, stopFollowing } from "./follow-me";
import { html } from "./dom";
import { joined } from "./joining";
import { LIVE } from "./lanes";
import { NEEDS, needsOf, takesNoSteps, type Need } from "./needs";
import { hourChooser, hours, placeRow, ROLES } from "./place-row";
import { cellOf, MOST_PLACES, whereIAm } from "./places";
import { forgetMe, readMe, writeMe } from "./store";
import { AREA_CONSENT, LANGUAGES, languageOf, WORDS, type Language } from "./words";

const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

const state = {
  language: languageOf(navigator.languages),
  places: [] as WishedPlace[],
  names: {} as Record<string, string>,
  quiet: { start_hour: 22, end_hour: 6 },
  pressed: "",
  // The cell that the phone is in, where the person wants it followed.
  followed: "",
  needs: [] as Need[],
};

function speak(language: Language): void {
  state.language = language;
  const words = WORDS[language];
  document.documentElement.lang = language === "ja-Hira" ? "ja" : language;
  document.title = words.title;
  for (const place of document.querySelectorAll<HTMLElement>("[data-words]"))
    place.textContent = words[place.dataset["words"] as "title"];
  for (const button of document.querySelectorAll<HTMLElement>("#language button"))
    button.setAttribute("aria-pressed", String(button.lang === language));
  void showDrilling(words);
  listNeeds();
  listPlaces();
}

function listNeeds(): void {
  const words = WORDS[state.language];
  const box = (need: Need): HTMLElement => {
    const input = html("input", { type: "checkbox", id: `need-${need}` }) as HTMLInputElement;
    input.checked = state.needs.includes(need);
    input.addEventListener("change", () => (state.needs = NEEDS.filter((one) => (one === need ? input.checked : state.needs.includes(one)))));
    return html("label", {}, input, ` ${words.needNames[need]}`);
  };
  at("needs").replaceChildren(...NEEDS.map(box));
}

function listPlaces(): void {
  const words = WORDS[state.language];
  const list = at<HTMLUListElement>("chosen");
  list.replaceChildren(
    ...state.places.map((place, number) =>
      placeRow(place, state.names, words, listPlaces, () => {
        state.places.splice(number, 1);
        listPlaces();
      }),
    ),
  );
  at("quiet-hours").replaceChildren(
    hours(
      hourChooser(words.fromHour, state.quiet.start_hour, (hour) => (state.quiet.start_hour = hour)),
      hourChooser(words.toHour, state.quiet.end_hour, (hour) => (state.quiet.end_hour = hour)),
    ),
  );
  at<HTMLButtonElement>("allow").disabled = state.places.length === 0 && !state.followed;
}

function add(cell: string): void {
  if (state.places.some((place) => place.cell === cell)) return;
  if (state.places.length + (state.followed ? 1 : 0) >= MOST_PLACES) {
    at("place-status").textContent = WORDS[state.language].placesFull;
    return;
  }
  state.places.push({ cell, role: ROLES[Math.min(state.places.length, 4)] ?? "other", min_level: 0 });
  at("place-status").textContent = "";
  listPlaces();
  at("allow").scrollIntoView({ block: "nearest" });
}

async function here(): Promise<void> {
  const words = WORDS[state.language];
  at("place-status").textContent = words.hereWaiting;
  try {
    const { lat, lng } = await whereIAm();
    add(cellOf(lat, lng));
    at("place-status").textContent = "";
  } catch {
    at("place-status").textContent = words.hereDenied;
    await openMap();
  }
}

/** Turn "follow me" on or off; for one who is signed up the server is told at once. */
async function switchFollowing(wanted: boolean): Promise<void> {
  const words = WORDS[state.language];
  const said = at("follow-status");
  const box = at<HTMLInputElement>("follow-me");
  box.disabled = true;
  said.textContent = wanted ? words.hereWaiting : "";
  try {
    const me = await readMe();
    const stands = me?.active ? me : undefined;
    if (wanted) {
      // Counted with what stands at the server too: the page may show changes that were not sent yet.
      if (Math.max(state.places.length, stands ? chosenPlaces(stands).length : 0) >= MOST_PLACES) throw new Error(words.placesFull);
      const cell = await whereIAm().then(({ lat, lng }) => cellOf(lat, lng), () => "");
      if (!cell) throw new Error(words.hereDenied);
      if (stands) await startFollowing(stands, cell).catch(() => Promise.reject(new Error(words.failed)));
      state.followed = cell;
    } else {
      if (stands?.following) await stopFollowing(stands).catch(() => Promise.reject(new Error(words.failed)));
      state.followed = "";
    }
    said.textContent = wanted ? words.followOn : words.followOff;
    listPlaces();
    void showMine();
    void keepDrills().catch(() => undefined);
  } catch (error) {
    box.checked = !wanted;
    said.textContent = error instanceof Error ? error.message : words.failed;
  } finally {
    box.disabled = false;
  }
}

async function openMap(): Promise<void> {
  const chooser = at("chooser");
  if (!chooser.hidden) return;
  chooser.hidden = false;
  const pressed = (cell: string): void => {
    state.pressed = cell;
    at<HTMLButtonElement>("add").disabled = false;
  };
  try {
    const { drawMap } = await import("./map");
    drawMap(at("map"), pressed);
  } catch {
    // No WebGL: the wards as a drawing.
    const words = WORDS[state.language];
    const holder = at("map");
    for (const name of ["tabindex", "role", "aria-describedby"]) holder.removeAttribute(name);
    holder.classList.add("drawn");
    const { drawPlainMap } = await import("./plain-map");
    await drawPlainMap(holder, pressed, { back: words.wholeMap, hint: words.mapHint }).catch(() => (at("place-status").textContent = words.failed));
  }
}

async function allow(): Promise<void> {
  const words = WORDS[state.language];
  const status = at("status");
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    status.textContent = words.unsupported;
    return;
  }
  if ((await Notification.requestPermission()) !== "granted") {
    status.textContent = words.blocked;
    return;
  }
  status.textContent = words.waiting;
  try {
    const key = await doorKey();
    const worker = await navigator.serviceWorker.ready;
    const push = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key.application_server_key });
    const plain: Wish = {
      endpoint: push.endpoint,
      keys: push.toJSON().keys as Wish["keys"],
      language: state.language,
      places: state.places,
      quiet: at<HTMLInputElement>("quiet").checked ? { ...state.quiet } : null,
      // What was read, not what the door asks for: a page kept from before must not agree to words that it never showed.
      consents: [{ purpose: "area-alerts", version: AREA_CONSENT }],
    };
    const { wish, following } = (state.followed && followed({ wish: plain }, state.followed)) || { wish: plain, following: undefined };
    const known = await readMe();
    const me = { wish, following, names: state.names, needs: state.needs, stepFree: takesNoSteps(state.needs) };
    if (known?.active && known.wish.endpoint === wish.endpoint) {
      await confirm(wish, known.token, known.proof);
      await writeMe({ ...known, ...me });
      return finish();
    }
    if (await joined(LIVE, me, known)) return finish();
    status.textContent = words.failed;
  } catch (error) {
    status.textContent = error instanceof Refused ? `${words.failed} (${error.code})` : words.unsupported;
  }
}

async function finish(): Promise<void> {
  const words = WORDS[state.language];
  at("status").textContent = `${words.done} ${words.doneHint}`;
  await showMine();
  void keepDrills().catch(() => undefined);
}

async function showMine(): Promise<void> {
  const me = await readMe();
  at("mine").hidden = !me?.active;
  void showDrilling(WORDS[state.language]);
  if (!me?.active) return;
  try {
    at("stored").textContent = JSON.stringify(await stored(me.token), null, 1);
  } catch {
    at("stored").textContent = JSON.stringify(me.wish.places, null, 1);
  }
}

async function forgetAll(): Promise<void> {
  const me = await readMe();
  if (!me) return;
  try {
    await leaveDrills();
    await forget(me.token);
    const push = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
    await push?.unsubscribe();
    await forgetMe();
    at("mine").hidden = true;
    await showDrilling(WORDS[state.language]);
    state.followed = "";
    at<HTMLInputElement>("follow-me").checked = false;
    at("status").textContent = WORDS[state.language].forgotten;
  } catch {
    at("status").textContent = WORDS[state.language].failed;
  }
}

/** Tell where the phone is now, for one who wants that; without a position or a line it stays where it was. */
async function followOn(): Promise<void> {
  await followOnOpen().catch(() => undefined);
  const me = await readMe();
  // The switch may have been turned off meanwhile.
  if (!me?.following || !state.followed || me.following.cell === state.followed) return;
  state.followed = me.following.cell;
  await showMine();
}

function start(): void {
  const row = document.querySelector("#language .row");
  for (const language of LANGUAGES) {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = language;
    button.textContent = WORDS[language].name;
    button.addEventListener("click", () => speak(language));
    row?.append(button);
  }
  speak(state.language);
  at("here").addEventListener("click", () => void here());
  at("open-map").addEventListener("click", () => void openMap());
  at("add").addEventListener("click", () => add(state.pressed));
  at("allow").addEventListener("click", () => void allow());
  at("forget").addEventListener("click", () => void forgetAll());
  at("follow-me").addEventListener("change", (event) => void switchFollowing((event.target as HTMLInputElement).checked));
  drillingChanged(() => WORDS[state.language]);
  const apple = /iPhone|iPad/.test(navigator.userAgent);
  at("iphone").hidden = !apple || matchMedia("(display-mode: standalone)").matches;
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js", { scope: "/" });
  void readMe().then((me) => {
    if (!me) return;
    if (me.active) void alive(me.token).catch(() => undefined);
    state.places = chosenPlaces({ ...me, wish: standing(me.wish, Date.now()) });
    state.followed = me.following?.cell ?? "";
    at<HTMLInputElement>("follow-me").checked = !!me.following;
    if (me.wish.quiet) state.quiet = { ...me.wish.quiet };
    at<HTMLInputElement>("quiet").checked = me.wish.quiet !== null;
    state.needs = needsOf(me);
    listNeeds();
    state.names = me.names;
    listPlaces();
    void showMine();
    void followOn().then(keepDrills).catch(() => undefined);
  });
}

start();
