"""国土数値情報 A31 (洪水浸水想定区域) with attributes becomes rows of `river_zone`.

Two generations of the product, told apart by the names of their attributes:

* 2019 and later (A31a, one file per river and scale): ``A31a_201`` number of the river, ``_202`` its name,
  ``_203`` and ``_204`` the office, ``_205`` depth rank 1-6 for the largest flood thinkable (想定最大規模).
  ``A31a_101`` to ``_105`` are the same for the planned flood, which is smaller: read only where the file
  has no other.
* 2012 (A31-12): ``A31_001`` depth code (five steps 11-15, seven steps 21-27), ``_002`` kind of author, ``_003``
  author, ``_004`` date of designation, ``_005`` notice, ``_006`` rivers as a sentence. No number: a river is found
  in the sentence by a name of *rivers*.

A feature whose river is not known is not lost: it becomes a row of the river "", which ties no forecast
but answers how deep water may stand.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geo.area_set import ImportReport, kept_apart
from geo.cells import compact
from geo.cover import JAPAN
from geo.depth import DepthRank, depth_of_code
from geo.errors import ShapeError
from geo.importers import vector_file
from geo.importers.area_sets import Origin, cells_by_shape
from geo.importers.vector_file import Progress
from geo.river_zone import RiverZone, RiverZones


@dataclass(frozen=True, slots=True)
class _Schema:
    """Names of attributes: river number, river name, depth."""

    river: str
    name: str
    depth: str


LARGEST = _Schema("A31a_201", "A31a_202", "A31a_205")
PLANNED = _Schema("A31a_101", "A31a_102", "A31a_105")
OF_2012 = _Schema("", "A31_006", "A31_001")


def import_a31(
    path: Path,
    origin: Origin,
    *,
    rivers: Mapping[str, str] | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> tuple[RiverZones, ImportReport]:
    """Return the rows of the flood map *path* and the report of its import.

    *rivers* gives the number of a river by its name, for the generation without numbers.

    Raises ShapeError ``a31-no-attributes`` where the table beside the shapes is missing: geometry alone ties
    no river (`area_sets.import_vector` reads it as flood zones of unknown depth).
    """
    file = vector_file.read(path, encoding=encoding, expected=JAPAN, progress=progress)
    schema = next((one for one in (LARGEST, PLANNED, OF_2012) if one.depth in file.fields), None)
    if schema is None:
        there = ", ".join(file.fields) or "none: is the .dbf beside the .shp?"
        raise ShapeError("a31-no-attributes", f"{path.name} has neither A31a_205 nor A31_001; it has {there}")
    gathered: dict[tuple[str, str, DepthRank | None], list[np.ndarray[Any, Any]]] = defaultdict(list)
    shapes = [feature.ground for feature in file.features]
    untied = 0
    for feature, cells in zip(file.features, cells_by_shape(shapes, progress), strict=True):
        name = str(feature.attributes.get(schema.name) or "").strip()
        numbers = _numbers(feature.attributes, schema, name, rivers or {})
        untied += not numbers
        for number in numbers or ("",):
            gathered[number, name, depth_of_code(feature.attributes[schema.depth])].append(cells)
    zones = tuple(
        RiverZone(number, "", name, depth, origin.source, origin.valid_from, compact(np.concatenate(parts)))
        for (number, name, depth), parts in sorted(gathered.items(), key=lambda item: (item[0][:2], item[0][2] or 0))
    )
    report = kept_apart(file.read, len(file.features), file.repaired, file.dropped)
    notes: tuple[str, ...] = (
        f"{len(zones)} rows of {len({zone.river for zone in zones} - {''})} rivers, attributes {schema.depth}",
    )
    if untied:
        notes += (f"{untied} features name no river whose number is known: kept, but no forecast is tied to them",)
    return RiverZones(zones), replace(report, notes=notes)


def _numbers(attributes: Mapping[str, Any], schema: _Schema, name: str, rivers: Mapping[str, str]) -> tuple[str, ...]:
    if schema.river:
        value = attributes.get(schema.river)
        return (str(value).strip(),) if value else ()
    # The longest name first: 新芝川 must not be found as 芝川 as well.
    found, rest = [], name
    for river in sorted(rivers, key=len, reverse=True):
        if river in rest:
            found.append(rivers[river])
            rest = rest.replace(river, "")
    return tuple(sorted(found))
