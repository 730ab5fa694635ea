import { expect, it, vi } from "vitest";
import { labelOf, placesOf, roadsMeant, roadsNear, type StreetPlace } from "../src/streets";

const place = (name: string, kind: StreetPlace["kind"], near: string, lat: number, lng: number): StreetPlace => ({ name, kind, near, at: [lat, lng] });
const HERE: StreetPlace[] = [
  place("亀戸一丁目", "town", "亀戸一丁目", 35.697, 139.823),
  place("明治通り", "street", "亀戸一丁目", 35.6975, 139.823),
  place("明治通り", "street", "大島三丁目", 35.69, 139.823),
  place("架空小学校", "landmark", "亀戸一丁目", 35.6971, 139.8231),
];

it("a street is told from its other stretch by its town, however it is typed", () => {
  expect(HERE.map(labelOf)[1]).toBe("明治通り（亀戸一丁目）");
  expect(roadsMeant(HERE, "明治 通り").map(labelOf)).toEqual(expect.arrayContaining(["明治通り（亀戸一丁目）", "明治通り（大島三丁目）"]));
  expect(roadsMeant(HERE, "明治通り（大島").map(labelOf)[0]).toBe("明治通り（大島三丁目）");
  expect(roadsMeant(HERE, " ")).toEqual([]);
  expect(roadsMeant(HERE, "ここにない")).toEqual([]);
});

it("a town is no road: the roads about it are, the nearest first", () => {
  expect(roadsMeant(HERE, "亀戸一丁目").map((one) => one.kind)).toEqual(["landmark", "street"]);
  expect(roadsNear(HERE, [139.823, 35.69]).map(labelOf)).toEqual(["明治通り（大島三丁目）"]);
});

it("a shard is asked for once, as a whole, and again after there was no line", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => (asked.push(url), Promise.reject(new TypeError("no line"))));
  expect(await placesOf("862f5a36fffffff")).toEqual([]);
  vi.stubGlobal("fetch", async (url: string) => (asked.push(url), new Response(JSON.stringify({ places: HERE }))));
  for (let times = 0; times < 2; times++) expect(await placesOf("862f5a36fffffff")).toHaveLength(4);
  expect(asked).toEqual(["/reports/streets/862f5a36fffffff", "/reports/streets/862f5a36fffffff"]);
});
