"""Read municipal reports from their bytes: JSON of the published form, or a table."""

from datetime import datetime
from typing import Any

from alerts.report import Report
from feeds.csv_text import CsvTable
from feeds.dis.document import KIND, read_document, series_of_document
from feeds.dis.form import FORMAT
from feeds.dis.table import plain_of

TABLE_KIND = "DIS-table"
# Somewhere in every JSON document of the form.
NAMED = f'"{FORMAT}"'.encode()


def is_report(built: Any) -> bool:
    """Say whether JSON that was *built* is a municipal report of the published form."""
    return isinstance(built, dict) and built.get("format") == FORMAT


def read_json_report(built: Any, raw: bytes, received: datetime, feed: str) -> Report:
    """Return what the JSON document says."""
    return read_document(built, raw, received=received, came_by=feed, kind=KIND)


def read_table_report(table: CsvTable, raw: bytes, received: datetime, feed: str) -> Report:
    """Return what the table says."""
    return read_document(plain_of(table), raw, received=received, came_by=feed, kind=TABLE_KIND)


def series_of_json(built: Any) -> str:
    """Return the series of the JSON document."""
    return series_of_document(built)


def series_of_table(table: CsvTable) -> str:
    """Return the series of the table."""
    return series_of_document(plain_of(table))
