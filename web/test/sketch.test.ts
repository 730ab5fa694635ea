import { expect, test } from "vitest";
import { markOf } from "../src/sketch";

test("the mark of a closed road stands in its middle, also of a road that is one straight line", () => {
  expect(markOf([[100, 100], [200, 120]])).toEqual([150, 110]);
  expect(markOf([[100, 100], [140, 100], [200, 120]])).toEqual([140, 100]);
  expect(markOf([[50, 60]])).toEqual([50, 60]);
});

test("a road that leaves the picture is marked where it can be seen", () => {
  expect(markOf([[100, 100], [500, 100], [900, 100]])).toEqual([300, 100]);
  expect(markOf([[100, 100], [900, 100]])).toEqual([100, 100]);
  // None of it is in the picture: it does not matter where.
  expect(markOf([[800, 800], [900, 900]])).toEqual([850, 850]);
});
