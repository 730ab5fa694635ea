"""The last look at every route before it is published: against closures, dangers and shelters.

Independent of how the route was found: it reads the roads and the line that people will be told, so
that a mistake in a repair is caught here and not on the street.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import h3.api.basic_int as h3
from shapely import STRtree
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from alerts.place import HAZARD_RESOLUTION, Cell
from routing.plan import CellAdvice, Route


class Breach(StrEnum):
    """What is wrong with a route."""

    CLOSED_ROAD = "closed-road"
    THROUGH_DANGER = "through-danger"
    SHELTER_NOT_OFFERED = "shelter-not-offered"
    BROKEN_LINE = "broken-line"


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of one route; `which` is the closure, cell or shelter."""

    cell: Cell
    part: int
    step_free: bool
    breach: Breach
    which: str


def violations(
    cells: Iterable[CellAdvice],
    blocked: Mapping[str, str],
    refused: Collection[str],
    danger: Iterable[BaseGeometry] = (),
    danger_cells: Collection[Cell] = (),
) -> tuple[Violation, ...]:
    """Return every breach in *cells*.

    *blocked* maps closed roads to what closed them; *refused* are shelters that are not offered;
    *danger* are shapes (lng, lat) and *danger_cells* cells that no way may enter. A way may begin
    inside a danger, because it leads out of it; it may not come back into one.
    """
    shapes = list(danger)
    tree = STRtree(shapes) if shapes else None
    found = []
    for entry in cells:
        for number, part in enumerate(entry.parts):
            for step_free, answer in ((False, part.general), (True, part.step_free)):
                if answer.route is None:
                    continue
                for breach, which in _breaches(answer.route, blocked, refused, tree, danger_cells):
                    found.append(Violation(entry.cell, number, step_free, breach, which))
    return tuple(found)


def _breaches(
    route: Route,
    blocked: Mapping[str, str],
    refused: Collection[str],
    tree: STRtree | None,
    danger_cells: Collection[Cell],
) -> Iterable[tuple[Breach, str]]:
    closed = sorted({blocked[road] for road in route.road_ids if road in blocked})
    yield from ((Breach.CLOSED_ROAD, which) for which in closed)
    if route.shelter_id in refused:
        yield Breach.SHELTER_NOT_OFFERED, route.shelter_id
    if len(route.line) != len(route.road_ids) + 1:
        yield Breach.BROKEN_LINE, route.shelter_id
    if danger_cells:
        passed = [h3.latlng_to_cell(p.lat, p.lng, HAZARD_RESOLUTION) for p in route.line]
        left = next((at for at, cell in enumerate(passed) if cell not in danger_cells), len(passed))
        entered = sorted({cell for cell in passed[left:] if cell in danger_cells})
        yield from ((Breach.THROUGH_DANGER, f"{cell:x}") for cell in entered)
    if tree is not None:
        points = [(p.lng, p.lat) for p in route.line]
        line = LineString(points if len(points) > 1 else points * 2)
        for at in sorted(tree.query(line, predicate="intersects").tolist()):
            shape = tree.geometries[at]
            # Out of a danger is one piece that begins where the way does; anything else goes in.
            if not _only_out(line, shape):
                yield Breach.THROUGH_DANGER, f"shape-{at}"


def _only_out(line: LineString, shape: BaseGeometry) -> bool:
    outside = line.difference(shape)
    inside = line.intersection(shape)
    begins_inside = shape.intersects(line.interpolate(0))
    return begins_inside and inside.geom_type in ("LineString", "Point") and outside.geom_type == "LineString"
