// A map to choose a place on where there is no WebGL: the wards as a drawing over what the server draws of the moment
// (dangers, closed roads, shelters), one ward nearer, then a press.
// By keyboard: Tab to a ward and Enter; then the arrows move a cross, Enter takes its place.
import { cellAt, ringOf } from "./cells";
import { html, svg } from "./dom";
import type { Point } from "./geometry";
import { RESOLUTION } from "./places";

interface Ward {
  properties: { name: string };
  geometry: { type: "Polygon"; coordinates: Point[][] } | { type: "MultiPolygon"; coordinates: Point[][][] };
}
type Box = [west: number, south: number, east: number, north: number];

const WIDTH = 1000;
// At 35.7 degrees north a degree of longitude is this much of one of latitude.
const NARROWER = 0.812;
// The window that the server draws: `TOKYO` in api/drawing/frame.py.
const DRAWN: Box = [139.555, 35.515, 139.93, 35.825];
const STEP = 0.04;
const MARGIN = 0.04;

export interface PlainWords {
  back: string;
  hint: string;
}

/** Draw the wards into *holder*; *chosen* hears of each cell that is pressed. Raises where no ward is known. */
export async function drawPlainMap(holder: HTMLElement, chosen: (cell: string) => void, words: PlainWords): Promise<void> {
  const answer = await fetch("/wards.geojson", { credentials: "omit" });
  const wards = answer.ok ? ((await answer.json()) as { features: Ward[] }).features : [];
  if (!wards.length) throw new Error("no wards");
  const whole = boxOf(wards.flatMap(ringsOf).flat());
  const picture = svg("svg", { class: "plain" });
  const back = html("button", { type: "button" }, words.back);
  holder.replaceChildren(picture, html("div", { class: "row" }, back));
  const show = (box: Box, near: Ward | undefined): void => {
    drawn(picture, box, wards, near, (ward) => show(boxOf(ringsOf(ward).flat()), ward), chosen, words);
    back.hidden = !near;
  };
  back.addEventListener("click", () => show(whole, undefined));
  show(whole, undefined);
}

const darkly = (): boolean => window.matchMedia("(prefers-color-scheme: dark)").matches;

const ringsOf = ({ geometry }: Ward): Point[][] => (geometry.type === "Polygon" ? geometry.coordinates.slice(0, 1) : geometry.coordinates.flatMap((one) => one.slice(0, 1)));

function boxOf(points: readonly Point[]): Box {
  const lngs = points.map(([lng]) => lng);
  const lats = points.map(([, lat]) => lat);
  const box: Box = [Math.min(...lngs), Math.min(...lats), Math.max(...lngs), Math.max(...lats)];
  const edge = Math.max(box[2] - box[0], box[3] - box[1]) * MARGIN;
  return [box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge];
}

function drawn(picture: SVGElement, box: Box, wards: readonly Ward[], near: Ward | undefined, nearer: (ward: Ward) => void, chosen: (cell: string) => void, words: PlainWords): void {
  const scale = WIDTH / ((box[2] - box[0]) * NARROWER);
  const height = (box[3] - box[1]) * scale;
  const flat = ([lng, lat]: Point): string => `${((lng - box[0]) * NARROWER * scale).toFixed(1)} ${((box[3] - lat) * scale).toFixed(1)}`;
  const path = (ring: readonly Point[]): string => `M${ring.map(flat).join("L")}z`;
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${height.toFixed(0)}`);
  const [left, top] = flat([DRAWN[0], DRAWN[3]]).split(" ");
  const [right, bottom] = flat([DRAWN[2], DRAWN[1]]).split(" ");
  // What it shows is in words on the page; where it cannot be had the wards stay.
  const moment = svg("image", { href: darkly() ? "/map-night.svg" : "/map.svg", x: left, y: top, width: Number(right) - Number(left), height: Number(bottom) - Number(top), preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.replaceChildren(moment);
  moment.addEventListener("error", () => moment.remove());
  moment.addEventListener("load", () => picture.classList.add("over"));
  for (const ward of wards) {
    const shape = svg("path", { class: ward === near ? "ward near" : "ward", d: ringsOf(ward).map(path).join("") });
    if (!near) {
      for (const [name, value] of Object.entries({ tabindex: "0", role: "button", "aria-label": ward.properties.name })) shape.setAttribute(name, value);
      shape.addEventListener("click", () => nearer(ward));
      shape.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") nearer(ward);
      });
    }
    picture.append(shape);
  }
  for (const ward of near ? [near] : wards) {
    const [x, y] = flat(middle(ringsOf(ward).flat())).split(" ");
    picture.append(svg("text", { class: "ward-name", x, y, "aria-hidden": "true" }, ward.properties.name));
  }
  if (!near) {
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", words.hint);
    return;
  }
  const cell = svg("path", { class: "chosen" });
  const cross = svg("path", { class: "cross-at" });
  let at: Point = middle(ringsOf(near).flat());
  const move = (east: number, north: number): void => {
    at = [at[0] + east * (box[2] - box[0]), at[1] + north * (box[3] - box[1])];
    const [x, y] = flat(at).split(" ");
    cross.setAttribute("d", `M${x} ${y}m-22 0h44m-22 -22v44`);
  };
  const take = ([lng, lat]: Point): void => {
    const found = cellAt(lat, lng, RESOLUTION);
    if (!found) return;
    cell.setAttribute("d", path(ringOf(found)));
    chosen(found);
  };
  // One thing that is stepped into by Tab: arrows and Enter are its own.
  const board = svg("rect", { class: "board", width: WIDTH, height, tabindex: "0", role: "application", "aria-label": `${near.properties.name}. ${words.hint}` });
  board.addEventListener("click", (event) => {
    const press = event as MouseEvent;
    const { left, top, width } = (picture as SVGSVGElement).getBoundingClientRect();
    const one = WIDTH / width / scale;
    at = [box[0] + ((press.clientX - left) * one) / NARROWER, box[3] - (press.clientY - top) * one];
    move(0, 0);
    take(at);
  });
  board.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[(event as KeyboardEvent).key];
    if (way) move(way[0] as number, way[1] as number);
    else if ((event as KeyboardEvent).key === "Enter") take(at);
    else return;
    event.preventDefault();
  });
  picture.removeAttribute("role");
  picture.append(cell, cross, board);
  move(0, 0);
  (board as unknown as HTMLElement).focus();
}

function middle(points: readonly Point[]): Point {
  const [lng, lat] = points.reduce(([x, y], one) => [x + one[0], y + one[1]], [0, 0]);
  return [lng / points.length, lat / points.length];
}
