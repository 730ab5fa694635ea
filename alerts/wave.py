"""What a tsunami warning says of one coast: which warning, how high, and when the first wave comes.

The first wave is not the highest, and a height that the agency does not give in metres is no small one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# The one that asks to leave the shore and not to flee.
ADVISORY = "津波注意報"


@dataclass(frozen=True, slots=True)
class Wave:
    """`warning` and `height` are the agency's words (巨大, 高い, １０ｍ超); without a figure `height_m` is None.

    `arrives_at` is None where no time is given; `arriving` says that the wave is there by the agency's estimate.
    """

    warning: str
    height: str = ""
    height_m: float | None = None
    arrives_at: datetime | None = None
    arriving: bool = False


def worst_wave(waves: Iterable[Wave]) -> Wave | None:
    """Return what is true for people of several coasts together: the highest of the waves, and the earliest time.

    A height in words alone (巨大) counts above any figure.
    """
    found = sorted(waves, key=lambda wave: (-_height(wave), wave.warning))
    if not found:
        return None
    times = [wave.arrives_at for wave in found if wave.arrives_at is not None]
    first = found[0]
    return Wave(first.warning, first.height, first.height_m, min(times, default=None), any(w.arriving for w in found))


def _height(wave: Wave) -> float:
    if wave.height_m is not None:
        return wave.height_m
    return float("inf") if wave.height else -1.0
