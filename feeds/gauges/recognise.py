"""Tell which source a table or a JSON document of readings comes from, by what is in it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.report import Report
from feeds.csv_text import CsvLimits, parse_csv
from feeds.errors import CsvError, GaugeError
from feeds.gauges import amedas, crisis, plain_csv, uk_ea, usgs
from feeds.gauges.document import FEED, series_of_source
from feeds.gauges.page import looks_like_a_page
from feeds.gauges.plain_csv import ColumnMap

NO_MAPS: Mapping[str, ColumnMap] = {}
# A year of a whole region in one table is a fair test of a forecast, and a real file.
LIMITS = CsvLimits(max_bytes=8 * 1024 * 1024, max_rows=200_000)
_HEAD_BYTES = 8192
_DECLARED = f"{FEED}:"


def is_gauge_json(document: Any) -> bool:
    """Say whether *document* is a gauges' one."""
    return (
        crisis.is_crisis_json(document)
        or usgs.is_waterml(document)
        or uk_ea.is_ea(document)
        or (isinstance(document, dict) and len(document) == 1 and set(document) <= crisis.PLACE_LISTS)
        or usgs.is_ogc(document)
    )


def read_gauge_json(raw: bytes, document: Any, received: datetime) -> Report:
    """Return the facts of a document that `is_gauge_json` knows."""
    if usgs.is_waterml(document):
        return usgs.read_waterml(raw, document, received)
    if uk_ea.is_ea(document):
        return uk_ea.read_ea(raw, document, received)
    if crisis.is_crisis_json(document):
        return crisis.read_crisis_json(raw, document, received)
    if set(document) <= crisis.PLACE_LISTS:
        return crisis.read_places(raw, received)
    return usgs.read_ogc(raw, document, received)


def is_gauge_table(raw: bytes, feed: str = "") -> bool:
    """Say whether *raw* is a gauges' table: by its columns, or because its feed says so."""
    return feed.startswith(_DECLARED) or usgs.is_rdb(raw) or _source_by_columns(_header(raw)) is not None


def read_gauge_table(raw: bytes, feed: str, received: datetime, maps: Mapping[str, ColumnMap] = NO_MAPS) -> Report:
    """Return the facts of a table; raise `FeedError` with a stable reason."""
    if looks_like_a_page(raw):
        raise GaugeError("gauge-is-a-page", f"{feed or 'document'}: a web page under a 200: behind a log-in?")
    if usgs.is_rdb(raw):
        return usgs.read_rdb(raw, received)
    table = parse_csv(raw, LIMITS)
    names = set(table.columns)
    declared = feed.removeprefix(_DECLARED) if feed.startswith(_DECLARED) else ""
    if declared in maps:
        return plain_csv.read_plain_csv(raw, table, maps[declared], received)
    if names >= crisis.READING_COLUMNS or names >= crisis.STATION_COLUMNS:
        return crisis.read_crisis_csv(raw, table, received)
    if names >= amedas.STATION_COLUMNS:
        return amedas.read_amedas(raw, table, received)
    if names >= amedas.AREA_COLUMNS:
        return amedas.read_areas(raw, received)
    known = plain_csv.known_map(table.columns)
    if known is None:
        raise GaugeError("gauge-columns-unknown", f"{feed}: no column map for {', '.join(table.columns)[:120]}")
    return plain_csv.read_plain_csv(raw, table, known, received)


def gauge_series_of(raw: bytes, feed: str = "") -> str:
    """Return the series of a gauges' document by its first kilobytes, empty where it is none; never raise."""
    if feed.startswith(_DECLARED):
        return series_of_source(feed.removeprefix(_DECLARED))
    head = raw[:_HEAD_BYTES]
    source = _source_of_json(head) if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else None
    if source is None:
        source = usgs.SOURCE if usgs.is_rdb(raw[:65536]) else _source_by_columns(_header(raw))
    return series_of_source(source) if source else ""


def _source_of_json(head: bytes) -> str | None:
    if b"environment.data.gov.uk/flood-monitoring" in head:
        return uk_ea.SOURCE
    if b"obsTime" in head or b"k.river.go.jp" in head or re.search(rb'^[^"]{0,40}"(prefs|towns)"', head):
        return crisis.SOURCE
    if b"timeSeries" in head or b'"features"' in head or b'"FeatureCollection"' in head:
        return usgs.SOURCE
    return None


def _header(raw: bytes) -> frozenset[str]:
    """Return the names in the first line of *raw*, empty where that is no line of a table."""
    line = raw[:_HEAD_BYTES].split(b"\n", 1)[0]
    if b"," not in line or line.lstrip(b"\xef\xbb\xbf \t")[:1] in (b"<", b"{", b"["):
        return frozenset()
    try:
        return frozenset(parse_csv(line).columns)
    except CsvError:
        return frozenset()


def _source_by_columns(names: frozenset[str]) -> str | None:
    if names >= crisis.READING_COLUMNS or names >= crisis.STATION_COLUMNS:
        return crisis.SOURCE
    if names >= amedas.STATION_COLUMNS or names >= amedas.AREA_COLUMNS:
        return amedas.SOURCE
    known = plain_csv.known_map(names)
    return None if known is None else known.source
