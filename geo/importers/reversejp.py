"""Build the area table of all Japan from `reversejp`, which answers a point with its JMA areas.

The package gives no shapes, only points, so shapes are found by asking:

1. From seeds on land, walk the cells of resolution 7 by their centres until two rings of sea.
2. Where a cell and all its neighbours agree, it belongs to that area as a whole. Sea beside land
   belongs to the land's area: nobody lives there, and asking at sea is ten times as slow.
3. Where they differ, ask at more points of the cell, and give it to every area that was found.
4. In the detail area do the same at resolution 9 with the 49 children of each border cell, which
   also gives the share of the cell in each area, and with points up to 140 m around the cell.
5. There, ask how much of each cell beside the sea is land. In Tokyo's harbour the source draws channels as land:
   `geo.tokyo_harbour` knows better. None of this changes which cells an area has.

Direction of safety: a cell goes to every area found in it. A sliver between sample points (350 m
outside, 45 m inside the detail area) can be missed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

import h3.api.basic_int as h3
import reversejp

from alerts.place import HAZARD_RESOLUTION
from geo.areas import AreaEntry, AreaName, AreaSource, AreaTable, table_of
from geo.cells import compact
from geo.tokyo_harbour import land_by_cell

# stage, done, expected (0 where nobody can know)
Progress = Callable[[str, int, int], None]

TOKYO_WARDS = tuple(str(1_310_000 + 100 * ward) for ward in range(1, 24))
ATTRIBUTION = "出典：気象庁ホームページ（予報区等GISデータ）。気象庁データを加工して作成（reversejp による）"

COARSE_RESOLUTION = 7
SAMPLE_RESOLUTION = 11
# Rings of sea that the walk crosses: it finds islands up to about 5 km off by itself.
SEA_RINGS = 2
# The source's shapes are simplified: its borders lie up to about 100 m beside the true ones. Three
# rings of sample points around a cell (about 140 m) are asked too, and what they find covers it.
TOLERANCE_RINGS = 3
HALF = 0.5
REPORT_EVERY = 2_000


@dataclass(slots=True)
class _Survey:
    """Answers so far; the source is asked at most once for a point that matters."""

    progress: Progress
    names: dict[str, AreaName] = field(default_factory=dict)
    names10: dict[str, AreaName] = field(default_factory=dict)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: int = 0

    def ask(self, lat: float, lng: float) -> str:
        """Return the municipal code at a point, "" at sea and where only the subdivision is known."""
        return self.ask_both(lat, lng)[0]

    def ask_both(self, lat: float, lng: float) -> tuple[str, str]:
        """Return the municipal code and the primary subdivision at a point."""
        self.asked += 1
        class20 = class10 = ""
        for found in reversejp.find_properties(lng, lat):
            code = found.code
            if len(code) == 7:
                class20 = code
                if code not in self.names:
                    self.names[code] = AreaName(code, found.name, found.en_name)
            else:
                class10 = code
                if code not in self.names10:
                    self.names10[code] = AreaName(code, found.name, found.en_name)
        # Simplified shapes overlap at the borders of prefectures; both codes begin with theirs.
        if class10 and class20[:2] == class10[:2]:
            self.pairs[class20, class10] += 1
        return class20, class10

    def ask_centre(self, cell: int) -> str:
        """Return the municipal code at the centre of *cell*."""
        return self.ask(*h3.cell_to_latlng(cell))


def build(
    *,
    built_on: str,
    seeds: Iterable[tuple[float, float]] | None = None,
    detail: tuple[str, ...] = TOKYO_WARDS,
    only: frozenset[str] | None = None,
    progress: Progress | None = None,
) -> AreaTable:
    """Return the table of all Japan, with *detail* codes at resolution 9.

    *only* keeps the walk inside these codes (and one ring of cells): for tests and demo cities.
    *built_on* is the ISO date to write into the table.
    """
    survey = _Survey(progress or _silent)
    centres = _walk(survey, tuple(SEEDS if seeds is None else seeds), only)
    shares = _coarse_shares(survey, centres)
    blocks = _detail_blocks(shares, frozenset(detail))
    for cell in blocks:
        del shares[cell]
    fine, dry = _detail_shares(survey, blocks)
    shares.update(fine)

    whole: dict[str, list[int]] = defaultdict(list)
    partial: dict[str, list[int]] = defaultdict(list)
    land: dict[str, dict[int, float]] = defaultdict(dict)
    for cell, found in shares.items():
        for code, share in found.items():
            whole[code].append(cell)
            if share < HALF:
                partial[code].append(cell)
            if cell in fine and (len(found) > 1 or cell in dry):
                land[code][cell] = share * dry.get(cell, 1.0)
    class10 = {**CLASS10_OF, **_class10_by_area(survey)}
    entries = [
        AreaEntry(survey.names[code], class10.get(code, ""), compact(cells), compact(partial[code]), land[code])
        for code, cells in sorted(whole.items())
    ]
    source = AreaSource(
        name="reversejp",
        version=version("reversejp"),
        built_on=built_on,
        attribution=ATTRIBUTION,
        detail=tuple(sorted(detail)),
    )
    return table_of(source, entries, survey.names10.values())


def _silent(_stage: str, _done: int, _expected: int) -> None:
    """Tell nobody."""


def _walk(survey: _Survey, seeds: tuple[tuple[float, float], ...], only: frozenset[str] | None) -> dict[int, str]:
    """Return the code at the centre of every cell of resolution 7 on land and two rings around."""
    centres: dict[int, str] = {}
    sea_rings: dict[int, int] = {}
    unnamed: dict[int, str] = {}  # land of a primary subdivision in no municipality's shape
    queue: list[int] = []

    def look(cell: int, point: tuple[float, float]) -> None:
        centres[cell], class10 = survey.ask_both(*point)
        if class10 and not centres[cell]:
            unnamed[cell] = class10
        queue.append(cell)

    for seed in seeds:
        # The seed speaks for its cell: a small island may miss the centre.
        cell = h3.latlng_to_cell(*seed, COARSE_RESOLUTION)
        look(cell, seed)
        sea_rings[cell] = 0
    while queue:
        ring, queue[:] = list(queue), []
        for cell in ring:
            here = centres[cell] or unnamed.get(cell, "")
            outside = not here or (only is not None and here not in only)
            rings = sea_rings[cell] + 1 if outside else 0
            if rings > SEA_RINGS or (here and rings > 1):
                continue
            for neighbour in h3.grid_disk(cell, 1):
                if neighbour not in centres:
                    look(neighbour, h3.cell_to_latlng(neighbour))
                    sea_rings[neighbour] = rings
                    if len(centres) % REPORT_EVERY == 0:
                        survey.progress("land", len(centres), 0)
                elif rings < sea_rings[neighbour]:
                    sea_rings[neighbour] = rings
                    queue.append(neighbour)
    for cell, class10 in unnamed.items():
        centres[cell] = _nearest(cell, class10, centres, _class10_by_area(survey))
    survey.progress("land", len(centres), len(centres))
    return centres


def _class10_by_area(survey: _Survey) -> dict[str, str]:
    """Return the subdivision found most often in each municipal area."""
    return {class20: class10 for (class20, class10), _ in sorted(survey.pairs.items(), key=lambda pair: pair[1])}


def _nearest(cell: int, class10: str, centres: dict[int, str], class10_of: dict[str, str]) -> str:
    """Return the nearest municipality of *class10*, or of its prefecture, "" if there is none.

    Some islands are drawn in their subdivision but in no municipality: whoever lives there is warned
    with the nearest one rather than not at all.
    """
    here = h3.cell_to_latlng(cell)
    candidates = [c for c, code in centres.items() if code and class10_of.get(code) == class10] or [
        c for c, code in centres.items() if code and code[:2] == class10[:2]
    ]
    nearest = min(candidates, key=lambda c: h3.great_circle_distance(here, h3.cell_to_latlng(c)), default=None)
    return "" if nearest is None else centres[nearest]


def _coarse_shares(survey: _Survey, centres: dict[int, str]) -> dict[int, dict[str, float]]:
    """Return for each cell of resolution 7 its areas and about how much of it each has."""
    shares: dict[int, dict[str, float]] = {}
    for number, (cell, here) in enumerate(centres.items()):
        if number % REPORT_EVERY == 0:
            survey.progress("borders", number, len(centres))
        around = {centres.get(neighbour, "") for neighbour in h3.grid_disk(cell, 1)} - {""}
        if not around:
            continue
        if not here or around == {here}:
            shares[cell] = dict.fromkeys(around, 1.0)
            continue
        shares[cell] = _shares(survey, here, _points(cell))
    survey.progress("borders", len(centres), len(centres))
    return shares


def _points(cell: int) -> Iterator[tuple[float, float]]:
    """Yield points of *cell* besides its centre: centres of its outer children, and its corners."""
    centre = h3.cell_to_center_child(cell)
    for child in h3.cell_to_children(cell):
        if child != centre:
            yield h3.cell_to_latlng(child)
    yield from h3.cell_to_boundary(cell)


def _shares(survey: _Survey, here: str, points: Iterable[tuple[float, float]]) -> dict[str, float]:
    found = Counter([here])
    for lat, lng in points:
        code = survey.ask(lat, lng)
        if code:
            found[code] += 1
    # Sea is not counted: a quay of which a third is land belongs wholly to its ward.
    return {code: number / found.total() for code, number in found.items()}


def _detail_blocks(shares: dict[int, dict[str, float]], detail: frozenset[str]) -> set[int]:
    """Return the cells of resolution 7 to be drawn finely: with an area of *detail*, or beside one.

    Beside, because a corner of a ward can lie between the sample points of the next block.
    """
    inside = [cell for cell, found in shares.items() if not detail.isdisjoint(found)]
    return {near for cell in inside for near in h3.grid_disk(cell, 1) if near in shares}


def _detail_shares(survey: _Survey, blocks: set[int]) -> tuple[dict[int, dict[str, float]], dict[int, float]]:
    """Return the shares of every cell of resolution 9 in *blocks* that is not all sea, and how much of it is land.

    Without a figure it is all land.
    """
    cells = [child for block in sorted(blocks) for child in h3.cell_to_children(block, HAZARD_RESOLUTION)]
    centres = {cell: survey.ask_centre(cell) for cell in cells}
    samples: dict[int, str] = {}
    shares: dict[int, dict[str, float]] = {}
    dry: dict[int, float] = {}
    harbour = land_by_cell()
    for number, cell in enumerate(cells):
        if number % REPORT_EVERY == 0:
            survey.progress("detail", number, len(cells))
        around = set()
        for neighbour in h3.grid_disk(cell, 1):
            if neighbour not in centres:
                centres[neighbour] = survey.ask_centre(neighbour)
            around.add(centres[neighbour])
        if around == {""}:
            continue
        if cell in harbour:
            dry[cell] = harbour[cell]
        elif "" in around:
            dry[cell] = _land(survey, cell, samples)
        around.discard("")
        if len(around) == 1:
            # All of one area, or its quay: the sea belongs to whom it touches.
            shares[cell] = dict.fromkeys(around, 1.0)
        else:
            shares[cell] = _fine_shares(survey, cell, samples) or dict.fromkeys(around, 1.0)
    survey.progress("detail", len(cells), len(cells))
    return shares, dry


def _land(survey: _Survey, cell: int, samples: dict[int, str]) -> float:
    """Return how much of *cell* is in any area."""
    children = h3.cell_to_children(cell, SAMPLE_RESOLUTION)
    for child in children:
        if child not in samples:
            samples[child] = survey.ask_centre(child)
    return sum(samples[child] != "" for child in children) / len(children)


def _fine_shares(survey: _Survey, cell: int, samples: dict[int, str]) -> dict[str, float]:
    """Return the share of each area in *cell*, with 0 for those that come within the tolerance of it."""
    children = h3.cell_to_children(cell, SAMPLE_RESOLUTION)
    near = {around for child in children for around in h3.grid_disk(child, TOLERANCE_RINGS)}
    for child in near:
        if child not in samples:
            samples[child] = survey.ask_centre(child)
    found = Counter(samples[child] for child in children if samples[child])
    total = found.total()
    touched = {samples[child] for child in near} - {""}
    return {code: found[code] / total for code in sorted(touched)} if total else {}


# Municipalities of islands for which the source names no primary subdivision.
CLASS10_OF: dict[str, str] = {}

# Points on land from which the walk starts: the main islands, and islands more than 5 km off.
SEEDS: tuple[tuple[float, float], ...] = (
    (35.68, 139.75), (43.06, 141.35), (33.84, 132.77), (32.8, 130.71), (26.5, 127.95), (45.18, 141.24),
    (45.37, 141.02), (42.15, 139.48), (44.42, 141.32), (44.43, 141.42), (38.46, 139.24), (38.02, 138.37),
    (39.19, 139.55), (37.85, 136.92), (36.25, 133.27), (36.1, 133.0), (36.09, 133.1), (36.01, 133.04),
    (34.77, 131.15), (34.74, 139.4), (34.52, 139.28), (34.38, 139.26), (34.325, 139.21), (34.21, 139.145),
    (34.085, 139.525), (33.875, 139.6), (33.11, 139.79), (32.457, 139.767), (27.08, 142.21), (26.65, 142.155),
    (27.68, 142.13), (24.78, 141.32), (25.434, 141.282), (24.233, 141.463), (24.288, 153.98), (32.8, 132.49),
    (34.55, 129.4), (34.2, 129.29), (33.79, 129.71), (32.69, 128.8), (32.9, 129.02), (32.98, 129.09),
    (33.2, 129.06), (33.265, 129.12), (31.99, 128.35), (34.245, 130.105), (33.868, 130.034), (31.85, 129.9),
    (31.7, 129.73), (30.65, 130.98), (30.745, 130.855), (30.35, 130.53), (30.45, 130.2), (30.812, 130.42),
    (30.79, 130.3), (30.83, 129.94), (29.97, 129.925), (29.855, 129.87), (29.69, 129.53), (29.63, 129.71),
    (29.46, 129.6), (29.222, 129.325), (29.15, 129.205), (29.905, 129.545), (28.35, 129.45), (28.12, 129.22),
    (28.03, 129.25), (28.04, 129.16), (28.32, 129.97), (27.8, 128.93), (27.37, 128.6), (27.045, 128.42),
    (27.04, 127.97), (27.0, 127.92), (26.93, 127.94), (26.59, 127.235), (26.37, 127.14), (26.35, 126.77),
    (26.23, 127.3), (26.195, 127.28), (26.2, 127.36), (25.84, 131.24), (25.945, 131.3), (24.47, 131.185),
    (24.78, 125.32), (24.93, 125.245), (24.655, 124.69), (24.75, 124.695), (24.42, 124.2), (24.33, 123.82),
    (24.06, 123.79), (24.24, 124.01), (24.47, 123.82), (24.455, 123.0), (25.745, 123.475), (25.923, 124.56),
    (25.925, 123.68), (28.8, 128.99), (28.835, 129.0), (34.68, 134.53), (34.02, 130.72), (41.51, 139.37),
    (41.36, 139.81), (34.11, 129.18), (31.19, 129.47), (30.856, 129.471), (20.423, 136.081), (33.735, 132.48),
    (34.13, 133.53),
)  # fmt: skip
