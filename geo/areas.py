"""Area codes and the cells they stand for.

Inside the detail area every cell knows how much of it lies in each area; elsewhere the cells are
coarser and cover more. Direction of safety: an area's cells may reach beyond it.

The table is built once by an importer and kept as bytes (`to_bytes`, `from_bytes`); files are read
and written in `geo/importers/`.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from alerts.alert import (
    GEOCODE_CLASS10,
    GEOCODE_CLASS20,
    GEOCODE_OFFICE,
    GEOCODE_PREFECTURE,
    GEOCODE_QUAKE_AREA,
    GEOCODE_TSUNAMI_AREA,
    Geocode,
)
from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cells
from geo.cells import Ids, difference, intersection, parent_of, resolution_of, union
from geo.errors import AreaTableError
from geo.land import LandShares
from geo.quake_areas import QUAKE_AREAS, AreaGroup
from geo.tsunami_coasts import TSUNAMI_COASTS, near_sea

FORMAT = 1
_LAND = ("land_cells", "land_owners", "land_shares")
REBUILD = "build the area table again"
# Forecast offices that are one primary subdivision of their prefecture; the office beside them
# (014100, 460100) answers for the rest of the prefix. Everywhere else office = prefix + "000".
OFFICES_APART = ("014030", "460040")


@dataclass(frozen=True, slots=True)
class AreaName:
    """What an area is called, in text only: nothing is keyed by it."""

    code: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class AreaCover:
    """The cells of an area; less than half of each cell in `partial` lies inside it."""

    name: str
    code: str
    cells: Cells
    partial: Cells = ()


@dataclass(frozen=True, slots=True)
class AreaEntry:
    """One municipal area (class20) as an importer found it."""

    name: AreaName
    class10: str  # its primary subdivision, "" where the source names none
    cells: Cells
    partial: Cells
    land: Mapping[int, float] = field(default_factory=dict)
    """How much of a cell of resolution 9 is its ground: where another area comes near the cell, or water."""


@dataclass(frozen=True, slots=True)
class AreaSource:
    """Where a table comes from, for the attribution and for telling two tables apart."""

    name: str
    version: str
    built_on: str  # ISO date, given by the caller
    attribution: str
    detail: tuple[str, ...]


@dataclass(slots=True)
class AreaTable:
    """Codes to cells. Answers are computed once and kept: an office is a union of its areas."""

    source: AreaSource
    _names: Mapping[str, AreaName]
    _names10: Mapping[str, AreaName]
    _class10: Mapping[str, str]
    _cells: Mapping[str, Ids]
    _partial: Mapping[str, Ids]
    _answers: dict[tuple[str, str], AreaCover | None] = field(default_factory=dict)
    _index: tuple[Ids, list[str]] | None = None
    _near_sea: Cells | None = None
    land: LandShares | None = None
    """How much of the cells on lines and quays is whose ground; None in a table of an earlier release."""

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        """Return the cells of *geocode*, or None where the table does not hold it."""
        key = (geocode.value_name, geocode.value)
        if key not in self._answers:
            self._answers[key] = self._cover(*key)
        return self._answers[key]

    @property
    def near_sea(self) -> Cells:
        """Return the ground near the sea; drawn once, which takes a second, unless the table's file has it.

        A worker asks for it before it counts as ready: the first tsunami does not wait for a drawing.
        """
        if self._near_sea is None:
            self._near_sea = near_sea(union(*(_cells(ids) for ids in self._cells.values())))
        return self._near_sea

    def codes(self) -> tuple[str, ...]:
        """Return the municipal codes (class20), sorted."""
        return tuple(sorted(self._cells))

    def name(self, code: str) -> AreaName | None:
        """Return the names of a class20 or class10 code."""
        return self._names.get(code) or self._names10.get(code)

    def class10_of(self, code: str) -> str:
        """Return the primary subdivision of a class20 code, "" if unknown."""
        return self._class10.get(code, "")

    def area_at(self, cell: int) -> tuple[AreaName, ...]:
        """Return the municipal areas that touch *cell*, those with half of it or more first."""
        if self._index is None:
            codes = self.codes()
            sizes = [len(self._cells[code]) for code in codes]
            flat = np.concatenate([self._cells[code] for code in codes]) if codes else np.empty(0, np.int64)
            order = np.argsort(flat, kind="stable")
            owners = np.repeat(np.arange(len(codes)), sizes)[order]
            self._index = flat[order], [codes[owner] for owner in owners]
        cells, owners_by_cell = self._index
        found: list[tuple[bool, str]] = []
        for resolution in range(SHARD_RESOLUTION, min(resolution_of(cell), HAZARD_RESOLUTION) + 1):
            ancestor = parent_of(cell, resolution)
            low, high = np.searchsorted(cells, ancestor, "left"), np.searchsorted(cells, ancestor, "right")
            for code in owners_by_cell[low:high]:
                partial = self._partial[code]
                at = np.searchsorted(partial, ancestor)
                found.append((bool(at < len(partial) and partial[at] == ancestor), code))
        return tuple(self._names[code] for _, code in sorted(found))

    def to_bytes(self) -> bytes:
        """Return the table as one file's content."""
        codes = self.codes()
        meta = {
            "format": FORMAT,
            "source": {
                "name": self.source.name,
                "version": self.source.version,
                "built_on": self.source.built_on,
                "attribution": self.source.attribution,
                "detail": self.source.detail,
            },
            "areas": [[c, self._names[c].ja, self._names[c].en, self._class10.get(c, "")] for c in codes],
            "class10": [[n.code, n.ja, n.en] for n in sorted(self._names10.values(), key=lambda n: n.code)],
        }
        empty = np.empty(0, dtype=np.int64)
        written = io.BytesIO()
        arrays = {} if self.land is None else _land_arrays(self.land, codes)
        np.savez(
            written,
            allow_pickle=False,
            meta=np.frombuffer(json.dumps(meta, ensure_ascii=False).encode(), dtype=np.uint8),
            cells=np.concatenate([empty, *(self._cells[c] for c in codes)]),
            cells_ends=np.cumsum([len(self._cells[c]) for c in codes], dtype=np.int64),
            partial=np.concatenate([empty, *(self._partial[c] for c in codes)]),
            partial_ends=np.cumsum([len(self._partial[c]) for c in codes], dtype=np.int64),
            near_sea=np.array(self.near_sea, dtype=np.int64),
            **arrays,
        )
        return written.getvalue()

    def _cover(self, value_name: str, value: str) -> AreaCover | None:
        if value_name == GEOCODE_CLASS20:
            if value not in self._cells:
                parts = self._same_municipality(value)
                return self._together("", value, parts.__contains__)
            return AreaCover(self._names[value].ja, value, _cells(self._cells[value]), _cells(self._partial[value]))
        if value_name == GEOCODE_CLASS10:
            name = self._names10.get(value)
            return self._together(name.ja if name else "", value, lambda c: self._class10.get(c) == value)
        if value_name == GEOCODE_OFFICE:
            if value in OFFICES_APART:
                return self._cover(GEOCODE_CLASS10, value)
            return self._together("", value, lambda c: office_of(self._class10.get(c, "")) == value)
        if value_name == GEOCODE_PREFECTURE:
            return self._together("", value, lambda c: len(value) == 2 and c[:2] == value)
        if value_name == GEOCODE_QUAKE_AREA:
            return self._group(QUAKE_AREAS.get(value), value)
        if value_name == GEOCODE_TSUNAMI_AREA:
            return self._behind_coast(self._group(TSUNAMI_COASTS.get(value), value))
        return None

    def _group(self, group: AreaGroup | None, code: str) -> AreaCover | None:
        if group is None:
            return None
        return self._together(group.ja, code, lambda c: group.holds(c, self._class10.get(c, "")))

    def _behind_coast(self, ground: AreaCover | None) -> AreaCover | None:
        """Return what of *ground* lies near the sea, by the outline of the whole table."""
        if ground is None:
            return None
        cells = intersection(ground.cells, self.near_sea)
        return AreaCover(ground.name, ground.code, cells, intersection(ground.partial, cells)) if cells else None

    def _same_municipality(self, code: str) -> frozenset[str]:
        """Return the areas of the municipality of a class20 *code* that the table draws otherwise.

        The agency divides a city into areas, or joins them again, from one year to the next: a code
        of the one year then stands for all areas of that city in the other. It may cover more.
        """
        same = frozenset(c for c in self._cells if len(code) == 7 and c[:5] == code[:5])
        if not same and len(code) == 7 and code[2:] == "10000":
            # The first designated city of a prefecture; its wards are numbered 101 to 129.
            same = frozenset(c for c in self._cells if c[:2] == code[:2] and "101" <= c[2:5] <= "129")
        return same

    def _together(self, name: str, code: str, belongs: Callable[[str], bool]) -> AreaCover | None:
        """Return the union of municipal areas. A cell is partial if every area in it has it as partial."""
        codes = [c for c in self._cells if belongs(c)]
        if not codes:
            return None
        cells = union(*(_cells(self._cells[c]) for c in codes))
        # Two areas of the same union may share a border cell 40:40; it is then called partial although
        # most of it is inside. The text errs by naming the area, never by leaving the cell out.
        whole = union(*(difference(_cells(self._cells[c]), _cells(self._partial[c])) for c in codes))
        return AreaCover(name, code, cells, difference(cells, whole))


def office_of(class10: str) -> str:
    """Return the forecast office (府県予報区) that answers for a primary subdivision."""
    if class10 in OFFICES_APART or not class10:
        return class10
    apart = any(office[:3] == class10[:3] for office in OFFICES_APART)
    return class10[:3] + ("100" if apart else "000")


def table_of(source: AreaSource, entries: Iterable[AreaEntry], names10: Iterable[AreaName]) -> AreaTable:
    """Return the table of what an importer found."""
    listed = list(entries)
    return AreaTable(
        source=source,
        _names={e.name.code: e.name for e in listed},
        _names10={n.code: n for n in names10},
        _class10={e.name.code: e.class10 for e in listed if e.class10},
        _cells={e.name.code: np.array(e.cells, dtype=np.int64) for e in listed},
        _partial={e.name.code: np.array(e.partial, dtype=np.int64) for e in listed},
        land=LandShares.of({e.name.code: e.land for e in listed}),
    )


def from_bytes(content: bytes) -> AreaTable:
    """Return the table written by `to_bytes`. Raises AreaTableError for anything else."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            meta: dict[str, Any] = json.loads(file["meta"].tobytes())
            arrays = {name: file[name] for name in ("cells", "cells_ends", "partial", "partial_ends")}
            # A file of an earlier release has no shore: it is drawn when it is asked for.
            shore = _cells(file["near_sea"]) if "near_sea" in file.files else None
            # Nor has it shares of land: what is shown is larger then, and says so.
            land = [file[name] for name in _LAND] if set(_LAND) <= set(file.files) else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as damage:
        raise AreaTableError("area-file-damaged", f"{type(damage).__name__}; {REBUILD}") from damage
    if meta.get("format") != FORMAT:
        raise AreaTableError("area-file-version", f"format {meta.get('format')}, expected {FORMAT}; {REBUILD}")
    source = meta["source"]
    codes = [code for code, *_ in meta["areas"]]
    cells = np.split(arrays["cells"], arrays["cells_ends"][:-1]) if codes else []
    partial = np.split(arrays["partial"], arrays["partial_ends"][:-1]) if codes else []
    return AreaTable(
        source=AreaSource(**{**source, "detail": tuple(source["detail"])}),
        _names={code: AreaName(code, ja, en) for code, ja, en, _ in meta["areas"]},
        _names10={code: AreaName(code, ja, en) for code, ja, en in meta["class10"]},
        _class10={code: class10 for code, _, _, class10 in meta["areas"] if class10},
        _cells=dict(zip(codes, cells, strict=True)),
        _partial=dict(zip(codes, partial, strict=True)),
        _near_sea=shore,
        land=None if land is None else LandShares(tuple(sorted(codes)), *land),
    )


def _land_arrays(land: LandShares, codes: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Return *land* as arrays in which an owner is its place among *codes*."""
    places = np.array([codes.index(code) for code in land.codes], dtype=np.uint16)
    return dict(zip(_LAND, (land.cells, places[land.owners], land.shares), strict=True))


def _cells(ids: Ids) -> Cells:
    return tuple(ids.tolist())
