"""`/reports/form`: the report of a road in plain HTML, for who has neither scripts nor a map (R13, R20).

Her ward, her town, then one page of the whole shard: its streets, towns and landmarks to type or to choose from. Which
of them she means is first said by the report itself, as the point is where there is a map.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from alerts.place import SHARD_RESOLUTION, Cell, Shard
from alerts.road import RoadCause
from api.drawing.style import PAGE, REPORT
from api.http.errors import ApiError, NotReady
from api.live.board import LiveBoard
from api.live.here import anchor_of
from api.live.here_index import choice_of_places
from api.live.reports import ReportIn, RoadReports
from api.live.routes import ShardPath
from api.live.streets import PlaceKind, StreetPlace, meant_by, roads_near
from geo.cells import resolution_of

_CACHING = {"cache-control": "public, max-age=300"}
_LONGEST_FORM = 2_000
_MOST_CHOICES = 24
# What a resident can see; police lines and works are for those who make them (web/src/report.ts has the same).
CAUSES_SEEN: Mapping[RoadCause, tuple[str, str]] = {
    RoadCause.FLOODED: ("水につかっている", "Flooded"),
    RoadCause.COLLAPSED: ("くずれた・穴があいた", "Collapsed"),
    RoadCause.LANDSLIDE: ("土砂", "Landslide"),
    RoadCause.DEBRIS: ("倒木・がれき", "Trees or debris"),
    RoadCause.BRIDGE_DAMAGED: ("橋がこわれた", "Bridge damaged"),
    RoadCause.FIRE: ("火事", "Fire"),
    RoadCause.OTHER: ("そのほか", "Other"),
}
_REFUSED = {
    "too-many": "この回線からの報告が多すぎます。数分後にもう一度お試しください。",
    "no-road-there": "その近くに、登録された道がありません。選び直してください。",
    "reports-off": "いまは報告を受け付けていません。",
    "cause-unknown": "どうなっているかを選んでください。",
    "place-missing": "場所を書くか、一覧から選んでください。",
    "place-unknown": "この地域に、その名前の道・町・目印が見つかりません。下の一覧から選んでください。",
    "place-too-wide": "町の名前だけでは、どの道か分かりません。道か、学校などの目印の名前を書いてください。",
    "place-unclear": "どの道ですか。一つ選んで、もう一度送ってください。",
    "other-origin": "この画面から送り直してください。",
    "form-malformed": "送られた内容を読めません。この画面から送り直してください。",
}
_NOTE = (
    "送るのは場所と理由だけで、名前も登録の情報も送りません。報告は未確認として示し、避難の道は変わりません。"
    "危険なときは119番・110番へ。すぐに人が読むものではありません。"
)


def report_page_routes(reports: RoadReports | None, board: LiveBoard, now: Callable[[], datetime]) -> APIRouter:
    """Return the routes of the plain form; without *reports* they say that none are taken here."""
    router = APIRouter()

    @router.get("/reports/form", include_in_schema=False)
    def index(ward: Annotated[str, Query(max_length=40)] = "") -> Response:
        _book(reports)
        if not board.answers.bodies:
            raise NotReady
        shown = choice_of_places(board.places_by_ward(), board.answers.shards, ward, there="/reports/form")
        return Response(shown, headers=_CACHING, media_type="text/html; charset=utf-8")

    @router.get("/reports/form/{shard}", include_in_schema=False)
    def form(shard: ShardPath) -> Response:
        places = _book(reports).streets.places(_shard(shard))
        return Response(_form(shard, places), headers=_CACHING, media_type="text/html; charset=utf-8")

    @router.post("/reports/form/{shard}", include_in_schema=False)
    async def report(shard: ShardPath, request: Request) -> Response:
        taker, here = _book(reports), _shard(shard)
        fields: dict[str, str] = {}
        try:
            fields = await _fields(request)
            address = request.client.host if request.client else ""
            # Streets are listed and a report is stored beside the loop: meanwhile others are answered.
            return await taker.turns.take("", taken, taker, shard, here, fields, address)
        except ApiError as error:
            return await run_in_threadpool(again, taker, shard, here, fields, error)

    def taken(taker: RoadReports, shard: str, here: Shard, fields: Mapping[str, str], address: str) -> Response:
        place = _meant(taker.streets.places(here), fields)
        asked = ReportIn(lat=place.at.lat, lng=place.at.lng, cause=_cause(fields))
        found = taker.take(asked, address, now())
        return _answer(_thanks(shard, found.name or place.label, found.count), 202)

    def again(taker: RoadReports, shard: str, here: Shard, fields: Mapping[str, str], error: ApiError) -> Response:
        places = taker.streets.places(here)
        choose = () if error.code != "place-unclear" else _choices(places, fields)
        return _answer(_form(shard, places, error.code, fields, choose), error.status)

    return router


def _book(reports: RoadReports | None) -> RoadReports:
    if reports is None:
        raise ApiError(404, "reports-off", "Reports of residents are not taken here")
    return reports


def _shard(text: str) -> Shard:
    cell = Cell(int(text, 16))
    if resolution_of(cell) != SHARD_RESOLUTION:
        raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
    return Shard(cell)


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of our own form; raises `ApiError` for one that another site has made."""
    origin = request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ApiError(403, "other-origin", "This form is not one of ours")
    body = await request.body()
    try:
        if len(body) > _LONGEST_FORM:
            raise ValueError("too long")
        pairs = parse_qs(body.decode(), max_num_fields=10, keep_blank_values=True)
    except ValueError:
        raise ApiError(422, "form-malformed", "The form cannot be read") from None
    return {name: values[0].strip() for name, values in pairs.items()}


def _meant(places: tuple[StreetPlace, ...], fields: Mapping[str, str]) -> StreetPlace:
    chosen, typed = fields.get("chosen", ""), fields.get("place", "")
    if chosen:
        for place in places:
            if _value(place) == chosen:
                return place
        raise ApiError(422, "place-unknown", "There is no such place in this shard")
    if not typed:
        raise ApiError(422, "place-missing", "No place was given")
    found = meant_by(places, typed)
    if not found:
        raise ApiError(422, "place-unknown", "There is no such place in this shard")
    if len(found) == 1 and found[0].kind is PlaceKind.STREET:
        return found[0]
    choices = _choices(places, fields)
    if not choices:
        raise ApiError(422, "place-too-wide", "The name of a town says of none of its roads that it is the one")
    if len(choices) > 1 or choices[0].kind is not found[0].kind:
        # A town has many streets: which of them, she says with the next press.
        raise ApiError(409, "place-unclear", "Several roads may be meant")
    return choices[0]


def _choices(places: tuple[StreetPlace, ...], fields: Mapping[str, str]) -> tuple[StreetPlace, ...]:
    """Return what may be meant: what was typed, and the streets about it, the nearest first."""
    found = meant_by(places, fields.get("place", ""))
    near = (road for place in found[:3] for road in roads_near(places, place.at))
    named = (place for place in found if place.kind is not PlaceKind.TOWN)
    return tuple(dict.fromkeys((*named, *near)))[:_MOST_CHOICES]


def _cause(fields: Mapping[str, str]) -> RoadCause:
    known = {cause.value: cause for cause in CAUSES_SEEN}
    if fields.get("cause", "") not in known:
        raise ApiError(422, "cause-unknown", "No such reason")
    return known[fields["cause"]]


def _value(place: StreetPlace) -> str:
    return f"{place.kind.value}:{place.label}:{place.at.lat},{place.at.lng}"


def _form(
    shard: str,
    places: tuple[StreetPlace, ...],
    code: str = "",
    fields: Mapping[str, str] | None = None,
    choose: Iterable[StreetPlace] = (),
) -> str:
    """Return the form, with what was wrong (*code*), what was typed before, and what to *choose* of."""
    given = fields or {}
    alarm = ""
    if code:
        said = _REFUSED.get(code, "送れませんでした。もう一度お試しください。")
        why = f"<small><code>{escape(code)}</code></small>"
        alarm = f'<p class="alarm" role="alert"><strong>{said}</strong><br>{why}</p>'
    options = "".join(f'<option value="{escape(label, quote=True)}">' for label in _labels(places))
    several = "".join(
        f'<label class="pick"><input type="radio" name="chosen" value="{escape(_value(one), quote=True)}" required>'
        f"{escape(one.label)}{' の前の道' if one.kind is PlaceKind.LANDMARK else ''}</label>"
        for one in choose
    )
    where = (
        f"<fieldset><legend>どの道ですか <span lang='en'>Which road?</span></legend>{several}</fieldset>"
        if several
        else "<label>道・町・目印の名前 <span lang='en'>Street, town or landmark</span>"
        f'<input name="place" list="places" maxlength="80" autocomplete="off" required '
        f'value="{escape(given.get("place", ""), quote=True)}"></label><datalist id="places">{options}</datalist>'
    )
    causes = "".join(
        f'<label class="pick"><input type="radio" name="cause" value="{cause.value}" required'
        f'{" checked" if given.get("cause") == cause.value else ""}>{ja} <span lang="en">{en}</span></label>'
        for cause, (ja, en) in CAUSES_SEEN.items()
    )
    return _document(
        "通れない道を知らせる",
        "Report a blocked road",
        f'{alarm}<section><p><small>{_NOTE}</small></p><form method="post" action="/reports/form/{shard}">{where}'
        f"<fieldset><legend>どうなっていますか <span lang='en'>What is wrong?</span></legend>{causes}</fieldset>"
        '<button>報告を送る <span lang="en">Send</span></button></form></section>'
        f"{_listed(places)}",
    )


def _labels(places: Iterable[StreetPlace]) -> Iterable[str]:
    return dict.fromkeys(place.label for place in places)


def _listed(places: tuple[StreetPlace, ...]) -> str:
    """Return the streets of each town, to look up a name: a browser without suggestions has nothing else."""
    by_town: dict[str, list[str]] = {}
    for place in places:
        by_town.setdefault(place.near or "そのほか", []).append(place.name)
    items = "".join(
        f'<li id="{escape(anchor_of(town), quote=True)}"><h3>{escape(town)}</h3><p>'
        f"{escape('、'.join(others) or '名前の付いた道はありません')}</p></li>"
        for town, names in by_town.items()
        for others in [[name for name in dict.fromkeys(names) if name != town]]
    )
    return f'<section><h2>この地域の道と目印</h2><ul class="notices">{items}</ul></section>' if items else ""


def _thanks(shard: str, name: str, count: int) -> str:
    return _document(
        "報告を受け取りました",
        "Thank you",
        f'<section role="status"><p><strong>{escape(name)}</strong>　報告 {count}件</p>'
        "<p>ありがとうございます。未確認の報告として示し、避難の道は変わりません。"
        '<br><span lang="en">It is shown as not confirmed, and changes no way.</span></p>'
        f'<p><a href="/here/{shard}">この地域のいま <span lang="en">This area now</span></a></p></section>',
    )


def _document(title: str, english: str, body: str) -> str:
    # Without a referrer a browser sends `Origin: null` with a form, and ours could not be told from another's.
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="same-origin">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(title)} - 知らせ</title><style>{PAGE}</style>'
        f"<style>{REPORT}</style></head><body>"
        f'<header><h1>{escape(title)} <span lang="en">{english}</span></h1>'
        '<a class="signup" href="/">最初のページ <span lang="en">Start</span></a></header>'
        f'<main class="narrow report">{body}</main></body></html>'
    )


def _answer(html: str, status: int) -> Response:
    return Response(html, status, {"cache-control": "no-store"}, media_type="text/html; charset=utf-8")
