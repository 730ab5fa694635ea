// A tsunami at the reader's coast: how high against a person and a house, and when the first wave comes.
import { ago, clock } from "./ages";
import { html, svg } from "./dom";
import { fill, said, type NowWords } from "./now-words";

/** What a push says of a tsunami, as dispatch/message.py writes it. The height may be a word alone. */
export interface WavePicture {
  wave: string;
  height: string;
  height_m: number | null;
  arrives: number | null;
  arriving: boolean;
}

const WIDTH = 340;
const HEIGHT = 190;
const GROUND = 168;
const TALLEST_M = 12;
const PERSON_M = 1.6;
const HOUSE_M = 6;
// The agency's word after a figure that may be passed (１０ｍ超).
const OVER = "超";

export const isWave = (picture: object): picture is WavePicture => "wave" in picture;

/** Return the picture with its words. A height that nobody gave in metres is drawn to the top: it may be any. */
export function waveFigure(picture: WavePicture, now: number, words: NowWords): HTMLElement {
  const height = picture.height_m === null ? (picture.height ? words.waveUnknown : "") : fill(picture.height.endsWith(OVER) ? words.waveOver : words.waveHeight, { m: picture.height_m });
  const arrives = picture.arrives === null ? undefined : picture.arrives * 1000;
  const when = picture.arriving ? words.waveArriving : arrives === undefined ? words.waveNoTime : fill(words.waveArrives, { time: clock(arrives, now) });
  const name = said(words.waves, picture.wave, picture.wave);
  const since = arrives !== undefined && arrives < now && !picture.arriving ? ` (${ago(arrives, now, words)})` : "";
  return html(
    "figure",
    { class: "wave" },
    drawing(picture, `${name} ${height} ${when}`),
    html(
      "figcaption",
      {},
      html("strong", {}, name),
      height && html("strong", {}, height),
      html("strong", {}, when + since),
      html("p", {}, picture.wave === "津波注意報" ? words.waveShore : words.waveFlee),
      html("small", {}, words.waveNote),
    ),
  );
}

function drawing({ height_m, height }: WavePicture, label: string): SVGElement {
  const metres = height_m ?? (height ? TALLEST_M : 1);
  const scale = (GROUND - 18) / Math.max(TALLEST_M, metres);
  const y = (m: number): number => GROUND - m * scale;
  const top = y(metres);
  const picture = svg("svg", { class: "house", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  picture.append(
    svg("rect", { class: "sky", width: WIDTH, height: HEIGHT }),
    svg("path", { class: "walls", d: `M220 ${GROUND}V${y(HOUSE_M - 1.5)}L262 ${y(HOUSE_M + 1)}L304 ${y(HOUSE_M - 1.5)}V${GROUND}z` }),
    svg("path", { class: "floor", d: `M220 ${y(HOUSE_M / 2)}H304` }),
    svg("circle", { class: "person", cx: 180, cy: y(PERSON_M) + 4, r: 4 }),
    svg("path", { class: "person", d: `M176 ${y(PERSON_M) + 8}h8V${GROUND}h-8z` }),
    svg("rect", { class: "soil", x: 140, y: GROUND, width: WIDTH - 140, height: HEIGHT - GROUND }),
    svg("rect", { class: "water", x: 0, y: GROUND, width: 140, height: HEIGHT - GROUND }),
    svg("path", { class: "flood", d: `M0 ${top}q35 -9 70 0q26 6 34 ${(GROUND - top) / 2}q8 ${(GROUND - top) / 2 - 4} 60 ${(GROUND - top) / 2}H0z` }),
    svg("path", { class: height_m === null ? "ahead" : "measure", d: `M0 ${top}H${WIDTH}` }),
    svg("text", { class: "now", x: 84, y: Math.max(top - 6, 15) }, height_m === null ? (height ? "?" : "") : `${height_m}m`),
  );
  return picture;
}
