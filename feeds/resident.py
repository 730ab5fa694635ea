"""A resident's report of a road that cannot be walked, as our own API writes it down; nobody stands behind it.

    {"shirase": "resident/1", "road": "...", "slot": 0, "cause": "flooded", "at": "2026-09-18T18:40:00+09:00",
     "point": [35.67, 139.81]}

It names a road of the network and the middle of it, never where the person stands. Only what came in under
the feed `resident` is read so. Reports of one road take numbered slots, so that a crowd cannot fill a topic
that is never cleared; each ends by itself after some hours.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Alert
from alerts.cap import MsgType, Status
from alerts.fact import CLOCK_TOLERANCE, Attribution, Confidence
from alerts.place import LatLng
from alerts.report import Facts, Linkage, Report
from alerts.road import RoadCause, RoadPlace, RoadReport
from feeds.console import parse_json
from feeds.errors import ConsoleError

FEED = "resident"
FORMAT = "resident/1"
SOURCE = "residents"
# Water goes, a fallen tree is cleared; who passes there later reports it again.
STANDS_FOR = timedelta(hours=3)
# "Fifty people say so" says as much as five hundred do.
MOST_SLOTS = 50
_MAX_ROAD = 80
_FIELDS = frozenset({"shirase", "road", "slot", "cause", "at", "point"})


def resident_document(road: str, slot: int, cause: RoadCause, point: LatLng, at: datetime) -> bytes:
    """Return the document of one report on *road*, whose middle is *point*."""
    plain = {
        "shirase": FORMAT,
        "road": road,
        "slot": slot,
        "cause": cause.value,
        "at": at.isoformat(),
        "point": [round(point.lat, 6), round(point.lng, 6)],
    }
    raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    read_resident(raw, received=at)
    return raw


def read_resident(raw: bytes, *, received: datetime) -> Report:
    """Return what a resident reported, or raise `ConsoleError` with a stable reason."""
    plain = parse_json(raw)
    if not isinstance(plain, dict) or plain.get("shirase") != FORMAT or set(plain) != _FIELDS:
        raise ConsoleError("resident-format", f"only {FORMAT} is read")
    road, slot = plain["road"], plain["slot"]
    if not isinstance(road, str) or not 0 < len(road) <= _MAX_ROAD or "\x00" in road:
        raise ConsoleError("resident-road", "the id of a road")
    if not isinstance(slot, int) or isinstance(slot, bool) or not 0 <= slot < MOST_SLOTS:
        raise ConsoleError("resident-slot", f"0 to {MOST_SLOTS - 1}")
    at = _time(plain["at"], received)
    try:
        cause = RoadCause(plain["cause"])
    except ValueError:
        raise ConsoleError("resident-cause", "one of the causes of a closed road") from None
    said = Attribution(SOURCE, at, received, Confidence.REPORTED)
    place = RoadPlace(point=_point(plain["point"]), road_ids=(road,))
    report = RoadReport(report_id(road, slot), place, cause, said, at, at + STANDS_FOR)
    document = hashlib.sha256(raw).hexdigest()
    return Report(
        document=document,
        feed=FEED,
        kind="resident-road",
        series=series_of_resident(raw),
        linkage=Linkage.SERIES,
        alert=Alert(identifier=document[:24], sender=FEED, sent=at, status=Status.ACTUAL, msg_type=MsgType.UPDATE),
        received=received,
        informational="facts",
        facts=Facts(roads=(report,)),
    )


def series_of_resident(raw: bytes) -> str:
    """Return the key of a report's series: its road and slot; never raise."""
    try:
        plain = parse_json(raw)
        return f"{FEED}:{int(plain['slot'])}:{str(plain['road'])[:_MAX_ROAD]}"
    except (ConsoleError, KeyError, TypeError, ValueError):
        return f"unreadable:{FEED}"


def report_id(road: str, slot: int) -> str:
    """Return the id of the report on *road* in *slot*."""
    return f"{FEED}:{slot}:{road}"


def report_ids(road: str) -> Iterator[str]:
    """Yield the ids of all reports that *road* may have."""
    return (report_id(road, slot) for slot in range(MOST_SLOTS))


def road_of(name: str) -> str:
    """Return the road that the report *name* speaks of."""
    return name.split(":", 2)[-1]


def _time(text: Any, received: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ConsoleError("resident-time", "ISO 8601 with an offset") from None
    if at.utcoffset() is None or at > received + CLOCK_TOLERANCE:
        raise ConsoleError("resident-time", "with an offset, and not in the future")
    return at


def _point(plain: Any) -> LatLng:
    if (
        not isinstance(plain, list)
        or len(plain) != 2
        or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in plain)
        or not (-90 <= plain[0] <= 90 and -180 <= plain[1] <= 180)
    ):
        raise ConsoleError("resident-point", "latitude and longitude")
    return LatLng(float(plain[0]), float(plain[1]))
