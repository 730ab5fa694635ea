// A map to draw an area on, from our own server only: press for each corner, Backspace takes the last one back.
import type { FeatureCollection, Geometry } from "geojson";
import maplibregl, { type GeoJSONSource } from "maplibre-gl/dist/maplibre-gl-csp";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import "maplibre-gl/dist/maplibre-gl.css";

maplibregl.setWorkerUrl(workerUrl);

type Corner = [number, number];
const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export interface Drawing {
  changed(hears: (ring: Corner[]) => void): void;
  cells(found: FeatureCollection): void;
  pick(hears: (lat: number, lng: number) => void): void;
  back(): void;
  clear(): void;
}

/** Draw the map into *holder*; raises where there is no WebGL. */
export function draw(holder: HTMLElement): Drawing {
  const map = new maplibregl.Map({
    container: holder,
    center: [139.75, 35.68],
    zoom: 10,
    minZoom: 4,
    maxZoom: 17,
    attributionControl: false,
    localIdeographFontFamily: "sans-serif",
    style: {
      version: 8,
      glyphs: `${location.origin}/web/glyphs/{fontstack}/{range}.pbf`,
      sources: {
        wards: { type: "geojson", data: "/wards.geojson" },
        cells: { type: "geojson", data: NOTHING },
        ring: { type: "geojson", data: NOTHING },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": "#dfe5ea" } },
        { id: "wards", type: "fill", source: "wards", paint: { "fill-color": "#fbfaf6" } },
        { id: "cells", type: "fill", source: "cells", paint: { "fill-color": "#AA00AA", "fill-opacity": 0.35 } },
        { id: "borders", type: "line", source: "wards", paint: { "line-color": "#5b6875", "line-width": 1.2 } },
        { id: "ring", type: "line", source: "ring", paint: { "line-color": "#14324f", "line-width": 3 } },
        { id: "corners", type: "circle", source: "ring", paint: { "circle-radius": 5, "circle-color": "#14324f" } },
        {
          id: "names",
          type: "symbol",
          source: "wards",
          layout: { "text-field": ["get", "name"], "text-size": 13, "text-padding": 2 },
          paint: { "text-color": "#14181d", "text-halo-color": "#ffffff", "text-halo-width": 1.6 },
        },
      ],
    },
  });
  const ring: Corner[] = [];
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
    ring.pop();
    show();
  };
  map.on("click", (event) => press(event.lngLat.lng, event.lngLat.lat));
  holder.addEventListener("keydown", (event) => {
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
    back,
    clear: () => {
      ring.length = 0;
      show();
    },
  };
}
