// The way out from the phone's own point, found on the phone: a tile holds the next hop of every node around it.
// Layout: routing/way_tile.py. The point never leaves the phone (R13).
import { metresBetween, type Point } from "./geometry";

export interface TileShelter {
  id: string;
  name: string;
  at: Point;
}

/** A way for one reader: `next` is the node that follows, -1 where it ends or leaves the tile; `to` -1 for no way. */
interface Hops {
  next: Int32Array;
  seconds: Float64Array;
  to: Int32Array;
}

export interface Tile {
  cell: string;
  factsAt: string;
  shelters: TileShelter[];
  points: Point[];
  general: Hops;
  stepFree: Hops;
}

/** A way as it is shown. `whole` is false where it goes on beyond the tile. */
export interface Way {
  line: Point[];
  seconds: number;
  metres: number;
  shelter: TileShelter;
  whole: boolean;
  metresToRoad: number;
}

const UNIT = 1e-5;
const COLUMNS = ["back", "north", "east", "seconds", "ends", "free", "extra"] as const;
// The densest shard of Tokyo has some 100,000 nodes; what claims more than this is not one.
const MOST_NODES = 200_000;
// Further from any known footway than this, a line from here would be a guess.
const NEAR_METRES = 250;

const signed = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Return the bytes that *data* holds, compressed as zlib. */
export async function inflate(data: ArrayBuffer): Promise<Uint8Array> {
  const plain = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

/** Read an uncompressed tile. Throws for what is none. */
export function readTile(bytes: Uint8Array): Tile {
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as {
    v: number;
    cell: string;
    facts_at: string;
    origin: [number, number];
    nodes: number;
    shelters: [string, string, number, number][];
  };
  if (head.v !== 1 || !(head.nodes >= 0 && head.nodes <= MOST_NODES)) throw new Error("not a way tile of this version");
  let at = end + 1;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the tile is cut short");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const columns = {} as Record<(typeof COLUMNS)[number], () => number>;
  for (const name of COLUMNS) {
    const stop = number() + at;
    const numbers: number[] = [];
    while (at < stop) numbers.push(number());
    let taken = 0;
    columns[name] = () => {
      const value = numbers[taken++];
      if (value === undefined) throw new Error(`the column ${name} is cut short`);
      return value;
    };
  }
  const count = head.nodes;
  const hops = (): Hops => ({ next: new Int32Array(count).fill(-1), seconds: new Float64Array(count), to: new Int32Array(count).fill(-1) });
  const general = hops();
  const stepFree = hops();
  const places: [number, number][] = [];
  let before = head.origin;
  for (let node = 0; node < count; node++) {
    const back = columns.back();
    const seconds = columns.seconds();
    const base = back ? (places[node - back] as [number, number]) : before;
    const here: [number, number] = [base[0] + signed(columns.north()), base[1] + signed(columns.east())];
    places.push(here);
    general.seconds[node] = seconds;
    if (back) general.next[node] = node - back;
    else {
      before = here;
      general.to[node] = columns.ends() - 1;
    }
    const free = columns.free();
    if (free === 0) {
      stepFree.next[node] = general.next[node] as number;
      stepFree.seconds[node] = seconds;
      stepFree.to[node] = general.to[node] as number;
    } else if (free === 1) {
      stepFree.to[node] = columns.extra() - 1;
      stepFree.seconds[node] = columns.extra();
    } else {
      stepFree.next[node] = node - signed(free - 2);
      stepFree.seconds[node] = columns.extra();
    }
  }
  return {
    cell: head.cell,
    factsAt: head.facts_at,
    shelters: head.shelters.map(([id, name, lat, lng]) => ({ id, name, at: [lng, lat] })),
    points: places.map(([lat, lng]) => [lng * UNIT, lat * UNIT]),
    general,
    stepFree,
  };
}

/** Return the way from the node of *tile* that is nearest to *point*; undefined where there is none. */
export function wayFrom(tile: Tile, point: Point, stepFree: boolean): Way | undefined {
  let nearest = -1;
  let metresToRoad = NEAR_METRES;
  tile.points.forEach((node, number) => {
    const metres = metresBetween(point, node);
    if (metres < metresToRoad) [nearest, metresToRoad] = [number, metres];
  });
  if (nearest < 0) return undefined;
  const hops = stepFree ? tile.stepFree : tile.general;
  const line: Point[] = [point, tile.points[nearest] as Point];
  let seconds = 0;
  let node = nearest;
  // Each node once at most: a tile that goes in circles must not hold the page.
  for (let steps = 0; (hops.next[node] ?? -1) >= 0; steps++) {
    if (steps > tile.points.length) return undefined;
    seconds += hops.seconds[node] as number;
    node = hops.next[node] as number;
    line.push(tile.points[node] as Point);
  }
  const shelter = tile.shelters[hops.to[node] ?? -1];
  if (!shelter) return undefined;
  const rest = hops.seconds[node] as number;
  const metres = line.reduce((sum, at, number) => (number ? sum + metresBetween(line[number - 1] as Point, at) : 0), 0);
  return { line, seconds: seconds + rest, metres, shelter, whole: rest === 0, metresToRoad };
}
