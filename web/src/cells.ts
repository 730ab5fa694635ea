// H3 in the few functions that the phone needs, so that "Here, now" loads on a bad line: h3-js is 60 kB, this is 3.
// The method is H3's own (h3geo.org): the nearest face of an icosahedron, a gnomonic plane, hexagons in apertures of 7.
// It knows no pentagons; all twelve lie in the sea, and a point there is in no cell of ours.
import type { Point } from "./geometry";

const RADIANS = Math.PI / 180;
// Latitude and longitude of the middle of each face, and the azimuth of its first axis.
const FACES: readonly (readonly [lat: number, lng: number, azimuth: number])[] = [
  [0.803582649718989942, 1.248397419617396099, 5.619958268523939882], [1.307747883455638156, 2.536945009877921159, 5.760339081714187279],
  [1.054751253523952054, -1.347517358900396623, 0.780213654393430055], [0.600191595538186799, -0.450603909469755746, 0.430469363979999913],
  [0.491715428198773866, 0.401988202911306943, 6.1302691233351114], [0.172745327415618701, 1.678146885280433686, 2.692877706530642877],
  [0.60592932157135069, 2.953923329812411617, 2.982963003477243874], [0.427370518328979641, -1.888876200336285401, 3.532912002790141181],
  [-0.079066118549212831, -0.733429513380867741, 3.494305004259568154], [-0.230961644455383637, 0.506495587332349035, 3.003214169499538391],
  [0.079066118549212831, 2.408163140208925497, 5.930472956509811562], [0.230961644455383637, -2.635097066257444203, 0.138378484090254847],
  [-0.172745327415618701, -1.463445768309359553, 0.448714947059150361], [-0.605929321571350690, -0.187669323777381622, 0.158629650112549365],
  [-0.427370518328979641, 1.252716453253507838, 5.891865957979238535], [-0.600191595538186799, 2.690988744120037492, 2.711123289609793325],
  [-0.491715428198773866, -2.739604450678486295, 3.294508837434268316], [-0.803582649718989942, -1.893195233972397139, 3.804819692245439833],
  [-1.307747883455638156, -0.604647643711872080, 3.664438879055192436], [-1.054751253523952054, 1.794075294689396615, 2.361378999196363184],
];
// For each face and each (i, j, k) of 0 to 2, two letters: the base cell times 6 and the turns to its own axes.
// Made by asking the reference library about 400,000 points; the tests ask it again.
const BASES =
  "BgBs..DGC0DD..Ej..AwAjBBCE....D3......AF..Bb..........AMAk..A8BCBp..CN..AAALA7Ae....Bt......AX..Ax..........AqB-..A2ByDP..B7..ASBTCzAG....Al......BN..AB..........CcD8..CuECF3..Ed..BICtENBO....B_......Bf..AT..........C6D2..EIE-Fx..GJ..BaCJDLCo....D9......A1..BJ..........EsEg..DAC3DJ..Bv..GkGSGPE7....Dh......IN..G_..........CWCK..BmBFA_..An..EODqDhDV....Cl......Fl..FT..........DYB4..DMB1A5..CB..FKDwClFH....E1......Fr..G5..........GAEa..F0EFCx..D_..H4GeE1Hv....HL......IZ..JP..........HCGG..FuFBEL..D5..I0IEHLHp....GP......Jz..Jh..........FWFi..G8HXHd..Ir..DeDtERE4....Gn......CN..DD..........EUFo..FQGbHj..HR..CiDzFNDS....ER......B7..Bp..........GqIW..G2IlJt..IT..EyGhH7FE....FN......Ed..DP..........JAJw..JMKXK1..Kd..HIIHI3Hs....H7......GJ..F3..........H-IK..JeJnJb..Kj..GMGVGnHm....I3......Ej..Fx..........I6Io..HaHUG_..Fl..KOKIJdIv....HP......LJ..J9..........IcHO..HgGYFT..Fr..J8IuHfJT....IR......KT..Kn..........J2IQ..JqIiG5..IZ..KmJSHlK5....Kb......KB..LX..........LKKa..KyKUJP..Jz..LWK4JvLR....Kh......Kr..LF..........KsKg..JYJkJh..IN..LELQK3KJ....Ip......Lb..KP..........";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CLASS_THREE_TURN = 0.333473172251832115336090755351601070065900389;
const UNIT_LENGTH = 0.38196601125010500003;
const ROOT_3 = Math.sqrt(3);
const CCW = [0, 5, 3, 1, 6, 4, 2];

type Ijk = readonly [number, number, number];

const normal = (i: number, j: number, k: number): Ijk => {
  const least = Math.min(i, j, k);
  return [i - least, j - least, k - least];
};
const rounded = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));
const up = (one: Ijk, third: boolean): Ijk => {
  const a = one[0] - one[2];
  const b = one[1] - one[2];
  return third
    ? normal(rounded((3 * a - b) / 7), rounded((a + 2 * b) / 7), 0)
    : normal(rounded((2 * a + b) / 7), rounded((3 * b - a) / 7), 0);
};
const down = ([i, j, k]: Ijk, third: boolean): Ijk =>
  third ? normal(3 * i + j, 3 * j + k, i + 3 * k) : normal(3 * i + k, i + 3 * j, j + 3 * k);
/** A digit is the direction from the parent's middle: 4 i + 2 j + k. */
const digitOf = (of: Ijk, from: Ijk): number => {
  const [i, j, k] = normal(of[0] - from[0], of[1] - from[1], of[2] - from[2]);
  return 4 * i + 2 * j + k;
};

const places = FACES.map(([lat, lng]) => [Math.cos(lat) * Math.cos(lng), Math.cos(lat) * Math.sin(lng), Math.sin(lat)] as const);

/** Return the face of a point and where it lies on that face's plane, in cells of *resolution*. */
function onFace(lat: number, lng: number, resolution: number): [face: number, x: number, y: number] {
  const at = [Math.cos(lat) * Math.cos(lng), Math.cos(lat) * Math.sin(lng), Math.sin(lat)] as const;
  let face = 0;
  let least = 5;
  places.forEach(([x, y, z], number) => {
    const squared = (x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2;
    if (squared < least) [face, least] = [number, squared];
  });
  const [lat0, lng0, axis] = FACES[face] as readonly [number, number, number];
  const azimuth = Math.atan2(
    Math.cos(lat) * Math.sin(lng - lng0),
    Math.cos(lat0) * Math.sin(lat) - Math.sin(lat0) * Math.cos(lat) * Math.cos(lng - lng0),
  );
  const turn = axis - azimuth - (resolution % 2 ? CLASS_THREE_TURN : 0);
  const length = (Math.tan(Math.acos(1 - least / 2)) / UNIT_LENGTH) * Math.sqrt(7) ** resolution;
  return [face, length * Math.cos(turn), length * Math.sin(turn)];
}

/** Return the point at (x, y) of a face's plane. */
function fromFace(face: number, x: number, y: number, resolution: number): Point {
  const [lat0, lng0, axis] = FACES[face] as readonly [number, number, number];
  const length = Math.hypot(x, y);
  const distance = Math.atan((length / Math.sqrt(7) ** resolution) * UNIT_LENGTH);
  const azimuth = axis - Math.atan2(y, x) - (resolution % 2 ? CLASS_THREE_TURN : 0);
  const lat = Math.asin(Math.sin(lat0) * Math.cos(distance) + Math.cos(lat0) * Math.sin(distance) * Math.cos(azimuth));
  const lng = lng0 + Math.atan2(Math.sin(azimuth) * Math.sin(distance) * Math.cos(lat0), Math.cos(distance) - Math.sin(lat0) * Math.sin(lat));
  return [((lng / RADIANS + 540) % 360) - 180, lat / RADIANS];
}

/** Return the hexagon at (x, y): rounded in three coordinates whose sum is 0. */
function hexagon(x: number, y: number): Ijk {
  const r = (2 * y) / ROOT_3;
  const q = x - r / 2;
  let [a, b, c] = [Math.round(q), Math.round(r), Math.round(-q - r)];
  const [da, db, dc] = [Math.abs(a - q), Math.abs(b - r), Math.abs(c + q + r)];
  if (da > db && da > dc) a = -b - c;
  else if (db > dc) b = -a - c;
  return normal(a + b, b, 0);
}

const baseAt = (face: number, [i, j, k]: Ijk): number => {
  const letters = BASES.slice(2 * (27 * face + 9 * i + 3 * j + k));
  return letters[0] === "." || i > 2 || j > 2 || k > 2 ? -1 : LETTERS.indexOf(letters[0] as string) * 64 + LETTERS.indexOf(letters[1] as string);
};

/** Return the cell of *resolution* in which a point lies, in hexadecimal; undefined in a pentagon's part of the sea. */
export function cellAt(lat: number, lng: number, resolution: number): string | undefined {
  const [face, x, y] = onFace(lat * RADIANS, lng * RADIANS, resolution);
  let one = hexagon(x, y);
  const digits: number[] = [];
  for (let finer = resolution; finer > 0; finer--) {
    const before = one;
    one = up(one, finer % 2 === 1);
    digits.unshift(digitOf(before, down(one, finer % 2 === 1)));
  }
  const base = baseAt(face, one);
  if (base < 0) return undefined;
  let id = (1n << 59n) | (BigInt(resolution) << 52n) | (BigInt(Math.floor(base / 6)) << 45n);
  for (let at = 1; at <= 15; at++) {
    let digit = digits[at - 1] ?? 7;
    if (digit < 7) for (let turns = base % 6; turns > 0; turns--) digit = CCW[digit] as number;
    id |= BigInt(digit) << BigInt(3 * (15 - at));
  }
  return id.toString(16);
}

export const resolutionOf = (cell: string): number => Number((BigInt(`0x${cell}`) >> 52n) & 15n);
export const isCell = (text: string): boolean => /^8[0-9a-f]{14}$/.test(text);

/** Return the cell of a coarser *resolution* that holds *cell*. */
export function parentOf(cell: string, resolution: number): string {
  const finer = (1n << BigInt(3 * (15 - resolution))) - 1n;
  return (((BigInt(`0x${cell}`) & ~(15n << 52n)) | (BigInt(resolution) << 52n)) | finer).toString(16);
}

/** Say whether *cell* is one of *cells*, or lies in one that stands for all of its children. */
export function among(cell: string, cells: ReadonlySet<string>): boolean {
  for (let resolution = resolutionOf(cell); resolution >= 4; resolution--) if (cells.has(parentOf(cell, resolution))) return true;
  return false;
}

/** Return the face of a cell, and where its middle lies on it: the face from which the way back leads here again. */
function planeOf(cell: string): [face: number, x: number, y: number, resolution: number] | undefined {
  const id = BigInt(`0x${cell}`);
  const resolution = resolutionOf(cell);
  const wanted = Number((id >> 45n) & 127n);
  for (let face = 0; face < 20; face++)
    for (let place = 0; place < 27; place++) {
      let one: Ijk = [Math.floor(place / 9), Math.floor(place / 3) % 3, place % 3];
      const base = baseAt(face, one);
      if (base < 0 || Math.floor(base / 6) !== wanted) continue;
      for (let at = 1; at <= resolution; at++) {
        let digit = Number((id >> BigInt(3 * (15 - at))) & 7n);
        for (let turns = (6 - (base % 6)) % 6; turns > 0; turns--) digit = CCW[digit] as number;
        const [i, j, k] = down(one, at % 2 === 1);
        one = normal(i + (digit >> 2), j + ((digit >> 1) & 1), k + (digit & 1));
      }
      const x = one[0] - (one[1] + one[2]) / 2;
      const y = ((one[1] - one[2]) * ROOT_3) / 2;
      const [lng, lat] = fromFace(face, x, y, resolution);
      if (cellAt(lat, lng, resolution) === cell) return [face, x, y, resolution];
    }
  return undefined;
}

/** Return the middle of *cell*; undefined for what is no cell. */
export function middleOf(cell: string): Point | undefined {
  const found = isCell(cell) ? planeOf(cell) : undefined;
  return found && fromFace(...found);
}

/** Return the border of *cell* as a closed ring; empty for what is no cell. */
export function ringOf(cell: string): Point[] {
  const found = isCell(cell) ? planeOf(cell) : undefined;
  if (!found) return [];
  const [face, x, y, resolution] = found;
  return [0, 1, 2, 3, 4, 5, 0].map((corner) => {
    const turn = ((30 + 60 * corner) * Math.PI) / 180;
    return fromFace(face, x + Math.cos(turn) / ROOT_3, y + Math.sin(turn) / ROOT_3, resolution);
  });
}
