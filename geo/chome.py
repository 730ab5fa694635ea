"""The 町丁目 of one municipality: a name as an office writes it becomes cells.

Lists of 町丁目 give points and no outlines, so each of the municipality's cells belongs to the point that
is nearest to it (Voronoi), and one ring around that is added, because a block's edge is not where the
Voronoi line runs. Everything stays inside the municipality: an order is its issuer's (R7). Direction of
safety: too large, never too small. A point counts as the cell that holds it; of several points in one
cell each has all of its ground. The cells of the ring are `partial`: the text names the area there.

Where a set has outlines, they hold as they lie.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.place import Cells
from geo.area_set import AreaFeature
from geo.areas import AreaCover
from geo.cells import compact, difference, expand, union

# How far from its municipality a point may lie and be its own: piers and reclaimed ground stand out of
# the outline. It also tells two municipalities of one name apart, which are never neighbours.
MAX_OFF_KM = 3.0
OVERLAP_RINGS = 1
_EARTH_KM = 6371.0
_BATCH = 2_000

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
# Numerals are read only where they count something: 八丁堀 and 三田 are names.
_COUNTED = re.compile(r"([〇一二三四五六七八九十]+)(?=丁目|番町|条|線)")
_CHOME = re.compile(r"\d+丁目$")
_NUMBER = re.compile(r"(\d+)")

_Vectors = NDArray[np.float64]


def folded(name: str) -> str:
    """Return *name* without what one writer writes and another does not: 「１丁目」「一丁目」「1 丁目」 are one."""
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    plain = plain.removeprefix("大字").replace("ヶ", "ケ").replace("が", "ケ")
    return _COUNTED.sub(lambda numeral: _number(numeral[1]), plain)


def as_counted(name: str) -> tuple[tuple[str, int], ...]:
    """Return the key by which names stand in the order in which people count: 2丁目 and 二丁目 before 10丁目."""
    pieces = _NUMBER.split(folded(name))
    return tuple((words, int(number)) for words, number in zip(pieces[::2], (*pieces[1::2], "0"), strict=True))


@dataclass(frozen=True, slots=True)
class ChomeOf:
    """The 町丁目 of one municipality by their folded names."""

    code: str
    names: Mapping[str, AreaCover]
    towns: Mapping[str, tuple[str, ...]]

    def lookup(self, name: str) -> AreaCover | None:
        """Return the cells of *name*, None if nobody lists it.

        A town without its number stands for all of its 丁目: an office that names 亀戸 means the whole of it.
        """
        wanted = folded(name)
        found = [self.names[one] for one in dict.fromkeys((wanted, *self.towns.get(wanted, ()))) if one in self.names]
        return together(name, f"{self.code}{wanted}", found) if found else None


def chome_of(code: str, municipality: str, ground: Cells, features: Iterable[tuple[str, AreaFeature]]) -> ChomeOf:
    """Return the 町丁目 of the municipality of five digits *code*, whose cells are *ground*.

    *features* come with what their list calls the municipality. Those elsewhere are another's of that name.
    """
    leaves = np.array(expand(ground), dtype=np.int64)
    if not len(leaves):
        return ChomeOf(code, {}, {})
    places = _vectors(leaves)
    covers: dict[str, list[AreaCover]] = {}
    points: dict[int, list[tuple[str, AreaFeature]]] = {}
    for prefix, feature in features:
        middle = _middle(feature.cells)
        if not _near(middle if middle is not None else feature.cells[0], places):
            continue
        if middle is not None:
            points.setdefault(middle, []).append((prefix, feature))
            continue
        for name in _spellings(prefix, feature, municipality):
            covers.setdefault(name, []).append(AreaCover(feature.ja, feature.code, feature.cells, feature.partial))
    middles = sorted(points)
    nearest = _nearest(places, _vectors(middles)) if middles else np.empty(0, dtype=np.int64)
    inside = frozenset(leaves.tolist())
    for number, middle in enumerate(middles):
        own = {*leaves[nearest == number].tolist(), middle}
        ring = {cell for one in own for cell in h3.grid_disk(one, OVERLAP_RINGS)} & inside
        cells, partial = compact(own | ring), compact(ring - own)
        for prefix, feature in points[middle]:
            for name in _spellings(prefix, feature, municipality):
                covers.setdefault(name, []).append(AreaCover(feature.ja, feature.code, cells, partial))
    towns: dict[str, list[str]] = {}
    for name in covers:
        if _CHOME.search(name):
            towns.setdefault(_CHOME.sub("", name), []).append(name)
    return ChomeOf(
        code,
        {name: together(found[0].name, found[0].code, found) for name, found in covers.items()},
        {town: tuple(names) for town, names in towns.items()},
    )


def together(name: str, code: str, covers: list[AreaCover]) -> AreaCover:
    """Return the union of *covers*; a cell is partial if it is so in each cover that holds it."""
    if len(covers) == 1:
        return AreaCover(name, code, covers[0].cells, covers[0].partial)
    cells = union(*(one.cells for one in covers))
    whole = union(*(difference(one.cells, one.partial) for one in covers))
    return AreaCover(name, code, cells, difference(cells, whole))


def _spellings(prefix: str, feature: AreaFeature, municipality: str) -> set[str]:
    """Return the names under which *feature* is found: alone, and after its municipality or ward."""
    full = f"{prefix}{feature.ja}"
    every = (feature.ja, full, full.removeprefix(municipality), f"{municipality}{feature.ja}")
    return {folded(one) for one in every if one}


def _middle(cells: Cells) -> int | None:
    """Return the cell around which *cells* are exactly one ring: what a point was imported as."""
    leaves = frozenset(expand(cells)) if len(cells) <= 7 else frozenset()
    for cell in leaves if len(leaves) == 7 else ():
        if leaves.issuperset(h3.grid_disk(cell, 1)):
            return int(cell)
    return None


def _near(cell: int, places: _Vectors) -> bool:
    # A chord is as long as its arc at this size, to a millionth.
    return bool((np.linalg.norm(places - _vectors([cell]), axis=1) * _EARTH_KM).min() <= MAX_OFF_KM)


def _nearest(places: _Vectors, points: _Vectors) -> NDArray[np.int64]:
    """Return the number of the point that is nearest to each of *places*; the first of several."""
    parts = [np.argmax(places[at : at + _BATCH] @ points.T, axis=1) for at in range(0, len(places), _BATCH)]
    return np.concatenate(parts)


def _vectors(cells: Iterable[int]) -> _Vectors:
    """Return the middles of *cells* as unit vectors from the middle of the earth."""
    degrees = np.radians(np.array([h3.cell_to_latlng(int(cell)) for cell in cells], dtype=np.float64))
    lat, lng = degrees[:, 0], degrees[:, 1]
    return np.stack((np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)), axis=1)


def _number(numeral: str) -> str:
    """Return 二十三 as 23; a row of digits (二三) as it stands."""
    if "十" not in numeral:
        return "".join(str(_DIGITS[digit]) for digit in numeral)
    tens, _, ones = numeral.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return numeral
    return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))
