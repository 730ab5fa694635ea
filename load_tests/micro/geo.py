"""How fast shapes become cells and cells become subscribers, beside the plain ways to do the same.

    python -m load_tests.micro.geo DATA_FOLDER [--subscribers 1000000] [--seconds 0.5] [--zones 0]

Three comparisons in one run, in processor time, the last line as JSON:

* cover: the 23 wards and the flood zones of Tokyo (A31), beside a plain loop (for each shape the hexagons of its box,
  each built and tested with shapely) and beside H3's own overlap, one polygon at a time;
* cells to subscribers: the rows of a river's banks among many, beside an STRtree of as many points;
* reading telegrams by kind, beside lxml's bare parse (`load_tests.micro.parse`).

What is compared gives the same answer, and that is checked: a cover may hold a cell more along an edge, never one less.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry import shape as shape_of
from shapely.prepared import prep

from alerts.place import HAZARD_RESOLUTION
from dispatch.columns import NO_QUIET_HOURS, Columns
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.unapproved import unapproved
from geo import grid
from geo.cells import expand
from geo.cover import cover
from geo.importers import vector_file
from load_tests.errors import MeasureFailed
from load_tests.micro.parse import as_plain, parse_rates
from shirase.demo.city import people as demo_people
from shirase.demo.rivers import AOBA, strip

_ROUNDS = 3
_BANK_KM = 1.2


@dataclass(frozen=True, slots=True)
class Beside:
    """Seconds of processor time for the same work in several ways; `ours` first."""

    what: str
    shapes: int
    ours: float
    others: dict[str, float]
    first: float = 0.0
    """The first time, before any hexagon was drawn; 0 where nothing is kept between two times."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON takes it: how many times longer each other way takes."""
        return {
            "shapes": self.shapes,
            "seconds": round(self.ours, 5),
            "first_seconds": round(self.first, 5),
            **{f"{name}_seconds": round(seconds, 4) for name, seconds in self.others.items()},
            **{f"{name}_ratio": round(seconds / self.ours, 1) for name, seconds in self.others.items()},
        }


def ward_shapes(data: Path) -> list[Any]:
    """Return the true borders of the 23 wards."""
    files = sorted((data / "01_wards" / "jma_class20").glob("*.geojson"))
    documents = [json.loads(path.read_bytes()) for path in files]
    return [shape_of((d["features"][0] if "features" in d else d)["geometry"]) for d in documents]


def flood_shapes(data: Path, most: int = 0) -> list[Any]:
    """Return the flood zones, mended; the first *most* of them, 0 for all."""
    file = vector_file.read(data / "07_flood_elevation" / "a31-12_13" / "A31-12_13.shp")
    shapes = [feature.ground for feature in file.features]
    return shapes[:most] if most else shapes


def measure_cover(what: str, shapes: Sequence[Any]) -> Beside:
    """Return the times of covering *shapes* one by one; raise MeasureFailed where a cell is missing."""
    grid.forget()
    first, _ = _best(lambda: _grid(shapes), 1)
    ours, found = _best(lambda: _grid(shapes), _ROUNDS)
    by_h3, from_h3 = _best(lambda: [_by_h3(shape) for shape in shapes], 1)
    by_loop, from_loop = _best(lambda: [_plain_loop(shape) for shape in shapes], 1)
    for number, (mine, loop, theirs) in enumerate(zip(found, from_loop, from_h3, strict=True)):
        if not (loop <= mine and theirs <= mine):
            raise MeasureFailed(f"{what} {number}: a cell is missing from our cover")
    return Beside(what, len(shapes), ours, {"plain_loop": by_loop, "h3_overlap": by_h3}, first)


def measure_audience(count: int, seed: int = 1) -> Beside:
    """Return the times of finding who lives at a river's banks among *count* subscribers."""
    registry = _registry(count, seed)
    crowd = People(registry)
    banks = cover([strip(AOBA.line, _BANK_KM)])
    notice = unapproved(banks, datetime(2026, 9, 18, 9, 0, tzinfo=UTC))
    ours, chosen = _best(lambda: select(crowd, notice, at=notice.sent), _ROUNDS)
    points = _points(registry)
    tree = shapely.STRtree(points)
    tree.query(points[0])  # it is built at its first question
    ground = shapely.union_all(_hexagons(expand(banks)))
    by_tree, rows = _best(lambda: np.unique(tree.query(ground, predicate="intersects")), _ROUNDS)
    if set(rows.tolist()) != set(chosen.rows.tolist()):
        raise MeasureFailed("the tree of points and the index of cells name other people")
    return Beside("banks of a river to subscribers", len(chosen.rows), ours, {"strtree_points": by_tree})


def _best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    best, answer = float("inf"), None
    for _ in range(rounds):
        began = time.process_time()
        answer = work()
        best = min(best, time.process_time() - began)
    return best, answer


def _grid(shapes: Sequence[Any]) -> list[set[int]]:
    numbers, cells = grid.touched(shapes)
    return [set(part.tolist()) for part in np.split(cells, np.searchsorted(numbers, np.arange(1, len(shapes))))]


def _by_h3(shape: Any) -> set[int]:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    found: set[int] = set()
    for polygon in polygons:
        found.update(h3.h3shape_to_cells_experimental(h3.geo_to_h3shape(polygon), HAZARD_RESOLUTION, contain="overlap"))
    return found


def _plain_loop(shape: Any) -> set[int]:
    """What one writes first: the cells of the box, each hexagon built and asked."""
    west, south, east, north = shape.bounds
    room = 0.004  # a cell's width, so that the box is not smaller than what touches it
    south, west, north, east = south - room, west - room, north + room, east + room
    box = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    ready = prep(shape)
    found = set()
    for cell in h3.polygon_to_cells(box, HAZARD_RESOLUTION):
        if ready.intersects(shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(cell)])):
            found.add(cell)
    return found


def _hexagons(cells: Iterable[int]) -> list[Any]:
    return [shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(cell)]) for cell in cells]


def _registry(count: int, seed: int) -> Registry:
    """Return *count* subscribers with one place each, where the demo city's people live."""
    demo, random = demo_people(), np.random.default_rng(seed)
    cells = random.choice(demo.cells, count, p=demo.people / demo.people.sum()).astype(np.uint64)
    nothing = np.zeros(count, dtype=np.uint8)
    return Registry.of(
        Columns(
            id=random.integers(0, 256, (count, 16), dtype=np.uint8),
            row_number=random.permutation(count).astype(np.uint64),
            origin=np.zeros(count, dtype=np.uint16),
            path=np.zeros(0, dtype=np.uint8),
            path_offset=np.zeros(count + 1, dtype=np.uint64),
            p256dh=np.zeros((count, 64), dtype=np.uint8),
            auth=np.zeros((count, 16), dtype=np.uint8),
            language=nothing,
            flags=nothing,
            ward=np.zeros(count, dtype=np.uint16),
            quiet_start=np.full(count, NO_QUIET_HOURS, dtype=np.uint8),
            quiet_end=np.full(count, NO_QUIET_HOURS, dtype=np.uint8),
            vapid_key=nothing,
            seen=np.zeros(count, dtype=np.uint16),
            place_offset=np.arange(count + 1, dtype=np.uint32),
            place_cell=cells,
            place_role=nothing,
            place_min_level=nothing,
            place_terms=np.zeros(len(nothing), dtype=np.uint32),
            origins=("https://push.example",),
            languages=("ja",),
            wards=("",),
        )
    )


def _points(registry: Registry) -> Any:
    cells = registry.columns.place_cell
    known, back = np.unique(cells, return_inverse=True)
    middles = np.array([h3.cell_to_latlng(int(cell)) for cell in known])
    return shapely.points(middles[back][:, ::-1])


def main() -> None:
    """Print a line for each comparison, and JSON on the last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=0.5, help="On each kind of telegram and way.")
    parser.add_argument("--zones", type=int, default=0, help="So many flood zones only; 0 for all.")
    chosen = parser.parse_args()
    measured = (
        measure_cover("wards", ward_shapes(chosen.data)),
        measure_cover("flood zones", flood_shapes(chosen.data, chosen.zones)),
        measure_audience(chosen.subscribers),
    )
    for one in measured:
        others = "   ".join(f"{name} {seconds / one.ours:,.1f} times" for name, seconds in one.others.items())
        first = f" (first {one.first * 1000:.1f})" if one.first else ""
        print(f"{one.what:<32} {one.shapes:>9,}   ours {one.ours * 1000:9.1f} ms{first}   {others}")
    plain = {one.what.replace(" ", "_"): one.plain() for one in measured}
    print(json.dumps({"geo": plain, "parse": as_plain(parse_rates(chosen.data, chosen.seconds))}))


if __name__ == "__main__":
    main()
