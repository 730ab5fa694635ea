"""What coordinators see of rivers: where each gauge stands, what may come, and what ground is assumed to be whose.

Folded from `gauges` and `hazards`. No broker and no clock. For coordinators only: the forecasts are ours (R23).
`gauge_lines` and `assumed_ties` are pure; `RiverDesk` keeps what they are asked of.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.claim import HazardSnapshot, Tie
from alerts.gauge import Doubt
from alerts.place import Cells
from geo.cells import union
from geo.gauges.forecast import Forecast
from geo.gauges.level import HIGHEST, threshold_m
from geo.gauges.silence import Voice, voice_at
from streams.brokers.record import Record
from streams.gauges.record import GaugeRecord
from streams.payloads import Draft
from streams.topics import GAUGES, HAZARDS
from streams.wire import decode

T = TypeVar("T")
TOPICS = (GAUGES.name, HAZARDS.name)


@dataclass(frozen=True, slots=True)
class GaugeLine:
    """One station, for a person. `to_next_m` is what the water lacks to the threshold of `next_level`.

    A silent station keeps its level: nobody knows how high the water is, and that is not calm.
    """

    station: str
    name: str
    river: str
    level: int
    stage_m: float | None
    fact_at: datetime | None
    next_level: int | None
    to_next_m: float | None
    rose_at: datetime | None
    voice: Voice
    doubt: Doubt | None
    reason: str
    forecasts: tuple[Forecast, ...]


@dataclass(frozen=True, slots=True)
class AssumedTie:
    """Ground that a river is assumed to endanger, for want of a row in `river_zone`: on the map, told to nobody."""

    lineage: str
    issuer: str
    event: str
    area_name: str
    level: int | None
    cells: Cells


@dataclass(frozen=True, slots=True)
class DraftClock:
    """Until when a draft is to be decided, and what is left of it; less than nothing once it is past."""

    decide_by: datetime
    left: timedelta

    @property
    def overdue(self) -> bool:
        """Say whether the moment has passed with nobody having decided."""
        return self.left < timedelta(0)


def clock_of(draft: Draft | None, at: datetime) -> DraftClock | None:
    """Return the clock of *draft*, None for one without: only drafts of ours have one (a gauge, the night)."""
    if draft is None or draft.provenance.decide_by is None:
        return None
    return DraftClock(draft.provenance.decide_by, draft.provenance.decide_by - at)


def gauge_lines(records: Iterable[GaugeRecord], at: datetime, *, everything: bool = False) -> tuple[GaugeLine, ...]:
    """Return the stations with a level, a doubt or a forecast, the highest level first; *everything* for all."""
    lines = [_line(record, at) for record in records]
    shown = [line for line in lines if everything or line.level > 0 or line.voice is Voice.DOUBTFUL or line.forecasts]
    return tuple(sorted(shown, key=lambda line: (-line.level, line.to_next_m or 0.0, line.station)))


def _line(record: GaugeRecord, at: datetime) -> GaugeLine:
    station, stage = record.described, record.stage
    above = None
    if station is not None:
        numbered = ((level, threshold_m(station.thresholds, level)) for level in range(record.level + 1, HIGHEST + 1))
        above = next(((level, metres) for level, metres in numbered if metres is not None), None)
    return GaugeLine(
        station=record.station,
        name=station.name if station is not None else record.station,
        river=station.river if station is not None else "",
        level=record.level,
        stage_m=stage.value_m if stage is not None else None,
        fact_at=stage.at if stage is not None else None,
        next_level=above[0] if above is not None else None,
        to_next_m=round(above[1] - stage.value_m, 2) if above is not None and stage is not None else None,
        rose_at=record.rose_at,
        voice=voice_at(record.heard_at, record.level, record.doubt, at),
        doubt=record.doubt,
        reason=record.reason,
        forecasts=record.forecasts,
    )


def assumed_ties(maps: Iterable[HazardSnapshot]) -> tuple[AssumedTie, ...]:
    """Return the ground that is a river's by assumption only, by lineage, of all shards together."""
    found: dict[tuple[str, str, str, str, int | None], list[Cells]] = {}
    for snapshot in maps:
        for standing in snapshot.standings:
            for danger in standing.dangers:
                if danger.tie is Tie.RIVER_ASSUMED:
                    said = standing.provenance
                    key = (said.lineage, said.issuer, danger.event, danger.area_name, danger.level)
                    found.setdefault(key, []).append(danger.cells)
    return tuple(AssumedTie(*key, union(*cells)) for key, cells in sorted(found.items(), key=_in_order))


def _in_order(one: tuple[tuple[str, str, str, str, int | None], list[Cells]]) -> tuple[int, str, str]:
    lineage, _, _, area_name, level = one[0]
    return -(level or 0), area_name, lineage


@dataclass(slots=True)
class RiverDesk:
    """The newest word of each station and shard. One thread applies, any thread may look."""

    _gauges: dict[bytes, GaugeRecord] = field(default_factory=dict)
    _maps: dict[bytes, HazardSnapshot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record of `gauges` or `hazards`. Raises `Refused` for one that cannot be read."""
        if record.topic == GAUGES.name:
            gauge = None if record.value is None else decode(GaugeRecord, record.value)
            with self._lock:
                _put(self._gauges, record.key, gauge)
        elif record.topic == HAZARDS.name:
            snapshot = None if record.value is None else decode(HazardSnapshot, record.value)
            # Only what an assumption speaks of is kept: a map of the whole country would be held for a few cells.
            kept = snapshot if snapshot is not None and assumed_ties([snapshot]) else None
            with self._lock:
                _put(self._maps, record.key, kept)

    def lines(self, at: datetime) -> tuple[GaugeLine, ...]:
        """Return the stations that a coordinator must see at the time *at*."""
        with self._lock:
            records = tuple(self._gauges.values())
        return gauge_lines(records, at)

    def assumed(self) -> tuple[AssumedTie, ...]:
        """Return the ground whose river is assumed."""
        with self._lock:
            maps = tuple(self._maps.values())
        return assumed_ties(maps)

    def assumed_cells(self, lineage: str) -> Cells:
        """Return the cells that *lineage* endangers by an assumption."""
        return union(*(one.cells for one in self.assumed() if one.lineage == lineage))


def _put(kept: dict[bytes, T], key: bytes, value: T | None) -> None:
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value
