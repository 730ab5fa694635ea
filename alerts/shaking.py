"""Seismic intensity (震度) as the JMA names it, from which on people are told: 5 lower to 7.

Not a level: nobody is told to leave by it, and its colours are not the levels'.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Intensity(StrEnum):
    """How strongly the ground shook. The value is the telegrams' own code."""

    LOWER_5 = "5-"
    UPPER_5 = "5+"
    LOWER_6 = "6-"
    UPPER_6 = "6+"
    SEVEN = "7"


INTENSITY_NAMES_JA: Mapping[Intensity, str] = {
    Intensity.LOWER_5: "震度５弱",
    Intensity.UPPER_5: "震度５強",
    Intensity.LOWER_6: "震度６弱",
    Intensity.UPPER_6: "震度６強",
    Intensity.SEVEN: "震度７",
}
# From here on houses lean and fall.
STRONG = frozenset({Intensity.LOWER_6, Intensity.UPPER_6, Intensity.SEVEN})
_BY_NAME = {name: intensity for intensity, name in INTENSITY_NAMES_JA.items()}
_RANK = {intensity: rank for rank, intensity in enumerate(Intensity)}


def intensity_of(events: Iterable[str]) -> Intensity | None:
    """Return the strongest intensity among *events*, None where none is one."""
    return max((_BY_NAME[event] for event in events if event in _BY_NAME), key=rank, default=None)


def rank(intensity: Intensity) -> int:
    """Return what orders intensities; higher is stronger."""
    return _RANK[intensity]
