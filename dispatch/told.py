"""Who was told: random row numbers, kept per lineage, revision and bucket, which corrections go by.

One record is written before the first POST of a revision. It freezes the order in which that
revision is sent and the words that each row is sent, because the registry may have changed when
another worker takes over, and it keeps everybody who was told by earlier revisions. It also spends
the generation of envelopes that the revision is sealed with. No endpoint, no place, no id is in it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U8, U16, U64
from dispatch.errors import ToldUnreadable
from dispatch.layers import People
from dispatch.selection import Before, Selection

_VERSION = 2
# Version, revision, rows, earlier rows, bytes of the tables.
_HEAD = struct.Struct("<BIIII")
GENERATION_BYTES = 16
_DIGEST_BYTES = 32
_ROW_BYTES = 8 + 2 + 1 + 1 + 2
_EARLIER_BYTES = 8 + 1


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The rows of one revision in frozen order, and those that only earlier revisions told.

    `places` is the number of the place that a row of kind 3 is about, 0 for a person as a whole.
    `generation` names the envelopes that this revision alone is sealed with; `said` is a digest of the
    words that they are for and no others, so that no key ever meets two messages.
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

    def everyone(self) -> tuple[U64, U8]:
        """Return row number and place of all that any revision told, each once, sorted."""
        return _each_once(np.concatenate([self.rows, self.earlier]), np.concatenate([self.places, self.earlier_places]))

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

    Row numbers are random, so the sum modulo 2^64 meets another as rarely as two row numbers do.
    """
    return rows + places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def freeze(
    people: People,
    revision: int,
    selection: Selection,
    before: Before | None = None,
    *,
    generation: bytes = b"",
    said: Callable[[tuple[str, ...]], bytes] | None = None,
) -> Told:
    """Return the record to write before *selection* (of one bucket) is sent; *before* were told earlier.

    *said* gives the digest of what readers of some languages may be sent.
    """
    rows = people.row_numbers(selection.rows)
    earlier, earlier_places = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8)
    if before is not None and len(before.rows):
        earlier, earlier_places = _each_once(before.rows, before.places)
        only_earlier = ~np.isin(unit_of(earlier, earlier_places), unit_of(rows, selection.places))
        earlier, earlier_places = earlier[only_earlier], earlier_places[only_earlier]
    # Only the origins and languages of this bucket's rows, so that a table does not grow with the registry.
    used, origin = np.unique(people.origin(selection.rows), return_inverse=True)
    spoken, language = np.unique(people.language(selection.rows), return_inverse=True)
    languages = tuple(people.languages[int(one)] for one in spoken)
    return Told(
        revision,
        rows,
        selection.parts,
        origin.astype(np.uint16),
        tuple(people.origins[int(one)] for one in used),
        earlier,
        selection.places,
        language.astype(np.uint8),
        languages,
        earlier_places,
        generation,
        said(languages) if said is not None else b"",
    )


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
    head = _HEAD.pack(_VERSION, told.revision, len(told.rows), len(told.earlier), len(tables))
    arrays = (
        told.rows.astype("<u8"),
        told.parts.astype("<u2"),
        told.origin.astype("<u2"),
        told.places,
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
    _, revision, count, before, table = _HEAD.unpack_from(raw)
    at = _HEAD.size + table
    if len(raw) != at + count * _ROW_BYTES + before * _EARLIER_BYTES:
        raise ToldUnreadable("told-length")
    origins, languages, generation, said = _tables(raw[_HEAD.size : at])

    def column(kind: str, length: int) -> NDArray[np.generic]:
        nonlocal at
        found = np.frombuffer(raw, kind, length, at)
        at += found.nbytes
        return found

    told = Told(
        revision,
        rows=column("<u8", count).astype(np.uint64),
        parts=column("<u2", count).astype(np.uint16),
        origin=column("<u2", count).astype(np.uint16),
        origins=origins,
        places=column("u1", count).astype(np.uint8),
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
