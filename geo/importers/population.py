"""People per cell from the census' half meshes (JIS X 0410, nine digits, about 500 m).

A mesh's people are spread evenly over sixteen points of it: what is known is their sum, not where in the
mesh they live. Whole people only; the sum stays exact.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import h3.api.basic_int as h3

from alerts.place import HAZARD_RESOLUTION, LatLng
from geo.errors import ShapeError

_HALF_LAT, _HALF_LNG = 15 / 3600, 22.5 / 3600
_STEPS = 4
_DIGITS = 9


def mesh_corner(code: str) -> LatLng:
    """Return the south-west corner of a half mesh; raises ShapeError ``mesh-code`` for what is none."""
    ranges = ("0123456789",) * 4 + ("01234567",) * 2 + ("0123456789",) * 2 + ("1234",)
    if len(code) != _DIGITS or any(digit not in allowed for digit, allowed in zip(code, ranges, strict=True)):
        raise ShapeError("mesh-code", f"{code!r} is no half mesh of nine digits (JIS X 0410)")
    p, u = int(code[:2]), int(code[2:4])
    q, v, r, w, m = (int(digit) for digit in code[4:])
    lat = p / 1.5 + q * 5 / 60 + r * 30 / 3600 + (m > 2) * _HALF_LAT
    lng = 100 + u + v * 7.5 / 60 + w * 45 / 3600 + (m % 2 == 0) * _HALF_LNG
    return LatLng(lat, lng)


def people_by_cell(meshes: Iterable[tuple[str, int]]) -> dict[int, int]:
    """Return the people of each cell of resolution 9."""
    found: dict[int, int] = defaultdict(int)
    for code, people in meshes:
        corner = mesh_corner(code)
        points = [
            (corner.lat + (row + 0.5) * _HALF_LAT / _STEPS, corner.lng + (column + 0.5) * _HALF_LNG / _STEPS)
            for row in range(_STEPS)
            for column in range(_STEPS)
        ]
        each, rest = divmod(people, len(points))
        for number, point in enumerate(points):
            found[h3.latlng_to_cell(*point, HAZARD_RESOLUTION)] += each + (number < rest)
    return dict(found)


def read_csv(path: Path) -> dict[int, int]:
    """Return the people of each cell from a CSV file of ``mesh,people``."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"mesh", "people"} <= set(rows.fieldnames or ()):
            raise ShapeError("population-file", f"{path.name} has not the columns mesh and people")
        try:
            return people_by_cell((row["mesh"].strip(), int(row["people"])) for row in rows)
        except ValueError as broken:
            raise ShapeError("population-file", f"{path.name}: {broken}") from broken
