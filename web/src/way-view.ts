// The way out in words: what to do, where, how long, the first turns; and when to turn back.
import { ago, clock, moment } from "./ages";
import { goUpText } from "./depth";
import { html } from "./dom";
import { fromPolyline, type Point } from "./geometry";
import type { Answer } from "./live";
import { fill, said, type NowWords } from "./now-words";
import type { PushAnswer } from "./push-way";
import { turnsOf, type Turn } from "./turns";
import type { Way } from "./way-tile";

/** What is shown of a way, wherever it came from: the plan, a push, or the phone's own reckoning. */
export interface Guide {
  advice: string;
  why: string;
  to: string;
  walkMinutes: number;
  slowMinutes: number;
  metres: number;
  turns: readonly Turn[];
  line: readonly Point[];
  /** The shelter, where the line ends at the edge of what the phone holds. */
  beyond: Point | undefined;
  designated: boolean;
  leaveBy: number | undefined;
  /** The ward's own place: where to leave to, or its high ground. */
  refuge: string;
  action: string;
  unconfirmedAt: number | undefined;
  factsAt: number | undefined;
  exact: boolean;
}

// The phone does not know whether it is night where it matters: the slow pace of R1 at night, 0.4 m/s.
const SLOW_FACTOR = 2.5;
const TURNS_SHOWN = 5;

export function guideOfPlan(answer: Answer, factsAt: number | undefined): Guide {
  const { route } = answer;
  return {
    advice: answer.advice,
    why: answer.why,
    to: route?.name ?? "",
    walkMinutes: route?.walk_minutes ?? 0,
    slowMinutes: route?.slow_minutes ?? 0,
    metres: route?.metres ?? 0,
    turns: (route?.turns ?? []).map((turn) => ({ ...turn, side: turn.side.slice(0, 1) as Turn["side"] })),
    line: route ? fromPolyline(route.line) : [],
    beyond: undefined,
    designated: route?.offer === "designated-not-confirmed-open",
    leaveBy: moment(answer.leave_by),
    refuge: answer.refuge ?? "",
    action: answer.action?.key ?? "",
    unconfirmedAt: moment(route?.unconfirmed[0]?.reported_at),
    factsAt,
    exact: false,
  };
}

export function guideOfPush(answer: PushAnswer, factsAt: number | undefined): Guide {
  return {
    advice: answer.a,
    why: answer.w,
    to: answer.to ?? "",
    walkMinutes: Math.ceil((answer.s ?? 0) / 60),
    slowMinutes: Math.ceil((answer.slow ?? 0) / 60),
    metres: answer.m ?? 0,
    turns: (answer.t ?? []).map(([metres, street, side, at]) => ({ metres, street, side: side as Turn["side"], at })),
    line: answer.l ? fromPolyline(answer.l) : [],
    beyond: undefined,
    designated: answer.w === "not-confirmed-open",
    leaveBy: moment(answer.by),
    refuge: answer.r ?? "",
    action: answer.x ?? "",
    unconfirmedAt: moment(answer.u?.[0]),
    factsAt,
    exact: false,
  };
}

/** Return the way that the phone found from its own point; *base* is what was advised for its cell. */
export function guideOfTile(way: Way, base: Guide | undefined, factsAt: number | undefined): Guide {
  const minutes = Math.ceil((way.seconds + way.metresToRoad) / 60);
  return {
    ...(base ?? { advice: "go", why: "walkable", designated: false, leaveBy: undefined, refuge: "", action: "", unconfirmedAt: undefined }),
    to: way.shelter.name,
    walkMinutes: minutes,
    slowMinutes: Math.ceil(minutes * SLOW_FACTOR),
    metres: Math.round(way.metres),
    turns: turnsOf(way.line, TURNS_SHOWN),
    line: way.line,
    beyond: way.whole ? undefined : way.shelter.at,
    factsAt,
    exact: true,
  };
}

export function headline(guide: Guide, now: number, words: NowWords): string {
  switch (guide.advice) {
    case "go":
      return fill(words.go, { to: guide.to });
    case "leave-early":
      return guide.leaveBy === undefined ? words.leaveEarly : fill(words.leaveBy, { time: clock(guide.leaveBy, now) });
    case "go-up":
      return words.goUp;
    default:
      return words.stay;
  }
}

const turnText = (turn: Turn, words: NowWords): string =>
  fill(turn.street ? (turn.at ? words.turnStreetAt : words.turnStreet) : turn.at ? words.turnAt : words.turn, {
    m: turn.metres,
    street: turn.street,
    at: turn.at,
    side: said(words.sides, turn.side, words.sides.s),
  });

/** Return the way as words. *ordered* says that the ward has ordered people here to leave. */
export function wayWords(guide: Guide, ordered: boolean, now: number, words: NowWords): HTMLElement {
  const goes = guide.advice === "go" && guide.line.length > 1;
  return html(
    "div",
    { class: "guide" },
    html("p", { class: "headline" }, html("strong", {}, headline(guide, now, words))),
    goes &&
      html(
        "p",
        { class: "minutes" },
        html("b", {}, fill(words.walk, { n: guide.walkMinutes })),
        " · ",
        fill(words.slow, { n: guide.slowMinutes }),
        " · ",
        fill(words.scale, { n: guide.metres }),
      ),
    !ordered && html("p", {}, words.noOrder),
    guide.designated && html("p", { class: "alarm" }, words.designated),
    guide.advice !== "go" && html("p", {}, said(words.why, guide.why, "")),
    guide.advice === "go-up" && html("p", {}, goUpText(guide.action, words, guide.refuge)),
    guide.advice === "leave-early" && html("p", {}, guide.refuge ? fill(words.leaveTo, { to: guide.refuge }) : words.leaveHow),
    guide.advice === "stay" && guide.why !== "not-in-zone" && guide.why !== "district-stays" && html("p", {}, words.noWay),
    goes && html("ol", { class: "turns" }, ...guide.turns.map((turn) => html("li", {}, turnText(turn, words))), html("li", {}, fill(words.arrive, { to: guide.to }))),
    guide.unconfirmedAt !== undefined && html("p", { class: "alarm" }, fill(words.unconfirmed, { ago: ago(guide.unconfirmedAt, now, words) })),
    goes && html("p", { class: "back" }, html("strong", {}, words.turnBack)),
    goes && html("small", {}, guide.exact ? words.fromHere : words.fromCell, " "),
    guide.factsAt !== undefined && html("small", {}, fill(words.wayAge, { time: clock(guide.factsAt, now), ago: ago(guide.factsAt, now, words) })),
  );
}
