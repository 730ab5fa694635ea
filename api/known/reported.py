"""Roads that somebody reports and nobody has confirmed: for a coordinator to confirm or to reject.

Folded from `closures`. What residents say stands for one road as one line with its count and age; what the
console has said since about the same place ends it. Direction of safety: a newer report comes back.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import h3.api.basic_int as h3

from alerts.fact import Confidence
from alerts.place import LatLng
from alerts.road import RoadReport
from feeds.console import SOURCE
from streams.brokers.client import Record
from streams.ingest.facts import is_heartbeat
from streams.topics import CLOSURES
from streams.wire import decode

# Cells of 25 m: the middle of one road, never the next one.
_PLACE_RESOLUTION = 11


@dataclass(frozen=True, slots=True)
class Report:
    """A road as it is reported: by whom, how often, since when, and the newest word."""

    road: RoadReport
    point: LatLng
    count: int
    since: datetime


@dataclass(slots=True)
class Reported:
    """One thread applies, any thread may look."""

    _reports: dict[bytes, RoadReport] = field(default_factory=dict)
    _ours: dict[int, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record of `closures`; others are passed over."""
        if record.topic != CLOSURES.name or is_heartbeat(record.key):
            return
        road = None if record.value is None else decode(RoadReport, record.value)
        with self._lock:
            if road is None:
                self._reports.pop(record.key, None)
            elif road.attribution.source == SOURCE:
                for place in _places(road):
                    self._ours[place] = max(road.attribution.fact_at, self._ours.get(place, road.attribution.fact_at))
            elif road.attribution.confidence is Confidence.REPORTED and not road.lifted:
                self._reports[record.key] = road
            else:
                self._reports.pop(record.key, None)

    def waiting(self, at: datetime) -> tuple[Report, ...]:
        """Return what nobody has confirmed or rejected, the most often reported first."""
        with self._lock:
            reports, ours = tuple(self._reports.values()), dict(self._ours)
        together: dict[int, list[RoadReport]] = {}
        for road in reports:
            if road.valid_until is not None and road.valid_until <= at:
                continue
            for place in _places(road)[:1]:
                if place not in ours or ours[place] < road.attribution.fact_at:
                    together.setdefault(place, []).append(road)
        found = [_report(roads) for roads in together.values()]
        return tuple(sorted(found, key=lambda one: (-one.count, one.since)))


def _report(roads: Iterable[RoadReport]) -> Report:
    ordered = sorted(roads, key=lambda road: road.attribution.fact_at)
    newest = ordered[-1]
    point = newest.place.point or newest.place.line[0]
    return Report(newest, point, len(ordered), ordered[0].attribution.fact_at)


def _places(road: RoadReport) -> tuple[int, ...]:
    points = (road.place.point,) if road.place.point is not None else road.place.line[:1]
    return tuple(h3.latlng_to_cell(point.lat, point.lng, _PLACE_RESOLUTION) for point in points)
