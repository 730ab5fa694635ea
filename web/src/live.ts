// What the residents' API says of a shard. Nothing finer than a shard is ever asked for (R13).
import { moment } from "./ages";
import { fromPolyline, inside, type Point, type Ring } from "./geometry";
import type { PushPicture } from "./river";

export const SHARD_RESOLUTION = 6;

export interface HazardFeature {
  geometry: { type: "Polygon"; coordinates: Ring[] } | { type: "MultiPolygon"; coordinates: Ring[][] };
  properties: { level: number | null; is_order?: boolean; severity: string; hazards: string[]; cells: string[] };
}
export interface ShelterFeature {
  id: string;
  geometry: { type: "Point"; coordinates: Point };
  properties: {
    name: string;
    address?: string;
    class: string;
    state: string;
    crowding: string | null;
    fit_for: string[];
    step_free: boolean | null;
    freshness: string;
    fact_at: string | null;
  };
}
export interface ClosureFeature {
  id: string;
  geometry:
    | { type: "Point"; coordinates: Point }
    | { type: "LineString"; coordinates: Point[] }
    | { type: "MultiLineString" | "Polygon"; coordinates: Point[][] }
    | null;
  properties: { status: string; count?: number; reason: string; name: string; freshness?: string; fact_at: string };
}
export interface Notice {
  lineage: string;
  revision: number;
  kind?: number;
  phase: string;
  level: number | null;
  /** The level is that of an order to leave, not of a warning. */
  is_order?: boolean;
  severity: string;
  hazards: string[];
  areas: string[];
  issuer: string;
  sent: string;
  renew_by: string;
  cells: string[];
  lapsed: { since: string; texts: Record<string, string> } | null;
  texts: Record<string, { title: string; body: string }>;
  picture?: PushPicture | null;
}
/** An order whose ways are in the plan, cell by cell. */
export interface OrderedWay {
  lineage: string;
  revision: number;
  level: number | null;
  issuer: string;
  sent: string;
  renew_by: string;
  lapsed: Notice["lapsed"];
  cells: string[];
}
export interface Route {
  shelter: string;
  name: string;
  offer: string;
  walk_minutes: number;
  slow_minutes: number;
  metres: number;
  turns: { metres: number; street: string; side: string; at: string }[];
  line: string;
  unconfirmed: { reported_at: string }[];
}
export interface Answer {
  advice: string;
  why: string;
  leave_by?: string;
  refuge?: string;
  action?: { key: string; ja: string; en: string };
  route?: Route;
}
export interface PlanPart {
  outline: string | null;
  general: Answer;
  step_free: Answer | null;
}
export interface Station {
  id: string;
  name: string;
  river: string;
  point: Point;
  stage_m: number | null;
  fact_at: string | null;
  doubt: string | null;
  thresholds_m: Partial<Record<"standby" | "caution" | "evacuation" | "danger" | "overflow", number | null>>;
}
export interface OfficialForecast {
  issuer: string;
  event: string;
  level: number | null;
  level_now: number | null;
  level_forecast: number | null;
  sent: string;
}

interface Said {
  as_of?: string;
  facts_at?: string | null;
}
/** A source, and once it is silent the sentence that says so. */
export interface Source {
  source: string;
  silent: boolean;
  texts: Record<string, string> | null;
}
export interface Shards {
  sources: Source[];
  /** Up to when the planner had heard of every closed road: the age of all plans, also of those that did not change. */
  plans_at?: string | null;
  /** Where it came from before, without a line: when it was had, in milliseconds. */
  keptAt?: number;
  shards: { id: string; bounds: number[] }[];
}
export interface Sections {
  "hazards.geojson": Said & { features: HazardFeature[] };
  "notices.json": Said & { in_force: Notice[]; ways: OrderedWay[]; ended: Notice[] };
  "shelters.geojson": Said & { features: ShelterFeature[] };
  "closures.geojson": Said & { features: ClosureFeature[] };
  "plan.json": Said & { version: number | null; plan_digest: string | null; cells: { cell: string; ward?: string; parts: PlanPart[] }[] };
  "river.json": Said & { stations: Station[]; official_forecasts: OfficialForecast[] };
}
export type State = { [Name in keyof Sections]?: Sections[Name] } & {
  shard: string;
  /** When the oldest of these answers was made; what was kept from before keeps its time. */
  asOf: number | undefined;
  /** Some of them were kept from before: there was no line, or none that answered. */
  kept?: boolean;
  /** Names of the sections that could not be had, from the network or from before. */
  missing: string[];
};

const NAMES: readonly (keyof Sections)[] = [
  "hazards.geojson",
  "notices.json",
  "shelters.geojson",
  "closures.geojson",
  "plan.json",
  "river.json",
];

/** The worker puts the time at which it kept an answer here; without a network that is how old the page is. */
export const KEPT_AT = "x-shirase-kept-at";

async function section<Name extends keyof Sections>(shard: string, name: Name): Promise<[Sections[Name], number, boolean]> {
  const answer = await fetch(`/live/${shard}/${name}`, { credentials: "omit" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const said = (await answer.json()) as Sections[Name];
  const kept = moment(answer.headers.get(KEPT_AT) ?? undefined);
  return [said, kept ?? Date.now(), kept !== undefined];
}

// On a bad line the level and what to do must not wait for maps, shelters and ways.
const FIRST: readonly (keyof Sections)[] = ["hazards.geojson", "notices.json"];

/**
 * Return what is known of *shard*. A section that cannot be had is missing: it never reads as empty.
 * *first* hears what holds there before the rest is asked for.
 */
export async function stateOf(shard: string, first?: (state: State) => void): Promise<State> {
  const state: State = { shard, asOf: undefined, missing: [] };
  const ask = async (name: keyof Sections): Promise<void> => {
    try {
      const [said, at, kept] = await section(shard, name);
      Object.assign(state, { [name]: said });
      state.asOf = Math.min(state.asOf ?? at, at);
      state.kept ||= kept;
    } catch {
      state.missing.push(name);
    }
  };
  await Promise.all(FIRST.map(ask));
  first?.({ ...state, missing: [...state.missing] });
  await Promise.all(NAMES.filter((name) => !FIRST.includes(name)).map(ask));
  return state;
}

/** Return the shards that are covered, with the sources that are silent; undefined where that cannot be had. */
export async function shards(): Promise<Shards | undefined> {
  try {
    const answer = await fetch("/live/shards.json", { credentials: "omit" });
    if (!answer.ok) return undefined;
    const keptAt = moment(answer.headers.get(KEPT_AT) ?? undefined);
    return { ...((await answer.json()) as Shards), ...(keptAt === undefined ? {} : { keptAt }) };
  } catch {
    return undefined;
  }
}

/** Return up to when the facts behind a shard's ways were known: a plan that holds does not grow old by itself. */
export function waysAt(state: State | undefined, index: Shards | undefined): number | undefined {
  const known = [moment(state?.["plan.json"]?.facts_at), moment(index?.plans_at)].filter((at) => at !== undefined);
  return known.length ? Math.max(...known) : undefined;
}

/** Return the part of a plan's entry in which *point* lies; the first, cautious one for a point that is not known. */
export function partAt<Part extends { outline: string | null }>(parts: readonly Part[], point: Point | undefined): Part | undefined {
  const within = point && parts.find((part) => part.outline && inside(point, fromPolyline(part.outline)));
  return within ?? parts[0];
}

/** Return the outer rings of a danger's area, as they are drawn; holes are left out: a cover may be too large. */
export const ringsOf = ({ geometry }: HazardFeature): Ring[] =>
  geometry.type === "Polygon" ? geometry.coordinates.slice(0, 1) : geometry.coordinates.flatMap((polygon) => polygon.slice(0, 1));

/** Return the lines of a closure; a point is a line of one. */
export function linesOf({ geometry }: ClosureFeature): (readonly Point[])[] {
  if (!geometry) return [];
  if (geometry.type === "Point") return [[geometry.coordinates]];
  return geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
}
