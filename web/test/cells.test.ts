import { cellToBoundary, cellToLatLng, cellToParent, latLngToCell } from "h3-js";
import { expect, test } from "vitest";
import { among, cellAt, middleOf, parentOf, ringOf } from "../src/cells";

// A plain sequence that fills the sphere: no luck in it.
const points = Array.from({ length: 4000 }, (_, n) => {
  const lat = (Math.asin(2 * ((n * 0.754877666) % 1) - 1) * 180) / Math.PI;
  return [lat, 360 * ((n * 0.569840291) % 1) - 180] as const;
});
const tokyo = points.map(([lat, lng]) => [35.68 + lat / 400, 139.75 + lng / 800] as const);

test("a point of Tokyo lies in the cell that the reference library says, at every resolution that we use", () => {
  for (const resolution of [6, 8, 9]) for (const [lat, lng] of tokyo) expect(cellAt(lat, lng, resolution)).toBe(latLngToCell(lat, lng, resolution));
});

test("so does a point anywhere, unless it lies in a pentagon's part of the sea, where we say that we do not know", () => {
  let unknown = 0;
  for (const [lat, lng] of points) {
    const found = cellAt(lat, lng, 9);
    if (found === undefined) unknown++;
    else expect(found).toBe(latLngToCell(lat, lng, 9));
  }
  expect(unknown / points.length).toBeLessThan(0.1);
});

test("middle, border and parent are the reference library's", () => {
  for (const [lat, lng] of [...tokyo.slice(0, 300), ...points.slice(0, 300)]) {
    const cell = latLngToCell(lat, lng, 9);
    const middle = middleOf(cell);
    if (!middle) continue;
    const [at = 0, off = 0] = cellToLatLng(cell);
    expect(middle[1]).toBeCloseTo(at, lat > 35 && lat < 36 ? 8 : 4);
    // A cell over an edge of two faces has a middle on each: metres apart, and a cell is 350 m wide.
    expect(((middle[0] - off + 540) % 360) - 180).toBeCloseTo(0, lat > 35 && lat < 36 ? 8 : 2);
    expect(parentOf(cell, 6)).toBe(cellToParent(cell, 6));
    expect(among(cell, new Set([cellToParent(cell, 7)]))).toBe(true);
    expect(among(cell, new Set([latLngToCell(-lat, lng, 7)]))).toBe(false);
  }
  const cell = latLngToCell(35.6727, 139.8169, 9);
  const corners = cellToBoundary(cell, true);
  for (const [lng, lat] of ringOf(cell)) expect(Math.min(...corners.map(([x, y]) => Math.hypot(x - lng, y - lat)))).toBeLessThan(1e-6);
});

test("what is no cell has no middle and no border", () => {
  expect(middleOf("xyz")).toBeUndefined();
  expect(ringOf("<b>")).toEqual([]);
});
