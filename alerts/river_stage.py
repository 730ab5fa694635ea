"""How a river stands against its thresholds, now and as its own agency forecasts: what notice 2 draws.

Only what the official river forecast states (気象業務法: ours is never shown to residents, R23). Metres are
above the station's own zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.gauge import Thresholds

# A picture is told again when the water has moved by this share of the way from caution to danger.
_WORTH_TELLING = 0.25
# Where the thresholds do not say how far that is.
_WORTH_TELLING_M = 0.5


class Trend(StrEnum):
    """Which way the water goes, as the agency says it."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Stage:
    """The water at one time, observed or forecast. `level` is the level (0 to 5) that the agency gives it."""

    at: datetime
    stage_m: float
    level: int | None = None


@dataclass(frozen=True, slots=True)
class RiverStage:
    """One station of a river: observed now, and forecast. `places` are the municipalities that it stands for."""

    station: str  # the agency's code
    name: str
    river: str
    now: Stage
    trend: Trend | None = None
    forecast: tuple[Stage, ...] = ()
    thresholds: Thresholds = Thresholds()  # noqa: RUF009 - frozen
    places: tuple[str, ...] = ()

    @property
    def peak(self) -> Stage:
        """Return the highest of now and the forecast; of equals the first."""
        return max((self.now, *self.forecast), key=lambda stage: (stage.level or 0, stage.stage_m))


def worst_of(stages: Iterable[RiverStage]) -> RiverStage | None:
    """Return the station that is worst now, then worst to come, then the first by code; None of none."""
    found = sorted(stages, key=lambda one: one.station)
    return max(found, key=lambda one: (one.now.level or 0, one.peak.level or 0, _height(one)), default=None)


def tells_more(told: RiverStage, now: RiverStage) -> bool:
    """Say whether *now* is worth a push to people who were shown *told*: another level, or a marked move."""
    if told.station != now.station:
        return True
    if now.now.at <= told.now.at:
        return False
    if (told.now.level, told.peak.level) != (now.now.level, now.peak.level):
        return True
    return abs(now.now.stage_m - told.now.stage_m) >= _step(now.thresholds)


def next_threshold(stage: RiverStage) -> tuple[int, float] | None:
    """Return level and height of the lowest threshold that the water has not reached; None above all of them."""
    for level, height in thresholds_of(stage.thresholds):
        if height > stage.now.stage_m:
            return level, height
    return None


def thresholds_of(thresholds: Thresholds) -> tuple[tuple[int, float], ...]:
    """Return level and height of each threshold that is known, rising."""
    ladder = enumerate((thresholds.standby_m, thresholds.caution_m, thresholds.evacuation_m, thresholds.danger_m), 1)
    return tuple((level, height) for level, height in ladder if height is not None)


def _height(one: RiverStage) -> float:
    """Return how far the water is on the way from caution to danger: stations have zeros of their own."""
    caution, danger = one.thresholds.caution_m, one.thresholds.danger_m
    if caution is None or danger is None or danger <= caution:
        return 0.0
    return (one.now.stage_m - caution) / (danger - caution)


def _step(thresholds: Thresholds) -> float:
    caution, danger = thresholds.caution_m, thresholds.danger_m
    if caution is None or danger is None or danger <= caution:
        return _WORTH_TELLING_M
    return _WORTH_TELLING * (danger - caution)
