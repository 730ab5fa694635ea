"""Environment Agency (England): flood-monitoring stations, measures and readings, as JSON.

A field that is one value at most stations is a list at a few; the first entry counts. Only the *Stage* of a
station is its stage: downstream stages, groundwater and tides are other waters. The typical range of a station
is no official threshold, so that its upper end is kept as the lowest one, which nobody is told of.
"""

from datetime import datetime, timedelta
from typing import Any

from alerts.gauge import GaugeReading, GaugeStation, Quantity, Thresholds
from alerts.report import Report
from feeds.errors import GaugeError
from feeds.gauges.document import facts_report, reading, station_id
from feeds.gauges.value import number_of, point_of, scalar, text_of, time_of, value_of

SOURCE = "uk-ea"
_HOST = "environment.data.gov.uk/flood-monitoring"
_STAGE_UNITS = {"m": 1.0, "mASD": 1.0, "mAOD": 1.0, "mm": 0.001}


def is_ea(document: Any) -> bool:
    """Say whether *document* is an answer of the flood-monitoring service."""
    return isinstance(document, dict) and "items" in document and _HOST in str(document.get("@context", ""))


def read_ea(raw: bytes, document: dict[str, Any], received: datetime) -> Report:
    """Return stations and newest readings: of a list, of one station, or of a list of readings."""
    items = document["items"]
    listed = items if isinstance(items, list) else [items]
    if not all(isinstance(item, dict) for item in listed):
        raise GaugeError("gauge-form", "items holds something that is no object")
    stations, readings = [], []
    for item in listed:
        if "stationReference" in item and "measure" not in item:
            stations += _station(item)
            readings += _newest(item, received)
        elif "measure" in item:
            readings += _measured(item, item.get("measure"), received)
    return facts_report(raw, "uk-ea", SOURCE, received, stations=stations, readings=readings, table_only=bool(listed))


def _station(item: dict[str, Any]) -> list[GaugeStation]:
    point = point_of(scalar(item.get("lat")), scalar(item.get("long")))
    code = text_of(item.get("stationReference"))
    if point is None or not code:
        return []  # without a place its readings can be kept, and say nothing about any cell
    scale = scalar(item.get("stageScale"))
    high = number_of(scale.get("typicalRangeHigh")) if isinstance(scale, dict) else None
    return [
        GaugeStation(
            id=station_id(SOURCE, code),
            name=text_of(item.get("label")) or code,
            point=point,
            river=text_of(item.get("riverName")),
            thresholds=Thresholds(standby_m=high),
        )
    ]


def _newest(item: dict[str, Any], received: datetime) -> list[GaugeReading]:
    """Return the newest reading of each measure of a station, where the answer carries it."""
    found: list[GaugeReading] = []
    measures = item.get("measures")
    for measure in measures if isinstance(measures, list) else [measures]:
        if isinstance(measure, dict):
            newest = scalar(measure.get("latestReading"))
            if isinstance(newest, dict):
                found += _measured(newest, {"stationReference": item.get("stationReference"), **measure}, received)
    return found


def _measured(entry: dict[str, Any], measure: Any, received: datetime) -> list[GaugeReading]:
    """Return the reading *entry* of *measure*: an object, or the address that names all of it."""
    at = time_of(entry.get("dateTime"), timedelta(0))
    if isinstance(measure, dict):
        code, parameter = text_of(measure.get("stationReference")), text_of(measure.get("parameter"))
        qualifier, unit = text_of(measure.get("qualifier")), text_of(measure.get("unitName"))
    else:
        code, parameter, qualifier, unit = _from_address(text_of(measure))
    if not code or at is None:
        return []
    value, doubt = value_of(scalar(entry.get("value")))
    if parameter == "level" and qualifier == "Stage" and unit in _STAGE_UNITS:
        value = None if value is None else value * _STAGE_UNITS[unit]
        quantity = Quantity.STAGE_M
    elif parameter == "flow" and unit == "m3/s":
        quantity = Quantity.FLOW_M3_S
    else:
        return []
    return [reading(SOURCE, station_id(SOURCE, code), quantity, (value, doubt), at, received)]


def _from_address(address: str) -> tuple[str, str, str, str]:
    """Return station, parameter, qualifier and unit of ``.../measures/1029TH-level-stage-i-15_min-mASD``."""
    parts = address.rpartition("/")[2].split("-")
    if len(parts) < 6:
        return "", "", "", ""
    code, (parameter, qualifier, _, _, unit) = "-".join(parts[:-5]), parts[-5:]
    return code, parameter, "Stage" if qualifier == "stage" else qualifier, unit.replace("_", "/")
