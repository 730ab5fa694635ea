"""Sealed subscriptions by the thousand, straight into columns: what a start over a million of them needs.

`SealKeys.unseal` and `columns_of` say what a subscription is; this says the same without an object for each person
and place. Safe in one direction: what is not exactly of the form that `to_json` writes goes the plain way, one by one,
so nothing is accepted or refused here that would not be there; `tests/dispatch/test_unsealing.py` compares the two.
"""

import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from dispatch.columns import (
    NO_QUIET_HOURS,
    U8,
    Columns,
    Flag,
    check_columns,
    columns_of,
    joined,
    language_code,
    offsets_of,
)
from dispatch.errors import SubscriptionUnreadable
from dispatch.life import span_of
from dispatch.subscription import MAX_PLACES, VERSION, Role, SealKeys, Subscription, from_json
from dispatch.terms import unpacked

# Together: fewer cost more calls, more leave the processor's cache and wake the garbage collector.
_TOGETHER = 500
# So few, of whom one is of no usual form, are read one by one.
_FEW = 8
_STANDARD = bytes.maketrans(b"-_", b"+/")
_FIELDS = ("v", "id", "row", "endpoint", "p256dh", "auth", "language", "places", "drill", "canary", "ward", "vapid_key")
_fields: Callable[[Any], tuple[Any, ...]] = itemgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """The columns of those who could be read, where in the sequence each stood, and why which others could not."""

    columns: Columns
    at: NDArray[np.int64]
    refused: tuple[tuple[int, str], ...] = ()


class _Unusual(Exception):
    """Somebody among them has to be read the plain way."""


def unseal_many(keys: SealKeys, ids: Sequence[bytes], values: Sequence[bytes]) -> Unsealed:
    """Open *values*, each sealed for its id, into columns in the order given."""
    raws: list[bytes] = []
    at: list[int] = []
    refused: list[tuple[int, str]] = []
    for number, (identifier, value) in enumerate(zip(ids, values, strict=True)):
        try:
            raws.append(keys.open(identifier, value))
            at.append(number)
        except SubscriptionUnreadable as error:
            refused.append((number, error.reason))
    pieces, readable = [], list[int]()
    for first in range(0, len(at), _TOGETHER):
        some = at[first : first + _TOGETHER]
        for columns, numbers, wrong in _read([ids[number] for number in some], raws[first : first + _TOGETHER], some):
            pieces.append(columns)
            readable += numbers
            refused += wrong
    return Unsealed(joined_all(pieces), np.array(readable, dtype=np.int64), tuple(sorted(refused)))


def joined_all(pieces: Iterable[Columns]) -> Columns:
    """Return the rows of all *pieces* in their order, as one counts in binary: each is copied a few times only."""
    packed: list[Columns] = []
    for piece in pieces:
        packed.append(piece)
        while len(packed) > 1 and packed[-2].count <= packed[-1].count:
            last = packed.pop()
            packed[-1] = joined(packed[-1], last)
    while len(packed) > 1:
        last = packed.pop()
        packed[-1] = joined(packed[-1], last)
    return packed[0] if packed else columns_of(())


_Piece = tuple[Columns, list[int], list[tuple[int, str]]]


def _read(ids: list[bytes], raws: list[bytes], at: list[int]) -> list[_Piece]:
    """Read all at once, or each half by itself where somebody is unusual, down to a few."""
    if not raws:
        return []
    try:
        return [(_columns(ids, raws), at, [])]
    except (_Unusual, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        if len(raws) <= _FEW:
            return [_one_by_one(ids, raws, at)]
        half = len(raws) // 2
        return _read(ids[:half], raws[:half], at[:half]) + _read(ids[half:], raws[half:], at[half:])


def _one_by_one(ids: list[bytes], raws: list[bytes], at: list[int]) -> _Piece:
    found: list[Subscription] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    for identifier, raw, number in zip(ids, raws, at, strict=True):
        try:
            subscription = from_json(raw)
            if subscription.id != identifier:
                raise SubscriptionUnreadable("sealed-id")
        except SubscriptionUnreadable as error:
            refused.append((number, error.reason))
            continue
        found.append(subscription)
        numbers.append(number)
    return columns_of(found), numbers, refused


def _columns(ids: list[bytes], raws: list[bytes]) -> Columns:
    """Return the columns of all; raises `_Unusual` or what the reading raises when one is not of the usual form."""
    plains = list(map(orjson.loads, raws))
    v, own_ids, rows, endpoints, points, auths, tongues, places, drills, canaries, ward_names, vapid_keys = zip(
        *map(_fields, plains), strict=True
    )
    _usual(set(v) == {VERSION} and set(map(type, places)) == {list} and set(map(type, ward_names)) == {str})
    _usual(set(map(type, endpoints)) == {str} and set(map(type, tongues)) == {str})
    _usual(set(map(type, rows)) == {str})
    id_bytes = _decoded(own_ids, 22)
    _usual(id_bytes.tobytes() == b"".join(ids))
    origins: dict[str, int] = {}
    cuts = [endpoint.index("/", len("https://")) for endpoint in endpoints]
    paths = [endpoint[cut:] for endpoint, cut in zip(endpoints, cuts, strict=True)]
    origin = [origins.setdefault(endpoint[:cut], len(origins)) for endpoint, cut in zip(endpoints, cuts, strict=True)]
    # In all of the address: its origin must be ASCII too.
    _usual("".join(origins).isascii())
    languages: dict[str, int] = {}
    wards: dict[str, int] = {}
    consented = [plain.get("consents", ()) for plain in plains]
    _check_consents(consented)
    flat = list(chain.from_iterable(places))
    lengths = list(map(len, places))
    _usual(min(lengths) >= 1 and max(lengths) <= MAX_PLACES and set(map(type, flat)) == {list})
    _usual({type(place[0]) for place in flat} == {str} and set(map(len, flat)) <= {3, 4})
    cells = np.array([int(place[0]) for place in flat], dtype=np.int64)
    _usual(int(cells.min()) > 0)
    quiet = [_quiet(plain.get("quiet")) for plain in plains]
    staff = [plain.get("staff", False) for plain in plains]
    return check_columns(
        Columns(
            id=id_bytes,
            row_number=np.array(list(map(int, rows)), dtype=np.uint64),
            origin=_numbers(origin, 2**16 - 1, np.uint16),
            path=np.frombuffer("".join(paths).encode("ascii"), dtype=np.uint8),
            path_offset=offsets_of(list(map(len, paths))).astype(np.uint64),
            p256dh=np.ascontiguousarray(_decoded(points, 87)[:, 1:]),
            auth=_decoded(auths, 22),
            language=np.array([language_code(languages, one) for one in tongues], dtype=np.uint8),
            flags=_is(drills) * np.uint8(Flag.DRILL)
            | _is(canaries) * np.uint8(Flag.CANARY)
            | _is(staff) * np.uint8(Flag.STAFF),
            ward=_numbers([wards.setdefault(one, len(wards)) for one in ward_names], 2**16 - 1, np.uint16),
            quiet_start=np.array([start for start, _ in quiet], dtype=np.uint8),
            quiet_end=np.array([end for _, end in quiet], dtype=np.uint8),
            vapid_key=_numbers(vapid_keys, 255, np.uint8),
            seen=_numbers(
                [
                    plain["seen"] if "seen" in plain else max((span_of(one[2]) for one in consents), default=0)
                    for plain, consents in zip(plains, consented, strict=True)
                ],
                2**16 - 1,
                np.uint16,
            ),
            place_offset=offsets_of(lengths).astype(np.uint32),
            place_cell=cells.astype(np.uint64),
            place_role=_numbers([place[1] for place in flat], max(Role), np.uint8),
            place_min_level=_numbers([place[2] for place in flat], 5, np.uint8),
            place_terms=np.array([_terms(*place[3:]) for place in flat], dtype=np.uint32),
            origins=tuple(origins),
            languages=tuple(languages),
            wards=tuple(wards),
        )
    )


def _usual(holds: bool) -> None:
    if not holds:
        raise _Unusual


def _decoded(texts: Sequence[Any], characters: int) -> U8:
    """Return base64url *texts* of equal length as rows of bytes."""
    _usual(set(map(type, texts)) == {str} and set(map(len, texts)) == {characters})
    # Filled up to whole groups of four with zeros, and not with `=`, so that all can be read in one go.
    filling = "A" * (-characters % 4)
    text = (filling.join(texts) + filling).encode("ascii").translate(_STANDARD)
    whole = np.frombuffer(binascii.a2b_base64(text, strict_mode=True), dtype=np.uint8)
    return np.ascontiguousarray(whole.reshape(len(texts), -1)[:, : characters * 6 // 8])


def _numbers(values: Sequence[Any], most: int, kind: type[np.unsignedinteger[Any]]) -> NDArray[Any]:
    """Return whole numbers from 0 to *most* as *kind*."""
    _usual(set(map(type, values)) == {int} and min(values) >= 0 and max(values) <= most)
    return np.array(values, dtype=kind)


def _is(values: Sequence[Any]) -> NDArray[np.uint8]:
    _usual(set(map(type, values)) == {bool})
    return np.array(values, dtype=np.uint8)


def _quiet(hours: Any) -> tuple[int, int]:
    if hours is None:
        return NO_QUIET_HOURS, NO_QUIET_HOURS
    start, end = hours
    _usual(type(start) is int and type(end) is int and 0 <= start < 24 and 0 <= end < 24)
    return start, end


def _check_consents(consented: Sequence[Any]) -> None:
    agreed = list(chain.from_iterable(consented))
    _usual(all(type(one) is list and len(one) == 3 and type(one[1]) is type(one[2]) is int for one in agreed))


def _terms(code: Any = 0) -> int:
    return _checked_terms(code) if code else 0


@lru_cache(maxsize=4096)
def _checked_terms(code: Any) -> int:
    _usual(type(code) is int)
    unpacked(code)
    return int(code)
