// A river against its thresholds, to be understood at a glance: how high it stands, which line comes next, what is forecast.
// The forecast is the river agency's own; ours is never shown here (R23).
import { ago, clock, moment } from "./ages";
import { html, svg } from "./dom";
import { lookOf } from "./levels";
import type { OfficialForecast, Station } from "./live";
import type { ShakingPicture } from "./shaking";
import type { WavePicture } from "./wave";
import { fill, nameIn, said, type NowWords } from "./now-words";

// The lines of a Japanese river, with the level that each answers to; the last is the top of the dyke.
const NAMES = { 1: "standby", 2: "caution", 3: "evacuation", 4: "danger", 5: "overflow" } as const;
type Step = keyof typeof NAMES;
const WIDTH = 340;
const HEIGHT = 210;
const TOP = 18;
const BOTTOM = HEIGHT - 14;
const BANK = 108;
// The height of a line of letters, and how high and low its foot may stand.
const ROW = 19;
const FIRST = 15;
const LAST = HEIGHT - 6;

export interface Line {
  level: Step;
  metres: number;
}
/** One station: what was measured, its lines from the lowest, and the highest that its agency forecasts. */
export interface RiverStage {
  name: string;
  metres: number;
  at: number | undefined;
  lines: Line[];
  trend: string;
  peak: { at: number; metres: number } | undefined;
  doubtful: boolean;
}

/** The picture that a push of kind 2 carries, as dispatch/message.py writes it. */
export interface RiverPicture {
  river: string;
  station: string;
  trend: string;
  levels: [level: number, metres: number][];
  water: [at: number, metres: number][];
  depth: number | null;
}

const isStep = (level: number): level is Step => level in NAMES;

/** A push draws a river, how the ground shook, or a tsunami. */
export type PushPicture = RiverPicture | ShakingPicture | WavePicture;

export function stageOfPush(picture: PushPicture): RiverStage | undefined {
  if (!("river" in picture)) return undefined;
  const [now, ...ahead] = picture.water;
  if (!now) return undefined;
  const peak = ahead.reduce<[number, number] | undefined>((top, one) => (top && top[1] >= one[1] ? top : one), undefined);
  return {
    name: `${picture.river} ${picture.station}`.trim(),
    metres: now[1],
    at: now[0] * 1000,
    lines: picture.levels.flatMap(([level, metres]) => (isStep(level) ? [{ level, metres }] : [])).sort((one, other) => one.metres - other.metres),
    trend: picture.trend,
    peak: peak && { at: peak[0] * 1000, metres: peak[1] },
    doubtful: false,
  };
}

/** Return what is drawn of a station; undefined where it has no stage or no line to hold it against. */
export function stageOf(station: Station): RiverStage | undefined {
  const lines = ([1, 2, 3, 4, 5] as const).flatMap((level) => {
    const metres = station.thresholds_m[NAMES[level]];
    return typeof metres === "number" ? [{ level, metres }] : [];
  });
  if (station.stage_m === null || !lines.length) return undefined;
  lines.sort((one, other) => one.metres - other.metres);
  return { name: station.name, metres: station.stage_m, at: moment(station.fact_at), lines, trend: "", peak: undefined, doubtful: station.doubt !== null };
}

/** Return in words where the stage stands: above which line, and how far below the next. */
export function standing(stage: RiverStage, words: NowWords): string {
  const passed = stage.lines.filter((line) => stage.metres >= line.metres).at(-1);
  const next = stage.lines.find((line) => stage.metres < line.metres);
  const parts = [];
  if (passed) parts.push(fill(words.above, { line: words.lines[NAMES[passed.level]] }));
  if (next) parts.push(fill(words.below, { line: words.lines[NAMES[next.level]], m: (next.metres - stage.metres).toFixed(2) }));
  return parts.join(" · ");
}

/** Return the picture of one station with its words. *forecasts* are the official warnings that name a level ahead. */
export function riverFigure(stage: RiverStage, forecasts: readonly OfficialForecast[], now: number, words: NowWords): HTMLElement {
  const trend = said(words.trends, stage.trend, "");
  const caption = html(
    "figcaption",
    {},
    html("strong", {}, `${fill(words.stage, { m: stage.metres.toFixed(2) })}${trend ? ` (${trend})` : ""}`),
    html("span", {}, standing(stage, words)),
    stage.doubtful && html("p", { class: "alarm" }, words.doubtful),
    stage.peak && html("p", {}, html("strong", {}, fill(words.peak, { time: clock(stage.peak.at, now), m: stage.peak.metres.toFixed(2) }))),
    ...(stage.peak ? [] : forecastLines(forecasts, now, words)),
    html("small", {}, stage.at === undefined ? stage.name : fill(words.riverAge, { station: stage.name, time: clock(stage.at, now), ago: ago(stage.at, now, words) })),
  );
  return html("figure", { class: "river" }, drawing(stage, now, words), caption);
}

function forecastLines(forecasts: readonly OfficialForecast[], now: number, words: NowWords): HTMLElement[] {
  const known = forecasts.filter((one) => one.level_forecast !== null);
  if (!known.length) return [html("p", {}, words.noForecast)];
  return known.map((one) => {
    const look = lookOf(one.level_forecast, "", words);
    const level = `${fill(words.level, { n: one.level_forecast as number })} ${look.word}`;
    return html("p", {}, fill(words.forecast, { level, issuer: nameIn(one.issuer, words), time: clock(moment(one.sent) ?? now, now) }));
  });
}

/** Return where the labels of lines stand whose feet are *wanted*, the lowest line first: apart, and within the picture. */
export function spread(wanted: readonly number[]): number[] {
  const rows: number[] = [];
  // Those that would touch move up; of a small river all lines lie near the dyke's top, and the last would leave the picture.
  for (const at of wanted) rows.push(Math.min(at, (rows.at(-1) ?? HEIGHT) - ROW));
  let least = FIRST;
  for (let row = rows.length - 1; row >= 0; row--) {
    rows[row] = Math.max(rows[row] as number, least);
    least = (rows[row] as number) + ROW;
  }
  return rows;
}

/** Return where the stage and the highest forecast are written, whose water stands at *water* and *top*: never over one another. */
export function written(water: number, top: number): { now: number; peak: number } {
  const now = Math.min(water + 22, LAST);
  const peak = Math.max(top - 6, FIRST - 1);
  // A river that falls: its highest to come is below what it is now.
  if (Math.abs(peak - now) >= ROW) return { now, peak: Math.min(peak, LAST) };
  return { now, peak: now + ROW <= LAST ? now + ROW : now - ROW };
}

/** Draw bank, water and lines. Words stand beside each line, so that nothing is said by colour alone. */
function drawing(stage: RiverStage, now: number, words: NowWords): SVGElement {
  const all = [...stage.lines.map((line) => line.metres), stage.metres, ...(stage.peak ? [stage.peak.metres] : [])];
  const low = Math.min(...all) - 0.6;
  const high = Math.max(...all) + 0.4;
  const y = (metres: number): number => BOTTOM - ((metres - low) / (high - low)) * (BOTTOM - TOP);
  const water = y(stage.metres);
  const label = `${stage.name} ${fill(words.stage, { m: stage.metres.toFixed(2) })} ${standing(stage, words)}`;
  const picture = svg("svg", { class: "stage", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  picture.append(
    svg("rect", { class: "sky", width: WIDTH, height: HEIGHT }),
    svg("rect", { class: "water", x: 0, y: water, width: BANK + 20, height: HEIGHT - water }),
    svg("path", { class: "bank", d: `M${BANK} ${TOP}h14l34 ${HEIGHT - TOP}h-90z` }),
  );
  const rows = spread(stage.lines.map((line) => y(line.metres) + 5));
  for (const [number, line] of stage.lines.entries()) {
    const look = lookOf(line.level, "", words);
    const at = y(line.metres);
    const above = rows[number] as number;
    picture.append(
      svg("path", { class: "line-edge", d: `M0 ${at}H150` }),
      svg("path", { class: "line", d: `M0 ${at}H150L162 ${above - 5}`, stroke: look.fill }),
      svg("rect", { class: "badge", x: 164, y: above - 14, width: 18, height: 18, rx: 3, fill: look.fill }),
      svg("text", { class: "mark", x: 173, y: above, fill: look.ink }, look.mark),
      svg("text", { class: "label", x: 188, y: above }, `${words.lines[NAMES[line.level]]} ${line.metres.toFixed(2)}m`),
    );
  }
  const feet = written(water, stage.peak ? y(stage.peak.metres) : 0);
  picture.append(
    svg("path", { class: "surface", d: `M0 ${water}q9 -5 18 0t18 0t18 0t18 0t18 0t18 0` }),
    svg("text", { class: "now", x: 6, y: feet.now }, fill(words.stage, { m: stage.metres.toFixed(2) })),
  );
  if (stage.peak) {
    const top = y(stage.peak.metres);
    picture.append(
      svg("path", { class: "ahead", d: `M0 ${top}H${BANK}` }),
      svg("path", { class: "measure", d: `M92 ${water}V${top}m-5 ${top < water ? 7 : -7}l5 ${top < water ? -7 : 7}l5 ${top < water ? 7 : -7}` }),
      svg("text", { class: "now", x: 6, y: feet.peak }, `${clock(stage.peak.at, now)} ${stage.peak.metres.toFixed(2)}m`),
    );
  }
  return picture;
}
