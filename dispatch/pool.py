"""Envelopes made before there is anything to say: at alert time one AES call is left.

A generation of envelopes is one entry for each subscription. An entry is a function of the secret that
all workers share, the generation's random name, and the subscription; the pool is a cache of that
function and nothing else. So a worker that takes over with an empty pool makes the same entry, and
sends the same bytes (promise 2); and so nothing of the pool needs to be restored, ever.

A (key, nonce) must never meet two plaintexts. What keeps that, in order:

- A generation is for one revision. It is named at random when it is made, taken once, and marked as
  spent on disk (`fsync`) before it is used; a process forgets it at its end.
- `told` names it, with the digests of what may be said, and is stored before the first POST. Whoever
  takes over uses it for these words and these places only; for others it has none (`Entries.of`).
- An entry depends on the subscription's id, its keys and the number of the place, so neither two
  people nor two places of one share it, and new keys make another entry.
"""

import os
import secrets
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.envelope import Entry, entry_from, private_key_from
from dispatch.layers import People
from dispatch.told import GENERATION_BYTES

ENTRY_BYTES = 65 + 16 + 16 + 12
# Sender's public key first: its leading 4 says that the entry is there.
_SALT, _KEY, _NONCE = 65, 81, 97
_THERE = 4
_MIN_SECRET_BYTES = 32


def new_generation() -> bytes:
    """Return a name that no other generation has."""
    return secrets.token_bytes(GENERATION_BYTES)


def entry_for(secret: bytes, generation: bytes, identifier: bytes, place: int, p256dh: bytes, auth: bytes) -> Entry:
    """Return the entry of one subscription (and place, in kind 3) in *generation*: always the same."""
    if len(secret) < _MIN_SECRET_BYTES or len(generation) != GENERATION_BYTES:
        raise ValueError("an entry needs a secret of 32 bytes or more and the name of a generation")
    # All parts have fixed lengths, so they cannot run into each other.
    message = b"".join((generation, identifier, bytes((place,)), p256dh, auth))
    random = blake2b(message, key=secret[:64], person=b"shirase-pool", digest_size=64).digest()
    return entry_from(private_key_from(random[:48]), random[48:], p256dh, auth)


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
    """Up to *depth* generations for the subscriptions of one worker, the fullest taken first.

    With a *folder* a note of what was taken is kept there (mode 0600) and synced before the first use.
    Entries themselves stay in memory: they would be secret on disk, and cost nothing to lose but
    processor time.
    """

    def __init__(
        self, secret: bytes, people: People, depth: int, mine: NDArray[np.bool_] | None = None, folder: Path | None = None
    ) -> None:
        """*mine* are the buckets to fill for; all 256 without it."""
        self._secret = secret
        self._depth = depth
        self._mine = mine
        self._folder = folder
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

    def take(self) -> Generation:
        """Return a generation for one revision, the fullest there is, never to be taken again.

        Returns when it is marked as spent; an empty one where the pool is dry.
        """
        if self._ready:
            taken = max(self._ready, key=lambda one: one.filled)
            self._ready.remove(taken)
        else:
            taken = Generation(new_generation(), np.zeros((0, ENTRY_BYTES), dtype=np.uint8))
        self._spend(taken.name)
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
            there = generation.entries[self._order, 0] == _THERE
            gaps = np.flatnonzero(~there)
            generation.filled = int(gaps[0]) if len(gaps) else len(self._order)

    def _make(self, generation: Generation, rows: list[int]) -> None:
        base, entries = self._people.base, generation.entries
        for row in rows:
            if entries[row, 0] == _THERE:
                continue
            entry = entry_for(
                self._secret, generation.name, base.id_of(row), 0, base.p256dh(row), base.auth(row)
            )
            entries[row] = np.frombuffer(
                entry.sender_public + entry.salt + entry.content_key + entry.nonce, dtype=np.uint8
            )

    def _spend(self, name: bytes) -> None:
        """Note on disk that *name* is spent; whoever keeps entries in files must read it first."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / "spent"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, name)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def entries_at(generation: Generation, rows: NDArray[np.int64]) -> Iterator[Entry | None]:
    """Yield the entry of each of *rows*, None where there is none."""
    there = rows < len(generation.entries)
    gathered = np.zeros((len(rows), ENTRY_BYTES), dtype=np.uint8)
    gathered[there] = generation.entries[rows[there]]
    raw = gathered.tobytes()
    for at in range(0, len(raw), ENTRY_BYTES):
        if raw[at] != _THERE:
            yield None
            continue
        yield Entry(
            raw[at : at + _SALT],
            raw[at + _SALT : at + _KEY],
            raw[at + _KEY : at + _NONCE],
            raw[at + _NONCE : at + ENTRY_BYTES],
        )

