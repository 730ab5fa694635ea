"""Count at the sink what arrived: by the paths in its log, never by what the sender says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Arrived:
    """One accepted request: when its answer was written (epoch milliseconds), and its path."""

    at_ms: float
    path: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a sink saw of one notice. `lost` were expected and never came; `duplicates` came more often."""

    accepted: int
    unique: int
    lost: int
    duplicates: int
    strangers: int
    first_ms: float
    p50_ms: float
    p99_ms: float
    last_ms: float


def tally(arrived: Iterable[Arrived], expected: Mapping[int, int], begun_ms: float) -> Tally:
    """Return the counts of *arrived* against *expected*: hash of a path -> how many pushes are right at most.

    Times are milliseconds from *begun_ms*.
    """
    seen: dict[int, int] = {}
    times: list[float] = []
    for one in arrived:
        key = hash(one.path)
        seen[key] = seen.get(key, 0) + 1
        times.append(one.at_ms - begun_ms)
    sorted_ms = np.sort(np.array(times or [0.0]))
    return Tally(
        accepted=len(times),
        unique=len(seen),
        lost=sum(key not in seen for key in expected),
        duplicates=sum(max(0, count - expected.get(key, count)) for key, count in seen.items()),
        strangers=sum(key not in expected for key in seen),
        first_ms=float(sorted_ms[0]),
        p50_ms=float(sorted_ms[len(sorted_ms) // 2]),
        p99_ms=float(sorted_ms[min(len(sorted_ms) - 1, len(sorted_ms) * 99 // 100)]),
        last_ms=float(sorted_ms[-1]),
    )
