"""Selected rows become batches of requests.

Everything that can be done for hundreds of rows at once is; what is left for each is to cut its
address from a column and one AES call.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from alerts.claim import Lane
from dispatch.batch import Batch
from dispatch.columns import U8, U16
from dispatch.endpoint import MAX_LENGTH, origin_is_allowed
from dispatch.envelope import HEADER_MIDDLE, derived_entry
from dispatch.layers import People
from dispatch.message import Message, Messages
from dispatch.native.library import NO_ADDRESS, NO_ENTRY, Native, library_for
from dispatch.native.packed import Addresses, Bodies
from dispatch.pool import KEY_AT, SALT_AT, THERE, Generation, as_rows, entries_for
from dispatch.registry import Registry
from dispatch.sender import Headers
from dispatch.settings import DispatchSettings
from dispatch.subscription import MAX_PLACES
from dispatch.terms import CODES, NUMBER_BITS
from dispatch.vapid import Vapid, is_drill_key

log = logging.getLogger(__name__)

_HEAD_BYTES = SALT_AT + 16 + len(HEADER_MIDDLE)
# What a body begins with, then content key and nonce: all that sealing needs, cut without a slice for each.
_SEALING = Struct(f"{_HEAD_BYTES}s16s12s")
_MIDDLE = np.frombuffer(HEADER_MIDDLE, dtype=np.uint8)
# What `endpoint` lets an address consist of: with a byte beyond these it was not checked at sign-up.
_PATH_BYTES = bytes(byte for byte in range(0x21, 0x7F) if byte not in b'"#\\')


_Spoken = tuple[Message, int]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is wanted: parallel columns, one entry for each push. `keys` are the caller's own.

    `languages` are codes in the caller's table, `nths` counts a person's pushes in this revision from
    0, `places` are numbers and manners (`dispatch.terms`), and `generations` are codes in the caller's table of
    generations.
    """

    keys: list[int]
    rows: NDArray[np.int64]
    parts: U16
    languages: U8
    places: U8
    nths: U8
    generations: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sealing:
    """What seals the rows of some buckets: a generation, or for `name` empty entries made from the words."""

    name: bytes
    generation: Generation | None = None


class Pushes:
    """Makes the requests of one notice.

    *secret* (32 bytes or more, the same in every worker, never in Kafka) makes the body of a row the
    same at every try, even by the worker that takes over after a crash.
    """

    def __init__(
        self,
        people: People,
        messages: Messages,
        expires_at: float,
        vapid: Vapid,
        settings: DispatchSettings,
        secret: bytes,
        *,
        languages: tuple[str, ...],
        sealings: tuple[Sealing, ...],
        on_wrong_key: Callable[[int], None] = lambda _: None,
    ) -> None:
        """*on_wrong_key* hears of how many rows were refused because their key is one of the other lane."""
        self._people = people
        self._drill = messages.lane is Lane.DRILL
        self._on_wrong_key = on_wrong_key
        self._messages = messages
        self._expires_at = expires_at
        self._vapid = vapid
        self._settings = settings
        self._secret = secret
        self._languages = languages
        self._sealings = sealings
        self._layers = (_Layer(people.base), _Layer(people.delta))
        self._library = library_for(Native(settings.native))
        self._allowed: dict[str, bool] = {}
        self._headers: dict[tuple[str, str, str], Headers] = {}
        self._shared: dict[tuple[str, str, int], int] = {}
        # By part, language and place, the long form and the short; with each the number of its headers and size.
        self._spoken: tuple[dict[int, _Spoken], dict[int, _Spoken]] = ({}, {})

    def batches(self, wanted: Rows, now: float, *, short: bool = False) -> tuple[list[Batch], list[int]]:
        """Return the requests for *wanted*, and the keys of those whose address we do not send to.

        *short* is the form for rows whose push service called the long one too large.

        Addresses are checked here once more: the list may have changed since sign-up.
        """
        batches: list[Batch] = []
        refused: list[int] = []
        base = self._people.base.count
        in_base = wanted.rows < base
        for number, (layer, mask) in enumerate(zip(self._layers, (in_base, ~in_base), strict=True)):
            if mask.any():
                some = wanted if mask.all() else _picked(wanted, np.flatnonzero(mask))
                local = some.rows - (base if number else 0)
                self._of_layer(layer, number, some, local, now, batches, refused, short=short)
        return batches, refused

    def _of_layer(
        self,
        layer: "_Layer",
        number: int,
        wanted: Rows,
        local: NDArray[np.int64],
        now: float,
        batches: list[Batch],
        refused: list[int],
        *,
        short: bool,
    ) -> None:
        columns = layer.registry.columns
        origins, keys = columns.origin[local].astype(np.int64), columns.vapid_key[local].astype(np.int64)
        words = (wanted.parts.astype(np.int64) * 256 + wanted.languages) * CODES + wanted.places
        codes, which = np.unique(words, return_inverse=True)
        known = self._spoken[short]
        spoken = [known.get(code) or self._speak(code, short=short) for code in codes.tolist()]
        # Languages share their headers, so they share a batch; how a body is sealed they share too: 59 bits in all.
        alike = np.array([one[1] for one in spoken], dtype=np.int64)[which]
        code = (((origins * 256 + keys) * 65_536 + alike) * 2 + (wanted.nths > 0)) * 256 + wanted.generations
        for at in _groups(code):
            some, rows, said = _picked(wanted, at), local[at], which[at]
            name = columns.origins[int(origins[at[0]])]
            # Keys that were promised to the long form never seal another: the short one has its own, from its words.
            sealing = Sealing(b"") if short else self._sealings[int(some.generations[0])]
            messages = [one[0] for one in spoken]
            key = int(keys[at[0]])
            if is_drill_key(key) is not self._drill:
                # At the very last hop, whatever selected them: no drill by the live key, nothing live by a drill's.
                log.error("rows of another lane's key", extra={"rows": len(some.keys), "reason": "key-of-another-lane"})
                self._on_wrong_key(len(some.keys))
                refused += some.keys
                continue
            if not self._is_allowed(name):
                refused += some.keys
                continue
            headers = self._headers_for(name, key, messages[int(said[0])], now)
            packed = self._packed(layer, number, some, rows, messages, said, sealing)
            if packed is not None:
                batches.append(Batch(name, headers, self._expires_at, some.keys, *packed))
                continue
            paths = layer.paths(rows)
            if not _are_paths(paths):
                good = [one for one, path in enumerate(paths) if _are_paths([path])]
                refused += [some.keys[one] for one in sorted(set(range(len(paths))) - set(good))]
                if not good:
                    continue
                kept = np.array(good)
                some, rows, said, paths = _picked(some, kept), rows[kept], said[kept], [paths[one] for one in good]
            bodies = self._bodies(layer, number, some, rows, [messages[one] for one in said.tolist()], sealing)
            batches.append(Batch(name, headers, self._expires_at, some.keys, paths, bodies))

    def _packed(
        self,
        layer: "_Layer",
        number: int,
        wanted: Rows,
        rows: NDArray[np.int64],
        messages: list[Message],
        said: NDArray[np.int64],
        sealing: Sealing,
    ) -> tuple[Addresses, Bodies] | None:
        """Return addresses and bodies of rows that the pool has entries for, made in C; None for Python."""
        library, pooled = self._library, sealing.generation
        if library is None or pooled is None or number or wanted.nths[0] or not len(pooled.entries):
            return None
        columns = layer.registry.columns
        kinds, which = np.unique(said, return_inverse=True)
        records = [messages[kind].record for kind in kinds.tolist()]
        try:
            made = library.seal(columns.path, columns.path_offset, pooled.entries, rows, which, records)
        except ValueError as error:
            log.error("C refused a batch, Python makes it", extra={"reason": str(error)})
            return None
        if made.count < len(rows):
            if (made.states == NO_ADDRESS).any():
                return None  # doing it again gives the same bytes
            missing = np.flatnonzero(made.states == NO_ENTRY)
            if len(missing):
                spoken = [messages[one] for one in said[missing].tolist()]
                entries = self._made_now(layer, rows[missing].tolist(), [0] * len(missing), sealing, spoken)
                made.bodies.data[missing] = np.frombuffer(b"".join(_sealed(entries, spoken)), dtype=np.uint8).reshape(
                    len(missing), -1
                )
        return made.addresses, made.bodies

    def _bodies(
        self,
        layer: "_Layer",
        number: int,
        wanted: Rows,
        rows: NDArray[np.int64],
        messages: list[Message],
        sealing: Sealing,
    ) -> list[bytes]:
        """Return the body of each row: sealed by the pool's entry, or by the same entry made now."""
        pooled, nths = sealing.generation, wanted.nths.tolist()
        # The pool is made for the large registry, and for one push a person.
        if pooled is None or number or nths[0] or not len(pooled.entries):
            return _sealed(self._made_now(layer, rows.tolist(), nths, sealing, messages), messages)
        entries = pooled.entries[rows]
        # What was not filled in time is made now.
        missing = np.flatnonzero(entries[:, 0] != THERE)
        if len(missing):
            entries[missing] = self._made_now(
                layer, rows[missing].tolist(), [0] * len(missing), sealing, [messages[at] for at in missing.tolist()]
            )
        return _sealed(entries, messages)

    def _made_now(
        self, layer: "_Layer", rows: list[int], nths: list[int], sealing: Sealing, messages: list[Message]
    ) -> U8:
        """Return the entry of each row, in one call of C where that is there and the entries do not hang on words."""
        registry = layer.registry
        if sealing.name:
            together = None if self._library is None else self._library.entries
            return entries_for(self._secret, sealing.name, registry, rows, nths, together)
        return as_rows(
            derived_entry(
                self._secret, message.plaintext, message.padded_bytes, registry.p256dh(row), registry.auth(row)
            )
            for row, message in zip(rows, messages, strict=True)
        )

    def _speak(self, code: int, *, short: bool) -> _Spoken:
        """Return the message that *code* stands for, with a number that messages of the same headers and size share."""
        of = self._messages.short if short else self._messages.for_part
        message = of(code // (256 * CODES), self._languages[code // CODES % 256], code % CODES)
        alike = self._shared.setdefault((message.urgency, message.topic, message.padded_bytes), len(self._shared))
        found = self._spoken[short][code] = message, alike
        return found

    def _is_allowed(self, origin: str) -> bool:
        if origin not in self._allowed:
            self._allowed[origin] = origin_is_allowed(origin, self._settings)
        return self._allowed[origin]

    def _headers_for(self, origin: str, key: int, message: Message, now: float) -> Headers:
        """Return the same tuple as long as the token is: the sender encodes another one anew."""
        authorization = self._vapid.authorization(origin, now, key)
        known = self._headers.get((authorization, message.urgency, message.topic))
        if known is None:
            known = (
                ("Urgency", message.urgency),
                ("Topic", message.topic),
                ("Content-Encoding", "aes128gcm"),
                ("Content-Type", "application/octet-stream"),
                ("Authorization", authorization),
            )
            self._headers[authorization, message.urgency, message.topic] = known
        return known


class _Layer:
    """One registry, with its addresses as bytes that can be cut."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._path = memoryview(registry.columns.path.data) if len(registry.columns.path) else memoryview(b"")
        self._offset = registry.columns.path_offset

    def paths(self, rows: NDArray[np.int64]) -> list[bytes]:
        """Return the address of each row, without its origin."""
        path = self._path
        firsts, lasts = self._offset[rows].tolist(), self._offset[rows + 1].tolist()
        return [path[first:last].tobytes() for first, last in zip(firsts, lasts, strict=True)]


def _sealed(entries: U8, messages: list[Message]) -> list[bytes]:
    """Return the body of each message, sealed by the entry beside it."""
    made = np.empty((len(entries), _SEALING.size), dtype=np.uint8)
    made[:, :16] = entries[:, SALT_AT:KEY_AT]
    made[:, 16 : 16 + len(HEADER_MIDDLE)] = _MIDDLE
    made[:, 16 + len(HEADER_MIDDLE) : _HEAD_BYTES] = entries[:, :SALT_AT]
    made[:, _HEAD_BYTES:] = entries[:, KEY_AT:]
    return [
        head + AESGCM(content_key).encrypt(nonce, message.record, None)
        for (head, content_key, nonce), message in zip(_SEALING.iter_unpack(made.tobytes()), messages, strict=True)
    ]


def _are_paths(paths: list[bytes]) -> bool:
    """Say whether all of *paths* are as sign-up lets them in."""
    # A line's end is not among the bytes of a path, so it may stand between two: one look at all for each question.
    joined = b"\n".join(paths)
    if joined.translate(None, _PATH_BYTES) != b"\n" * (len(paths) - 1):
        return False
    lengths = list(map(len, paths))
    return (
        joined[:1] == b"/"
        and joined.count(b"\n/") == len(paths) - 1
        and min(lengths) > 1
        and max(lengths) <= MAX_LENGTH
    )


def _groups(code: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the positions of each value of *code*, in order."""
    if (code == code[0]).all():
        return [np.arange(len(code))]
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return np.split(order, cuts)


def _picked(wanted: Rows, at: NDArray[Any]) -> Rows:
    if len(at) == len(wanted.keys):
        return wanted  # a part that is all of it, in the same order
    return Rows(
        [wanted.keys[one] for one in at.tolist()],
        *(getattr(wanted, name)[at] for name in ("rows", "parts", "languages", "places", "nths", "generations")),
    )


assert 2**NUMBER_BITS > MAX_PLACES
