// Puts what is known into the page "Here, now". Nothing is asked for here, and no section reads as empty that is missing.
import { ago, clock } from "./ages";
import { closureList, isOpen, shelterList } from "./around-view";
import { depthFigure, groundOf, type Ground } from "./depth";
import { byId, html, svg } from "./dom";
import type { Point } from "./geometry";
import { lookOf } from "./levels";
import { linesOf, partAt, ringsOf, waysAt, type Answer, type Notice, type State } from "./live";
import type { Shown } from "./now";
import { linesFor, needList, takesNoSteps } from "./needs";
import { fill } from "./now-words";
import { dangersAt, kinds, noticeItem, noticesAt, orderAt, worst } from "./notice-view";
import { riverFigure, stageOf, stageOfPush } from "./river";
import { isShaking, shakingFigure } from "./shaking";
import { sketch, type Scene } from "./sketch";
import { isWave, waveFigure } from "./wave";
import { guideOfPlan, guideOfTile, wayWords, type Guide } from "./way-view";

// A list of this length is read by nobody on a phone; the first page has all.
const MOST_NOTICES = 12;
const MOST_RIVERS = 3;
const MOST_SHAKEN = 2;
const STALE_MS = 60_000;

export const tellFinding = (text: string): void => void (byId("finding").textContent = text);

/** Say aloud what is missing, old or silent: silence must not read as calm (R10). */
export function tellTrouble(shown: Shown): void {
  const { state, index, words } = shown;
  const now = Date.now();
  const said: string[] = [];
  // Without a line it is said at once, however young the facts are: nobody knows what came since.
  if (state?.asOf !== undefined && (state.kept || !navigator.onLine || now - state.asOf > STALE_MS)) said.push(fill(words.offline, { time: clock(state.asOf, now) }));
  else if (state?.missing.length) said.push(state.asOf === undefined && navigator.onLine ? words.outside : fill(words.stale, { time: clock(state.asOf ?? now, now) }));
  else if (!state && index && (index.keptAt !== undefined || !navigator.onLine)) said.push(fill(words.offline, { time: clock(index.keptAt ?? now, now) }));
  for (const source of index?.sources ?? []) {
    const text = source.silent && source.texts && (source.texts[shown.language] ?? source.texts["en"]);
    if (text) said.push(text);
  }
  const trouble = byId("trouble");
  trouble.replaceChildren(...said.slice(0, 4).flatMap((text, number) => (number ? [html("br"), text] : [text])));
  trouble.hidden = !said.length;
}

export function drawState(shown: Shown): void {
  const { state, spot, words } = shown;
  byId("found").hidden = !state || !spot || state.asOf === undefined;
  if (!state || !spot || state.asOf === undefined) return;
  const now = Date.now();
  const told = state["notices.json"];
  const notices = noticesAt(told?.in_force ?? [], spot.cell);
  const ended = noticesAt(told?.ended ?? [], spot.cell);
  const dangers = dangersAt(state["hazards.geojson"]?.features ?? [], spot.cell);
  // What is not known is not "nothing": without both answers the calm words are not said.
  const known = told && state["hazards.geojson"];
  byId("worst").replaceChildren(known || notices.length || dangers.length ? worst(notices, dangers, orderAt(told?.ways ?? [], spot.cell), now, words) : html("p", { class: "alarm" }, words.loading));
  byId("notices").replaceChildren(...[...notices, ...ended].slice(0, MOST_NOTICES).map((notice) => noticeItem(notice, shown.language, now, words)));
  byId("facts").textContent = fill(words.facts, { time: clock(state.asOf, now), ago: ago(state.asOf, now, words) });
  // What has not come, or could not be had, does not read as "there is none".
  const waiting = (): HTMLElement => html("p", {}, words.loading);
  const sites = state["shelters.geojson"]?.features;
  const closed = state["closures.geojson"]?.features;
  byId("shelters").replaceChildren(sites ? shelterList(sites, answerHere(shown)?.route?.shelter ?? "", spot.point, now, words) : waiting());
  byId("closures").replaceChildren(closed ? closureList(closed, spot.point, now, words) : waiting());
  drawShaking(notices, shown, now);
  drawRivers(state, notices, spot.point, shown, now);
  drawGuide(shown);
}

/** Draw what notices of kind 2 say of the river here; without one, the stations that are nearest. */
function drawRivers(state: State, notices: readonly Notice[], point: Point | undefined, { words }: Shown, now: number): void {
  const river = state["river.json"];
  const far = (at: Point): number => (point ? Math.hypot(at[0] - point[0], at[1] - point[1]) : 0);
  const told = notices.flatMap(({ picture }) => (picture ? [stageOfPush(picture)] : []));
  const stations = [...(river?.stations ?? [])].sort((one, other) => far(one.point) - far(other.point)).map(stageOf);
  const stages = [...told, ...stations].filter((stage) => stage !== undefined).slice(0, MOST_RIVERS);
  byId("rivers").replaceChildren(...stages.map((stage) => riverFigure(stage, river?.official_forecasts ?? [], now, words)));
  byId("river").hidden = !stages.length;
}

/** Draw how the ground shook here and what a tsunami warning says, the gravest first. */
function drawShaking(notices: readonly Notice[], { words }: Shown, now: number): void {
  const figures = notices.flatMap(({ picture }) => {
    if (!picture) return [];
    return isShaking(picture) ? [shakingFigure(picture, words)] : isWave(picture) ? [waveFigure(picture, now, words)] : [];
  });
  byId("shakings").replaceChildren(...figures.slice(0, MOST_SHAKEN));
  byId("shaking").hidden = !figures.length;
}

/** Return what the plan advises for the place that is shown; undefined where no order speaks of it. */
export function answerHere({ state, spot, needs }: Shown): Answer | undefined {
  const entry = state?.["plan.json"]?.cells.find((one) => one.cell === spot?.cell);
  const part = entry && partAt(entry.parts, spot?.exact ? spot.point : undefined);
  return part && (takesNoSteps(needs) ? (part.step_free ?? part.general) : part.general);
}

/** Draw the way: the phone's own where it leads to the shelter that was advised, else the plan's. */
export function drawGuide(shown: Shown): void {
  const { state, spot, words, way } = shown;
  if (!state || !spot) return;
  const now = Date.now();
  const answer = answerHere(shown);
  const factsAt = waysAt(state, shown.index);
  let guide: Guide | undefined = answer && guideOfPlan(answer, factsAt);
  // Room may send people past the nearest shelter: then the nearest way is not the one that was advised.
  const same = answer?.advice === "go" && answer.route?.shelter === way?.shelter.id;
  if (way && same) guide = guideOfTile(way, guide, factsAt);
  const order = orderAt(state["notices.json"]?.ways ?? [], spot.cell);
  const level = Math.max(0, order?.level ?? 0, ...noticesAt(state["notices.json"]?.in_force ?? [], spot.cell).map((notice) => notice.level ?? 0));
  const said = guide ? wayWords(guide, order !== undefined, now, words) : html("p", {}, state["plan.json"] ? `${words.noTile} ${words.help}` : words.loading);
  byId("guide").replaceChildren(said, ...needList(linesFor({ level, phase: "" }, shown.needs, words)));
  byId("sketch").replaceChildren(sketch(sceneOf(shown, guide), words));
  byId("legend").replaceChildren(...legend(shown, guide));
  const depths = groundHere(shown, answer).map((ground) => depthFigure(ground, words));
  byId("depths").replaceChildren(...depths);
  byId("depth").hidden = !depths.length;
}

/** Return what is known of the ground here: from the row of "go up", else from what notice 2 says. */
function groundHere({ state, spot }: Shown, answer: Answer | undefined): Ground[] {
  if (answer?.action) return [groundOf(answer.action.key)];
  const told = noticesAt(state?.["notices.json"]?.in_force ?? [], spot?.cell ?? "").map(({ picture }) => picture).find((picture) => picture && "depth" in picture && typeof picture.depth === "number");
  return told && "depth" in told ? [{ rank: told.depth ?? undefined, collapse: false, stays: false, need: "general", slope: false }] : [];
}

function sceneOf({ state, spot, words }: Shown, guide: Guide | undefined): Scene {
  const hazards = state?.["hazards.geojson"]?.features ?? [];
  const sites = state?.["shelters.geojson"]?.features ?? [];
  const closures = state?.["closures.geojson"]?.features ?? [];
  const names = [...new Set(hazards.flatMap((one) => one.properties.hazards))];
  return {
    you: spot?.point,
    line: guide?.line ?? [],
    beyond: guide?.beyond,
    areas: hazards.map((one) => ({ ...lookOf(one.properties.level, one.properties.severity, words), rings: ringsOf(one) })),
    closed: closures.map((one) => ({ confirmed: one.properties.status === "confirmed", lines: linesOf(one) })),
    sites: sites.map((one) => ({ at: one.geometry.coordinates, open: isOpen(one), name: one.properties.name })),
    text: fill(words.mapText, { hazards: kinds(names, words) || words.nothing, shelters: sites.length, closures: closures.length }),
  };
}

function legend({ state, words }: Shown, guide: Guide | undefined): HTMLElement[] {
  // A level has one colour, for the warning and for the order: the legend calls it by what is in force here.
  const kept = new Map<string, { level: number | null; mark: string; words: Set<string> }>();
  for (const { properties: one } of state?.["hazards.geojson"]?.features ?? []) {
    const look = lookOf(one.level, one.severity, words, one.is_order);
    const entry = kept.get(look.key) ?? { level: one.level, mark: look.mark, words: new Set() };
    entry.words.add(look.word);
    kept.set(look.key, entry);
  }
  const sign = (...drawn: SVGElement[]): SVGElement => svg("svg", { viewBox: "0 0 30 24", "aria-hidden": "true" }, ...drawn);
  const item = (drawn: SVGElement, text: string): HTMLElement => html("li", {}, drawn, text);
  return [
    ...[...kept].map(([key, { level, mark, words: called }]) => html("li", {}, html("span", { class: `chip ${key}` }, level ? fill(words.level, { n: level }) : mark, html("b", {}, [...called].join(" · "))))),
    item(sign(svg("circle", { cx: 15, cy: 12, r: 7, class: "you" })), words.legend.you),
    ...(guide?.line.length ? [item(sign(svg("path", { d: "M2 18L28 6", class: "way" })), words.legend.way)] : []),
    item(sign(svg("path", { d: "M7 20v-9l8 -7l8 7v9z", class: "site open" })), `${words.legend.shelter} (${words.states.open})`),
    item(sign(svg("path", { d: "M7 20v-9l8 -7l8 7v9z", class: "site" })), words.legend.shelter),
    item(sign(svg("circle", { cx: 15, cy: 12, r: 8, class: "stop confirmed" }), svg("path", { d: "M11 8l8 8m0 -8l-8 8", class: "cross" })), words.legend.confirmed),
    item(sign(svg("circle", { cx: 15, cy: 12, r: 8, class: "stop reported" }), svg("text", { x: 15, y: 16.5, class: "ask" }, "?")), words.legend.reported),
  ];
}
