"""Read areas from GeoJSON: a ward's own borders, or a check of the built-in table.

RFC 7946: WGS 84 only, longitude first, rings either way round.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry import shape as shape_of
from shapely.geometry.base import BaseGeometry

from alerts.place import Cells, LatLng
from geo.areas import AreaEntry, AreaName, AreaSource, AreaTable, table_of
from geo.cells import compact, expand
from geo.cover import check_point, fill
from geo.errors import ShapeError, ShapeTooLarge

MAX_BYTES = 64 * 1024 * 1024
# A hand's breadth of a cell: rounding of borders, not ground.
LEAST_SHARE = 1e-6
HALF = 0.5


@dataclass(frozen=True, slots=True)
class AreaShape:
    """One area and its ground, in (longitude, latitude)."""

    name: AreaName
    class10: str
    ground: BaseGeometry


def read(
    content: bytes, *, code: str = "code", ja: str = "name", en: str = "enName", class10: str = "distlictCode"
) -> tuple[AreaShape, ...]:
    """Return the areas of a GeoJSON document; the other arguments name its properties.

    Raises ShapeError with a stable reason. A geometry that crosses itself is mended.
    """
    if len(content) > MAX_BYTES:
        raise ShapeTooLarge("geojson-too-large", f"{len(content)} bytes > {MAX_BYTES}")
    try:
        document: Any = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as broken:
        raise ShapeError("geojson-not-json", str(broken)[:200]) from broken
    if not isinstance(document, dict):
        raise ShapeError("geojson-not-an-object", type(document).__name__)
    if "crs" in document:
        raise ShapeError("geojson-crs", "GeoJSON is WGS 84 only (RFC 7946, 4); convert the file first")
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise ShapeError("geojson-no-features", "a FeatureCollection without a list of features")
    return tuple(_area(feature, code, ja, en, class10) for feature in features)


def shares_of(ground: BaseGeometry) -> dict[int, float]:
    """Return for each cell of resolution 9 that *ground* touches the share of it inside."""
    touched = expand(fill([ground]))
    outlines = shapely.polygons(
        [shapely.linearrings([(lng, lat) for lat, lng in h3.cell_to_boundary(cell)]) for cell in touched]
    )
    shapely.prepare(ground)
    inside = shapely.area(shapely.intersection(outlines, ground)) / shapely.area(outlines)
    return {
        cell: share for cell, share in zip(touched, np.asarray(inside).tolist(), strict=True) if share > LEAST_SHARE
    }


def build(shapes: Iterable[AreaShape], *, name: str, version: str, built_on: str, attribution: str) -> AreaTable:
    """Return the table of *shapes*, all at resolution 9 with shares by area."""
    entries = []
    names10: dict[str, AreaName] = {}
    for area in shapes:
        shares = shares_of(area.ground)
        cells: Cells = compact(shares)
        partial = compact(cell for cell, share in shares.items() if share < HALF)
        land = {cell: share for cell, share in shares.items() if share < 1.0 - LEAST_SHARE}
        entries.append(AreaEntry(area.name, area.class10, cells, partial, land))
        if area.class10:
            names10[area.class10] = AreaName(area.class10, "", "")
    detail = tuple(sorted(entry.name.code for entry in entries))
    return table_of(AreaSource(name, version, built_on, attribution, detail), entries, names10.values())


def _area(feature: Any, code: str, ja: str, en: str, class10: str) -> AreaShape:
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        raise ShapeError("geojson-no-geometry", "a feature without a geometry")
    properties = feature.get("properties") or {}
    if not properties.get(code):
        raise ShapeError("geojson-no-code", f"a feature without the property {code!r}")
    try:
        ground: BaseGeometry = shape_of(feature["geometry"])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as broken:
        raise ShapeError("geojson-geometry", str(broken)[:200]) from broken
    if ground.is_empty or ground.area == 0:
        raise ShapeError("geojson-no-area", f"{properties[code]} encloses nothing")
    west, south, east, north = ground.bounds
    check_point(LatLng(lat=south, lng=west))
    check_point(LatLng(lat=north, lng=east))
    if not ground.is_valid:
        ground = shapely.make_valid(ground)
    named = AreaName(str(properties[code]), str(properties.get(ja) or ""), str(properties.get(en) or ""))
    return AreaShape(named, str(properties.get(class10) or ""), ground)


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")
