// The map to move around in: what the drawing shows, on MapLibre; loaded only when it is asked for.
import type { GeoJSONSource, Map } from "maplibre-gl/dist/maplibre-gl-csp";
import { isOpen } from "./around-view";
import { partAt, waysAt } from "./live";
import { drawMap } from "./map";
import type { Shown } from "./now";
import { guideOfPlan, guideOfTile } from "./way-view";

type Features = Parameters<GeoJSONSource["setData"]>[0];
const EMPTY: Features = { type: "FeatureCollection", features: [] };

/** Draw the map into *holder*: names from feeds are drawn as letters, never read as markup. */
export function drawBigMap(holder: HTMLElement, shown: Shown): Map {
  const map = drawMap(holder, () => undefined);
  const { state, spot } = shown;
  const entry = state?.["plan.json"]?.cells.find((one) => one.cell === spot?.cell);
  const answer = entry && partAt(entry.parts, spot?.exact ? spot.point : undefined)?.general;
  const planned = answer && guideOfPlan(answer, waysAt(state, shown.index));
  const guide = shown.way && answer?.route?.shelter === shown.way.shelter.id ? guideOfTile(shown.way, planned, undefined) : planned;
  const sites: Features = {
    type: "FeatureCollection",
    features: (state?.["shelters.geojson"]?.features ?? []).map((site) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [...site.geometry.coordinates] },
      properties: { name: site.properties.name, open: isOpen(site) },
    })),
  };
  map.on("load", () => {
    map.addSource("sites", { type: "geojson", data: sites });
    map.addSource("closures", { type: "geojson", data: (state?.["closures.geojson"] as Features | undefined) ?? EMPTY });
    map.addSource("way", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: (guide?.line ?? []).map(([lng, lat]) => [lng, lat]) } } });
    map.addSource("you", { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [...(spot?.point ?? [139.75, 35.68])] } } });
    map.addLayer({ id: "closed", type: "line", source: "closures", paint: { "line-color": "#c0392b", "line-width": 5, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "closed-at", type: "circle", source: "closures", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": "#c0392b", "circle-radius": 7, "circle-stroke-color": "#fff", "circle-stroke-width": 2 } });
    map.addLayer({ id: "way-casing", type: "line", source: "way", paint: { "line-color": "#fff", "line-width": 9 } });
    map.addLayer({ id: "way", type: "line", source: "way", paint: { "line-color": "#0b6bcb", "line-width": 5 } });
    map.addLayer({
      id: "sites",
      type: "circle",
      source: "sites",
      paint: { "circle-color": ["case", ["get", "open"], "#1b6e3c", "#ffffff"], "circle-radius": 7, "circle-stroke-color": "#14181d", "circle-stroke-width": 2 },
    });
    map.addLayer({
      id: "site-names",
      type: "symbol",
      source: "sites",
      minzoom: 13,
      layout: { "text-field": ["get", "name"], "text-size": 12, "text-offset": [0, 1.2] },
      paint: { "text-color": "#14181d", "text-halo-color": "#ffffff", "text-halo-width": 1.6 },
    });
    map.addLayer({ id: "you", type: "circle", source: "you", paint: { "circle-color": "#0b6bcb", "circle-radius": 7, "circle-stroke-color": "#fff", "circle-stroke-width": 3 } });
  });
  if (spot?.point) map.jumpTo({ center: [spot.point[0], spot.point[1]], zoom: 14 });
  return map;
}
