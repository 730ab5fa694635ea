"""危機管理型水位計: the MLIT's crisis gauges, as its collectors write them (CSV and JSON).

These gauges sleep until the water stands at their start level. 観測開始水位 is kept as the lowest threshold,
危険水位 as the danger level, 氾濫開始水位 as the overflow level; 氾濫注意 and 避難判断 do not exist for them. `over`
is a string of bits, the lowest being the start level: ``101`` is overflow at a station without a danger level.

Stages are metres above the station's own zero, often its height above the sea. Times are Japan's.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.gauge import GaugeReading, GaugeStation, Quantity, Thresholds
from alerts.report import Report
from feeds.csv_text import CsvTable
from feeds.errors import GaugeError
from feeds.gauges.document import JAPAN, facts_report, reading, station_id
from feeds.gauges.value import number_of, point_of, text_of, time_of, value_of

SOURCE = "mlit-crisis"
READING_COLUMNS = frozenset({"code", "obsTime", "level", "over"})
STATION_COLUMNS = frozenset({"code", "latitude", "longitude", "startLevel", "fladLevel"})
# Lists of prefectures and towns by which the collector asks; they hold no gauge.
PLACE_LISTS = frozenset({"prefs", "towns"})

_OVER = re.compile(r"0|1[01]{0,2}")
_OVERFLOW_BIT = 3
# 「幸田川橋－U　／　（二）幸田川」 names its river after the stroke, 「多摩川右岸47.8k」 at the beginning.
_AFTER_STROKE = re.compile(r"[／/]\s*(?:[（(][^）)]{1,4}[）)])?\s*(\S{1,20}川)")
_AT_BEGINNING = re.compile(r"^(\S{1,12}?川)(?!橋|町|村|市|区)")


def read_crisis_csv(raw: bytes, table: CsvTable, received: datetime) -> Report:
    """Return the readings or stations of the collector's CSV."""
    if set(table.columns) >= READING_COLUMNS:
        readings = [found for row in table.rows if (found := _reading(row, received)) is not None]
        return facts_report(raw, "crisis-gauge-readings-csv", SOURCE, received, readings=readings)
    stations = [station for row in table.rows if (station := _station(row)) is not None]
    return facts_report(raw, "crisis-gauge-stations-csv", SOURCE, received, stations=stations)


def read_crisis_json(raw: bytes, document: dict[str, Any], received: datetime) -> Report:
    """Return readings and stations of the collector's JSON: each item carries both."""
    items = document.get("items", [])
    if not isinstance(items, list):
        raise GaugeError("gauge-form", f"items is a {type(items).__name__}, not a list")
    rows = [item for item in items if isinstance(item, dict)]
    stations = [station for row in rows if (station := _station(row)) is not None]
    readings = [found for row in rows if (found := _reading(row, received)) is not None]
    return facts_report(raw, "crisis-gauge-json", SOURCE, received, stations=stations, readings=readings)


def read_places(raw: bytes, received: datetime) -> Report:
    """Return a list of prefectures or towns as a document without readings."""
    return facts_report(raw, "crisis-gauge-places", SOURCE, received, table_only=True)


def is_crisis_json(document: Any) -> bool:
    """Say whether *document* is the collector's list of readings."""
    if not isinstance(document, dict):
        return False
    items = document.get("items")
    if isinstance(items, list) and items:
        return isinstance(items[0], dict) and set(items[0]) >= READING_COLUMNS
    return "k.river.go.jp" in str(document.get("source", ""))


def _reading(row: Mapping[str, Any], received: datetime) -> GaugeReading | None:
    """Return the reading of *row*; None without a station or a time, since nobody could say what it speaks of."""
    code, at = text_of(row.get("code")), time_of(row.get("obsTime"), JAPAN)
    if not code or at is None:
        return None
    over = text_of(row.get("over"))
    overflow = len(over) == _OVERFLOW_BIT if _OVER.fullmatch(over) else None
    return reading(
        SOURCE,
        station_id(SOURCE, code),
        Quantity.STAGE_M,
        value_of(row.get("level")),
        at,
        received,
        overflow=overflow,
    )


def _station(row: Mapping[str, Any]) -> GaugeStation | None:
    code, point = text_of(row.get("code")), point_of(row.get("latitude"), row.get("longitude"))
    if not code or point is None:
        return None
    name = text_of(row.get("name"))
    return GaugeStation(
        id=station_id(SOURCE, code),
        name=name or code,
        point=point,
        river=river_in(name),
        thresholds=Thresholds(
            standby_m=number_of(row.get("startLevel")),
            danger_m=number_of(row.get("warnLevel")),
            overflow_m=number_of(row.get("fladLevel")),
        ),
    )


def river_in(name: str) -> str:
    """Return the river that a station's name speaks of, empty where it names none."""
    found = _AFTER_STROKE.search(name) or _AT_BEGINNING.search(name)
    return found.group(1) if found else ""
