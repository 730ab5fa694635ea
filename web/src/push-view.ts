// What a push said, from the phone's own store: it needs no network, and says how old it is.
import { ago, clock } from "./ages";
import { depthFigure, groundOf } from "./depth";
import { html } from "./dom";
import type { Point } from "./geometry";
import { lookOf } from "./levels";
import { chip } from "./notice-view";
import { linesFor, needList, takesNoSteps, type Need } from "./needs";
import { fill, type NowWords } from "./now-words";
import { answerOf } from "./push-way";
import { riverFigure, stageOfPush, type PushPicture } from "./river";
import { isShaking, shakingFigure } from "./shaking";
import { sketch } from "./sketch";
import type { Seen } from "./store";
import { isWave, waveFigure } from "./wave";
import { guideOfPush, wayWords } from "./way-view";

/** Return the page of one push: its words, and of kind 3 the way with a map drawn from the push alone. */
export function pushView(seen: Seen, point: Point | undefined, needs: readonly Need[], now: number, words: NowWords): HTMLElement {
  const look = lookOf(seen.level, "Unknown", words, seen.order);
  const came = seen.came ?? seen.sent * 1000;
  const answer = answerOf(seen.way, point, takesNoSteps(needs));
  const view = html(
    "div",
    {},
    html("h2", { lang: seen.lang }, seen.title),
    html("p", {}, seen.level ? chip(look, seen.level, words) : ""),
    html("p", { lang: seen.lang }, seen.body),
    ...needList(linesFor(seen, needs, words)),
    html("p", {}, html("small", {}, `${fill(words.received, { ago: ago(came, now, words) })} · ${clock(seen.sent * 1000, now)} · ${words.olderShown}`)),
  );
  // It asks for nothing and lapses into nothing: a word that it still holds would make a danger of it.
  if (seen.check) {
    view.append(html("p", { class: "came" }, fill(words.checkCame, { time: clock(came, now) })));
    return view;
  }
  const ended = seen.phase === "lifted" || seen.phase === "cancelled";
  if (ended && seen.kind === 3) view.append(html("p", { class: "alarm" }, words.ended));
  if (seen.expires && seen.expires * 1000 < now && !ended)
    view.append(html("p", { class: "alarm" }, fill(words.lapsed, { time: clock(seen.expires * 1000, now) })));
  if (seen.picture) view.append(...pictures(seen.picture, now, words));
  if (!answer || ended) return view;
  if (answer.x) view.append(depthFigure(groundOf(answer.x), words));
  const guide = guideOfPush(answer, seen.way && seen.way.at * 1000);
  view.append(wayWords(guide, true, now, words));
  const to = guide.line.at(-1);
  if (guide.line.length > 1)
    view.append(
      sketch(
        {
          you: point ?? guide.line[0],
          line: guide.line,
          beyond: undefined,
          areas: [],
          closed: [],
          sites: to ? [{ at: to, open: !guide.designated, name: guide.to }] : [],
          text: `${words.way}: ${fill(words.go, { to: guide.to })}`,
        },
        words,
      ),
    );
  return view;
}

/** Return what the push draws: the river and the depth at a house, the shaking, or the tsunami. */
function pictures(picture: PushPicture, now: number, words: NowWords): HTMLElement[] {
  if (isShaking(picture)) return [shakingFigure(picture, words)];
  if (isWave(picture)) return [waveFigure(picture, now, words)];
  const stage = stageOfPush(picture);
  const rank = picture.depth ?? undefined;
  return [
    ...(stage ? [riverFigure(stage, [], now, words)] : []),
    ...(rank === undefined ? [] : [html("h3", {}, words.depth), depthFigure({ rank, collapse: false, stays: false, need: "general", slope: false }, words)]),
  ];
}
