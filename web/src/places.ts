// Points become cells here, on the phone; no point ever leaves it.
import { cellAt } from "./cells";

/** The finest resolution that a place may have: about 0.1 km². */
export const RESOLUTION = 9;
export const MOST_PLACES = 5;

/** Return the cell of a point; empty in the twelve parts of the sea that have none. */
export const cellOf = (lat: number, lng: number): string => cellAt(lat, lng, RESOLUTION) ?? "";

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
