// How the ground shook here, to be understood at a glance: the number among all that there are, and what it does to a house.
// Not a level: its colours are others, so that nobody reads one into it.
import { html, svg } from "./dom";
import { said, type NowWords } from "./now-words";

/** What a push says of shaking, as dispatch/message.py writes it: the code of the intensity, "5-" to "7". */
export interface ShakingPicture {
  intensity: string;
}

const LADDER = ["1", "2", "3", "4", "5-", "5+", "6-", "6+", "7"] as const;
const WIDTH = 340;
const HEIGHT = 200;
const GROUND = 176;
const STEP = WIDTH / LADDER.length;
// How far the house leans, in degrees, and how much has fallen over inside it.
const LEANS: Record<string, number> = { "5-": 0, "5+": 0, "6-": 5, "6+": 12, "7": 18 };
const FALLEN: Record<string, number> = { "5-": 1, "5+": 2, "6-": 3, "6+": 3, "7": 3 };

export const isShaking = (picture: object): picture is ShakingPicture => "intensity" in picture;

/** Return the picture of *intensity* with its words: number and word, what it does, what to do. */
export function shakingFigure({ intensity }: ShakingPicture, words: NowWords): HTMLElement {
  const name = said(words.intensities, intensity, intensity);
  const does = said(words.shakes, intensity, "");
  return html(
    "figure",
    { class: "shaking" },
    drawing(intensity, `${name} ${does}`),
    html("figcaption", {}, html("strong", {}, name), does && html("span", {}, does), html("ol", { class: "turns" }, ...words.afterShaking.map((step) => html("li", {}, step))), html("small", {}, words.shakingNote)),
  );
}

function drawing(intensity: string, label: string): SVGElement {
  const picture = svg("svg", { class: "house", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  picture.append(svg("rect", { class: "sky", width: WIDTH, height: HEIGHT }));
  LADDER.forEach((step, number) => {
    const here = step === intensity;
    picture.append(
      svg("rect", { class: here ? "rung here" : "rung", x: number * STEP + 2, y: here ? 6 : 14, width: STEP - 4, height: here ? 36 : 24, rx: 4 }),
      svg("text", { class: here ? "rung-here" : "rung-name", x: (number + 0.5) * STEP, y: 31 }, step.replace("-", "−")),
    );
  });
  const lean = LEANS[intensity] ?? 0;
  const house = svg("g", { transform: `translate(90 ${GROUND}) skewX(${-lean}) translate(-90 ${-GROUND})` });
  house.append(svg("path", { class: "walls", d: `M90 ${GROUND}V92L165 58L240 92V${GROUND}z` }), svg("path", { class: "floor", d: "M90 132H240" }), ...furniture(FALLEN[intensity] ?? 0));
  picture.append(house, svg("rect", { class: "soil", x: 0, y: GROUND, width: WIDTH, height: HEIGHT - GROUND }));
  if (lean > 0) picture.append(svg("path", { class: "ahead", d: `M90 ${GROUND}V56` }));
  return picture;
}

/** Return windows, a shelf, a cupboard and what stood on them; of these *fallen* lie on the floor, small things first. */
function furniture(fallen: number): SVGElement[] {
  const shelf = fallen > 1 ? `M108 ${GROUND - 12}h36v12h-36z` : `M108 ${GROUND - 34}h14v34h-14z`;
  const cupboard = fallen > 2 ? `M178 ${GROUND - 16}h40v16h-40z` : `M200 ${GROUND - 38}h20v38h-20z`;
  const things = fallen > 0 ? [0, 1, 2].map((n) => svg("circle", { class: "person", cx: 152 + 9 * n, cy: GROUND - 4, r: 3.5 })) : [];
  return [svg("path", { class: "window", d: "M112 102h26v18h-26zM192 102h26v18h-26z" }), svg("path", { class: "person", d: shelf }), svg("path", { class: "person", d: cupboard }), ...things];
}
