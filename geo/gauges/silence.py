"""Whether a station still speaks: silence is a state of its own, and never a low river (R10)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.gauge import Doubt
from geo.gauges.station import GaugeState

# Gauges of large rivers report every ten minutes, crisis gauges every two to ten while the water is high.
SILENT_AFTER = timedelta(minutes=60)


class Voice(StrEnum):
    """How a station is heard. There is no value for "calm": that is a level."""

    SPEAKS = "speaks"
    DOUBTFUL = "doubtful"  # it speaks, and what it says is not believed
    SILENT = "silent"  # as low as it may stand, nobody knows
    ASLEEP = "asleep"  # silent with no level in force: a crisis gauge sleeps until the water comes


def voice_of(state: GaugeState, at: datetime) -> Voice:
    """Return how the station is heard at the time *at*. The level that it holds is not touched by it."""
    return voice_at(state.heard_at, state.held.level, state.doubt, at)


def voice_at(heard_at: datetime | None, level: int, doubt: Doubt | None, at: datetime) -> Voice:
    """Return how a station is heard that last spoke at *heard_at* and holds *level*."""
    if heard_at is None or at - heard_at >= SILENT_AFTER:
        return Voice.SILENT if level > 0 else Voice.ASLEEP
    return Voice.DOUBTFUL if doubt is not None else Voice.SPEAKS


def voices(states: Iterable[GaugeState], at: datetime) -> dict[Voice, int]:
    """Return how many stations are heard how, every voice named."""
    counts = dict.fromkeys(Voice, 0)
    for state in states:
        counts[voice_of(state, at)] += 1
    return counts
