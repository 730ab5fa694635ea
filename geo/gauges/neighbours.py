"""Stations that would have noticed: those of the same river, or near by."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.gauge import GaugeStation
from alerts.place import LatLng
from geo.gauges.doubt import Neighbour, Stage
from geo.gauges.station import GaugeState

# The same rain falls on all of them, and a wave of one river passes within the hour.
NEAR_KM = 10.0
SAME_RIVER_KM = 30.0
# A neighbour that was last heard longer ago cannot say what happened since.
HEARD_WITHIN = timedelta(minutes=30)
LOOKS_BACK = timedelta(minutes=75)
_KM_PER_DEGREE = 111.32


def neighbours_of(station: GaugeStation, others: Iterable[GaugeState], at: datetime) -> tuple[Neighbour, ...]:
    """Return how much the neighbours of *station* that were heard lately have changed, up to the time *at*."""
    found = []
    for other in others:
        if other.station is None or other.station.id == station.id or not _is_near(station, other.station):
            continue
        change = _change(other.stages, at)
        if change is not None:
            found.append(Neighbour(other.station.id, change))
    return tuple(found)


def _is_near(one: GaugeStation, other: GaugeStation) -> bool:
    reach = SAME_RIVER_KM if one.river and one.river == other.river else NEAR_KM
    # Before the cosines: a nation's stations are asked about each jump.
    return abs(one.point.lat - other.point.lat) * _KM_PER_DEGREE <= reach and _km(one.point, other.point) <= reach


def _km(one: LatLng, other: LatLng) -> float:
    north = (one.lat - other.lat) * _KM_PER_DEGREE
    east = (one.lng - other.lng) * _KM_PER_DEGREE * math.cos(math.radians((one.lat + other.lat) / 2))
    return math.hypot(north, east)


def _change(stages: tuple[Stage, ...], at: datetime) -> float | None:
    recent = [stage for stage in stages if at - LOOKS_BACK <= stage.at <= at + HEARD_WITHIN]
    if len(recent) < 2 or at - recent[-1].at > HEARD_WITHIN:
        return None
    return recent[-1].value_m - recent[0].value_m
