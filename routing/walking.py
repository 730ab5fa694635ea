"""How long a stretch takes on foot, and whether it can be done without steps: one table.

Safe in the stated direction: never faster than the general pace, and a stretch of which it is not
known that it is step-free but which looks as if it were not (steps, a curb of over 2 cm, loose ground,
a steep slope) is not step-free.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from routing.network import WALK_METRES_PER_SECOND


class WayType(StrEnum):
    """What a stretch is to somebody on foot."""

    STREET = "street"
    FOOTWAY = "footway"
    CROSSING = "crossing"
    PATH = "path"  # not paved
    CORRIDOR = "corridor"  # indoors, also underground malls and station concourses
    STEPS = "steps"  # also escalators: in a power cut they are steps
    LIFT = "lift"


# Factor on the general pace. Stairs: 0.5 m/s along the slope is what crowds do in evacuation tests.
_FACTOR = {
    WayType.STREET: 1.0,
    WayType.FOOTWAY: 1.0,
    WayType.CROSSING: 0.8,
    WayType.PATH: 0.8,
    WayType.CORRIDOR: 0.9,
    WayType.STEPS: 0.5,
    WayType.LIFT: 1.0,
}
# A lift is waited for. It is used by the step-free way only, and never assumed in a quake (R3).
LIFT_SECONDS = 60
# 1:12, the steepest ramp of the barrier-free standard (移動円滑化基準).
STEEPEST_STEP_FREE = 1 / 12
# Slope (rise over run, either way) up to which the factor holds.
_SLOPES = ((0.05, 1.0), (0.08, 0.85), (0.12, 0.7))
_STEEPER = 0.5


@dataclass(frozen=True, slots=True)
class Walking:
    """Seconds at the general pace, whole and at least one; step-free ones, None where it has steps."""

    seconds: int
    step_free_seconds: int | None


def walking(metres: float, kind: WayType, *, slope: float = 0.0, step_free: bool | None = None) -> Walking:
    """Return the times of a stretch. *step_free* is what its source says; None is "nothing"."""
    factor = _FACTOR[kind] * next((part for limit, part in _SLOPES if abs(slope) <= limit), _STEEPER)
    seconds = max(1, math.ceil(metres / (WALK_METRES_PER_SECOND * factor)))
    if kind is WayType.LIFT:
        seconds += LIFT_SECONDS
    looks_free = kind not in (WayType.STEPS, WayType.PATH) and abs(slope) <= STEEPEST_STEP_FREE
    # A source may say "no" of anything and "yes" of a path; steps with a ramp are its own stretch.
    free = looks_free if step_free is None else step_free
    return Walking(seconds, seconds if free else None)
