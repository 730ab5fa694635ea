"""The hazard map as GeoJSON (RFC 7946): a polygon per cell, coarser ones as their children lie; longitude first."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
import orjson

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, Cells
from api.drawing.faces import Face
from geo.cells import expand, resolution_of

# 0.1 m; the cells themselves are 170 m and more.
_DIGITS = 6
# A whole shard drawn as its children lie has 162 corners: of a city's that is little, of a country's 30 MB.
_MOST_WHOLE_SHARDS = 300


def collection(found: tuple[Face, ...], facts_at: datetime | None) -> bytes:
    """Return *found* as a FeatureCollection. The same facts give the same bytes."""
    shards = sum(resolution_of(cell) <= SHARD_RESOLUTION for face in found for cell in face.cells)
    whole = shards <= _MOST_WHOLE_SHARDS
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "facts_at": facts_at,
            "not_an_all_clear": True,
            "features": [_feature(cell, face, whole=whole) for face in found for cell in face.cells],
        }
    )


def areas(named: Iterable[tuple[str, Cells]]) -> bytes:
    """Return named areas as a FeatureCollection of their outlines, for orientation: cells, not exact borders."""
    features = []
    for name, cells in named:
        shape = h3.cells_to_h3shape(expand(cells)) if cells else None
        if shape is not None:
            geometry = _rounded(shape.__geo_interface__)
            features.append({"type": "Feature", "geometry": geometry, "properties": {"name": name}})
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def rounded(part: Any) -> Any:
        return round(part, _DIGITS) if isinstance(part, float) else [rounded(inner) for inner in part]

    return {"type": geometry["type"], "coordinates": rounded(geometry["coordinates"])}


def _feature(cell: int, face: Face, *, whole: bool) -> dict[str, object]:
    verdict = face.verdict
    return {
        "type": "Feature",
        "id": f"{cell:x}",
        "geometry": {"type": "Polygon", "coordinates": [ring_of(cell, whole=whole)]},
        "properties": {
            "level": None if verdict.level is None else int(verdict.level),
            "is_order": verdict.order,
            "severity": verdict.severity.value,
            "hazards": [hazard.value for hazard in verdict.hazards],
            "reasons": verdict.reasons,
        },
    }


def ring_of(cell: int, *, whole: bool = True) -> list[list[float]]:
    """Return the border of *cell*, closed and counter-clockwise as RFC 7946 (3.1.6) asks of an outer ring.

    A coarser cell stands for its children, whose border is not its own: drawn as one hexagon it would leave ground bare
    beside finer neighbours, and bare ground reads as out of danger. Without *whole* a shard is its own hexagon.
    """
    as_children = whole or resolution_of(cell) > SHARD_RESOLUTION
    return [list(corner) for corner in _border(cell, as_children)]


@lru_cache(maxsize=20_000)
def _border(cell: int, as_children: bool) -> tuple[tuple[float, float], ...]:
    if as_children and resolution_of(cell) < HAZARD_RESOLUTION:
        corners = h3.cells_to_h3shape(expand((Cell(cell),))).outer
    else:
        corners = h3.cell_to_boundary(cell)
    border = tuple((round(lng, _DIGITS), round(lat, _DIGITS)) for lat, lng in corners)
    return (*border, border[0])
