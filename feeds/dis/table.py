"""Municipal reports as tables with Japanese headers become the same plain document as JSON.

One table holds one kind of rows: orders, shelters, roads or incidents. A column that is not listed is not
read. What cannot be turned into a number stays as it was written, so that the form refuses that row
and says where.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from feeds.csv_text import CsvTable, Row
from feeds.dis.clock import UNDATED, time_of
from feeds.dis.document import CODE_NOT_GIVEN
from feeds.dis.facts import COMMON_ID
from feeds.dis.form import FORMAT
from feeds.dis.words import HAZARDS
from feeds.errors import DisError

# Ours first; after it what the open-data forms and real lists call the same.
ID = ("文書ID",)
REVISION = ("版",)
ISSUER_CODE = ("団体コード", "発信者コード", "所在地_全国地方公共団体コード", "全国地方公共団体コード")
ISSUER_NAME = ("団体名", "発信者名")
SENT = ("発信日時",)
STATUS = ("状況",)
TYPE = ("種別",)
NOTE = ("備考",)

LEVEL = ("避難情報", "警戒レベル")
ORDER_STATE = ("発令状況",)
HAZARD = ("災害種別",)
AREA = ("対象地区", "対象地域")
AREA_CODE = ("対象コード",)
ISSUED = ("発令日時",)
EXPIRES = ("有効期限",)
TEXT = ("内容",)

ROW_ID = ("ID", "共通ID", "管理番号")
NAME = ("名称", "避難所名", "施設・場所名", "路線名")
AS_OF = ("時点", "確認日時", "更新日時")
LAT = ("緯度",)
LNG = ("経度",)
ADDRESS = ("所在地_連結表記", "所在地", "住所")
SHELTER_STATE = ("開設状況",)
SITE_CLASS = ("施設区分",)
CAPACITY = ("想定収容人数", "収容人数")
OCCUPANTS = ("人数", "避難者数")
BAND = ("混雑状況",)
ACCEPTS = ("受入範囲",)
NEEDS = ("不足物資", "必要物資")
STEP_FREE = ("バリアフリー",)
ROAD_STATE = ("通行規制",)
CONFIDENCE = ("確度",)
CAUSE = ("原因",)
FROM = ("規制開始",)
UNTIL = ("規制終了",)
ROAD_IDS = ("道路ID",)
INCIDENT_KIND = ("被害種別",)
TITLE = ("件名",)
COUNTS = ("件数",)
ENDED = ("終了",)

# The time stands in the name of the column: 人数_令和6年1月9日午後6時時点.
_OCCUPANTS_AT = re.compile(r"^(?:人数|避難者数)_(.+?)(?:時点)?$")
_FIT_FOR = re.compile(r"^災害種別_(.+)$")
_YES = frozenset({"1", "1.0", "○", "〇", "◯", "true", "有", "はい"})
_NO = frozenset({"0", "0.0", "", "×", "false", "無", "いいえ"})
_LISTS = re.compile(r"[;；、|]")


def is_report_table(columns: Sequence[str]) -> bool:
    """Say whether a table with *columns* is a municipal report."""
    return bool(_kind_of(columns))


def plain_of(table: CsvTable) -> dict[str, Any]:
    """Return the plain document that *table* is, or raise `DisError` where it does not say whose it is."""
    kind = _kind_of(table.columns)
    if not kind:
        raise DisError("dis-columns", "no columns of a municipal report")
    if not table.rows:
        # An empty list after a full one may be a fault of the sender; it is no word about any of its rows.
        raise DisError("dis-nothing-said", "a header and no rows")
    rows = [_ROWS[kind](row, table.columns, number) for number, row in enumerate(table.rows, start=1)]
    head = {name: _same(table.rows, columns) for name, columns in _HEAD.items()}
    code = head["code"] or CODE_NOT_GIVEN
    name = head["name"] or _place_name(table.rows[0])
    if not name:
        raise DisError("dis-issuer", "no column says whose table it is")
    sent = time_of(head["sent"]) if head["sent"] else _newest(rows)
    if sent is None:
        raise DisError("dis-time", f"{head['sent'][:40]} is no time")
    return {
        "format": FORMAT,
        "version": 1,
        "id": head["id"] or f"table:{kind}",
        "revision": int(head["revision"]) if head["revision"].isdecimal() else 0,
        "issuer": {"code": code, "name": name},
        "sent": sent.isoformat(),
        "status": head["status"] or "Actual",
        "type": head["type"] or "Report",
        "note": head["note"],
        kind: _orders(rows) if kind == "orders" else rows,
    }


_HEAD = {
    "id": ID, "revision": REVISION, "code": ISSUER_CODE, "name": ISSUER_NAME,
    "sent": SENT, "status": STATUS, "type": TYPE, "note": NOTE,
}  # fmt: skip


def _kind_of(columns: Sequence[str]) -> str:
    known = set(columns)

    def has(*names: Sequence[str]) -> bool:
        return all(known & set(group) for group in names)

    if has(LEVEL, AREA):
        return "orders"
    if has(ROAD_STATE):
        return "roads"
    if has(INCIDENT_KIND):
        return "incidents"
    people = has(OCCUPANTS) or any(_OCCUPANTS_AT.match(name) for name in columns)
    if has(NAME) and (people or has(SHELTER_STATE) or has(BAND) or has(CAPACITY)):
        return "shelters"
    return ""


def _of(row: Row, names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _same(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Return what all rows say in a column of the document itself; two documents in one table are refused."""
    found = {value for row in rows if (value := _of(row, names))}
    if len(found) > 1:
        raise DisError("dis-mixed-documents", f"{names[0]}: {len(found)} values in one table")
    return next(iter(found), "")


def _place_name(row: Row) -> str:
    return row.get("所在地_都道府県", "") + row.get("所在地_市区町村", "")


def _newest(rows: Sequence[Mapping[str, Any]]) -> datetime:
    times = (time_of(row.get("as_of") or row.get("issued_at") or "") for row in rows)
    return max((at for at in times if at is not None), default=UNDATED)


def _number(text: str) -> float | str:
    return float(text) if re.fullmatch(r"-?\d{1,3}(\.\d{1,20})?", text) else text


def _time(text: str) -> str:
    at = time_of(text)
    return at.isoformat() if at is not None else text


def _flag(text: str) -> bool | str:
    lower = text.lower()
    return True if lower in _YES else False if lower in _NO else text


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", None, [], {})}


def _position(row: Row) -> dict[str, Any]:
    return {"lat": _number(_of(row, LAT)), "lng": _number(_of(row, LNG))}


def _shelter(row: Row, columns: Sequence[str], _number_of_row: int) -> dict[str, Any]:
    occupants, as_of = _of(row, OCCUPANTS), _time(_of(row, AS_OF))
    counted = bool(set(columns) & set(OCCUPANTS))
    for column in columns:
        at = _OCCUPANTS_AT.match(column)
        if at and row.get(column):
            counted, occupants, as_of = True, row[column], _time(at.group(1))
    fit_for = [(found.group(1), row.get(column, "")) for column in columns if (found := _FIT_FOR.match(column))]
    state = _of(row, SHELTER_STATE)
    if not state and counted and occupants:
        # A list of open shelters has no column that says so: people are counted where a shelter is open.
        state = "開設"
    return _kept(
        {
            "id": _shelter_id(row),
            "name": _of(row, NAME),
            "as_of": as_of or UNDATED.isoformat(),
            "state": state,
            **_position(row),
            "address": _of(row, ADDRESS),
            "class": _of(row, SITE_CLASS),
            # Blank flags of a site that is on the list of none are "not said", not "fit for nothing".
            "fit_for": [word for word, flag in fit_for if _flag(flag) is True and word in HAZARDS],
            "step_free": _flag(_of(row, STEP_FREE)) if _of(row, STEP_FREE) else None,
            "capacity": _of(row, CAPACITY),
            "occupants": occupants,
            "band": _of(row, BAND),
            "accepts": _of(row, ACCEPTS),
            "needs": [need.strip() for need in _LISTS.split(_of(row, NEEDS)) if need.strip()],
        }
    )


def _shelter_id(row: Row) -> str:
    """Return the id of a shelter; the lists of one city agree on its name and not on whether they give its code."""
    own, place = _of(row, ROW_ID) or _of(row, NAME), _place_name(row)
    return "".join(f"{place}:{own}".split()) if place and not COMMON_ID.match(own) else "".join(own.split())


def _road(row: Row, _columns: Sequence[str], number: int) -> dict[str, Any]:
    return _kept(
        {
            "id": _of(row, ROW_ID) or f"row-{number}",
            "name": _of(row, NAME),
            "state": _of(row, ROAD_STATE),
            "confidence": _of(row, CONFIDENCE),
            "cause": _of(row, CAUSE),
            "as_of": _time(_of(row, AS_OF)),
            "from": _time(_of(row, FROM)),
            "until": _time(_of(row, UNTIL)),
            **_position(row),
            "road_ids": [one.strip() for one in _LISTS.split(_of(row, ROAD_IDS)) if one.strip()],
            "text": _of(row, TEXT),
        }
    )


def _incident(row: Row, _columns: Sequence[str], number: int) -> dict[str, Any]:
    counts = dict(part.partition("=")[::2] for part in _LISTS.split(_of(row, COUNTS)) if "=" in part)
    return _kept(
        {
            "id": _of(row, ROW_ID) or f"row-{number}",
            "kind": _of(row, INCIDENT_KIND),
            "title": _of(row, TITLE) or _of(row, INCIDENT_KIND),
            "confidence": _of(row, CONFIDENCE),
            "as_of": _time(_of(row, AS_OF)),
            **_position(row),
            "area_codes": [code.strip() for code in _LISTS.split(_of(row, AREA_CODE)) if code.strip()],
            "text": _of(row, TEXT),
            "counts": {name.strip(): int(n) if n.strip().isdecimal() else n for name, n in counts.items()},
            "ended": _flag(_of(row, ENDED)) if _of(row, ENDED) else None,
        }
    )


def _order(row: Row, _columns: Sequence[str], _number_of_row: int) -> dict[str, Any]:
    level = _of(row, LEVEL)
    return _kept(
        {
            "level": int(level) if level in ("3", "4", "5") else level,
            "state": _of(row, ORDER_STATE) or "発令",
            "hazard": _of(row, HAZARD),
            "areas": [_kept({"name": _of(row, AREA), "code": _of(row, AREA_CODE)})],
            "issued_at": _time(_of(row, ISSUED)),
            "expires_at": _time(_of(row, EXPIRES)),
            "text": _of(row, TEXT),
        }
    )


_ROWS = {"orders": _order, "shelters": _shelter, "roads": _road, "incidents": _incident}


def _orders(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one order for all rows that differ in nothing but their area."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = repr(sorted((name, value) for name, value in row.items() if name != "areas"))
        if key in found:
            found[key]["areas"] += row["areas"]
        else:
            found[key] = {**row, "areas": list(row["areas"])}
    return list(found.values())
