// The map to move around in: what the drawing shows, on MapLibre; loaded only when it is asked for.
import type { ExpressionSpecification, GeoJSONSource, Map } from "maplibre-gl/dist/maplibre-gl-csp";
import { ago, moment } from "./ages";
import { isOpen, stateOfSite } from "./around-view";
import { linesOf, partAt, waysAt, type ShelterFeature } from "./live";
import { drawMap } from "./map";
import type { Shown } from "./now";
import { said } from "./now-words";
import { tints } from "./tints";
import { guideOfPlan, guideOfTile } from "./way-view";

type Features = Parameters<GeoJSONSource["setData"]>[0];
// The same signs as on the server's picture: filled is open, all others are hollow, each with a sign of its own.
const CONFIRMED: ExpressionSpecification = ["==", ["get", "status"], "confirmed"];
const MARKS: Record<string, string> = { open: "✓", full: "=", closed: "×", unknown: "?" };
const EMPTY: Features = { type: "FeatureCollection", features: [] };

/** Draw the map into *holder*: names from feeds are drawn as letters, never read as markup. */
export function drawBigMap(holder: HTMLElement, shown: Shown): Map {
  const map = drawMap(holder, () => undefined);
  const { state, spot, words } = shown;
  const tint = tints();
  const entry = state?.["plan.json"]?.cells.find((one) => one.cell === spot?.cell);
  const answer = entry && partAt(entry.parts, spot?.exact ? spot.point : undefined)?.general;
  const planned = answer && guideOfPlan(answer, waysAt(state, shown.index));
  const guide = shown.way && answer?.route?.shelter === shown.way.shelter.id ? guideOfTile(shown.way, planned, undefined) : planned;
  const stateAndRoom = (site: ShelterFeature): string => {
    const { state: known, crowding } = site.properties;
    return stateOfSite(site, words) + (crowding && known !== "full" ? `・${said(words.bands, crowding, "")}` : "");
  };
  const sites: Features = {
    type: "FeatureCollection",
    features: (state?.["shelters.geojson"]?.features ?? []).map((site) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [...site.geometry.coordinates] },
      properties: { name: site.properties.name, open: isOpen(site), mark: MARKS[isOpen(site) ? "open" : site.properties.state] ?? MARKS["unknown"], state: stateAndRoom(site) },
    })),
  };
  const now = Date.now();
  const closedPoints: Features = {
    type: "FeatureCollection",
    features: (state?.["closures.geojson"]?.features ?? []).flatMap((closure) => {
      const line = linesOf(closure)[0];
      const at = line?.[Math.floor(line.length / 2)];
      if (!at) return [];
      const { status, name, fact_at } = closure.properties;
      const since = moment(fact_at);
      const sure = status === "confirmed" ? words.legend.confirmed : words.legend.reported;
      return [{ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: [...at] }, properties: { status, said: `${name}\n${sure}${since === undefined ? "" : ` ${ago(since, now, words)}`}` } }];
    }),
  };
  map.on("load", () => {
    map.addSource("sites", { type: "geojson", data: sites });
    map.addSource("closures", { type: "geojson", data: (state?.["closures.geojson"] as Features | undefined) ?? EMPTY });
    map.addSource("closed-points", { type: "geojson", data: closedPoints });
    map.addSource("way", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: (guide?.line ?? []).map(([lng, lat]) => [lng, lat]) } } });
    map.addSource("you", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [...(spot?.point ?? [139.75, 35.68])] } } });
    // Confirmed is whole and full; what is only reported is broken and hollow, with another sign.
    map.addLayer({ id: "closed", type: "line", source: "closures", filter: CONFIRMED, paint: { "line-color": "#b00020", "line-width": 6 } });
    map.addLayer({ id: "reported", type: "line", source: "closures", filter: ["!", CONFIRMED], paint: { "line-color": "#b00020", "line-width": 4, "line-dasharray": [2, 1.5] } });
    map.addLayer({
      id: "closed-at",
      type: "circle",
      source: "closed-points",
      paint: { "circle-color": ["case", CONFIRMED, "#b00020", "#ffffff"], "circle-radius": 9, "circle-stroke-color": ["case", CONFIRMED, "#ffffff", "#b00020"], "circle-stroke-width": 2.5 },
    });
    map.addLayer({
      id: "closed-marks",
      type: "symbol",
      source: "closed-points",
      layout: { "text-field": ["case", CONFIRMED, "×", "!"], "text-size": 14, "text-allow-overlap": true },
      paint: { "text-color": ["case", CONFIRMED, "#ffffff", "#b00020"] },
    });
    map.addLayer({
      id: "closed-names",
      type: "symbol",
      source: "closed-points",
      minzoom: 13,
      layout: { "text-field": ["get", "said"], "text-size": 12, "text-offset": [0, 1.4], "text-anchor": "top" },
      paint: { "text-color": tint.ink, "text-halo-color": tint.halo, "text-halo-width": 1.6 },
    });
    map.addLayer({ id: "way-casing", type: "line", source: "way", paint: { "line-color": "#fff", "line-width": 9 } });
    map.addLayer({ id: "way", type: "line", source: "way", paint: { "line-color": "#0b6bcb", "line-width": 5 } });
    map.addLayer({
      id: "sites",
      type: "circle",
      source: "sites",
      paint: { "circle-color": ["case", ["get", "open"], "#1b6e3c", "#ffffff"], "circle-radius": 9, "circle-stroke-color": "#14181d", "circle-stroke-width": 2 },
    });
    map.addLayer({
      id: "site-marks",
      type: "symbol",
      source: "sites",
      layout: { "text-field": ["get", "mark"], "text-size": 14, "text-allow-overlap": true },
      paint: { "text-color": ["case", ["get", "open"], "#ffffff", "#14181d"] },
    });
    map.addLayer({
      id: "site-names",
      type: "symbol",
      source: "sites",
      minzoom: 13,
      layout: { "text-field": ["concat", ["get", "name"], "\n", ["get", "state"]], "text-size": 12, "text-offset": [0, 1], "text-anchor": "top" },
      paint: { "text-color": tint.ink, "text-halo-color": tint.halo, "text-halo-width": 1.6 },
    });
    map.addLayer({ id: "you", type: "circle", source: "you", paint: { "circle-color": "#0b6bcb", "circle-radius": 7, "circle-stroke-color": "#fff", "circle-stroke-width": 3 } });
  });
  if (spot?.point) map.jumpTo({ center: [spot.point[0], spot.point[1]], zoom: 14 });
  return map;
}
