"""The hazard map of a shard: one feature for all cells in which exactly the same holds.

The cells themselves are listed too: a phone asks "what holds in my cell", and a border drawn in degrees is a
bad answer to that.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import h3.api.basic_int as h3

from alerts.claim import HazardSnapshot
from alerts.place import Cells, Shard
from api.drawing.faces import Face, faces_of
from api.live.body import Content
from geo.cells import expand, resolution_of

_DIGITS = 5


def dangers_in(held: HazardSnapshot | None, shard: Shard) -> Content:
    """Return what holds in *shard* as GeoJSON."""
    faces = () if held is None else faces_of(held)
    sent = (one.provenance.received for one in held.standings) if held is not None else ()
    return Content(
        {
            "type": "FeatureCollection",
            "shard": f"{shard:x}",
            "not_an_all_clear": True,
            "features": [_feature(face) for face in faces],
        },
        max(sent, default=None),
    )


def hex_cells(cells: Iterable[int]) -> list[str]:
    """Return *cells* as H3 names; a parent stands for all of its children."""
    return [f"{cell:x}" for cell in cells]


def _feature(face: Face) -> dict[str, Any]:
    verdict = face.verdict
    return {
        "type": "Feature",
        "geometry": _outline(face.cells),
        "properties": {
            "level": None if verdict.level is None else int(verdict.level),
            "is_order": verdict.order,
            "severity": verdict.severity.value,
            "hazards": [hazard.value for hazard in verdict.hazards],
            "reasons": verdict.reasons,
            "cells": hex_cells(face.cells),
        },
    }


def _outline(cells: Cells) -> dict[str, Any]:
    # At one resolution: between a parent and its children's own outline there are slivers.
    finest = max(resolution_of(cell) for cell in cells)
    geometry = h3.cells_to_h3shape(expand(cells, finest)).__geo_interface__
    return {"type": geometry["type"], "coordinates": _rounded(geometry["coordinates"])}


def _rounded(part: Any) -> Any:
    return round(part, _DIGITS) if isinstance(part, float) else [_rounded(inner) for inner in part]


def newest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the newest of *times*, None where there is none."""
    return max((at for at in times if at is not None), default=None)
