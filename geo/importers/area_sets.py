"""Import a set of areas of any kind from a vector file, or 町丁目 points from address lists.

Every import answers with the set and a report of what was mended and what was left out, and why.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from alerts.place import HAZARD_RESOLUTION, LatLng
from geo import grid
from geo.area_set import AreaFeature, AreaSet, AreaSetKind, Dropped, DropReason, ImportReport, kept_apart
from geo.cells import compact
from geo.cover import JAPAN, KM_PER_DEGREE, Bounds, check_point, fill
from geo.depth import depth_of_code
from geo.errors import ShapeError
from geo.importers import vector_file
from geo.importers.vector_file import AREAS, LINES, POINTS, Feature, Progress

# A river's line is its middle: gauges report it, people live at its edge.
LINE_MARGIN_KM = 0.3
# A town block's point is its middle; most are smaller than a cell and its neighbours (600 m around).
POINT_RINGS = 1
# No single area may cost more cells than a prefecture.
MAX_CELLS = 400_000
_BATCH = 5_000
_FEWEST_CHILDREN = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """Which attributes hold what; empty where the file has none. Without a code the feature's number stands."""

    code: str = ""
    ja: str = ""
    en: str = ""
    depth: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which day, from where, and how it must be credited."""

    valid_from: str
    source: str
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A set and the report of its import."""

    areas: AreaSet
    report: ImportReport


def import_vector(
    kind: AreaSetKind,
    path: Path,
    origin: Origin,
    columns: Columns,
    *,
    encoding: str | None = None,
    layer: str | None = None,
    expected: Bounds | None = JAPAN,
    progress: Progress | None = None,
) -> Imported:
    """Return the areas of the vector file *path*: polygons as they lie, river lines with a margin, points as cells.

    Raises ShapeError for a file that cannot be read, or that lacks a named column.
    """
    wanted = {AreaSetKind.RIVER_REACH: LINES | AREAS, AreaSetKind.CHOME: POINTS | AREAS}.get(kind, AREAS)
    file = vector_file.read(path, wanted=wanted, encoding=encoding, layer=layer, expected=expected, progress=progress)
    for column in (columns.code, columns.ja, columns.en, columns.depth):
        if column and column not in file.fields:
            there = ", ".join(file.fields) or "none: is the .dbf beside the .shp?"
            raise ShapeError("vector-no-column", f"{path.name} has no attribute {column!r}; it has {there}")
    dropped = list(file.dropped)
    features: list[Feature] = []
    for feature in file.features:
        if columns.code and not _text(feature.attributes[columns.code]):
            dropped.append(Dropped(feature.number, DropReason.NO_CODE, f"attribute {columns.code!r} is empty"))
        else:
            features.append(feature)
    areas = tuple(_areas(features, columns, path.stem, progress))
    report = kept_apart(file.read, len(areas), _still_there(file.repaired, features), dropped)
    if not file.fields:
        report = replace(report, notes=("no attributes: depth and river are not known",))
    return Imported(AreaSet(kind, origin.valid_from, origin.source, origin.attribution, areas), report)


def import_chome(paths: Iterable[Path], origin: Origin, *, progress: Progress | None = None) -> Imported:
    """Return the 町丁目 of address lists: JSON arrays of ``town``, ``lat``, ``lng``, one file per municipality.

    A point is not an outline: the area is the point's cell and its neighbours. The code is municipality and
    town, which is what people call it.
    """
    features: list[AreaFeature] = []
    dropped: list[Dropped] = []
    number = 0
    listed = sorted(paths)
    for at, path in enumerate(listed):
        if progress:
            progress("municipalities", at + 1, len(listed))
        for row in _rows(path):
            name = f"{row.get('town') or ''}{row.get('koaza') or ''}"
            found = _point_cells(row, number, name, dropped)
            if found is not None:
                features.append(AreaFeature(f"{path.stem}{name}", name, found))
            number += 1
    areas = AreaSet(AreaSetKind.CHOME, origin.valid_from, origin.source, origin.attribution, tuple(features))
    return Imported(areas, kept_apart(number, len(features), (), dropped))


def cells_by_shape(shapes: Sequence[BaseGeometry], progress: Progress | None = None) -> list[np.ndarray[Any, Any]]:
    """Return the cells of resolution 9 that each of *shapes* touches."""
    found: list[np.ndarray[Any, Any]] = []
    for start in range(0, len(shapes), _BATCH):
        batch = shapes[start : start + _BATCH]
        if grid.fits(batch):
            numbers, cells = grid.touched(batch)
            found += np.split(cells, np.searchsorted(numbers, np.arange(1, len(batch))))
        else:
            found += [np.array(fill([shape], limit=MAX_CELLS), dtype=np.int64) for shape in batch]
        if progress:
            progress("cells", min(start + _BATCH, len(shapes)), len(shapes))
    return found


def _areas(
    features: Sequence[Feature], columns: Columns, stem: str, progress: Progress | None
) -> Iterable[AreaFeature]:
    shapes = [_with_margin(feature.ground) for feature in features]
    for feature, cells in zip(features, cells_by_shape(shapes, progress), strict=True):
        attributes = feature.attributes
        yield AreaFeature(
            code=_text(attributes[columns.code]) if columns.code else f"{stem}:{feature.number}",
            ja=_text(attributes[columns.ja]) if columns.ja else "",
            # Fewer than the six children of a pentagon are no parent: most flood zones are that small.
            cells=compact(cells) if len(cells) > _FEWEST_CHILDREN else tuple(cells.tolist()),
            en=_text(attributes[columns.en]) if columns.en else "",
            depth=depth_of_code(attributes[columns.depth]) if columns.depth else None,
        )


def _with_margin(ground: BaseGeometry) -> BaseGeometry:
    """Return polygons as they are, lines and points with the margin of what they stand for."""
    if ground.geom_type in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return ground
    if ground.geom_type in ("Point", "MultiPoint"):
        points = [h3.latlng_to_cell(point.y, point.x, HAZARD_RESOLUTION) for point in shapely.get_parts(ground)]
        near = {cell for point in points for cell in h3.grid_disk(point, POINT_RINGS)}
        return shapely.MultiPoint([h3.cell_to_latlng(cell)[::-1] for cell in near])
    # Degrees of longitude are shorter on the ground: a margin in degrees of latitude is too narrow east and west.
    _, south, _, north = ground.bounds
    shrink = max(0.1, float(np.cos(np.radians(max(abs(south), abs(north))))))
    return ground.buffer(LINE_MARGIN_KM / KM_PER_DEGREE / shrink)


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as broken:
        raise ShapeError("chome-file", f"{path.name}: {str(broken)[:200]}") from broken
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ShapeError("chome-file", f"{path.name} is no list of towns")
    return rows


def _point_cells(row: dict[str, Any], number: int, name: str, dropped: list[Dropped]) -> tuple[Any, ...] | None:
    lat, lng = row.get("lat"), row.get("lng")
    if lat is None or lng is None:
        dropped.append(Dropped(number, DropReason.NO_GEOMETRY, f"{name} has no point"))
        return None
    try:
        point = LatLng(float(lat), float(lng))
        check_point(point)
    except (ShapeError, TypeError, ValueError) as broken:
        dropped.append(Dropped(number, DropReason.NOT_A_PLACE, f"{name}: {str(broken)[:100]}"))
        return None
    if not JAPAN.holds(point) and JAPAN.holds(LatLng(point.lng, point.lat)):
        dropped.append(Dropped(number, DropReason.AXES_SWAPPED, name))
        return None
    return compact(h3.grid_disk(h3.latlng_to_cell(point.lat, point.lng, HAZARD_RESOLUTION), POINT_RINGS))


def _still_there(repaired: Iterable[int], features: Iterable[Feature]) -> set[int]:
    return set(repaired) & {feature.number for feature in features}


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
