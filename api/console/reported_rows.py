"""Reports of roads on the console's list: confirm one as a closure, or reject it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import islice
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
    for number, one in enumerate(islice(found, _MOST)):
        yield (
            escape(one.road.place.name or _point(one)),
            CAUSES_JA.get(one.road.cause, ""),
            _told(one),
            clock(one.since, now=now),
            ago(one.road.attribution.fact_at, now=now),
            _acts(one, session, new_key, number),
        )


def reports_section(found: Sequence[Report], session: Session, new_key: str, *, now: datetime) -> str:
    """Return the reports as a list beside the map: each with its place, from which the script makes a marker."""
    if not found:
        return ""
    items = "".join(
        f'<li data-lat="{one.point.lat:.5f}" data-lng="{one.point.lng:.5f}" '
        f'data-mark="{CAUSES_JA.get(one.road.cause, "")} {_count(one)}">'
        f"<p><strong>{escape(one.road.place.name or _point(one))}</strong> {CAUSES_JA.get(one.road.cause, '')}　"
        f"{_told(one)}　{ago(one.road.attribution.fact_at, now=now)}</p>"
        f'<div class="pair">{_acts(one, session, new_key, number)}</div></li>'
        for number, one in enumerate(found[:_MOST])
    )
    return (
        f'<section id="reports"><h2>道路の通報（確かめてください {len(found)}件） '
        f'<small lang="en">Reported roads</small></h2><ul class="choose">{items}</ul></section>'
    )


def _acts(one: Report, session: Session, new_key: str, number: int) -> str:
    point = _point(one)
    asked = urlencode({"point": point, "cause": one.road.cause.value, "name": one.road.place.name})
    # Its own key: each row is a form of its own, and pressed twice it is done once.
    key = f"{new_key[:-4]}{number:04x}"
    return (
        f'<a class="go" href="/post?{escape(asked)}#closure">確認して通行止めにする</a>'
        f'<form method="post" action="/post/closure">{fields.keys(session, key)}{fields.hidden("point", point)}'
        f"{fields.hidden('cause', one.road.cause.value)}{fields.hidden('name', one.road.place.name)}"
        f"{fields.hidden('reject', '1')}<button>通れる（取り下げ）</button></form>"
    )


def _point(one: Report) -> str:
    return f"{one.point.lat:.5f},{one.point.lng:.5f}"


def _told(one: Report) -> str:
    source = "住民" if one.road.attribution.source == RESIDENTS else escape(one.road.attribution.source)
    return f"{source} {_count(one)}件"


def _count(one: Report) -> str:
    return escape(shown(one.count)) if one.count >= 20 else str(one.count)
