"""The rivers of a shard: official stages against their thresholds, and what the agency itself forecasts (R23).

A stage is what the station's own agency measured. The only forecast here is that of an official river
telegram; ours is for coordinators, and never comes this far.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.claim import HazardSnapshot
from alerts.fact import AGEING_AFTER, UNCONFIRMED_AFTER, Attribution, Confidence, freshness
from alerts.place import Shard
from api.live.body import Content
from api.live.facts import LiveFacts, RiverReport
from feeds.jma.river import PARAMETER_LEVEL_FORECAST, PARAMETER_LEVEL_NOW
from streams.gauges.record import GaugeRecord

_RIVER_KINDS = ("VXKO", "VXSU")


def rivers_in(facts: LiveFacts, held: HazardSnapshot | None, shard: Shard, at: datetime) -> Content:
    """Return the stations in and around *shard* and the official river warnings that hold in it."""
    stations = [
        facts.gauges[name]
        for name, where in sorted(facts.gauge_shards.items())
        if shard in where and facts.gauges[name].described is not None
    ]
    times = [one.stage.at for one in stations if one.stage is not None]
    edges = [time + after for time in times for after in (AGEING_AFTER, UNCONFIRMED_AFTER)]
    warnings = list(_warnings(held, facts.rivers))
    return Content(
        {
            "shard": f"{shard:x}",
            "not_an_all_clear": True,
            "stations": [_station(one, at) for one in stations],
            "official_forecasts": warnings,
        },
        max([*times, *(one["sent"] for one in warnings)], default=None),
        min((edge for edge in edges if edge > at), default=None),
    )


def _station(gauge: GaugeRecord, at: datetime) -> dict[str, Any]:
    station, stage = gauge.described, gauge.stage
    assert station is not None
    limits = station.thresholds
    return {
        "id": station.id,
        "name": station.name,
        "river": station.river,
        "reach": station.reach,
        "point": [round(station.point.lng, 6), round(station.point.lat, 6)],
        "stage_m": None if stage is None else stage.value_m,
        "fact_at": None if stage is None else stage.at,
        "freshness": None if stage is None else _freshness(stage.at, at),
        "doubt": None if gauge.doubt is None else gauge.doubt.value,
        "level": gauge.level,
        "thresholds_m": {
            "standby": limits.standby_m,
            "caution": limits.caution_m,
            "evacuation": limits.evacuation_m,
            "danger": limits.danger_m,
            "overflow": limits.overflow_m,
        },
    }


def _freshness(fact_at: datetime, at: datetime) -> str:
    return freshness(Attribution("", fact_at, fact_at, Confidence.OFFICIAL), at=at).value


def _warnings(held: HazardSnapshot | None, reports: dict[str, RiverReport]) -> Iterable[dict[str, Any]]:
    for standing in () if held is None else held.standings:
        source = standing.provenance
        if not source.kind.startswith(_RIVER_KINDS) or not standing.dangers:
            continue
        report = reports.get(source.document)
        given = {} if report is None else {one.value_name: one.value for one in report.parameters}
        levels = [danger.level for danger in standing.dangers if danger.level is not None]
        yield {
            "lineage": source.lineage,
            "issuer": source.issuer,
            "event": next((danger.event for danger in standing.dangers if danger.event), ""),
            "level": max((int(level) for level in levels), default=None),
            "level_now": _number(given.get(PARAMETER_LEVEL_NOW)),
            "level_forecast": _number(given.get(PARAMETER_LEVEL_FORECAST)),
            "headline": "" if report is None else report.headline,
            "sent": source.sent,
        }


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
