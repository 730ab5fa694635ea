// The map to choose a place on: the wards' outlines and what is dangerous now, from our own server only.
import maplibregl, { type GeoJSONSource, type Map } from "maplibre-gl/dist/maplibre-gl-csp";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { ringOf } from "./cells";
import { cellOf } from "./places";
import { tints } from "./tints";

maplibregl.setWorkerUrl(workerUrl);

const LEVEL_COLOURS = ["match", ["get", "level"], 5, "#0C000C", 4, "#AA00AA", 3, "#FF2800", 2, "#F2E700", "#2F6690"];

/** Draw the map into *holder*; *chosen* hears of each cell that is pressed. */
export function drawMap(holder: HTMLElement, chosen: (cell: string) => void): Map {
  const tint = tints();
  const map = new maplibregl.Map({
    container: holder,
    center: [139.75, 35.68],
    zoom: 10.2,
    minZoom: 4,
    maxZoom: 16,
    attributionControl: false,
    localIdeographFontFamily: "sans-serif",
    style: {
      version: 8,
      // No glyphs: every letter is drawn with the phone's own font, and none is asked for.
      sources: {
        wards: { type: "geojson", data: "/wards.geojson" },
        hazards: { type: "geojson", data: "/hazards.geojson" },
        chosen: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": tint.ground } },
        { id: "wards", type: "fill", source: "wards", paint: { "fill-color": tint.land, "fill-outline-color": tint.border } },
        { id: "hazards", type: "fill", source: "hazards", paint: { "fill-color": LEVEL_COLOURS as never, "fill-opacity": tint.cover } },
        { id: "borders", type: "line", source: "wards", paint: { "line-color": tint.border, "line-width": 1.2 } },
        {
          id: "names",
          type: "symbol",
          source: "wards",
          layout: { "text-field": ["get", "name"], "text-size": 13, "text-padding": 2 },
          paint: { "text-color": tint.ink, "text-halo-color": tint.halo, "text-halo-width": 1.6 },
        },
        {
          // A level is told by its number too; names are placed first, and a number that has no room is its neighbour's.
          id: "levels",
          type: "symbol",
          source: "hazards",
          filter: ["has", "level"],
          layout: { "text-field": ["to-string", ["get", "level"]], "text-size": 15, "text-padding": 22, "symbol-sort-key": ["-", 0, ["coalesce", ["get", "level"], 0]] },
          paint: { "text-color": "#14181d", "text-halo-color": "#ffffff", "text-halo-width": 2.2 },
        },
        { id: "chosen", type: "line", source: "chosen", paint: { "line-color": tint.chosen, "line-width": 4 } },
      ],
    },
  });
  onChoice(map, holder, (lat, lng) => {
    const cell = cellOf(lat, lng);
    (map.getSource("chosen") as GeoJSONSource | undefined)?.setData({
      type: "Feature",
      properties: {},
      geometry: { type: "Polygon", coordinates: [ringOf(cell) as [number, number][]] },
    });
    chosen(cell);
  });
  return map;
}

// So near that a road is pressed and not a quarter.
const STREET_ZOOM = 15.5;

/** Draw the map into *holder*, at *near* where that is known; *chosen* hears of each point that is pressed, a dot shows it. */
export function drawPointMap(holder: HTMLElement, chosen: (lat: number, lng: number) => void, near?: readonly [number, number]): Map {
  const map = drawMap(holder, () => undefined);
  if (near) map.jumpTo({ center: [near[0], near[1]], zoom: STREET_ZOOM });
  map.on("load", () => map.addLayer({ id: "point", type: "circle", source: "chosen", paint: { "circle-color": "#c0392b", "circle-radius": 8, "circle-stroke-color": "#fff", "circle-stroke-width": 3 } }));
  // After the cell was drawn: only the point is meant here.
  onChoice(map, holder, (lat, lng) => {
    (map.getSource("chosen") as GeoJSONSource | undefined)?.setData({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [lng, lat] } });
    chosen(lat, lng);
  });
  return map;
}

function onChoice(map: Map, holder: HTMLElement, choose: (lat: number, lng: number) => void): void {
  map.on("click", (event) => choose(event.lngLat.lat, event.lngLat.lng));
  // Arrow keys move the map by themselves; Enter takes its middle.
  holder.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const { lat, lng } = map.getCenter();
    choose(lat, lng);
  });
}
