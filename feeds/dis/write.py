"""Write reports in the form in which we read them: JSON, and tables for an office's spreadsheet (R16).

What goes out is a function of a report's alert and facts, so that it can be read back and compared.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.alert import GEOCODE_CLASS20, AlertInfo, Area
from alerts.cap import MsgType, ResponseType, Status
from alerts.incident import IncidentReport
from alerts.place import LatLng
from alerts.report import Facts
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from feeds.dis.form import FORMAT

# What our own documents are called: the lineage that they tell of, so that a return is known by its name too.
OWN_PREFIX = "shirase."

_TYPES = {MsgType.ALERT: "発表", MsgType.UPDATE: "更新", MsgType.CANCEL: "取消"}


def plain_document(
    *,
    document: str,
    revision: int,
    issuer: str,
    issuer_name: str,
    sent: datetime,
    infos: Sequence[AlertInfo] = (),
    facts: Facts = Facts(),  # noqa: B008 - frozen
    status: Status = Status.ACTUAL,
    msg_type: MsgType = MsgType.ALERT,
    note: str = "",
) -> dict[str, Any]:
    """Return the plain document that says *infos* (orders and their ends) and *facts*."""
    return _kept(
        {
            "format": FORMAT,
            "version": 1,
            "id": document,
            "revision": revision,
            "issuer": {"code": issuer, "name": issuer_name},
            "sent": sent.isoformat(),
            "status": status.value,
            "type": _TYPES[msg_type],
            "note": note,
            "orders": [_order(info, issuer, sent) for info in infos if info.level is not None],
            "shelters": [_shelter(one) for one in facts.shelters],
            "roads": [_road(one) for one in facts.roads],
            "incidents": [_incident(one) for one in facts.incidents],
        }
    )


def to_json(plain: Mapping[str, Any]) -> bytes:
    """Return the document as UTF-8 JSON."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def to_table(plain: Mapping[str, Any], part: str, encoding: str = "utf-8-sig") -> bytes:
    """Return the rows of *part* (orders, shelters, roads, incidents) as a table with Japanese headers.

    A table has no columns for lines and polygons; who needs them takes the JSON. What CP932 cannot write
    stands there as a question mark, in a name and never in a code.
    """
    head = {
        "文書ID": plain["id"],
        "版": plain["revision"],
        "団体コード": plain["issuer"]["code"],
        "団体名": plain["issuer"]["name"],
        "発信日時": plain["sent"],
        "状況": plain["status"],
        "種別": plain["type"],
    }
    rows = [head | cells for row in plain.get(part, ()) for cells in _CELLS[part](row)]
    written = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = csv.DictWriter(written, columns, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    return written.getvalue().encode(encoding, "replace")


# ---------------------------------------------------------------------------------- values to plain


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and value != "" and value != []}


def _order(info: AlertInfo, issuer: str, sent: datetime) -> dict[str, Any]:
    assert info.level is not None
    return _kept(
        {
            "level": int(info.level),
            "state": "lifted" if ResponseType.ALL_CLEAR in info.response_types else "issued",
            "hazard": info.hazard.value,
            "areas": [_area(area, issuer) for area in info.areas],
            "issued_at": (info.effective or info.onset or sent).isoformat(),
            "expires_at": info.expires.isoformat() if info.expires else None,
            "text": info.description,
        }
    )


def _area(area: Area, issuer: str) -> dict[str, Any]:
    whole = [code.value for code in area.geocodes if code.value_name == GEOCODE_CLASS20 and code.value[:5] == issuer]
    return _kept(
        {
            "name": area.description,
            "code": whole[0] if whole else None,
            "polygon": _positions(area.polygons[0]) if area.polygons else None,
        }
    )


def _positions(points: Iterable[LatLng]) -> list[list[float]]:
    return [[point.lat, point.lng] for point in points]


def _point(point: LatLng | None) -> dict[str, float]:
    return {} if point is None else {"lat": point.lat, "lng": point.lng}


def _shelter(one: ShelterReport) -> dict[str, Any]:
    return _kept(
        {
            "id": one.id,
            "name": one.name,
            "as_of": one.attribution.fact_at.isoformat(),
            "state": one.state.value,
            **_point(one.point),
            "address": one.address,
            "class": one.site_class.value if one.site_class else None,
            "fit_for": None if one.fit_for is None else [hazard.value for hazard in one.fit_for],
            "step_free": one.step_free,
            "capacity": one.capacity_text or one.capacity,
            "occupants": one.occupants,
            "band": one.band.value if one.band else None,
            "accepts": one.accepts.value if one.accepts else None,
            "needs": list(one.needs),
        }
    )


def _road(one: RoadReport) -> dict[str, Any]:
    return _kept(
        {
            "id": one.id,
            "name": one.place.name,
            "state": "open" if one.lifted else "closed",
            "confidence": "reported" if one.attribution.confidence.value == "reported" else "confirmed",
            "cause": one.cause.value,
            "as_of": one.attribution.fact_at.isoformat(),
            "from": one.valid_from.isoformat(),
            "until": one.valid_until.isoformat() if one.valid_until else None,
            **_point(one.place.point),
            "line": _positions(one.place.line),
            "polygon": _positions(one.place.polygon),
            "road_ids": list(one.place.road_ids),
            "text": one.text,
        }
    )


def _incident(one: IncidentReport) -> dict[str, Any]:
    return _kept(
        {
            "id": one.id,
            "kind": one.kind.value,
            "title": one.title,
            "as_of": one.attribution.fact_at.isoformat(),
            "confidence": "reported" if one.attribution.confidence.value == "reported" else "confirmed",
            **_point(one.point),
            "polygon": _positions(one.area),
            "area_codes": list(one.area_codes),
            "text": one.text,
            "counts": dict(one.counts) or None,
            "ended": one.ended,
        }
    )


# ----------------------------------------------------------------------------------- plain to cells


def _order_cells(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "避難情報": row["level"],
            "発令状況": row["state"],
            "災害種別": row["hazard"],
            "対象地区": area["name"],
            "対象コード": area.get("code", ""),
            "発令日時": row["issued_at"],
            "有効期限": row.get("expires_at", ""),
            "内容": row.get("text", ""),
        }
        for area in row["areas"]
    ]


_FLAGS = {True: "1", False: "0"}


def _shelter_cells(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    cells = {
        "ID": row["id"],
        "名称": row["name"],
        "時点": row["as_of"],
        "開設状況": row.get("state", ""),
        "緯度": row.get("lat", ""),
        "経度": row.get("lng", ""),
        "所在地": row.get("address", ""),
        "施設区分": row.get("class", ""),
        "収容人数": row.get("capacity", ""),
        "避難者数": row.get("occupants", ""),
        "混雑状況": row.get("band", ""),
        "受入範囲": row.get("accepts", ""),
        "必要物資": ";".join(row.get("needs", ())),
        "バリアフリー": _FLAGS.get(row.get("step_free", ""), ""),
    }
    return [cells | {f"災害種別_{word}": "1" for word in row.get("fit_for", ())}]


def _road_cells(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "ID": row["id"],
            "路線名": row.get("name", ""),
            "通行規制": row["state"],
            "確度": row.get("confidence", ""),
            "原因": row.get("cause", ""),
            "確認日時": row["as_of"],
            "規制開始": row.get("from", ""),
            "規制終了": row.get("until", ""),
            "緯度": row.get("lat", ""),
            "経度": row.get("lng", ""),
            "道路ID": ";".join(row.get("road_ids", ())),
            "内容": row.get("text", ""),
        }
    ]


def _incident_cells(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "ID": row["id"],
            "被害種別": row["kind"],
            "件名": row["title"],
            "確度": row.get("confidence", ""),
            "確認日時": row["as_of"],
            "緯度": row.get("lat", ""),
            "経度": row.get("lng", ""),
            "対象コード": ";".join(row.get("area_codes", ())),
            "件数": ";".join(f"{name}={number}" for name, number in row.get("counts", {}).items()),
            "内容": row.get("text", ""),
            "終了": _FLAGS[row.get("ended", False)],
        }
    ]


_CELLS = {
    "orders": _order_cells,
    "shelters": _shelter_cells,
    "roads": _road_cells,
    "incidents": _incident_cells,
}
