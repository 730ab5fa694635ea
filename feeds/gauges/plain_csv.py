"""Gauges of anybody's: a table in CSV and a map that says what its columns mean.

A map names the columns of one source; what it leaves empty the source does not have. Two maps are known by
their columns alone (English, Japanese); every other source is declared by its feed, ``gauge:NAME``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from alerts.gauge import GaugeReading, GaugeStation, Quantity, Thresholds
from alerts.report import Report
from feeds.csv_text import CsvTable
from feeds.errors import GaugeError
from feeds.gauges.document import facts_report, reading, station_id
from feeds.gauges.value import SENTINELS, number_of, point_of, text_of, time_of, value_of


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column holds what. `station` is required; `value` needs `time`, a place needs `lat` and `lng`."""

    source: str
    """Name of the source in every topic, e.g. `edogawa-gauges`."""
    station: str
    """Column of the station's code."""
    time: str = ""
    """Column of the time of the reading, ISO 8601 or `YYYY/MM/DD HH:MM`."""
    value: str = ""
    """Column of the value."""
    name: str = ""
    """Column of the station's name."""
    lat: str = ""
    """Column of the latitude, WGS 84 degrees."""
    lng: str = ""
    """Column of the longitude, WGS 84 degrees."""
    river: str = ""
    """Column of the river's code or name, as `river_zone` has it."""
    reach: str = ""
    """Column of the reach."""
    standby: str = ""
    """Column of 水防団待機水位."""
    caution: str = ""
    """Column of 氾濫注意水位."""
    evacuation: str = ""
    """Column of 避難判断水位."""
    danger: str = ""
    """Column of 氾濫危険水位."""
    overflow: str = ""
    """Column of 氾濫開始水位."""
    quantity: str = Quantity.STAGE_M.value
    """What is measured: `stage_m`, `rain_1h_mm`, `rain_10min_mm`, `rain_24h_mm` or `flow_m3_s`."""
    factor: float = 1.0
    """What a value is multiplied by to have the quantity's unit: 0.01 for centimetres."""
    offset_minutes: int = 540
    """Offset from UTC of times that name none; 540 is Japan."""
    missing: tuple[float, ...] = ()
    """Numbers that mean "no value" at this source, beside the usual ones."""


ENGLISH = ColumnMap(
    "csv", "station", "time", "value", "name", "lat", "lng", "river", "reach", "standby_m", "caution_m",
    "evacuation_m", "danger_m", "overflow_m",
)  # fmt: skip
JAPANESE = ColumnMap(
    "csv", "観測所コード", "観測時刻", "水位", "観測所名", "緯度", "経度", "河川名", "区間", "水防団待機水位",
    "氾濫注意水位", "避難判断水位", "氾濫危険水位", "氾濫開始水位",
)  # fmt: skip
KNOWN = (ENGLISH, JAPANESE)

_THRESHOLDS = ("standby", "caution", "evacuation", "danger", "overflow")


def column_maps(plain: Mapping[str, Any]) -> dict[str, ColumnMap]:
    """Return the maps of a settings file (`ops/gauges.toml`) by their source; raise `GaugeError` on a doubtful one."""
    maps: dict[str, ColumnMap] = {}
    for row in plain.get("source", []):
        unknown = set(row) - {field.name for field in fields(ColumnMap)}
        if unknown:
            raise GaugeError("gauge-column-map", f"unknown field {', '.join(sorted(unknown))}")
        values = {**row, "missing": tuple(map(float, row.get("missing", ())))}
        if (
            not values.get("source")
            or not values.get("station")
            or bool(values.get("time")) != bool(values.get("value"))
        ):
            raise GaugeError("gauge-column-map", "source and station are required; time and value go together")
        if values.get("quantity", Quantity.STAGE_M.value) not in set(Quantity):
            raise GaugeError("gauge-column-map", f"{values['source']}: quantity {values['quantity']!r}")
        maps[values["source"]] = ColumnMap(**values)
    return maps


def known_map(header: Iterable[str]) -> ColumnMap | None:
    """Return the map that fits *header* by itself: it names stations, and readings or places."""
    names = set(header)
    for columns in KNOWN:
        if columns.station in names and ({columns.time, columns.value} <= names or {columns.lat, columns.lng} <= names):
            return columns
    return None


def read_plain_csv(raw: bytes, table: CsvTable, columns: ColumnMap, received: datetime) -> Report:
    """Return the stations and readings of *table*, read by *columns*."""
    header = set(table.columns)
    absent = {name for name in (columns.station, columns.time, columns.value) if name and name not in header}
    if columns.station in absent or (absent and not {columns.lat, columns.lng} <= header):
        raise GaugeError("gauge-column-missing", ", ".join(sorted(absent)))
    stations: dict[str, GaugeStation] = {}
    readings: list[GaugeReading] = []
    for row in table.rows:
        code = text_of(row.get(columns.station))
        if not code:
            continue
        identity = station_id(columns.source, code)
        station = _station(row, columns, identity, code)
        if station is not None:
            stations[identity] = station
        if columns.value and not absent:
            found = _reading(row, columns, identity, received)
            readings += found
    return facts_report(raw, "gauge-csv", columns.source, received, stations=list(stations.values()), readings=readings)


def _station(row: Mapping[str, str], columns: ColumnMap, identity: str, code: str) -> GaugeStation | None:
    point = point_of(row.get(columns.lat), row.get(columns.lng))
    if point is None:
        return None
    levels = (number_of(row.get(getattr(columns, name), "")) for name in _THRESHOLDS)
    scaled = (None if level is None else level * columns.factor for level in levels)
    return GaugeStation(
        id=identity,
        name=text_of(row.get(columns.name, "")) or code,
        point=point,
        river=text_of(row.get(columns.river, "")),
        reach=text_of(row.get(columns.reach, "")),
        thresholds=Thresholds(*scaled),
    )


def _reading(row: Mapping[str, str], columns: ColumnMap, identity: str, received: datetime) -> list[GaugeReading]:
    at = time_of(row.get(columns.time), timedelta(minutes=columns.offset_minutes))
    if at is None:
        return []
    number, doubt = value_of(row.get(columns.value), SENTINELS | set(columns.missing))
    if number is not None:
        number *= columns.factor
    return [reading(columns.source, identity, Quantity(columns.quantity), (number, doubt), at, received)]
