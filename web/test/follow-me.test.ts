import { beforeEach, expect, it, vi } from "vitest";
import type { WishedPlace } from "../src/door";
import { followed, followOnOpen, startFollowing, stopFollowing, unfollowed } from "../src/follow-me";
import { cellOf } from "../src/places";
import type { Me } from "../src/store";

const held = vi.hoisted(() => ({ me: undefined as unknown }));
vi.mock("../src/store", () => ({
  readMe: async () => held.me,
  updateMe: async (change: object) => (held.me = { ...(held.me as object), ...change }),
}));

const AT = { latitude: 35.672, longitude: 139.817 };
const HERE = cellOf(AT.latitude, AT.longitude);
const place = (cell: string): WishedPlace => ({ cell, role: "home", min_level: 0 });
const person = (...cells: string[]): Me => ({
  token: "t", proof: "p", active: true, names: {}, stepFree: false,
  wish: { endpoint: "https://push.example/1", keys: { p256dh: "k", auth: "a" }, language: "ja", places: cells.map(place), quiet: null, consents: [{ purpose: "area-alerts", version: 1 }] },
});
const cells = (me: Pick<Me, "wish">): string[] => me.wish.places.map((one) => one.cell);
let asked: [string, RequestInit][] = [];
let located = 0;

function phone(permission: string, visibilityState: string, answer = 200): void {
  asked = [];
  located = 0;
  vi.stubGlobal("document", { visibilityState });
  vi.stubGlobal("navigator", {
    permissions: { query: async () => ({ state: permission }) },
    geolocation: { getCurrentPosition: (found: (at: object) => void) => (located++, found({ coords: AT })) },
  });
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => (asked.push([path, init]), new Response("{}", { status: answer })));
}

beforeEach(() => phone("granted", "visible"));

it("one place goes along, with a consent of its own, and is as fine as resolution 9", () => {
  const first = followed(person("a"), "b")!;
  expect(cells(first)).toEqual(["a", "b"]);
  expect(first.wish.consents).toEqual([{ purpose: "area-alerts", version: 1 }, { purpose: "follow-me", version: 1 }]);
  const second = followed(first, "c")!;
  expect(cells(second)).toEqual(["a", "c"]);
  expect(second.wish.consents).toHaveLength(2);
  expect(parseInt(HERE[1]!, 16)).toBe(9);
});

it("at one of the other places it is not told twice, and that place stays when she goes on or turns it off", () => {
  const home = followed(followed(person("a"), "b")!, "a")!;
  expect(cells(home)).toEqual(["a"]);
  expect(cells(followed(home, "c")!)).toEqual(["a", "c"]);
  expect(cells(unfollowed(home))).toEqual(["a"]);
});

it("a sixth place is none", () => expect(followed(person("a", "b", "c", "d", "e"), "f")).toBeUndefined());

it("off leaves neither the place nor the consent", async () => {
  held.me = person("a");
  await startFollowing(held.me as Me, HERE);
  await stopFollowing(held.me as Me);
  const sent = JSON.parse(asked[1]![1].body as string);
  expect(cells({ wish: sent })).toEqual(["a"]);
  expect(sent.consents).toEqual([{ purpose: "area-alerts", version: 1 }]);
  expect((held.me as Me).following).toBeUndefined();
});

it("opening a page tells the cell once, and nothing while it is the same", async () => {
  held.me = { ...person("a"), ...followed(person("a"), "b") };
  await followOnOpen();
  await followOnOpen();
  expect(asked).toHaveLength(1);
  expect(cells({ wish: JSON.parse(asked[0]![1].body as string) })).toEqual(["a", HERE]);
  expect(asked[0]![1].body).not.toMatch(/35\.6|139\.8/);
  expect((held.me as Me).following).toEqual({ cell: HERE, alone: true });
});

it.each([["granted", "hidden"], ["prompt", "visible"], ["denied", "visible"]])("with permission %s, %s: not even a position is asked for", async (permission, seen) => {
  phone(permission, seen);
  held.me = { ...person("a"), ...followed(person("a"), "b") };
  await followOnOpen();
  expect([located, asked.length]).toEqual([0, 0]);
});

it("who did not turn it on is not looked for", async () => {
  held.me = person("a");
  await followOnOpen();
  expect([located, asked.length]).toEqual([0, 0]);
});

it("what the server did not take is not believed", async () => {
  phone("granted", "visible", 503);
  held.me = { ...person("a"), ...followed(person("a"), "b") };
  await expect(followOnOpen()).rejects.toThrow();
  expect((held.me as Me).following?.cell).toBe("b");
});
