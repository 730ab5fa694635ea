// How deep water could stand at a house, drawn with a person and floors beside it. From the hazard map, not of this moment.
import { html, svg } from "./dom";
import { fill, said, type NowWords } from "./now-words";

/** The ranks of the flood maps and the upper bound of each in metres, as drawn; the last has none. */
const UPPER_M: Record<number, number> = { 0: 0, 1: 0.5, 2: 3, 3: 5, 4: 10, 5: 20, 6: 25 };
const RANKS = ["", "under-half-m", "from-half-m", "from-3-m", "from-5-m", "from-10-m", "from-20-m"];
const STOREY_M = 3;
const PERSON_M = 1.6;
const WIDTH = 340;
const HEIGHT = 220;
const GROUND = HEIGHT - 18;

/** What the key of a "go up" row says of a place: routing/go_up.py writes it as depth/zone/duration/need. */
export interface Ground {
  rank: number | undefined;
  collapse: boolean;
  stays: boolean;
  need: string;
  slope: boolean;
}

/** Read the key of a row. What cannot be read is not known, and counts as the worse. */
export function groundOf(key: string): Ground {
  const [first = "", zone = "", duration = "", need = ""] = key.split("/");
  if (first === "slope") return { rank: undefined, collapse: false, stays: false, need: zone, slope: true };
  const rank = RANKS.indexOf(first);
  return { rank: rank > 0 ? rank : undefined, collapse: zone !== "stands", stays: duration !== "hours", need, slope: false };
}

/** Return the sentence for going up, with the floor named (R3). A wheelchair user is never told only to climb. */
export function goUpText(key: string, words: NowWords, refuge = ""): string {
  const ground = groundOf(key);
  const top = UPPER_M[ground.rank ?? 6] ?? 25;
  const floors: Record<number, number> = { 1: 2, 2: 2, 3: 3, 4: 5, 5: 8 };
  const number = floors[ground.rank ?? 6];
  const floor = number ? fill(words.floor, { n: number }) : words.floorTop;
  const help = ground.need !== "general";
  const text = help ? words.upHelp : ground.slope ? words.upSlope : ground.collapse || top > 3 ? words.upStrong : words.upOwn;
  const there = refuge && !ground.slope && text !== words.upOwn ? fill(words.upRefuge, { to: refuge }) : "";
  return [fill(text, { floor: help && ground.slope ? fill(words.floor, { n: 2 }) : floor }), ground.stays ? words.waterStays : "", there, words.help].filter(Boolean).join(" ");
}

/** Return the picture of *ground* with its words. An unknown depth is said to be unknown and drawn with no water. */
export function depthFigure(ground: Ground, words: NowWords): HTMLElement {
  const known = ground.rank !== undefined;
  const text = known ? said(words.depths, String(ground.rank), words.depthUnknown) : words.depthUnknown;
  return html(
    "figure",
    { class: "depth" },
    ...(known ? [drawing(ground.rank as number, text, words)] : []),
    html("figcaption", {}, html("strong", {}, text), ground.collapse && known && html("span", {}, words.collapse), html("small", {}, words.depthNote)),
  );
}

function drawing(rank: number, text: string, words: NowWords): SVGElement {
  const top = UPPER_M[rank] ?? 0;
  const storeys = Math.max(2, Math.min(6, Math.ceil(top / STOREY_M) + 1));
  const metre = (GROUND - 26) / Math.max(storeys * STOREY_M, top);
  const y = (metres: number): number => GROUND - metres * metre;
  const picture = svg("svg", { class: "house", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${words.depth} ${text}` });
  picture.append(svg("rect", { class: "sky", width: WIDTH, height: HEIGHT }));
  const left = 120;
  const right = 250;
  picture.append(svg("path", { class: "walls", d: `M${left} ${GROUND}V${y(storeys * STOREY_M)}H${right}V${GROUND}z` }));
  for (let storey = 0; storey < storeys; storey++) {
    const floor = y(storey * STOREY_M);
    picture.append(
      svg("path", { class: "floor", d: `M${left} ${floor}H${right}` }),
      svg("rect", { class: "window", x: left + 14, y: floor - metre * 2.1, width: 24, height: metre * 1.2 }),
      svg("rect", { class: "window", x: right - 38, y: floor - metre * 2.1, width: 24, height: metre * 1.2 }),
      svg("text", { class: "label", x: right + 8, y: floor - metre * 1.1 }, fill(words.storeys, { n: storey + 1 })),
    );
  }
  picture.append(...person(64, y(0), metre * PERSON_M));
  if (top > 0) {
    picture.append(
      svg("rect", { class: "flood", x: 0, y: y(top), width: WIDTH, height: GROUND - y(top) }),
      svg("path", { class: "surface", d: `M0 ${y(top)}${"q10 -5 20 0t20 0".repeat(9)}` }),
      svg("path", { class: "measure", d: `M26 ${GROUND}V${y(top)}m-5 7l5 -7l5 7` }),
      svg("text", { class: "now", x: 8, y: Math.max(16, y(top) - 8) }, text),
    );
  }
  picture.append(svg("rect", { class: "soil", x: 0, y: GROUND, width: WIDTH, height: HEIGHT - GROUND }));
  return picture;
}

function person(x: number, foot: number, height: number): SVGElement[] {
  const head = height / 7;
  return [
    svg("circle", { class: "person", cx: x, cy: foot - height + head, r: head }),
    svg("path", { class: "person", d: `M${x - head} ${foot}V${foot - height * 0.72}h${head * 2}V${foot}z` }),
  ];
}
