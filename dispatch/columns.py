"""Subscriptions as columns: a million of them in arrays, without a Python object each."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import RegistryUnreadable
from dispatch.subscription import MAX_PLACES, Subscription
from dispatch.terms import packed

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

NO_QUIET_HOURS = 255
MOST_LANGUAGES = 256


class Flag(IntFlag):
    """What sets a row apart from a resident's."""

    NONE = 0
    DRILL = 1
    CANARY = 2
    INACTIVE = 4
    STAFF = 8  # an officer's device: what is not for the public reaches these rows only


@dataclass(frozen=True, slots=True)
class Columns:
    """n rows and their m places. `path` holds what follows the origin, from its first "/" on.

    `p256dh` leaves out the leading 0x04. `place_offset[i]:place_offset[i + 1]` are row i's places.
    """

    id: U8  # (n, 16)
    row_number: U64
    origin: U16
    path: U8
    path_offset: U64  # (n + 1,)
    p256dh: U8  # (n, 64)
    auth: U8  # (n, 16)
    language: U8
    flags: U8
    ward: U16
    quiet_start: U8
    quiet_end: U8
    vapid_key: U8
    seen: U16  # `dispatch.life`
    place_offset: U32  # (n + 1,)
    place_cell: U64
    place_role: U8
    place_min_level: U8
    place_terms: U32  # `dispatch.terms`; 0 where a place is simply its owner's
    origins: tuple[str, ...]
    languages: tuple[str, ...]
    wards: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return len(self.row_number)


TABLES = ("origins", "languages", "wards")
ARRAYS: tuple[str, ...] = tuple(field.name for field in fields(Columns) if field.name not in TABLES)
_TYPES: dict[str, type[np.unsignedinteger[Any]]] = {
    "row_number": np.uint64, "path_offset": np.uint64, "place_cell": np.uint64, "place_offset": np.uint32,
    "place_terms": np.uint32,
    "origin": np.uint16, "ward": np.uint16, "seen": np.uint16,
}  # fmt: skip


def type_of(name: str) -> type[np.unsignedinteger[Any]]:
    """Return the element type of the array called *name*."""
    return _TYPES.get(name, np.uint8)


def check_columns(columns: Columns) -> Columns:
    """Return *columns* if lengths, types and references agree, else raise.

    A row that points past a table would only be found in the middle of a fan-out.
    """
    n = columns.count
    for name in ARRAYS:
        array = getattr(columns, name)
        if array.dtype != type_of(name):
            raise RegistryUnreadable("registry-type", f"{name} is {array.dtype}, not {type_of(name).__name__}")
    widths = {"id": 16, "p256dh": 64, "auth": 16}
    for name in (
        "id",
        "row_number",
        "origin",
        "p256dh",
        "auth",
        "language",
        "flags",
        "ward",
        "quiet_start",
        "quiet_end",
        "vapid_key",
        "seen",
    ):
        shape = (n, widths[name]) if name in widths else (n,)
        if getattr(columns, name).shape != shape:
            raise RegistryUnreadable("registry-shape", f"{name} has shape {getattr(columns, name).shape}, not {shape}")
    for name, table in (("origin", columns.origins), ("language", columns.languages), ("ward", columns.wards)):
        if n and int(getattr(columns, name).max()) >= len(table):
            raise RegistryUnreadable("registry-table", f"{name} points past its table of {len(table)}")
    _check_offsets("path", columns.path_offset, n, len(columns.path))
    _check_offsets("place", columns.place_offset, n, len(columns.place_cell))
    if n and int(lengths_of(columns.place_offset).max()) > MAX_PLACES:
        raise RegistryUnreadable("registry-places", f"a row has more than {MAX_PLACES} places")
    if (
        len({len(getattr(columns, name)) for name in ARRAYS if name.startswith("place_") and name != "place_offset"})
        > 1
    ):
        raise RegistryUnreadable("registry-shape", "the place columns differ in length")
    return columns


def _check_offsets(name: str, offsets: NDArray[Any], n: int, total: int) -> None:
    if offsets.shape != (n + 1,) or int(offsets[0]) != 0 or int(offsets[-1]) != total:
        raise RegistryUnreadable("registry-offsets", f"{name} offsets do not run from 0 to {total} in {n} steps")
    if n and bool((offsets[1:] < offsets[:-1]).any()):
        raise RegistryUnreadable("registry-offsets", f"{name} offsets fall")


def columns_of(subscriptions: Iterable[Subscription]) -> Columns:
    """Pack *subscriptions*, in the order given."""
    rows = tuple(subscriptions)
    origins: dict[str, int] = {}
    languages: dict[str, int] = {}
    wards: dict[str, int] = {}
    origin_codes, paths = [], []
    for row in rows:
        origin, path = cut_endpoint(row.endpoint)
        origin_codes.append(origins.setdefault(origin, len(origins)))
        paths.append(path.encode("ascii"))
    places = [place for row in rows for place in row.places]
    return check_columns(
        Columns(
            id=_matrix([row.id for row in rows], 16),
            row_number=np.array([row.row for row in rows], dtype=np.uint64),
            origin=np.array(origin_codes, dtype=np.uint16),
            path=np.frombuffer(b"".join(paths), dtype=np.uint8),
            path_offset=offsets_of([len(path) for path in paths]).astype(np.uint64),
            p256dh=_matrix([row.p256dh[1:] for row in rows], 64),
            auth=_matrix([row.auth for row in rows], 16),
            language=np.array([language_code(languages, row.language) for row in rows], dtype=np.uint8),
            flags=np.array([_flags_of(row) for row in rows], dtype=np.uint8),
            ward=np.array([wards.setdefault(row.ward, len(wards)) for row in rows], dtype=np.uint16),
            quiet_start=np.array([_quiet(row)[0] for row in rows], dtype=np.uint8),
            quiet_end=np.array([_quiet(row)[1] for row in rows], dtype=np.uint8),
            vapid_key=np.array([row.vapid_key for row in rows], dtype=np.uint8),
            seen=np.array([row.seen for row in rows], dtype=np.uint16),
            place_offset=offsets_of([len(row.places) for row in rows]).astype(np.uint32),
            place_cell=np.array([place.cell for place in places], dtype=np.uint64),
            place_role=np.array([int(place.role) for place in places], dtype=np.uint8),
            place_min_level=np.array([place.min_level for place in places], dtype=np.uint8),
            place_terms=np.array([packed(place.terms) for place in places], dtype=np.uint32),
            origins=tuple(origins),
            languages=tuple(languages),
            wards=tuple(wards),
        )
    )


def cut_endpoint(endpoint: str) -> tuple[str, str]:
    """Return origin and path of an endpoint that was checked when it came in."""
    at = endpoint.find("/", len("https://"))
    if at < 0:
        raise RegistryUnreadable("registry-endpoint", "an endpoint has no path")
    return endpoint[:at], endpoint[at:]


def taken(columns: Columns, keep: NDArray[np.bool_]) -> Columns:
    """Return the rows of *columns* for which *keep* is true; order and tables stay."""
    arrays: dict[str, Any] = {}
    lengths = {name: lengths_of(getattr(columns, name)) for name in ("path_offset", "place_offset")}
    # Masks, not lists of positions: paths make up half of the bytes, and a position takes eight.
    keep_path = np.repeat(keep, lengths["path_offset"])
    keep_place = np.repeat(keep, lengths["place_offset"])
    for name in ARRAYS:
        array = getattr(columns, name)
        if name in lengths:
            arrays[name] = offsets_of(lengths[name][keep]).astype(type_of(name))
        elif name == "path":
            arrays[name] = array[keep_path]
        else:
            arrays[name] = array[keep_place if name.startswith("place_") else keep]
    return Columns(**arrays, origins=columns.origins, languages=columns.languages, wards=columns.wards)


def joined(first: Columns, second: Columns) -> Columns:
    """Return the rows of both, with one set of tables."""
    arrays: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for name, table in (("origin", "origins"), ("language", "languages"), ("ward", "wards")):
        merged = {value: code for code, value in enumerate(getattr(first, table))}
        if name == "language":
            codes = [language_code(merged, value) for value in getattr(second, table)]
        else:
            codes = [merged.setdefault(value, len(merged)) for value in getattr(second, table)]
        mapped = np.array(codes, dtype=type_of(name))[getattr(second, name)] if codes else getattr(second, name)
        arrays[name] = np.concatenate([getattr(first, name), mapped])
        tables[table] = tuple(merged)
    for name in ARRAYS:
        if name in arrays:
            continue
        one, other = getattr(first, name), getattr(second, name)
        arrays[name] = np.concatenate([one, other[1:] + one[-1]] if name.endswith("_offset") else [one, other])
    return check_columns(Columns(**arrays, **tables))


def lengths_of(offsets: NDArray[Any]) -> NDArray[np.int64]:
    """Return how long each slice is."""
    ends: NDArray[np.int64] = offsets.astype(np.int64)
    return ends[1:] - ends[:-1]


def spread(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of all slices, one after another: the vectorised form of a loop of ranges."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def offsets_of(lengths: Any) -> NDArray[np.int64]:
    """Return where each slice of *lengths* begins, and where the last one ends."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.asarray(lengths, dtype=np.int64), dtype=np.int64)])


def _matrix(rows: list[bytes], width: int) -> U8:
    if any(len(row) != width for row in rows):
        raise RegistryUnreadable("registry-shape", f"a value is not {width} bytes long")
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), width)


def language_code(table: dict[str, int], language: str) -> int:
    """Return the code of *language*; a full table turns newcomers into readers of its first.

    Anybody can sign up with a language nobody has heard of, but not make the others' registry fail.
    """
    return table.setdefault(language, len(table)) if len(table) < MOST_LANGUAGES else table.get(language, 0)


def _flags_of(row: Subscription) -> int:
    own = ((Flag.DRILL, row.drill), (Flag.CANARY, row.canary), (Flag.STAFF, row.staff))
    return sum(int(flag) for flag, is_set in own if is_set)


def _quiet(row: Subscription) -> tuple[int, int]:
    if row.quiet_hours is None:
        return NO_QUIET_HOURS, NO_QUIET_HOURS
    return row.quiet_hours.start_hour, row.quiet_hours.end_hour
