// What is in force at one place, in the reader's language: level, number and word; action; who said it, and when.
import { ago, clock, moment } from "./ages";
import { among } from "./cells";
import { html } from "./dom";
import { gravity, lookOf, type Look } from "./levels";
import type { HazardFeature, Notice, OrderedWay } from "./live";
import { fill, nameIn, said, type NowWords } from "./now-words";
import type { Language } from "./words";

/** Return the notices that hold in *cell*, the gravest first, then the newest. */
export const noticesAt = (notices: readonly Notice[], cell: string): Notice[] =>
  notices
    .filter((notice) => among(cell, new Set(notice.cells)))
    .sort((one, other) => gravity(other.level, other.severity) - gravity(one.level, one.severity) || other.sent.localeCompare(one.sent));

export const orderAt = (ways: readonly OrderedWay[], cell: string): OrderedWay | undefined =>
  ways.filter((way) => among(cell, new Set(way.cells))).sort((one, other) => other.sent.localeCompare(one.sent))[0];

export const dangersAt = (features: readonly HazardFeature[], cell: string): HazardFeature[] =>
  features.filter((feature) => among(cell, new Set(feature.properties.cells)));

export function chip(look: Look, level: number | null, words: NowWords): HTMLElement {
  // Presentation by class and colour; the number and the word stand in it as text.
  return html("span", { class: `chip ${look.key}` }, level ? fill(words.level, { n: level }) : "", html("b", {}, look.word));
}

/** Return the one big thing: the gravest of what is in force here, with what to do. */
export function worst(notices: readonly Notice[], dangers: readonly HazardFeature[], order: OrderedWay | undefined, now: number, words: NowWords): HTMLElement {
  // Of an order and a warning of one level the order is what is to be done.
  const found = [...notices, ...dangers.map((danger) => danger.properties)].sort(
    (a, b) => gravity(b.level, b.severity) - gravity(a.level, a.severity) || Number(b.is_order ?? false) - Number(a.is_order ?? false),
  )[0];
  if (!found)
    return html("div", { class: "worst calm" }, html("p", {}, html("strong", {}, words.nothing)), html("p", {}, words.notAllClear));
  // A way was told under an order: the level stands for it unless a warning says more.
  const ordered = found.is_order || (order !== undefined && (order.level ?? 0) >= (found.level ?? 0));
  const look = lookOf(found.level, found.severity, words, ordered);
  const action = order ? orderText(order, now, words) : said(ordered ? words.orderActions : words.levelActions, String(found.level ?? ""), "");
  return html(
    "div",
    { class: `worst ${look.key}` },
    html("p", { class: "level" }, found.level ? fill(words.level, { n: found.level }) : "", html("b", {}, look.word)),
    html("p", { class: "kinds" }, kinds(found.hazards, words)),
    action && html("p", { class: "action" }, action),
  );
}

function orderText(order: OrderedWay, now: number, words: NowWords): string {
  const sent = moment(order.sent) ?? now;
  return fill(words.ordered, { issuer: nameIn(order.issuer, words), order: said(words.orders, String(order.level ?? 4), words.orders[4]), time: clock(sent, now), ago: ago(sent, now, words) });
}

export const kinds = (hazards: readonly string[], words: NowWords): string =>
  hazards
    .slice(0, 4)
    .map((hazard) => said(words.hazards, hazard, words.hazards.other))
    .join(" · ");

/** Return one notice of the list, with the words of its push where they are in this language. */
export function noticeItem(notice: Notice, language: Language, now: number, words: NowWords): HTMLElement {
  const look = lookOf(notice.level, notice.severity, words, notice.is_order);
  const text = textOf(notice.texts, language);
  const sent = moment(notice.sent) ?? now;
  const renew = moment(notice.renew_by);
  const end = said(words.ends, notice.phase, "");
  const late = !end && renew !== undefined && renew < now;
  return html(
    "li",
    {},
    html("h3", {}, end ? html("span", { class: "chip" }, html("b", {}, end)) : chip(look, notice.level, words), ` ${kinds(notice.hazards, words)}`),
    text && html("p", { lang: text.lang }, html("strong", {}, text.title), html("br"), text.body),
    late && html("p", { class: "alarm" }, fill(words.lapsed, { time: clock(renew, now) })),
    html("small", {}, fill(words.issued, { issuer: nameIn(notice.issuer, words), time: clock(sent, now), ago: ago(sent, now, words) })),
  );
}

/** Return the words in *language*; for a Chinese or Korean reader English, for plain Japanese Japanese: never none. */
export function textOf(texts: Notice["texts"], language: Language): { title: string; body: string; lang: string } | undefined {
  const order = language === "ja-Hira" ? ["ja-Hira", "ja"] : [language, "en", "ja"];
  for (const one of order) {
    const text = Object.hasOwn(texts, one) ? texts[one] : undefined;
    if (text) return { ...text, lang: one === "ja-Hira" ? "ja" : one };
  }
  return undefined;
}
