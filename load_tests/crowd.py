"""A made-up million: subscribers for the benchmark, with addresses as long as those that push services give out.

Nobody in it exists. Addresses differ in their first characters, so that whoever counts paths in a log counts people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import NO_QUIET_HOURS, Columns
from dispatch.registry import build
from shirase.demo.homes import homes_in
from shirase.demo.receivers import Receivers, make

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
_PLACE_SHARES = (0.40, 0.33, 0.16, 0.07, 0.04)
_LANGUAGES = ("ja", "en", "zh-Hans", "ko", "ja-Hira")
_LANGUAGE_SHARES = (0.87, 0.06, 0.04, 0.02, 0.01)
_CHUNK = 100_000
_ONE_WORD = bytes.maketrans(b"/?=", b"---")
# One body in a thousand is kept and opened, a thousand at least.
_SAMPLE_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Service:
    """One push service: what its addresses look like after the origin, and its share of the people."""

    name: str
    prefix: bytes
    token_characters: int
    share: float


# Lengths of addresses that browsers were given in 2025; the shares are a guess at Japan's phones and computers.
SERVICES = (
    Service("fcm", b"/fcm/send/", 163, 0.62),
    Service("apple", b"/Q", 164, 0.28),
    Service("mozilla", b"/wpush/v2/gAAAAAB", 177, 0.06),
    Service("wns", b"/w/?token=BQYAAAD", 190, 0.04),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made: the snapshot, the rows whose bodies are opened, and their keys."""

    registry: Path
    sample: NDArray[np.int64]
    receivers: Receivers


def make_crowd(
    count: int,
    seed: int,
    folder: Path,
    *,
    origins: Sequence[str],
    stub_origin: str,
    cache: Path,
    prefix: bytes = b"",
    receivers: Receivers | None = None,
) -> Crowd:
    """Write *count* people of the demo city into `folder`/registry; *origins* stand for the services in their order.

    Keys are the slow part (30 us each) and kept in *cache*, where no *receivers* are given. With a *prefix* every
    address begins with it, for a sink that knows one path only.
    """
    receivers = receivers or _keys(count, seed, cache)
    random = np.random.default_rng([seed, 20])
    every = max(1, min(_SAMPLE_EVERY, count // 1_000))
    sample = np.arange(0, count, every, dtype=np.int64)
    service = random.choice(len(SERVICES), count, p=[one.share for one in SERVICES]).astype(np.uint16)
    service[sample] = len(SERVICES)
    path, path_offset = _paths(service, receivers, random, prefix)
    homes = homes_in("tokyo23", seed)
    places = random.choice(len(_PLACE_SHARES), count, p=_PLACE_SHARES) + 1
    offset = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(places)])
    where = random.choice(len(homes.cells), int(offset[-1]), p=homes.weight)
    cells = homes.cells[where]
    columns = Columns(
        id=random.integers(0, 256, (count, 16), dtype=np.uint8),
        row_number=np.unique(random.integers(0, 2**64, count + 64, dtype=np.uint64))[:count],
        origin=service,
        path=path,
        path_offset=path_offset,
        p256dh=receivers.public,
        auth=receivers.auth,
        language=random.choice(len(_LANGUAGES), count, p=_LANGUAGE_SHARES).astype(np.uint8),
        flags=np.zeros(count, dtype=np.uint8),
        ward=homes.ward[where[offset[:-1]]].astype(np.uint16),
        quiet_start=np.full(count, NO_QUIET_HOURS, dtype=np.uint8),
        quiet_end=np.full(count, NO_QUIET_HOURS, dtype=np.uint8),
        vapid_key=np.zeros(count, dtype=np.uint8),
        seen=np.zeros(count, dtype=np.uint16),
        place_offset=offset.astype(np.uint32),
        place_cell=cells,
        place_role=np.zeros(len(cells), dtype=np.uint8),
        place_min_level=np.zeros(len(cells), dtype=np.uint8),
        place_terms=np.zeros(len(cells), dtype=np.uint32),
        origins=(*origins, stub_origin),
        languages=_LANGUAGES,
        wards=homes.wards,
    )
    build(columns, folder / "registry", version=f"bench-{seed}")
    return Crowd(folder / "registry", sample, receivers)


def _keys(count: int, seed: int, cache: Path) -> Receivers:
    folder = cache / f"keys-{count}-{seed}"
    if not (folder / "receivers.npz").exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        make(count, seed).save(folder)
    return Receivers.load(folder)


def _paths(
    service: NDArray[np.uint16], receivers: Receivers, random: np.random.Generator, instead: bytes
) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Return all addresses one after another, a service's rows a matrix at a time."""
    stub_path = len(b"/push/" + receivers.token_text(0).encode())
    length_of = np.array(
        [max(0, len(instead) - 1) + len(one.prefix) + one.token_characters for one in SERVICES] + [stub_path],
        dtype=np.int64,
    )
    offset = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(length_of[service])])
    path = np.empty(int(offset[-1]), dtype=np.uint8)
    for code, one in enumerate(SERVICES):
        rows = np.flatnonzero(service == code)
        # Behind the one path that such a sink knows stands one word.
        name = instead + one.prefix[1:].translate(_ONE_WORD) if instead else one.prefix
        prefix = np.frombuffer(name, dtype=np.uint8)
        for first in range(0, len(rows), _CHUNK):
            some = rows[first : first + _CHUNK]
            matrix = np.empty((len(some), int(length_of[code])), dtype=np.uint8)
            matrix[:, : len(prefix)] = prefix
            matrix[:, len(prefix) :] = _ALPHABET[
                random.integers(0, 64, (len(some), int(length_of[code]) - len(prefix)), dtype=np.uint8)
            ]
            at = offset[some][:, None] + np.arange(matrix.shape[1])
            path[at] = matrix
    for row in np.flatnonzero(service == len(SERVICES)).tolist():
        text = b"/push/" + receivers.token_text(row).encode()
        path[offset[row] : offset[row + 1]] = np.frombuffer(text, dtype=np.uint8)
    return path, offset.astype(np.uint64)
