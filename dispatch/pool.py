"""Envelopes made before there is anything to say: at alert time one AES call is left.

A generation of envelopes is one entry for each subscription. An entry is a function of the secret that
all workers share, the generation's random name, and the subscription; the pool is a cache of that
function and nothing else. So a worker that takes over with an empty pool makes the same entry, and
sends the same bytes (promise 2); and so nothing of the pool needs to be restored, ever.

A (key, nonce) must never meet two plaintexts. What keeps that, in order:

- A generation is for one revision at one worker. Its name is random, it is taken once, and the entries live
  in memory only: what a process did not use dies with it, so nothing can come back and be used again.
- `told` reserves it: the name, the rows with their parts and places, and a digest of all that may be said
  are stored and acknowledged before the first POST. Whoever takes over uses it for these words only; if its
  own version would say anything else, it seals with entries that depend on the words (`derived_entry`).
- An entry depends on the subscription's id and keys and on which of her pushes in this revision it is, so
  neither two people nor two places share one, and new keys make another entry.
"""

import itertools
import logging
import secrets
from collections.abc import Callable, Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dispatch.agreement import scalar_from
from dispatch.columns import U8
from dispatch.envelope import Entry, entry_from
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.told import GENERATION_BYTES

log = logging.getLogger(__name__)

# Sender's public key first: its leading 4 says that the entry is there. Then salt, content key, nonce.
SALT_AT, KEY_AT, NONCE_AT, ENTRY_BYTES = 65, 81, 97, 109
THERE = 4
_MIN_SECRET_BYTES = 32
# A generation is one entry for everybody, and making it anew takes a minute of a core for a million people: a revision
# for fewer than this does not spend it, since what it needs is made in a tenth of a second.
WORTH_A_GENERATION = 2_048

Make = Callable[[bytes, bytes, U8, U8], U8]
"""From private keys, salts, points without their leading 4, and secrets to rows (`dispatch.native.entries`)."""


def new_generation() -> bytes:
    """Return a name that no other generation has."""
    return secrets.token_bytes(GENERATION_BYTES)


def entry_for(secret: bytes, generation: bytes, identifier: bytes, nth: int, p256dh: bytes, auth: bytes) -> Entry:
    """Return the entry of one subscription's *nth* push in *generation*: always the same."""
    return entry_from(*made_of(secret, generation, identifier, nth, p256dh, auth), p256dh, auth)


def made_of(
    secret: bytes, generation: bytes, identifier: bytes, nth: int, p256dh: bytes, auth: bytes
) -> tuple[bytes, bytes]:
    """Return the private key and the salt of that entry."""
    if len(secret) < _MIN_SECRET_BYTES or len(generation) != GENERATION_BYTES:
        raise ValueError("an entry needs a secret of 32 bytes or more and the name of a generation")
    # All parts have fixed lengths, so they cannot run into each other.
    message = b"".join((generation, identifier, bytes((nth,)), p256dh, auth))
    random = blake2b(message, key=secret[:64], person=b"shirase-pool", digest_size=64).digest()
    return scalar_from(random[:48]), random[48:]


def entries_for(
    secret: bytes, generation: bytes, registry: Registry, rows: list[int], nths: Iterable[int], together: Make | None
) -> U8:
    """Return the entries of *rows*' pushes in *generation*, one in a row: in one call of *together*, or one by one."""
    made = [
        made_of(secret, generation, registry.id_of(row), nth, registry.p256dh(row), registry.auth(row))
        for row, nth in zip(rows, nths, strict=True)
    ]
    if together is not None and rows:
        scalars, salts = (b"".join(parts) for parts in zip(*made, strict=True))
        columns = registry.columns
        try:
            return together(scalars, salts, columns.p256dh[rows], columns.auth[rows])
        except ValueError as error:
            log.error("C refused envelopes, Python makes them", extra={"reason": str(error)})
    return as_rows(
        entry_from(scalar, salt, registry.p256dh(row), registry.auth(row))
        for row, (scalar, salt) in zip(rows, made, strict=True)
    )


def as_rows(entries: Iterable[Entry]) -> U8:
    """Return *entries* as they are kept, one in a row."""
    raw = b"".join(one.sender_public + one.salt + one.content_key + one.nonce for one in entries)
    return np.frombuffer(raw, dtype=np.uint8).reshape(-1, ENTRY_BYTES)


class Generation:
    """Entries by row of one registry, some or all of them there."""

    def __init__(self, name: bytes, entries: NDArray[np.uint8]) -> None:
        self.name = name
        self.entries = entries
        self.filled = 0  # positions of the filling order that are done

    @classmethod
    def empty(cls, rows: int) -> "Generation":
        """Return a new one without entries."""
        return cls(new_generation(), np.zeros((rows, ENTRY_BYTES), dtype=np.uint8))


class Pool:
    """Up to *depth* generations for the subscriptions of one worker, the fullest taken first."""

    def __init__(
        self,
        secret: bytes,
        people: People,
        depth: int,
        mine: NDArray[np.bool_] | None = None,
        together: Make | None = None,
    ) -> None:
        """*mine* says of each of the 256 buckets whether to fill for it; all without it.

        *together* makes the entries of a turn in one call; without it they are made one by one, to the same bytes.
        """
        self._secret = secret
        self._depth = depth
        self._mine = mine
        self._together = together
        self._ready: list[Generation] = []
        self._follow(people)

    def _follow(self, people: People) -> None:
        self._people = people
        base = people.base
        self._order = (
            np.arange(base.count, dtype=np.uint32)
            if self._mine is None
            else np.flatnonzero(self._mine[base.bucket]).astype(np.uint32)
        )

    @property
    def depth(self) -> int:
        """Return how many generations are wanted."""
        return self._depth

    @property
    def level(self) -> float:
        """Return how many entries there are for each subscription, 0 to the depth."""
        return sum(one.filled for one in self._ready) / len(self._order) if len(self._order) else float(self._depth)

    @property
    def full(self) -> bool:
        """Say whether there is nothing to fill."""
        return len(self._ready) == self._depth and all(one.filled == len(self._order) for one in self._ready)

    def take(self, rows: int) -> Generation:
        """Return a generation for one revision of so many *rows*, the fullest there is, never to be taken again.

        It has no entries where the pool is dry, and for a revision for few: they are then made as they are needed.
        """
        if not self._ready or rows < min(WORTH_A_GENERATION, len(self._order) // 2):
            return Generation.empty(0)
        taken = max(self._ready, key=lambda one: one.filled)
        self._ready.remove(taken)
        return taken

    def fill(self, rows: int) -> int:
        """Make up to *rows* entries and return how many: call it when there is nothing to send."""
        made = 0
        while made < rows and not self.full:
            generation = next((one for one in self._ready if one.filled < len(self._order)), None)
            if generation is None:
                generation = Generation.empty(self._people.base.count)
                self._ready.append(generation)
            some = self._order[generation.filled : generation.filled + rows - made].tolist()
            if not some:
                break
            self._make(generation, some)
            generation.filled += len(some)
            made += len(some)
        return made

    def rebuilt(self, people: People, old: NDArray[np.int64]) -> None:
        """Follow a registry that was built anew; *old* says which ordinal each row had."""
        before = len(self._people.base.bucket)
        kept = old < before
        for generation in self._ready:
            entries = np.zeros((len(old), ENTRY_BYTES), dtype=np.uint8)
            entries[kept] = generation.entries[old[kept]]
            generation.entries = entries
        self._follow(people)
        for generation in self._ready:
            # What came last is missing: begin again at the first gap.
            there = generation.entries[self._order, 0] == THERE
            gaps = np.flatnonzero(~there)
            generation.filled = int(gaps[0]) if len(gaps) else len(self._order)

    def _make(self, generation: Generation, rows: list[int]) -> None:
        base, entries = self._people.base, generation.entries
        missing = [row for row in rows if entries[row, 0] != THERE]
        if missing:
            entries[missing] = entries_for(
                self._secret, generation.name, base, missing, itertools.repeat(0, len(missing)), self._together
            )
