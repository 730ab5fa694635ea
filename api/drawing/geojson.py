"""The hazard map as GeoJSON (RFC 7946): one polygon per cell, longitude before latitude."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import h3.api.basic_int as h3
import orjson

from alerts.place import Cells
from api.drawing.faces import Face
from geo.cells import expand

# 0.1 m; the cells themselves are 170 m and more.
_DIGITS = 6


def collection(found: tuple[Face, ...], facts_at: datetime | None) -> bytes:
    """Return *found* as a FeatureCollection. The same facts give the same bytes."""
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "facts_at": facts_at,
            "not_an_all_clear": True,
            "features": [_feature(cell, face) for face in found for cell in face.cells],
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


def _feature(cell: int, face: Face) -> dict[str, object]:
    verdict = face.verdict
    return {
        "type": "Feature",
        "id": f"{cell:x}",
        "geometry": {"type": "Polygon", "coordinates": [ring_of(cell)]},
        "properties": {
            "level": None if verdict.level is None else int(verdict.level),
            "is_order": verdict.order,
            "severity": verdict.severity.value,
            "hazards": [hazard.value for hazard in verdict.hazards],
            "reasons": verdict.reasons,
        },
    }


def ring_of(cell: int) -> list[list[float]]:
    """Return the border of *cell*, closed and counter-clockwise as RFC 7946 (3.1.6) asks of an outer ring."""
    border = [[round(lng, _DIGITS), round(lat, _DIGITS)] for lat, lng in h3.cell_to_boundary(cell)]
    return [*border, border[0]]
