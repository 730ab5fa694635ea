// Where the words of a river's picture stand: apart from one another, and within it, however its lines lie.
import { describe, expect, it } from "vitest";
import { spread, written } from "../src/river";

const ROW = 19;
const HEIGHT = 210;

describe("the labels of a river's lines", () => {
  it("stand at their lines where there is room", () => {
    expect(spread([180, 120, 60])).toEqual([180, 120, 60]);
  });

  it("stay in the picture where all lines of a small river lie near the top of its dyke", () => {
    const rows = spread([52, 49, 46, 43, 37]);
    expect(Math.min(...rows)).toBeGreaterThanOrEqual(15);
    for (const [number, row] of rows.slice(1).entries()) expect((rows[number] as number) - row).toBeGreaterThanOrEqual(ROW);
  });

  it("hold that for any lines, the lowest first", () => {
    for (let seed = 1; seed < 400; seed++) {
      const wanted = [1, 2, 3, 4, 5].map((n) => 18 + ((seed * 7919 * n) % 180)).sort((one, other) => other - one);
      const rows = spread(wanted);
      expect(Math.max(...rows)).toBeLessThanOrEqual(HEIGHT);
      expect(Math.min(...rows)).toBeGreaterThanOrEqual(15);
      for (const [number, row] of rows.slice(1).entries()) expect((rows[number] as number) - row).toBeGreaterThanOrEqual(ROW);
    }
  });
});

describe("the stage and the highest that is forecast", () => {
  it("are never written over one another, whether the river rises or falls", () => {
    const wrong: number[][] = [];
    for (let water = 18; water <= 196; water += 2) {
      for (let top = 18; top <= 196; top += 2) {
        const { now, peak } = written(water, top);
        const inside = [now, peak].every((foot) => foot >= 14 && foot <= HEIGHT - 4);
        if (Math.abs(now - peak) < ROW || !inside) wrong.push([water, top, now, peak]);
      }
    }
    expect(wrong).toEqual([]);
  });
});
