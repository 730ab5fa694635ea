import { expect, test } from "vitest";
import { fromPolyline, inside, metresBetween, type Point } from "../src/geometry";
import { turnsOf } from "../src/turns";
import { inflate, readTile, wayFrom } from "../src/way-tile";

// Written by the Python test that runs these: the bytes of a tile in hexadecimal, and what the server reads in it.
const { bytes, nodes } = JSON.parse(import.meta.env["VITE_WAY_TILE"] ?? "{}") as { bytes?: string; nodes: [number, number, number | null, number | null][] };

test.skipIf(!bytes)("a tile is read as the server reads it, and every node leads to the shelter", async () => {
  const data = Uint8Array.from(bytes?.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const tile = readTile(await inflate(data.buffer as ArrayBuffer));
  expect(tile.points.length).toBe(nodes.length);
  nodes.forEach(([lng, lat, seconds, free], number) => {
    expect(tile.points[number]?.[0]).toBeCloseTo(lng, 9);
    expect(tile.points[number]?.[1]).toBeCloseTo(lat, 9);
    expect(wayFrom(tile, [lng, lat], false)?.seconds).toBe(seconds ?? undefined);
    expect(wayFrom(tile, [lng, lat], true)?.seconds).toBe(free ?? undefined);
  });
  const far: Point = [140.5, 36.5];
  expect(wayFrom(tile, far, false)).toBeUndefined();
});

test("a tile that is cut short or goes in circles holds no page up", () => {
  const head = new TextEncoder().encode('{"v":1,"cell":"x","facts_at":"","origin":[0,0],"nodes":2,"shelters":[["a","a",0,0]]}\n');
  const tile = (columns: number[][]): Uint8Array => new Uint8Array([...head, ...columns.flatMap((column) => [column.length, ...column])]);
  expect(() => readTile(tile([[0, 1]]))).toThrow();
  // The step-free hop of node 0 is node 1, and that of node 1 is node 0.
  const round = readTile(tile([[0, 1], [0, 1], [0, 1], [0, 5], [1], [2 + 1, 2 + 2], [7, 7]]));
  expect(wayFrom(round, [0, 0], true)).toBeUndefined();
  expect(wayFrom(round, [0, 0], false)?.shelter.name).toBe("a");
});

test("turns have metres and a side, and a bend of several points is one of them", () => {
  const line: Point[] = [[139.8, 35.67], [139.8, 35.672], [139.80005, 35.67205], [139.803, 35.67205], [139.803, 35.669]];
  expect(turnsOf(line, 5).map((turn) => turn.side)).toEqual(["r", "r"]);
  expect(turnsOf(line, 1)[0]?.metres).toBeGreaterThan(200);
  expect(turnsOf([], 5)).toEqual([]);
});

test("a line in the encoded format is read, also when it is cut short", () => {
  // The format's own example, from its description.
  expect(fromPolyline("_p~iF~ps|U_ulLnnqC_mqNvxq`@")).toEqual([[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]]);
  expect(fromPolyline("_p~iF~ps|U_ul")).toEqual([[-120.2, 38.5]]);
  expect(inside([0.5, 0.5], [[0, 0], [1, 0], [1, 1], [0, 1]])).toBe(true);
  expect(inside([1.5, 0.5], [[0, 0], [1, 0], [1, 1], [0, 1]])).toBe(false);
  expect(metresBetween([139.8, 35.6], [139.8, 35.61])).toBeCloseTo(1113.2, 1);
});
