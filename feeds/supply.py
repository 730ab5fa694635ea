"""Shelters' requests for supplies, as 物資調達・輸送調整等支援システム lists them, become needs of the shelter model.

A row is one item that one shelter asks for. What has been delivered or taken back is no need any more; a
shelter all of whose rows are such has none, which is a word of its own. The list says nothing about
whether a shelter is open.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.report import Report
from feeds.csv_text import CsvTable, Row
from feeds.dis.clock import UNDATED, time_of
from feeds.dis.document import CODE_NOT_GIVEN, read_document, series_of_document
from feeds.dis.form import FORMAT
from feeds.errors import DisError

FEED = "supply"
KIND = "supply-needs"
COLUMNS = frozenset({"避難所名", "品目"})
_QUANTITY = ("要請数量", "数量")
_REQUESTED = ("要請日時", "更新日時")
_CODE = ("団体コード", "市区町村コード")
_OFFICE = ("団体名", "市区町村名")
# The states of a request in which nothing is missing any more.
_OVER = frozenset({"納品済", "到着済", "完了", "取消", "キャンセル"})
_MOST_NEEDS = 100


def is_supply_table(columns: Sequence[str]) -> bool:
    """Say whether a table with *columns* is a list of requests."""
    return set(columns) >= COLUMNS


def read_supply(table: CsvTable, raw: bytes, received: datetime, came_by: str) -> Report:
    """Return the needs in *table*; raise `DisError` where it does not say whose list it is."""
    return read_document(plain_of(table), raw, received=received, came_by=came_by, feed=FEED, kind=KIND)


def series_of_supply(table: CsvTable) -> str:
    """Return the series of the list: its municipality's."""
    return series_of_document(plain_of(table))


def plain_of(table: CsvTable) -> dict[str, Any]:
    """Return the plain document of *table*, one row for each shelter."""
    if not table.rows:
        raise DisError("dis-nothing-said", "a header and no rows")
    codes, names = _values(table.rows, _CODE), _values(table.rows, _OFFICE)
    if len(codes) > 1 or len(names) > 1:
        raise DisError("dis-mixed-documents", "requests of two municipalities in one list")
    if not names:
        raise DisError("dis-issuer", "no column says whose list it is")
    shelters: dict[str, dict[str, Any]] = {}
    for row in table.rows:
        name = row.get("避難所名", "")
        at = time_of(_first(row, _REQUESTED)) or UNDATED
        own = row.get("避難所ID") or row.get("共通ID") or name
        one = shelters.setdefault(own, {"id": "".join(own.split()), "name": name, "as_of": at, "needs": []})
        one["as_of"] = max(one["as_of"], at)
        if row.get("状態", "") not in _OVER and row.get("品目") and len(one["needs"]) < _MOST_NEEDS:
            one["needs"].append(f"{row['品目']} {_first(row, _QUANTITY)}{row.get('単位', '')}".strip())
    newest = max(one["as_of"] for one in shelters.values())
    return {
        "format": FORMAT,
        "version": 1,
        "id": "supply-needs",
        "revision": 0,
        "issuer": {"code": next(iter(codes), CODE_NOT_GIVEN), "name": next(iter(names))},
        "sent": newest.isoformat(),
        "status": "Actual",
        "type": "Report",
        "shelters": [{**one, "as_of": one["as_of"].isoformat()} for one in shelters.values()],
    }


def _first(row: Row, names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _values(rows: Sequence[Row], names: Sequence[str]) -> set[str]:
    return {value for row in rows if (value := _first(row, names))}
