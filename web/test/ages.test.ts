import { expect, it } from "vitest";
import { waysAt, type Shards, type State } from "../src/live";

const state = (facts_at: string | null): State => ({ shard: "s", asOf: undefined, missing: [], "plan.json": { facts_at, version: 1, plan_digest: "d", cells: [] } });
const index = (plans_at: string | null): Shards => ({ sources: [], shards: [], plans_at });

it("a plan that holds does not grow old by itself", () => {
  expect(waysAt(state("2026-09-18T09:00:00Z"), index("2026-09-18T09:20:00Z"))).toBe(Date.parse("2026-09-18T09:20:00Z"));
});

it("a newer plan is as new as it says, also beside an index that was kept from before", () => {
  expect(waysAt(state("2026-09-18T09:30:00Z"), index("2026-09-18T09:20:00Z"))).toBe(Date.parse("2026-09-18T09:30:00Z"));
  expect(waysAt(state("2026-09-18T09:30:00Z"), undefined)).toBe(Date.parse("2026-09-18T09:30:00Z"));
});

it("where nobody says when, nothing is said", () => {
  expect(waysAt(state(null), index(null))).toBeUndefined();
  expect(waysAt(undefined, undefined)).toBeUndefined();
});
