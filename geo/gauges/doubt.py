"""Whether a reading is to be believed: its own value first, then its past, then its neighbours.

A doubtful reading is kept and shown, and nothing is done for it: neither raised nor lowered. The next
reading that agrees with it ends the doubt, so that a real wave is late by one reading and never lost; a
value out of range is never confirmed, because a sensor that fails does so steadily.

Direction of safety: a rise that a river can make is believed at once. A doubt never lowers a level.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.gauge import Doubt, GaugeReading, Thresholds

# Of 29,828 readings in Kanto none that was true stood higher above the overflow level; nation-wide 598 that
# were not did.
MOST_ABOVE_OVERFLOW_M = 5.0
# Where no overflow level is known: above the highest level that is.
MOST_ABOVE_KNOWN_M = 10.0
# Stations state their zero or the sea's; below the lowest level by more than this a sensor hangs in the air.
MOST_BELOW_KNOWN_M = 50.0
# The Toga river rose 1.34 m in ten minutes (Kobe 2008), the fastest that gauges in towns have seen. Up to this
# a river may change by itself:
PLAUSIBLE_STEP_M, PLAUSIBLE_M_PER_MINUTE = 1.0, 0.15
# and from this on nobody believes it without a second reading (+8 m in a minute).
TOO_FAST_STEP_M, TOO_FAST_M_PER_MINUTE = 2.5, 0.4
# No river goes on so for longer: after a gap of hours a change of metres is asked about as well.
FASTEST_FOR_MINUTES = 30.0
# Between the two its neighbours are asked; one that moved by so much agrees.
AGREEING_STEP_M = 0.05
NEIGHBOURS_NEEDED = 2
# The same value for so long, at so many readings: even a quiet river moves by a centimetre.
STUCK_AFTER = timedelta(hours=6)
STUCK_READINGS = 4
_SAME_M = 0.0005


@dataclass(frozen=True, slots=True)
class Stage:
    """A believed value of a station: metres above its zero."""

    at: datetime
    value_m: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """How much a station nearby, or of the same river, has changed within the last hour; metres, signed."""

    station: str
    change_m: float


_CALM = tuple(Neighbour("", 0.0) for _ in range(NEIGHBOURS_NEEDED))


@dataclass(frozen=True, slots=True)
class Belief:
    """Whether a reading is believed. `reason` is a stable code; `doubt` None means: act on it."""

    doubt: Doubt | None
    reason: str


def believe(
    reading: GaugeReading,
    thresholds: Thresholds,
    past: Sequence[Stage],
    doubted: Stage | None,
    same_since: Stage | None,
    same_count: int,
    neighbours: Sequence[Neighbour] = (),
) -> Belief:
    """Return whether *reading* is believed, given what its station said before.

    *past* are believed stages, the newest last; *doubted* is the stage that the last reading said and
    that was not believed; *same_since* is since when the value has stood still.
    """
    at, value = reading.attribution.fact_at, reading.value
    if reading.doubt is not None:
        return Belief(reading.doubt, f"source-{reading.doubt.value}")
    if value is None:
        return Belief(Doubt.SENTINEL, "no-value")
    if past and at <= past[-1].at:
        return Belief(Doubt.OUT_OF_ORDER, "not-newer-than-the-last")
    if _out_of_range(value, thresholds):
        return Belief(Doubt.OUT_OF_RANGE, "beyond-what-the-station-can-read")
    if not past:
        return Belief(None, "first")
    jump = _jump(value - past[-1].value_m, at - past[-1].at, neighbours)
    if jump is not None:
        if doubted is not None and _jump(value - doubted.value_m, at - doubted.at, ()) is None:
            return Belief(None, "confirmed-by-the-next")
        return jump
    stands_still = same_since is not None and is_same(value, same_since) and at - same_since.at >= STUCK_AFTER
    if stands_still and same_count + 1 >= STUCK_READINGS:
        return Belief(Doubt.STUCK, "the-same-for-hours")
    return Belief(None, "plausible")


def asks_neighbours(reading: GaugeReading, past: Sequence[Stage]) -> bool:
    """Say whether *reading* is one about which neighbours are asked at all: most never are."""
    if reading.value is None or not past or reading.attribution.fact_at <= past[-1].at:
        return False
    return _jump(reading.value - past[-1].value_m, reading.attribution.fact_at - past[-1].at, _CALM) is not None


def is_same(value_m: float, since: Stage | None) -> bool:
    """Say whether *value_m* is what the station has stood at *since*."""
    return since is not None and abs(value_m - since.value_m) < _SAME_M


def _out_of_range(value: float, thresholds: Thresholds) -> bool:
    known = [
        level
        for level in (thresholds.standby_m, thresholds.caution_m, thresholds.evacuation_m, thresholds.danger_m)
        if level is not None
    ]
    if thresholds.overflow_m is not None:
        known.append(thresholds.overflow_m)
        if value > thresholds.overflow_m + MOST_ABOVE_OVERFLOW_M:
            return True
    return bool(known) and not (min(known) - MOST_BELOW_KNOWN_M <= value <= max(known) + MOST_ABOVE_KNOWN_M)


def _jump(change_m: float, within: timedelta, neighbours: Sequence[Neighbour]) -> Belief | None:
    """Return the doubt about a change of *change_m*, None where a river may change so."""
    minutes = min(within.total_seconds() / 60, FASTEST_FOR_MINUTES)
    size = abs(change_m)
    if size <= PLAUSIBLE_STEP_M + PLAUSIBLE_M_PER_MINUTE * minutes:
        return None
    if size > TOO_FAST_STEP_M + TOO_FAST_M_PER_MINUTE * minutes:
        return Belief(Doubt.TOO_FAST, "faster-than-a-river")
    agreeing = [one for one in neighbours if one.change_m * change_m > 0 and abs(one.change_m) >= AGREEING_STEP_M]
    if agreeing or len(neighbours) < NEIGHBOURS_NEEDED:
        return None
    return Belief(Doubt.NEIGHBOURS_DISAGREE, "no-neighbour-moved")
