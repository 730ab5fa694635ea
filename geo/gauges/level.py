"""Which level holds at a station: a rise at once, a fall only after hours of being lower.

A river that swings about a threshold would tell people to prepare and to stop preparing several times a
night. A rise is told at once (promise 13: within 5 s); a level is lowered when the water has stood below it
by a margin for an hour and six hours have gone since it was last raised. Whatever the water does, six hours
then hold two changes at the most about one threshold.

Direction of safety: a level may hold too long, never too short. Silence lowers nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.gauge import Thresholds

FALL_CALM = timedelta(hours=1)
FALL_AFTER_RISE = timedelta(hours=6)
# Waves and the sensor's own noise; a share of the threshold would be metres where zero is the sea's.
FALL_MARGIN_M = 0.05
# 水防団待機 (1) to 氾濫開始 (5), as the official flood forecasts count them.
HIGHEST = 5


class Move(StrEnum):
    """What a believed stage does to the level of its station."""

    RISE = "rise"
    FALL = "fall"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Held:
    """The level that holds at a station, 0 for none. `below_since` is since when the water has been lower."""

    level: int = 0
    rose_at: datetime | None = None
    below_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The level after a stage, and why."""

    held: Held
    move: Move
    reason: str


def threshold_m(thresholds: Thresholds, level: int) -> float | None:
    """Return the stage at which *level* (1 to 5) begins, None where the station has none."""
    return (
        thresholds.standby_m,
        thresholds.caution_m,
        thresholds.evacuation_m,
        thresholds.danger_m,
        thresholds.overflow_m,
    )[level - 1]


def level_at(value_m: float, thresholds: Thresholds, margin_m: float = 0.0) -> int:
    """Return the highest level whose threshold, less *margin_m*, *value_m* has reached; 0 for none."""
    for level in range(HIGHEST, 0, -1):
        begins = threshold_m(thresholds, level)
        if begins is not None and value_m >= begins - margin_m:
            return level
    return 0


def judge(held: Held, value_m: float, at: datetime, thresholds: Thresholds) -> Judged:
    """Return the level after the believed stage *value_m* at the time *at*."""
    now = level_at(value_m, thresholds)
    if now > held.level:
        return Judged(Held(now, rose_at=at), Move.RISE, f"reached-level-{now}")
    kept = level_at(value_m, thresholds, FALL_MARGIN_M)
    if kept >= held.level:
        return Judged(replace(held, below_since=None), Move.HOLD, "at-its-level")
    since = held.below_since or at
    waiting = replace(held, below_since=since)
    if held.rose_at is not None and at - held.rose_at < FALL_AFTER_RISE:
        return Judged(waiting, Move.HOLD, "below-too-soon-after-the-rise")
    if at - since < FALL_CALM:
        return Judged(waiting, Move.HOLD, "below-not-long-enough")
    # The time of the rise stays: about the lower threshold too, a new fall waits from the last rise on.
    return Judged(Held(kept, rose_at=held.rose_at), Move.FALL, f"below-level-{held.level}")
