"""Reports of roads on the console's list: confirm one as a closure, or reject it."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from urllib.parse import urlencode

from api.console import fields
from api.console.posting_page import CAUSES_JA
from api.drawing.clock import ago, clock
from api.known.reported import Report
from api.officers.accounts import Session
from feeds.resident import SOURCE as RESIDENTS
from geo.seam import shown

HEADS = ("場所", "理由", "通報", "最初", "最新", "")
_MOST = 50


def rows(found: Iterable[Report], session: Session, new_key: str, *, now: datetime) -> Iterable[tuple[str, ...]]:
    """Return the cells of the table, a row for each report; the two acts stand in its last."""
    for number, one in enumerate(found):
        if number >= _MOST:
            return
        point = f"{one.point.lat:.5f},{one.point.lng:.5f}"
        asked = urlencode({"point": point, "cause": one.road.cause.value, "name": one.road.place.name})
        source = "住民" if one.road.attribution.source == RESIDENTS else escape(one.road.attribution.source)
        # Its own key: each row is a form of its own, and pressed twice it is done once.
        key = f"{new_key[:-4]}{number:04x}"
        reject = (
            f'<form method="post" action="/post/closure">{fields.keys(session, key)}{fields.hidden("point", point)}'
            f"{fields.hidden('cause', one.road.cause.value)}{fields.hidden('name', one.road.place.name)}"
            f"{fields.hidden('reject', '1')}<button>通れる（取り下げ）</button></form>"
        )
        yield (
            escape(one.road.place.name or point),
            CAUSES_JA.get(one.road.cause, ""),
            f"{source} {escape(shown(one.count)) if one.count >= 20 else one.count}件",
            clock(one.since, now=now),
            ago(one.road.attribution.fact_at, now=now),
            f'<a class="go" href="/post?{escape(asked)}#closure">確認して通行止めにする</a>{reject}',
        )
