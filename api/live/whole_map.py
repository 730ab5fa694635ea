"""`/map.svg`: the whole city drawn here, for who has neither scripts nor WebGL; `/map/plain` is it with its list.

Hazards by colour, grain and number, closed roads, shelters by their state, and faintly what lies beneath. What it says
is what the answers by shard say; it is drawn again when one of them says something else, and has one name for caches.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Response

from alerts.place import LatLng
from alerts.shelter import ShelterState
from api.drawing.faces import Face, by_look
from api.drawing.frame import TOKYO
from api.drawing.ground import Ground, Touched
from api.drawing.lines import NO_LINES, Lines, drawn_beneath
from api.drawing.look import APPEARANCES, PAINT_ORDER, Look, look_word
from api.drawing.marks import SITE_WORDS, marks
from api.drawing.picture import by_night, draw_alone
from api.drawing.style import PAGE
from api.http.description import answered, refused
from api.http.errors import NotReady
from api.http.reader import Freshness
from api.known.state import View
from api.live.board import Answers, LiveBoard
from api.live.facts import Section
from api.live.map_marks import SIGNS_OF_THE_CITY, colours, roads_of, sites_of

# R13's budget of a page is the map's too; compressed it is a fifth of that.
_MOST_LINE_BYTES = 40_000
# Of a whole city a sign is small: it is read where the picture is drawn larger.
_SCALE = 0.5
_MOST_LISTED = 200
_TITLE = "東京23区の危険、避難先、通れない道の地図"
_NO_ROADS = "<li>届いている情報はありません。通れるという意味ではありません。</li>"
_SEEN = "public, max-age=5"

Hazards = Callable[[], tuple[View, tuple[Face, ...]]]


@dataclass(frozen=True, slots=True)
class _Drawn:
    answers: Answers
    view: View
    svg: bytes
    night: bytes
    page: bytes
    etag: str
    night_etag: str
    page_etag: str


class WholeMap:
    """Draws when somebody asks after a change, and keeps it until the next."""

    def __init__(self, board: LiveBoard, hazards: Hazards, ground: Ground, lines: Lines = NO_LINES) -> None:
        self._board, self._hazards, self._ground = board, hazards, ground
        self._lines = lines
        self._beneath: str | None = None
        self._drawn: _Drawn | None = None
        self._lock = threading.Lock()

    def drawn(self) -> _Drawn:
        """Return the newest map; raises `NotReady` before there is one to draw."""
        answers = self._board.answers
        if not answers.bodies:
            raise NotReady
        with self._lock:
            view, faces = self._hazards()
            known = self._drawn
            if known is None or known.answers is not answers or known.view is not view:
                self._drawn = self._draw(answers, view, faces)
            assert self._drawn is not None
            return self._drawn

    def _draw(self, answers: Answers, view: View, faces: tuple[Face, ...]) -> _Drawn:
        if self._beneath is None:
            self._beneath = drawn_beneath(TOKYO, self._lines, _MOST_LINE_BYTES)
        touched = self._ground.touched(view.maps) if self._ground.areas else ()
        roads, sites = _features(answers, Section.CLOSURES), _features(answers, Section.SHELTERS)
        above = marks(TOKYO, sites_of(sites), roads_of(roads), scale=_SCALE, dotted=True)
        said = _said(touched, roads, sites)
        picture = draw_alone(TOKYO, faces, self._ground, touched, _TITLE, said, beneath=self._beneath, above=above)
        svg, night = picture.encode(), by_night(picture).encode()
        seen = by_look(face for face in faces if TOKYO.inside(face.cells))
        painted = [look for look in reversed(PAINT_ORDER) if look in seen]
        page = _page(touched, roads, sites, said, self._ground, painted).encode()
        return _Drawn(answers, view, svg, night, page, _etag(svg), _etag(night), _etag(page))


def whole_map_routes(whole: WholeMap, freshness: Callable[[], Freshness]) -> APIRouter:
    """Return the routes of the picture and of the page around it."""
    router = APIRouter()

    @router.get(
        "/map.svg",
        summary="The city as one picture: hazards, closed roads, shelters by state; for who has no WebGL or scripts",
        response_class=Response,
        responses={
            200: answered("the newest map", '<svg xmlns="http://www.w3.org/2000/svg"></svg>', "image/svg+xml"),
            304: {"description": "what the caller has is the newest"},
            **refused(503),
        },
    )
    def picture(if_none_match: Annotated[str, Header()] = "") -> Response:
        drawn = whole.drawn()
        return _answer(drawn.svg, drawn.etag, if_none_match, "image/svg+xml", freshness())

    @router.get("/map-night.svg", include_in_schema=False)
    def picture_by_night(if_none_match: Annotated[str, Header()] = "") -> Response:
        drawn = whole.drawn()
        return _answer(drawn.night, drawn.night_etag, if_none_match, "image/svg+xml", freshness())

    @router.get("/map/plain", include_in_schema=False)
    def page(if_none_match: Annotated[str, Header()] = "") -> Response:
        drawn = whole.drawn()
        return _answer(drawn.page, drawn.page_etag, if_none_match, "text/html; charset=utf-8", freshness())

    return router


def _answer(body: bytes, etag: str, known: str, media_type: str, fresh: Freshness) -> Response:
    headers = {"etag": etag, "cache-control": _SEEN}
    if fresh.age_seconds is not None:
        # A cache must not call an old map fresh: since when it was last known to be current.
        headers["age"] = str(int(fresh.age_seconds))
    if etag in {name.strip() for name in known.split(",")} or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _etag(body: bytes) -> str:
    # Weak: the same bytes may leave compressed.
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def _features(answers: Answers, section: Section) -> list[dict[str, Any]]:
    """Return what *answers* say of all shards in *section*; what lies in two shards once."""
    found: dict[str, dict[str, Any]] = {}
    for shard in sorted(answers.shards):
        body = answers.bodies.get(section.path(f"{shard:x}"))
        for feature in () if body is None else orjson.loads(body.raw)["features"]:
            found.setdefault(str(feature["id"]), feature)
    return list(found.values())


def _said(touched: Iterable[Touched], roads: list[dict[str, Any]], sites: list[dict[str, Any]]) -> str:
    """Return what the picture shows, in words: for whoever hears it read."""
    worst = "、".join(f"{one.area.name} {_level(one)}" for one in touched) or "出ている警報の情報はありません"
    states = Counter(ShelterState(site["properties"]["state"]) for site in sites)
    shelters = "、".join(f"{word} {states[state]}" for state, word in SITE_WORDS.items() if states[state])
    closed = Counter(road["properties"]["status"] for road in roads)
    return (
        f"{worst}。避難先：{shelters or '情報なし'}。通行止め {closed['confirmed']}か所、"
        f"未確認の報告 {closed['reported']}か所。色のない場所が安全という意味ではありません。"
    )


def _level(one: Touched) -> str:
    look = APPEARANCES[one.look]
    word = look_word(one.look, order=one.order)
    return f"レベル{look.mark} {word}" if one.look.value.startswith("l") else word


def _page(
    touched: Iterable[Touched],
    roads: list[dict[str, Any]],
    sites: list[dict[str, Any]],
    said: str,
    ground: Ground,
    painted: Iterable[Look],
) -> str:
    areas = "".join(
        f'<li><span class="chip {one.look.value}"><b>{APPEARANCES[one.look].mark}</b> '
        f"{look_word(one.look, order=one.order)}</span><span>{escape(one.area.name)}{'' if one.whole else 'の一部'}"
        f' <a href="/here?ward={escape(one.area.name, quote=True)}">町ごとのページ</a></span></li>'
        for one in touched
    )
    closed = "".join(f"<li>{_road(road['properties'])}</li>" for road in roads[:_MOST_LISTED])
    return _document(
        '<section class="place"><h2>どこが危ないか</h2><a href="/map.svg"><picture>'
        '<source srcset="/map-night.svg" media="(prefers-color-scheme:dark)">'
        f'<img class="map" src="/map.svg" width="2000" height="{TOKYO.height}" alt="{escape(said, quote=True)}">'
        f"</picture></a>{colours(painted)}{SIGNS_OF_THE_CITY}<p><small>図を押すと大きく見られます。色のない場所も、安全という意味ではありません。</small></p>"
        "</section>"
        "<section><h2>区ごとのいちばん重い情報</h2>"
        f'<ul class="areas">{areas or "<li>出ている情報はありません。</li>"}</ul>'
        f"<h2>避難先（区ごと）</h2>{_sites(sites, ground)}"
        f"<h2>通れない道（{len(roads)}か所）</h2>"
        f'<ul class="notices">{closed or _NO_ROADS}</ul></section>'
    )


def _road(said: Mapping[str, Any]) -> str:
    status = "通行止め" if said["status"] == "confirmed" else f"未確認の報告（{said['count']}件）"
    return f"{status} {escape(str(said['name']) or '道路')}"


def _sites(sites: Iterable[Mapping[str, Any]], ground: Ground) -> str:
    """Return how many shelters of each ward are in which state, and the open ones by name."""
    wards: dict[str, list[Mapping[str, Any]]] = {}
    for site in sites:
        lng, lat = site["geometry"]["coordinates"]
        wards.setdefault(ground.name_at(LatLng(lat, lng)) or "そのほか", []).append(site["properties"])
    items = []
    # In the order of their codes, as officers and residents know them; what lies in none of them last.
    known = [area.name for area in ground.areas]
    for ward, found in sorted(wards.items(), key=lambda one: known.index(one[0]) if one[0] in known else len(known)):
        states = Counter(ShelterState(one["state"]) for one in found)
        counts = "　".join(f"{word} {states[state]}" for state, word in SITE_WORDS.items() if states[state])
        opened = [str(one["name"]) for one in found if one["state"] == ShelterState.OPEN.value][:_MOST_LISTED]
        named = f"<br><small>開設：{escape('、'.join(opened))}</small>" if opened else ""
        items.append(f"<li>{escape(ward)}：{counts}{named}</li>")
    return f'<ul class="notices">{"".join(items) or "<li>避難先の情報はありません。</li>"}</ul>'


def _document(body: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="60">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{_TITLE} - 知らせ</title><style>{PAGE}</style></head><body>"
        '<header><h1>地図 <span lang="en">Map without scripts</span></h1><span class="soft"><!--checked--></span>'
        '<a class="signup" href="/">最初のページ <span lang="en">Start</span></a></header>'
        f"<main>{body}</main></body></html>"
    )
