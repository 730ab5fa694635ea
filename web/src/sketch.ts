// A map drawn here, on the phone: no library, no tiles, no network. What cannot be seen by colour is said by a mark.
import { svg } from "./dom";
import { inside, metresBetween, type Point, type Ring } from "./geometry";
import { fill, type NowWords } from "./now-words";

export interface Area {
  fill: string;
  ink: string;
  mark: string;
  rings: readonly Ring[];
}
export interface Closed {
  confirmed: boolean;
  lines: readonly (readonly Point[])[];
}
export interface Site {
  at: Point;
  open: boolean;
  name: string;
}
export interface Scene {
  you: Point | undefined;
  line: readonly Point[];
  /** Where a line that is not known to its end leads to. */
  beyond: Point | undefined;
  areas: readonly Area[];
  closed: readonly Closed[];
  sites: readonly Site[];
  /** What a reader who does not see the picture is told. */
  text: string;
}

const WIDTH = 340;
const HEIGHT = 300;
const MARGIN = 26;
// A mark is this wide to each side.
const EDGE = 10;
// With no way to show: about ten minutes on foot to each side.
const AROUND_METRES = 700;
// Where the number of a level may stand, in this order.
const SPOTS: [number, number][] = [60, 150, 240].flatMap((y) => [50, 290, 170, 110, 230].map((x): [number, number] => [x, y]));
const STEPS = [50, 100, 200, 500, 1000, 2000, 5000];

/** Return the picture of *scene*, fitted to its way, or to what lies around the reader. */
export function sketch(scene: Scene, words: NowWords): SVGElement {
  const more = [scene.you, scene.beyond].filter((point) => point !== undefined);
  const shown = scene.line.length > 1 ? [...scene.line, ...more] : scene.you ? [scene.you] : scene.sites.map((site) => site.at);
  const middle = middleOf(shown);
  const scale = scaleOf(shown, middle);
  const narrow = Math.cos((middle[1] * Math.PI) / 180);
  const place = ([lng, lat]: Point): [number, number] => [
    WIDTH / 2 + (lng - middle[0]) * 111_320 * narrow * scale,
    HEIGHT / 2 - (lat - middle[1]) * 111_320 * scale,
  ];
  const path = (points: readonly Point[], closed = false): string =>
    points.map((point, number) => `${number ? "L" : "M"}${place(point).map((value) => value.toFixed(1)).join(" ")}`).join("") + (closed ? "Z" : "");
  const picture = svg("svg", { class: "sketch", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": scene.text });
  picture.append(svg("rect", { class: "ground", width: WIDTH, height: HEIGHT }));
  for (const area of scene.areas) {
    picture.append(svg("path", { d: area.rings.map((ring) => path(ring, true)).join(""), fill: area.fill, class: "danger" }));
  }
  const ground = ([x, y]: [number, number]): Point => [middle[0] + (x - WIDTH / 2) / (111_320 * narrow * scale), middle[1] - (y - HEIGHT / 2) / (111_320 * scale)];
  const taken = scene.line.map(place);
  const to = scene.beyond ?? scene.line.at(-1);
  // The name of where the way leads stands above it, and is wider than a mark.
  if (to) taken.push(...[-60, 0, 60].map((east): [number, number] => [place(to)[0] + east, place(to)[1] - 14]));
  for (const closed of scene.closed) for (const line of closed.lines) taken.push(markOf(line.map(place)));
  for (const area of scene.areas) {
    const at = SPOTS.find((spot) => area.rings.some((ring) => inside(ground(spot), ring)) && taken.every((other) => Math.hypot(other[0] - spot[0], other[1] - spot[1]) > 32));
    if (!at) continue;
    taken.push(at);
    picture.append(badge(at, area));
  }
  for (const closed of scene.closed) for (const line of closed.lines) picture.append(...closure(line.map(place), path(line), closed.confirmed));
  if (scene.line.length > 1)
    picture.append(svg("path", { class: "way casing", d: path(scene.line) }), svg("path", { class: "way", d: path(scene.line) }));
  const end = scene.line.at(-1);
  if (end && scene.beyond) picture.append(svg("path", { class: "way beyond", d: path([end, scene.beyond]) }));
  for (const site of scene.sites) picture.append(house(place(site.at), site.open));
  if (scene.you) picture.append(you(place(scene.you)));
  const name = to && scene.sites.find((site) => metresBetween(site.at, to) < 80)?.name;
  if (to && name) picture.append(label(place(to), name));
  picture.append(...ruler(scale, words));
  return picture;
}

function middleOf(points: readonly Point[]): Point {
  if (!points.length) return [139.75, 35.68];
  const lngs = points.map((point) => point[0]);
  const lats = points.map((point) => point[1]);
  return [(Math.min(...lngs) + Math.max(...lngs)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2];
}

/** Return units of the picture for each metre. */
function scaleOf(points: readonly Point[], middle: Point): number {
  const reach = (one: 0 | 1): number =>
    Math.max(...points.map((point) => metresBetween(middle, one ? [middle[0], point[1]] : [point[0], middle[1]])), 0);
  const east = Math.max(reach(0), points.length > 1 ? 60 : AROUND_METRES);
  const north = Math.max(reach(1), points.length > 1 ? 60 : AROUND_METRES);
  return Math.min((WIDTH / 2 - MARGIN) / east, (HEIGHT / 2 - MARGIN) / north);
}

function badge([x, y]: [number, number], area: Area): SVGElement {
  return svg(
    "g",
    {},
    svg("circle", { cx: x, cy: y, r: 11, fill: area.fill, class: "badge" }),
    svg("text", { x, y: y + 5, fill: area.ink, class: "mark" }, area.mark),
  );
}

/** Return where the mark of a closed road stands: near its middle, and in the picture wherever some of the road is. */
export function markOf(points: readonly [number, number][]): [number, number] {
  const between = points.slice(1).map(([x, y], number): [number, number] => [(x + points[number]![0]) / 2, (y + points[number]![1]) / 2]);
  const middle = (points.length - 1) / 2;
  const spots = [...points.map((at, number) => ({ at, off: Math.abs(number - middle) })), ...between.map((at, number) => ({ at, off: Math.abs(number + 0.5 - middle) }))];
  const seen = spots.filter(({ at: [x, y] }) => x > EDGE && x < WIDTH - EDGE && y > EDGE && y < HEIGHT - EDGE);
  return (seen.length ? seen : spots).reduce((best, spot) => (spot.off < best.off ? spot : best)).at;
}

function closure(points: [number, number][], d: string, confirmed: boolean): SVGElement[] {
  const [x, y] = markOf(points);
  const drawn = points.length > 1 ? [svg("path", { d, class: `closed ${confirmed ? "confirmed" : "reported"}` })] : [];
  return [
    ...drawn,
    svg("circle", { cx: x, cy: y, r: 9, class: `stop ${confirmed ? "confirmed" : "reported"}` }),
    confirmed
      ? svg("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, class: "cross" })
      : svg("text", { x, y: y + 4.5, class: "ask" }, "?"),
  ];
}

function house([x, y]: [number, number], open: boolean): SVGElement {
  return svg("path", { d: `M${x - 8} ${y + 8}v-9l8 -7l8 7v9z`, class: open ? "site open" : "site" });
}

function you([x, y]: [number, number]): SVGElement {
  return svg("g", {}, svg("circle", { cx: x, cy: y, r: 9, class: "you halo" }), svg("circle", { cx: x, cy: y, r: 5.5, class: "you" }));
}

function label([x, y]: [number, number], name: string): SVGElement {
  const shown = name.length > 16 ? `${name.slice(0, 15)}…` : name;
  const anchor = x < WIDTH / 3 ? "start" : x > (WIDTH * 2) / 3 ? "end" : "middle";
  return svg("text", { x, y: y > 40 ? y - 14 : y + 24, class: "name", "text-anchor": anchor }, shown);
}

function ruler(scale: number, words: NowWords): SVGElement[] {
  const metres = STEPS.find((step) => step * scale > 50) ?? 5000;
  const end = 10 + metres * scale;
  return [
    svg("path", { class: "ruler", d: `M10 ${HEIGHT - 12}v5H${end}v-5` }),
    svg("text", { class: "small", x: end + 5, y: HEIGHT - 6 }, fill(words.scale, { n: metres })),
    svg("path", { class: "north", d: `M${WIDTH - 16} 10l6 16l-6 -4l-6 4z` }),
    svg("text", { class: "small", x: WIDTH - 16, y: 38, "text-anchor": "middle" }, "N"),
  ];
}
