"""Who was told: random row numbers, kept per lineage, revision and bucket, which corrections go by.

One record for each bucket is written before the first POST of a range of a revision's rows. It freezes the
order in which they are sent and the words that each row is sent, because the registry may have changed when
another worker takes over, and the first of a bucket keeps everybody who was told by earlier revisions. It also
spends the generation of envelopes that the range is sealed with. No endpoint, no place, no id is in it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U8, U16, U64
from dispatch.errors import ToldUnreadable
from dispatch.layers import People
from dispatch.selection import Before, Selection
from dispatch.terms import CODES, NUMBER_MASK

_VERSION = 3
# Version, whether it is the last of its bucket, revision, rows, earlier rows, bytes of the tables, when chosen.
_HEAD = struct.Struct("<BBIIIIQ")
# A place with the manner of its push, and which of a person's pushes it is share a byte.
_NTH_SHIFT = (CODES - 1).bit_length()
GENERATION_BYTES = 16
_DIGEST_BYTES = 32
_ROW_BYTES = 8 + 2 + 1 + 1 + 2
_EARLIER_BYTES = 8 + 1


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Rows of one revision in frozen order, and those that only earlier revisions told.

    `places` is the number of the place that a row of kind 3 is about, 0 for a person as a whole, and in the same
    byte the manner in which she is spoken to (`dispatch.terms`).
    `generation` names the envelopes that these rows alone are sealed with; `said` is a digest of the
    words that they are for and no others, so that no key ever meets two messages. `nths` counts a person's
    pushes in this revision from 0, over all ranges: two of them never share a key either (None: nobody has two).

    `last` says that no range after this one has rows of the bucket: who takes over chooses nobody anew there.
    `chosen_ms` is when the rows were chosen: by the clock of then somebody is asleep or not.
    """

    revision: int
    rows: U64
    parts: U16
    origin: U16
    origins: tuple[str, ...]
    earlier: U64
    places: U8
    language: U8
    languages: tuple[str, ...]
    earlier_places: U8
    generation: bytes = b""
    said: bytes = b""
    nths: U8 | None = None
    last: bool = True
    chosen_ms: int = 0

    def everyone(self) -> tuple[U64, U8]:
        """Return row number and place of all that any revision told, each once, sorted."""
        numbers = self.places & NUMBER_MASK
        return _each_once(np.concatenate([self.rows, self.earlier]), np.concatenate([numbers, self.earlier_places]))

    def codes(self) -> tuple[int, ...]:
        """Return the numbers and manners that occur: what else there is to say is said to nobody here."""
        return tuple(np.unique(self.places).tolist())

    def units(self) -> U64:
        """Return what tells the messages of this revision apart; see `unit_of`."""
        return unit_of(self.rows, self.places)

    def positions(self, origin: str) -> NDArray[np.int64]:
        """Return the positions of *origin*'s rows: what its progress counts."""
        if origin not in self.origins:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.origin == self.origins.index(origin))


def unit_of(rows: U64, places: U8) -> U64:
    """Return one number for a row and its place: what a newer revision replaces on a phone.

    How it is spoken to makes no other message of it: outside one's hours the same notification falls silent. Row
    numbers are random, so the sum modulo 2^64 meets another as rarely as two row numbers do.
    """
    return rows + (places & NUMBER_MASK).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def are_among(units: U64, ordered: U64) -> NDArray[np.bool_]:
    """Return which of *units* occur in *ordered*, which is sorted.

    `np.isin` sorts or hashes all of both each time: a million against each range of an older revision took 8 s.
    """
    if not len(ordered):
        return np.zeros(len(units), dtype=np.bool_)
    at = np.minimum(np.searchsorted(ordered, units), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[at] == units
    return found


def freeze(
    people: People,
    revision: int,
    selection: Selection,
    before: Before | None = None,
    *,
    generation: bytes = b"",
    said: Callable[[tuple[str, ...], tuple[int, ...]], bytes] | None = None,
    nths: U8 | None = None,
    last: bool = True,
    chosen_ms: int = 0,
) -> Told:
    """Return the record to write before *selection* (of one bucket) is sent; *before* were told earlier.

    *said* gives the digest of what readers of some languages may be sent about places of some codes; without *nths* the
    selection is taken for all that its people are sent.
    """
    rows = people.row_numbers(selection.rows)
    earlier, earlier_places = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8)
    if before is not None and len(before.rows):
        earlier, earlier_places = _each_once(before.rows, before.places)
        only_earlier = ~np.isin(unit_of(earlier, earlier_places), unit_of(rows, selection.places))
        earlier, earlier_places = earlier[only_earlier], earlier_places[only_earlier]
    # Only the origins and languages of this bucket's rows, so that a table does not grow with the registry.
    used, origin = _used(people.origin(selection.rows))
    spoken, language = _used(people.language(selection.rows))
    languages = tuple(people.languages[one] for one in spoken)
    places, _ = _used(selection.places)
    return Told(
        revision,
        rows,
        selection.parts,
        origin.astype(np.uint16),
        tuple(people.origins[one] for one in used),
        earlier,
        selection.places,
        language.astype(np.uint8),
        languages,
        earlier_places,
        generation,
        said(languages, tuple(places)) if said is not None else b"",
        nths_of(rows, selection.places) if nths is None else nths,
        last,
        chosen_ms,
    )


def _used(codes: NDArray[Any]) -> tuple[list[int], NDArray[np.intp]]:
    """Return which of *codes* occur, in order, and *codes* as positions among these: `unique` without sorting."""
    used = np.flatnonzero(np.bincount(codes))
    if not len(used):
        return [], np.zeros(0, dtype=np.intp)
    position = np.zeros(int(used[-1]) + 1, dtype=np.intp)
    position[used] = np.arange(len(used))
    return used.tolist(), position[codes]


def nths_of(numbers: U64, places: U8) -> U8:
    """Return of each row how many of the same person's places come before it; *numbers* are row numbers."""
    places = places & NUMBER_MASK
    if not places.any():
        return np.zeros(len(numbers), dtype=np.uint8)
    order = np.lexsort((places, numbers))
    ordered = numbers[order]
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    nth = np.empty(len(ordered), dtype=np.uint8)
    nth[order] = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
    return nth


def encode(told: Told) -> bytes:
    """Write *told*. Random numbers do not compress, so they are written as they are."""
    tables = "\n".join(
        (
            "\t".join(told.origins),
            "\t".join(told.languages),
            told.generation.hex(),
            told.said.hex(),
        )
    ).encode()
    head = _HEAD.pack(
        _VERSION, told.last, told.revision, len(told.rows), len(told.earlier), len(tables), told.chosen_ms
    )
    places = told.places if told.nths is None else told.places | (told.nths << np.uint8(_NTH_SHIFT))
    arrays = (
        told.rows.astype("<u8"),
        told.parts.astype("<u2"),
        told.origin.astype("<u2"),
        places,
        told.language,
        told.earlier.astype("<u8"),
        told.earlier_places,
    )
    return b"".join((head, tables, *(array.tobytes() for array in arrays)))


def decode(raw: bytes) -> Told:
    """Read what `encode` wrote; anything else raises ToldUnreadable."""
    if not raw or raw[0] != _VERSION:
        raise ToldUnreadable("told-version")
    if len(raw) < _HEAD.size:
        raise ToldUnreadable("told-length")
    _, last, revision, count, before, table, chosen_ms = _HEAD.unpack_from(raw)
    at = _HEAD.size + table
    if len(raw) != at + count * _ROW_BYTES + before * _EARLIER_BYTES:
        raise ToldUnreadable("told-length")
    origins, languages, generation, said = _tables(raw[_HEAD.size : at])

    def column(kind: str, length: int) -> NDArray[np.generic]:
        nonlocal at
        found = np.frombuffer(raw, kind, length, at)
        at += found.nbytes
        return found

    rows, parts, origin = column("<u8", count), column("<u2", count), column("<u2", count)
    places, shift = column("u1", count).astype(np.uint8), np.uint8(_NTH_SHIFT)
    told = Told(
        revision,
        rows=rows.astype(np.uint64),
        parts=parts.astype(np.uint16),
        origin=origin.astype(np.uint16),
        origins=origins,
        places=places & np.uint8((1 << _NTH_SHIFT) - 1),
        nths=places >> shift,
        last=bool(last),
        chosen_ms=chosen_ms,
        language=column("u1", count).astype(np.uint8),
        languages=languages,
        earlier=column("<u8", before).astype(np.uint64),
        earlier_places=column("u1", before).astype(np.uint8),
        generation=generation,
        said=said,
    )
    if count and (int(told.origin.max()) >= len(origins) or int(told.language.max()) >= len(languages)):
        raise ToldUnreadable("told-tables")
    return told


def _tables(raw: bytes) -> tuple[tuple[str, ...], tuple[str, ...], bytes, bytes]:
    try:
        origins, languages, generation, said = raw.decode().split("\n")
        return (
            tuple(origins.split("\t")) if origins else (),
            tuple(languages.split("\t")) if languages else (),
            _none_or(bytes.fromhex(generation), GENERATION_BYTES),
            _none_or(bytes.fromhex(said), _DIGEST_BYTES),
        )
    except ValueError:  # UnicodeDecodeError is one
        raise ToldUnreadable("told-tables") from None


def _none_or(value: bytes, length: int) -> bytes:
    if value and len(value) != length:
        raise ValueError("not of this length")
    return value


def _each_once(rows: U64, places: U8) -> tuple[U64, U8]:
    order = np.lexsort((places, rows))
    rows, places = rows[order], places[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (rows[1:] != rows[:-1]) | (places[1:] != places[:-1])
    return rows[new], places[new]
