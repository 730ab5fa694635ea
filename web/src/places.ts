// Points become cells here, on the phone; no point ever leaves it.
import { cellToBoundary, cellToLatLng, latLngToCell } from "h3-js";

/** The finest resolution that a place may have: about 0.1 km². */
export const RESOLUTION = 9;
export const MOST_PLACES = 5;

export const cellOf = (lat: number, lng: number): string => latLngToCell(lat, lng, RESOLUTION);
export const middleOf = (cell: string): [number, number] => cellToLatLng(cell);

/** The outline of a cell as a GeoJSON ring: longitude first. */
export const ringOf = (cell: string): [number, number][] => cellToBoundary(cell, true);

/** Where the phone is. Rejects when it is not allowed or not found in time. */
export function whereIAm(): Promise<{ lat: number; lng: number }> {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error("no geolocation"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lng: coords.longitude }),
      reject,
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}
