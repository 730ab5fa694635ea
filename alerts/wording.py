"""What every text is written within: the facts of a part, the limits, and how names and times are shown.

Apart from the words, so that each language's writer can use it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase

# Residents read wall clocks; the service's home has one zone and no summer time.
JAPAN = timezone(timedelta(hours=9))
MAX_TITLE_WIDTH = 40  # 20 full-width characters
# What a lock screen shows of a body, under the whole title.
FIRST_CHARACTERS = 40
# Leaves room for the rest of a 2,600-byte push in both its forms.
MAX_TEXT_BYTES = 900
_MAX_NAME_CHARACTERS = 24

# Dangers whose warnings name a level's action (洪水, 大雨, 土砂災害, 高潮).
LEVELLED = frozenset({HazardKind.HEAVY_RAIN, HazardKind.LANDSLIDE, HazardKind.FLOOD, HazardKind.STORM_SURGE})


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What is true for everybody in a part. `headline` is for coordinators and never pasted."""

    phase: Phase
    level: Level | None
    severity: Severity
    hazards: tuple[HazardKind, ...]
    area_names: tuple[str, ...]
    issuer: str
    sent: datetime
    expires: datetime
    partial: bool = False
    headline: str = ""


# What everybody reads in whose cell less than half of the area lies.
EDGE_JA = "あなたの場所はその境の近くです。"


def width(text: str) -> int:
    """Return the width of *text* in half-width columns; a full-width character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def shown_name(name: str) -> str:
    """Return *name* without what could turn a line around or break it, and not too long."""
    letters = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in name)
    return " ".join("".join(letters).split())[:_MAX_NAME_CHARACTERS]


def names_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names* as they are shown, each once, in their order."""
    return tuple(dict.fromkeys(name for name in map(shown_name, names) if name))


def clock(at: datetime) -> str:
    """Return the time of day of *at* where people read it."""
    return at.astimezone(JAPAN).strftime("%H:%M")
