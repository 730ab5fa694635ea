"""The ground that the demo city's rivers endanger: a table `river_zone` of its own, made up like the rivers.

Two of the three rivers have rows, the third has none: there the tie is assumed, and the demo shows the
difference.
"""

from functools import lru_cache

from geo.cells import difference
from geo.cover import cover
from geo.depth import DepthRank
from geo.river_zone import RiverCourse, RiverZone, RiverZones
from shirase.demo.rivers import AOBA, RIVERS, SAKURA, River, strip

SOURCE, DATE = "架空の浸水想定区域図", "2026-04-01"
# Half widths in km, from the bank outwards: the deepest water stands in the plain right behind the levee.
_WIDTHS: dict[str, tuple[tuple[float, DepthRank | None], ...]] = {
    AOBA.code: ((0.6, DepthRank.FROM_5_M), (1.2, DepthRank.FROM_3_M), (2.0, DepthRank.FROM_HALF_M)),
    SAKURA.code: ((0.3, DepthRank.FROM_HALF_M), (0.6, None)),
}


@lru_cache(maxsize=1)
def demo_river_zones() -> RiverZones:
    """Return the rows of the made-up rivers and the courses of all of them."""
    zones = [zone for river in RIVERS for zone in _zones(river)]
    courses = [RiverCourse(river.code, "", river.name, river.line) for river in RIVERS]
    return RiverZones(tuple(zones), tuple(courses))


def _zones(river: River) -> list[RiverZone]:
    found: list[RiverZone] = []
    inner: tuple[int, ...] = ()
    for half_width_km, depth in _WIDTHS.get(river.code, ()):
        cells = cover([strip(river.line, half_width_km)])
        found.append(RiverZone(river.code, "", river.name, depth, SOURCE, DATE, difference(cells, inner)))
        inner = cells
    return found
