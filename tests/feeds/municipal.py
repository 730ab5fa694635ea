"""A municipal report as an office would send it, and ways to change one thing about it."""

import json
from datetime import UTC, datetime
from typing import Any

from alerts.report import Report
from feeds.read import read

RECEIVED = datetime(2026, 7, 1, 3, 5, tzinfo=UTC)


def order(**changes: Any) -> dict[str, Any]:
    return {
        "level": "避難指示",
        "state": "発令",
        "hazard": "洪水",
        "areas": [{"name": "江戸川区", "code": "131237"}],
        "issued_at": "2026-07-01T12:00:00+09:00",
        **changes,
    }


def shelter(**changes: Any) -> dict[str, Any]:
    return {
        "id": "E1312300001001",
        "name": "平井小学校",
        "as_of": "2026-07-01T11:50:00+09:00",
        "state": "開設",
        "lat": 35.7067,
        "lng": 139.8424,
        "capacity": "屋内480人／屋外3,350人(面積の1/2)",
        "occupants": 120,
        **changes,
    }


def road(**changes: Any) -> dict[str, Any]:
    return {
        "id": "r-7",
        "name": "平井大橋",
        "state": "通行止め",
        "cause": "冠水",
        "as_of": "2026-07-01T11:40:00+09:00",
        "lat": 35.71,
        "lng": 139.85,
        **changes,
    }


def incident(**changes: Any) -> dict[str, Any]:
    return {
        "id": "d-1",
        "kind": "停電",
        "title": "平井一丁目で停電",
        "as_of": "2026-07-01T11:45:00+09:00",
        "counts": {"軒": 1200},
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    plain = {
        "format": "shirase-dis",
        "version": 1,
        "id": "edogawa-2026-01",
        "revision": 1,
        "issuer": {"code": "131237", "name": "江戸川区"},
        "sent": "2026-07-01T12:01:00+09:00",
        "status": "Actual",
        "type": "発表",
        "orders": [order()],
        "shelters": [shelter()],
        "roads": [road()],
        "incidents": [incident()],
        **changes,
    }
    return {name: value for name, value in plain.items() if value is not None}


def raw(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain, ensure_ascii=False).encode()


def read_plain(plain: dict[str, Any], feed: str = "dis") -> Report:
    return read(raw(plain), name="report.json", received=RECEIVED, feed=feed)
