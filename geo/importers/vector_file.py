"""Read the features of a vector file: GeoJSON, GeoPackage, shapefile, with or without attributes.

Nothing is lost silently: a feature is kept, kept and mended, or dropped with its number and a reason. A
mended polygon covers whatever either reading of its lines encloses: too large, never too small.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.errors
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from geo.area_set import Dropped, DropReason
from geo.cover import Bounds
from geo.errors import ShapeError, ShapeTooLarge

# stage, done, expected
Progress = Callable[[str, int, int], None]

MAX_FEATURES = 2_000_000
MAX_VERTICES = 100_000_000
_POLYGONS = frozenset({3, 6})  # Polygon, MultiPolygon
_LINES = frozenset({1, 2, 5})  # LineString, LinearRing, MultiLineString
_POINTS = frozenset({0, 4})  # Point, MultiPoint
AREAS, LINES, POINTS = _POLYGONS, _LINES, _POINTS
_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its number in the file from 0, its ground (longitude, latitude), its attributes."""

    number: int
    ground: BaseGeometry
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VectorFile:
    """All features of a file that are places, the numbers of those mended, and what was dropped."""

    features: tuple[Feature, ...]
    repaired: tuple[int, ...]
    dropped: tuple[Dropped, ...]
    read: int
    fields: tuple[str, ...]


def read(
    path: Path,
    *,
    wanted: frozenset[int] = AREAS,
    encoding: str | None = None,
    expected: Bounds | None = None,
    layer: str | None = None,
    progress: Progress | None = None,
) -> VectorFile:
    """Return the features of the vector file *path*.

    *wanted* are the geometry types (AREAS, LINES, POINTS). A file in another reference system is brought
    to WGS 84; one that names none is taken as WGS 84. With *expected*, a feature that lies outside this
    box but inside it with its axes swapped is dropped as such.

    Raises ShapeError for a file that cannot be read, ShapeTooLarge for one over the limits.
    """
    try:
        told = pyogrio.read_info(path, layer=layer)
        if told["features"] > MAX_FEATURES:
            raise ShapeTooLarge("too-many-features", f"{told['features']} > {MAX_FEATURES}")
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, encoding=encoding)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as broken:
        # What follows the first sentence is GDAL's advice to whoever programs it.
        said = str(broken).partition(";")[0].replace(str(path), path.name)
        raise ShapeError("vector-file", f"{path.name}: {said[:200]}") from broken
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    if vertices > MAX_VERTICES:
        raise ShapeTooLarge("too-many-vertices", f"{vertices} > {MAX_VERTICES}")
    if progress:
        progress("features", len(shapes), len(shapes))
    shapes = _to_wgs84(shapes, meta.get("crs"))
    dropped, keep = _sifted(shapes, wanted, expected)
    shapes, repaired = _mended(shapes, keep)
    _drop_empty(shapes, keep, dropped)
    names = tuple(map(str, meta["fields"]))
    features = tuple(
        Feature(
            number, shapes[number], {name: _plain(column[number]) for name, column in zip(names, columns, strict=True)}
        )
        for number in np.flatnonzero(keep).tolist()
    )
    return VectorFile(features, tuple(n for n in repaired if keep[n]), tuple(dropped), len(shapes), names)


def mend(shape: BaseGeometry) -> BaseGeometry:
    """Return the ground of a polygon whose lines cross: what either of two readings encloses.

    Read as lines, a patch that is enclosed twice is a hole; read as rings, a lobe may fall away. Neither
    may cost anybody a warning.
    """
    lines = shapely.make_valid(shape, method="linework")
    rings = shapely.make_valid(shape, method="structure", keep_collapsed=True)
    return shapely.union(lines, rings)


def _to_wgs84(shapes: NDArray[Any], crs: str | None) -> NDArray[Any]:
    if not crs:
        return shapes
    try:
        own = CRS.from_user_input(crs)
        if own.is_geographic:
            # JGD2000, JGD2011 and WGS 84 differ by decimetres here, a cell is 350 m wide.
            return shapes
        turn = Transformer.from_crs(own, _WGS84, always_xy=True)
    except CRSError as unknown:
        raise ShapeError("vector-crs", str(unknown)[:200]) from unknown
    moved: NDArray[Any] = shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1])))
    return moved


def _sifted(
    shapes: NDArray[Any], wanted: frozenset[int], expected: Bounds | None
) -> tuple[list[Dropped], NDArray[np.bool_]]:
    """Return what is no place of the wanted kind, and a mask of the rest."""
    dropped: list[Dropped] = []
    keep = np.ones(len(shapes), dtype=np.bool_)
    types = shapely.get_type_id(shapes)
    absent = (types < 0) | shapely.is_empty(shapes)
    bounds = shapely.bounds(shapes)
    for number in range(len(shapes)):
        reason = ""
        if absent[number]:
            drop = Dropped(number, DropReason.NO_GEOMETRY, "no shape, or an empty one")
        elif int(types[number]) not in wanted:
            drop = Dropped(number, DropReason.WRONG_GEOMETRY, shapes[number].geom_type)
        elif reason := _no_place(*bounds[number].tolist()):
            drop = Dropped(number, DropReason.NOT_A_PLACE, reason)
        elif expected is not None and _is_swapped(bounds[number].tolist(), expected):
            drop = Dropped(number, DropReason.AXES_SWAPPED, "it lies where it is expected only with its axes swapped")
        else:
            continue
        keep[number] = False
        dropped.append(drop)
    return dropped, keep


def _no_place(west: float, south: float, east: float, north: float) -> str:
    if not all(np.isfinite((west, south, east, north))):
        return "a coordinate is NaN or infinite"
    if south < -90 or north > 90:
        return f"latitude {south if south < -90 else north}; are latitude and longitude swapped?"
    if west < -180 or east > 180:
        return f"longitude {west if west < -180 else east}"
    return ""


def _is_swapped(bounds: list[float], expected: Bounds) -> bool:
    west, south, east, north = bounds

    def meets(w: float, s: float, e: float, n: float) -> bool:
        return w <= expected.east and e >= expected.west and s <= expected.north and n >= expected.south

    return not meets(west, south, east, north) and meets(south, west, north, east)


def _mended(shapes: NDArray[Any], keep: NDArray[np.bool_]) -> tuple[NDArray[Any], tuple[int, ...]]:
    broken = np.flatnonzero(keep & ~shapely.is_valid(shapes))
    shapes = shapes.copy()
    for number in broken.tolist():
        shapes[number] = mend(shapes[number])
    return shapes, tuple(broken.tolist())


def _drop_empty(shapes: NDArray[Any], keep: NDArray[np.bool_], dropped: list[Dropped]) -> None:
    """Drop what nothing was left of; a sliver without area keeps its line, and the cells along it."""
    for number in np.flatnonzero(keep & shapely.is_empty(shapes)).tolist():
        keep[number] = False
        dropped.append(Dropped(number, DropReason.NO_AREA, "a polygon that encloses nothing"))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
