// What lies around a place: shelters with state and crowding, closed roads with how sure and how old.
import { ago, clock, moment } from "./ages";
import { html } from "./dom";
import { metresBetween, type Point } from "./geometry";
import { linesOf, type ClosureFeature, type ShelterFeature } from "./live";
import { fill, said, type NowWords } from "./now-words";
import { kinds } from "./notice-view";

const MOST = 6;

/** Return the state of a site in one word; a word that is old is no longer one. */
export function stateOfSite({ properties }: ShelterFeature, words: NowWords): string {
  if (properties.class === "always-open" && properties.state === "unknown") return words.states["always-open"];
  return said(words.states, properties.state, words.states.unknown);
}

export const isOpen = ({ properties }: ShelterFeature): boolean =>
  (properties.state === "open" && properties.freshness !== "unconfirmed") || (properties.class === "always-open" && properties.state === "unknown");

const near = <T>(all: readonly T[], where: (one: T) => Point | undefined, from: Point | undefined): [T, number | undefined][] =>
  all
    .map((one): [T, number | undefined] => {
      const at = where(one);
      return [one, at && from && metresBetween(from, at)];
    })
    .sort((one, other) => (one[1] ?? 0) - (other[1] ?? 0))
    .slice(0, MOST);

/** Return the nearest sites; a word of more than 60 minutes is shown as unconfirmed (R17). */
export function shelterList(sites: readonly ShelterFeature[], first: string, from: Point | undefined, now: number, words: NowWords): HTMLElement {
  if (!sites.length) return html("p", {}, words.noShelters);
  const found = near(sites, (site) => site.geometry.coordinates, from);
  // The one to which people here are sent stands first, however near the others are.
  found.sort(([one], [other]) => Number(other.id === first) - Number(one.id === first));
  const items = found.map(([site, metres]) => {
    const { properties } = site;
    const at = moment(properties.fact_at);
    const old = at !== undefined && properties.freshness === "unconfirmed";
    return html(
      "li",
      {},
      html("strong", {}, properties.name),
      " ",
      html("span", { class: `state ${isOpen(site) ? "open" : properties.state === "open" ? "old" : properties.state}` }, stateOfSite(site, words)),
      old && html("span", { class: "state old" }, words.unconfirmedSince),
      properties.crowding && properties.state !== "full" && html("span", { class: "state" }, said(words.bands, properties.crowding, "")),
      properties.step_free === true && html("span", { class: "state" }, words.stepFree),
      html("br"),
      html(
        "small",
        {},
        metres === undefined ? "" : `${fill(words.scale, { n: Math.round(metres / 10) * 10 })} · `,
        properties.fit_for.length ? `${fill(words.fit, { hazards: kinds(properties.fit_for, words) })} · ` : "",
        at === undefined ? (isOpen(site) ? "" : words.states.unknown) : `${clock(at, now)} (${ago(at, now, words)})`,
      ),
    );
  });
  return html("ul", { class: "around" }, ...items);
}

/** Return the nearest closures; what was only reported is never called closed. */
export function closureList(closures: readonly ClosureFeature[], from: Point | undefined, now: number, words: NowWords): HTMLElement {
  if (!closures.length) return html("p", {}, words.noClosures);
  const items = near(closures, (one) => linesOf(one)[0]?.[0], from).map(([{ properties }, metres]) => {
    const at = moment(properties.fact_at);
    const confirmed = properties.status === "confirmed";
    return html(
      "li",
      {},
      html("span", { class: `state ${confirmed ? "closed" : "doubt"}` }, confirmed ? words.confirmed : words.reported),
      " ",
      html("strong", {}, properties.name || words.closures),
      ` ${said(words.causes, properties.reason, words.causes.other)}${(properties.count ?? 1) > 1 ? ` ×${properties.count}` : ""}`,
      html("br"),
      html("small", {}, metres === undefined ? "" : `${fill(words.scale, { n: Math.round(metres / 10) * 10 })} · `, at === undefined ? "" : `${clock(at, now)} (${ago(at, now, words)})`),
    );
  });
  return html("ul", { class: "around" }, ...items);
}
