"""Import the lines of rivers by their names: what an area along a river is made from.

A survey draws a river as many short lines (国土数値情報 W05: one from each junction to the next). Those of one name and
number that meet end to end are one line; what does not meet stays apart, and nothing is drawn between.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from alerts.place import LatLng
from geo.area_set import Dropped, DropReason, ImportReport, kept_apart
from geo.cover import JAPAN, Bounds
from geo.errors import ShapeError
from geo.importers import vector_file
from geo.importers.vector_file import LINES, Progress
from geo.river_zone import RiverCourse


@dataclass(frozen=True, slots=True)
class ImportedCourses:
    """The rivers' lines and the report of their import."""

    courses: tuple[RiverCourse, ...]
    report: ImportReport


def import_courses(
    path: Path,
    *,
    name: str,
    code: str = "",
    encoding: str | None = None,
    layer: str | None = None,
    expected: Bounds | None = JAPAN,
    progress: Progress | None = None,
) -> ImportedCourses:
    """Return the lines of the vector file *path*; *name* and *code* are the attributes that hold them.

    A line without a name is left out: nobody could ask for it. Without *code* rivers of one name are one river.
    Raises ShapeError for a file that cannot be read, or that lacks a named attribute.
    """
    file = vector_file.read(path, wanted=LINES, encoding=encoding, layer=layer, expected=expected, progress=progress)
    for column in filter(None, (name, code)):
        if column not in file.fields:
            there = ", ".join(file.fields) or "none: is the .dbf beside the .shp?"
            raise ShapeError("vector-no-column", f"{path.name} has no attribute {column!r}; it has {there}")
    dropped = list(file.dropped)
    lines: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for feature in file.features:
        said = _text(feature.attributes, name)
        if said:
            lines[said, _text(feature.attributes, code)].append(feature.ground)
        else:
            dropped.append(Dropped(feature.number, DropReason.NO_CODE, f"attribute {name!r} is empty"))
    kept = sum(map(len, lines.values()))
    courses = [
        RiverCourse(number or river, "", river, line)
        for (river, number), parts in sorted(lines.items())
        for line in _joined(parts)
    ]
    return ImportedCourses(tuple(courses), kept_apart(file.read, kept, (), dropped))


def _joined(parts: Sequence[BaseGeometry]) -> list[tuple[LatLng, ...]]:
    merged = shapely.line_merge(shapely.unary_union(parts))
    return [tuple(LatLng(lat, lng) for lng, lat, *_ in one.coords) for one in shapely.get_parts(merged)]


def _text(attributes: Mapping[str, Any], column: str) -> str:
    value = attributes[column] if column else None
    return "" if value is None else str(value).strip()
