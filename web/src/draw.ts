// A map to draw an area on, from our own server only: press for each corner, Backspace takes the last one back.
import type { Feature, FeatureCollection, Geometry } from "geojson";
import maplibregl, { type GeoJSONSource, type Map } from "maplibre-gl/dist/maplibre-gl-csp";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { cellAt } from "./cells";
import { SHARD_RESOLUTION } from "./live";
import { tints } from "./tints";

maplibregl.setWorkerUrl(workerUrl);

type Corner = [number, number];
// Nearer than this a street is a line of its own on a screen.
const ROADS_FROM = 13.5;
const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

/** A road of the planner's network. */
export interface Road {
  road: string;
  name: string;
}

export interface Drawing {
  changed(hears: (ring: Corner[]) => void): void;
  cells(found: FeatureCollection): void;
  pick(hears: (lat: number, lng: number) => void): void;
  /** Let each press choose the road beneath it, until it is turned off; *hears* is told all that are chosen. */
  roads(on: boolean, hears?: (chosen: readonly Road[]) => void): void;
  back(): void;
  clear(): void;
  look(lat: number, lng: number): void;
  /** Put a button with *mark* at a place; pressed, it shows what *content* returns. */
  mark(lat: number, lng: number, mark: string, label: string, content: () => HTMLElement): void;
}

/** What a map begins with: west, south, east, north. */
export type Box = [number, number, number, number];

/** Draw the map into *holder*, over *box* where that is known; raises where there is no WebGL. */
export function draw(holder: HTMLElement, box?: Box): Drawing {
  const tint = tints();
  const map = new maplibregl.Map({
    container: holder,
    ...(box ? { bounds: box, fitBoundsOptions: { padding: 16 } } : { center: [139.75, 35.68], zoom: 10 }),
    minZoom: 4,
    maxZoom: 17,
    attributionControl: false,
    localIdeographFontFamily: "sans-serif",
    style: {
      version: 8,
      sources: {
        wards: { type: "geojson", data: "/wards.geojson" },
        cells: { type: "geojson", data: NOTHING },
        ring: { type: "geojson", data: NOTHING },
        roads: { type: "geojson", data: NOTHING },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": tint.ground } },
        { id: "wards", type: "fill", source: "wards", paint: { "fill-color": tint.land } },
        { id: "cells", type: "fill", source: "cells", paint: { "fill-color": "#AA00AA", "fill-opacity": 0.35 } },
        { id: "borders", type: "line", source: "wards", paint: { "line-color": tint.border, "line-width": 1.2 } },
        { id: "roads", type: "line", source: "roads", minzoom: ROADS_FROM, paint: { "line-color": tint.road, "line-width": 2.5 } },
        { id: "roads-at", type: "line", source: "roads", minzoom: ROADS_FROM, paint: { "line-color": "#000", "line-opacity": 0, "line-width": 14 } },
        { id: "roads-chosen", type: "line", source: "roads", filter: ["in", ["get", "road"], ["literal", []]], paint: { "line-color": "#c0392b", "line-width": 7 } },
        { id: "ring", type: "line", source: "ring", paint: { "line-color": tint.chosen, "line-width": 3 } },
        { id: "corners", type: "circle", source: "ring", paint: { "circle-radius": 5, "circle-color": tint.chosen } },
        {
          id: "names",
          type: "symbol",
          source: "wards",
          layout: { "text-field": ["get", "name"], "text-size": 13, "text-padding": 2 },
          paint: { "text-color": tint.ink, "text-halo-color": tint.halo, "text-halo-width": 1.6 },
        },
      ],
    },
  });
  const ring: Corner[] = [];
  const roads = roadsOn(map, holder);
  let hears: (ring: Corner[]) => void = () => {};
  let picks: ((lat: number, lng: number) => void) | undefined;
  const show = (): void => {
    const [first] = ring;
    const shown: Corner[] = first && ring.length > 2 ? [...ring, first] : ring;
    const geometry: Geometry =
      shown.length < 2 ? { type: "MultiPoint", coordinates: shown } : { type: "LineString", coordinates: shown };
    (map.getSource("ring") as GeoJSONSource | undefined)?.setData({ type: "Feature", properties: {}, geometry });
    hears([...ring]);
  };
  const press = (lng: number, lat: number): void => {
    if (roads.press(lng, lat)) return;
    if (picks) {
      const once = picks;
      picks = undefined;
      once(lat, lng);
      return;
    }
    // Six digits are a hand's breadth.
    ring.push([Number(lng.toFixed(6)), Number(lat.toFixed(6))]);
    show();
  };
  const back = (): void => {
    if (roads.back()) return;
    ring.pop();
    show();
  };
  map.on("click", (event) => press(event.lngLat.lng, event.lngLat.lat));
  holder.addEventListener("keydown", (event) => {
    // A button or a link on the map is pressed itself.
    if (event.target instanceof Element && event.target.closest("button, a, input")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      const { lat, lng } = map.getCenter();
      press(lng, lat);
    } else if (event.key === "Backspace") {
      event.preventDefault();
      back();
    }
  });
  return {
    changed: (listener) => (hears = listener),
    cells: (found) => (map.getSource("cells") as GeoJSONSource | undefined)?.setData(found),
    pick: (listener) => (picks = listener),
    roads: (on, listener) => roads.turn(on, listener),
    back,
    look: (lat, lng) => void map.jumpTo({ center: [lng, lat], zoom: ROADS_FROM + 2 }),
    mark: (lat, lng, mark, label, content) => marked(map, [lng, lat], mark, label, content),
    clear: () => {
      ring.length = 0;
      show();
    },
  };
}

function marked(map: Map, at: [number, number], mark: string, label: string, content: () => HTMLElement): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "report-at";
  button.textContent = mark;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", (event) => {
    // Not a corner of an area.
    event.stopPropagation();
    new maplibregl.Popup({ maxWidth: "20rem", focusAfterOpen: true }).setLngLat(at).setDOMContent(content()).addTo(map);
  });
  new maplibregl.Marker({ element: button }).setLngLat(at).addTo(map);
}

interface Roads {
  turn(on: boolean, hears?: (chosen: readonly Road[]) => void): void;
  press(lng: number, lat: number): boolean;
  back(): boolean;
}

/** Draw the roads of the shards that are seen, with the name of the one beneath the pointer; those chosen are red. */
function roadsOn(map: Map, holder: HTMLElement): Roads {
  const known = new globalThis.Map<string, Feature[]>();
  const chosen: Road[] = [];
  let on = false;
  let hears: (chosen: readonly Road[]) => void = () => {};
  const name = document.createElement("p");
  name.className = "under";
  name.setAttribute("role", "status");
  holder.after(name);
  const draw = (): void => (map.getSource("roads") as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features: [...known.values()].flat() }) as undefined;
  const load = async (): Promise<void> => {
    if (!on || map.getZoom() < ROADS_FROM) return;
    const seen = map.getBounds();
    const corners = [map.getCenter(), seen.getNorthEast(), seen.getSouthWest(), seen.getNorthWest(), seen.getSouthEast()];
    for (const shard of new Set(corners.map(({ lat, lng }) => cellAt(lat, lng, SHARD_RESOLUTION)))) {
      if (!shard || known.has(shard)) continue;
      known.set(shard, []);
      const answer = await fetch(`/roads/${shard}`).catch(() => undefined);
      if (answer?.ok) known.set(shard, ((await answer.json()) as FeatureCollection).features);
      else known.delete(shard);
      draw();
    }
  };
  const beneath = (lng: number, lat: number): Road | undefined => {
    const found = map.queryRenderedFeatures(map.project([lng, lat]), { layers: ["roads-at"] })[0]?.properties;
    return found && { road: String(found["road"]), name: String(found["name"] ?? "") };
  };
  const told = (): void => {
    map.setFilter("roads-chosen", ["in", ["get", "road"], ["literal", chosen.map(({ road }) => road)]]);
    hears([...chosen]);
  };
  map.on("moveend", () => void load());
  map.on("mousemove", ({ lngLat }) => {
    if (!on) return;
    const here = beneath(lngLat.lng, lngLat.lat);
    name.textContent = here ? here.name || here.road : "";
  });
  return {
    turn: (wanted, listener) => {
      on = wanted;
      hears = listener ?? hears;
      name.textContent = "";
      if (on && map.getZoom() < ROADS_FROM) map.easeTo({ zoom: ROADS_FROM + 1, duration: 0 });
      void load();
    },
    press: (lng, lat) => {
      if (!on) return false;
      const here = beneath(lng, lat);
      const at = chosen.findIndex(({ road }) => road === here?.road);
      // Pressed again it is taken back, as by Backspace.
      if (at >= 0) chosen.splice(at, 1);
      else if (here) chosen.push(here);
      told();
      return true;
    },
    back: () => {
      if (!on) return false;
      chosen.pop();
      told();
      return true;
    },
  };
}
