"""The residents' application: the first page, the hazard map and the notices, read from two topics.

It holds no account, asks for no place and keeps no log of who asked: whatever a push says is here
without signing up (R13).
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Header, Query, Response
from fastapi import Path as Path_
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.middleware.gzip import GZipMiddleware

from alerts.order_words import says_order
from api.drawing.faces import Face, FaceCache
from api.drawing.frame import FRAMES, TOKYO, Frame
from api.drawing.geojson import areas, collection
from api.drawing.ground import NO_GROUND, Ground
from api.drawing.style import PAGE, REPORT
from api.http.description import answered, describe, refused
from api.http.errors import NotReady
from api.http.metrics import ApiMetrics
from api.http.problem import answer_problems
from api.http.reader import Freshness
from api.http.security import Guard, guard_headers, policy_for
from api.http.web import web_routes
from api.known.entries import Entry, entries
from api.known.state import State, View
from api.live.board import LiveBoard
from api.live.events import Hub
from api.live.here_index import here_index_routes
from api.live.lane import Front, Lane, Ready
from api.live.report_page import report_page_routes
from api.live.reports import RoadReports, report_routes
from api.live.routes import live_routes
from api.live.ways import way_routes
from api.live.whole_map import WholeMap, whole_map_routes
from api.open_data.routes import OpenData, open_routes
from api.residents.page import Scene, render, render_waiting, scene_of
from api.residents.sign_up import SignUp
from api.residents.subscriptions import subscription_routes
from streams.evacuation.way_book import WayBook

# A shared cache may answer a rush with a copy that is at most this old; `Age` says how old the facts are.
_FRESH_SECONDS = 5

REFRESH_JS = """\
// Puts the newest page in place every ten seconds, without moving what is being read.
const every = 10000, offline = document.getElementById('offline');
let shown = document.getElementById('now').innerHTML, at = new Date();
async function refresh() {
  try {
    const answer = await fetch(location.href, {cache: 'no-cache', credentials: 'omit'});
    if (!answer.ok) throw answer.status;  // what was known stays, with its time
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of ['now', 'facts']) {
      const here = document.getElementById(id), next = fresh.getElementById(id);
      if (!here || !next || (id === 'now' && next.innerHTML === shown)) continue;
      if (id === 'now') shown = next.innerHTML;
      here.replaceWith(next);
    }
    at = new Date();
    offline.hidden = true;
  } catch {
    document.getElementById('since').textContent = at.toLocaleTimeString('ja-JP', {hour: '2-digit', minute: '2-digit'});
    offline.hidden = false;
  }
}
setInterval(refresh, every);
"""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What is made once for a view and used by every request until the next change."""

    view: View
    faces: tuple[Face, ...]
    geojson: bytes
    geojson_etag: str
    notices: bytes
    notices_etag: str


# A subscription with its places, or a report of a road, is a few kilobytes.
_LONGEST_WISH = 65_536


class Residents:
    """Answers from a state, made when asked for and kept until the state changes."""

    def __init__(
        self,
        state: State,
        freshness: Callable[[], Freshness],
        grounds: Mapping[str, Ground] = MappingProxyType({}),
        *,
        has_map: bool = False,
        can_sign_up: bool = False,
    ) -> None:
        self._state = state
        self._has_map = has_map
        self._can_sign_up = can_sign_up
        self._grounds = grounds
        self._cut = FaceCache()
        self._drawn: _Drawn | None = None
        self._scenes: dict[str, Scene] = {}
        self._lock = threading.Lock()
        self.freshness = freshness

    def drawn(self) -> _Drawn:
        """Return the newest view and what is made of it. Raises `NotReady` before the topics were read."""
        if not self.freshness().ready:
            raise NotReady
        with self._lock:
            return self._draw()

    def page(self, frame: Frame, now: datetime) -> str:
        """Return the first page for *frame*."""
        fresh = self.freshness()
        if not fresh.ready:
            raise NotReady
        with self._lock:
            drawn = self._draw()
            scene = self._scenes.get(frame.name)
            if scene is None or scene.view is not drawn.view:
                scene = scene_of(drawn.view, drawn.faces, frame, self._grounds.get(frame.name, NO_GROUND))
                self._scenes[frame.name] = scene
        return render(scene, fresh, now=now, has_map=self._has_map, can_sign_up=self._can_sign_up)

    def hazards(self) -> tuple[View, tuple[Face, ...]]:
        """Return the newest view and its faces, for another picture of the same."""
        drawn = self.drawn()
        return drawn.view, drawn.faces

    def ground(self, frame: Frame) -> Ground:
        """Return what lies beneath the map of *frame*."""
        return self._grounds.get(frame.name, NO_GROUND)

    def first_page(self, now: datetime) -> str:
        """Return the first page for the service's home."""
        return self.page(TOKYO, now)

    def _draw(self) -> _Drawn:
        view = self._state.view()
        if self._drawn is None or self._drawn.view is not view:
            found = self._cut.faces(view.maps)
            geojson, notices = collection(found, view.facts_at), _notices(view)
            self._drawn = _Drawn(view, found, geojson, _etag(geojson), notices, _etag(notices))
        return self._drawn


def residents_app(
    residents: Residents,
    metrics: ApiMetrics,
    registry: CollectorRegistry,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    sign_up: SignUp | None = None,
    web: Path | None = None,
    wards: bytes = areas(()),
    live: LiveBoard | None = None,
    reports: RoadReports | None = None,
    open_data: OpenData | None = None,
    ways: WayBook | None = None,
    whole_map: WholeMap | None = None,
) -> FastAPI:
    """Return the application that answers from *residents*; nothing is read here."""
    # No pages of FastAPI's own: they load scripts from elsewhere.
    app = FastAPI(title="Shirase residents", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    # The report of a road is the one form that is sent back; without it no page sends any.
    policy = policy_for([PAGE, REPORT] if reports is not None else [PAGE], forms=reports is not None)
    if live is not None:
        ready = Ready(live, residents.freshness, guard_headers(policy))
        app.add_middleware(Lane, ready=ready)
        app.state.front = Front(ready, metrics)
    app.add_middleware(Guard, policy=policy, metrics=metrics, most_bytes=_LONGEST_WISH)
    answer_problems(app)
    describe(app)
    wards_etag = _etag(wards)

    @app.get("/", include_in_schema=False)
    def page(area: Annotated[Literal["tokyo", "japan"], Query()] = "tokyo") -> Response:
        try:
            return _html(residents.page(FRAMES[area], now()), 200)
        except NotReady:
            return _html(render_waiting(), 503)

    @app.get("/refresh.js", include_in_schema=False)
    def refresh() -> Response:
        return Response(REFRESH_JS, media_type="text/javascript", headers={"cache-control": "public, max-age=3600"})

    @app.get("/hazards.geojson", response_class=Response, responses=_cacheable("application/geo+json", _COLLECTION))
    def hazards(if_none_match: Annotated[str, Header()] = "") -> Response:
        drawn = residents.drawn()
        headers = _caching(drawn.geojson_etag, drawn.view, residents.freshness())
        return _unless_known(drawn.geojson, drawn.geojson_etag, if_none_match, headers, "application/geo+json")

    @app.get("/wards.geojson", response_class=Response, responses=_cacheable("application/geo+json", _OUTLINES))
    def outlines(if_none_match: Annotated[str, Header()] = "") -> Response:
        headers = {"etag": wards_etag, "cache-control": "public, max-age=86400"}
        return _unless_known(wards, wards_etag, if_none_match, headers, "application/geo+json")

    @app.get("/n/{tag}", include_in_schema=False)
    def linked(tag: Annotated[str, Path_(pattern="^[A-Za-z0-9_-]{16}$")]) -> Response:
        # What a push links to: the notice's place on the first page, with all else that is in force around it.
        return Response(status_code=303, headers={"location": f"/#n-{tag}", "cache-control": "no-store"})

    @app.get("/notices.json", response_class=Response, responses=_cacheable("application/json", _LISTED))
    def notices(if_none_match: Annotated[str, Header()] = "") -> Response:
        drawn = residents.drawn()
        headers = _caching(drawn.notices_etag, drawn.view, residents.freshness())
        return _unless_known(drawn.notices, drawn.notices_etag, if_none_match, headers, "application/json")

    if live is not None:
        app.include_router(here_index_routes(live))
        drawn = whole_map or WholeMap(live, residents.hazards, residents.ground(TOKYO))
        app.include_router(whole_map_routes(drawn, residents.freshness))
        app.include_router(live_routes(live, residents.freshness, Hub(live)))
        app.include_router(way_routes(ways, residents.freshness, now))
        app.include_router(report_routes(reports, now))
        app.include_router(report_page_routes(reports, live, now))
    if open_data is not None:
        app.include_router(open_routes(open_data, residents.freshness))
    if sign_up is not None:
        app.include_router(subscription_routes(sign_up))
    if web is not None:
        app.include_router(web_routes(web))

    @app.get("/health", response_class=Response, responses={200: _HEALTH, 503: _HEALTH})
    def health() -> Response:
        return health_answer(residents.freshness())

    @app.get("/metrics", include_in_schema=False)
    def measured() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


_HEALTH = answered("how current the state is", {"ready": True, "lag_records": 0, "state_age_seconds": 0.4})
_OUTLINES = {"type": "FeatureCollection", "features": []}
_COLLECTION = _OUTLINES | {"facts_at": "2026-09-12T12:00:02Z"}
_LISTED = {"facts_at": "2026-09-12T12:00:02Z", "not_an_all_clear": True, "in_force": [], "ended": []}


def _cacheable(media_type: str, example: object) -> dict[int | str, dict[str, Any]]:
    """Return the description of an answer that has an ETag and may not be there yet."""
    return {
        200: answered("the newest state", example, media_type),
        304: {"description": "what the caller has is the newest"},
        **refused(503),
    }


def health_answer(fresh: Freshness) -> Response:
    """Return 200 once the topics were read to their end, 503 before; how old the state may be is in both."""
    body = {"ready": fresh.ready, "lag_records": fresh.lag_records, "state_age_seconds": fresh.age_seconds}
    return Response(
        orjson.dumps(body), 200 if fresh.ready else 503, {"cache-control": "no-store"}, media_type="application/json"
    )


def _html(page: str, status: int) -> Response:
    return Response(page, status, {"cache-control": "no-cache"}, media_type="text/html; charset=utf-8")


def _etag(body: bytes) -> str:
    # Weak: the same bytes may leave compressed.
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def _caching(etag: str, view: View, fresh: Freshness) -> dict[str, str]:
    headers = {"etag": etag, "cache-control": f"public, max-age={_FRESH_SECONDS}"}
    if fresh.age_seconds is not None:
        # Since the state was last validated against the broker: a cache must not call an old state fresh.
        headers["age"] = str(int(fresh.age_seconds))
    if view.facts_at is not None:
        headers["last-modified"] = format_datetime(view.facts_at.astimezone(UTC), usegmt=True)
    return headers


def _unless_known(body: bytes, etag: str, known: str, headers: dict[str, str], media_type: str) -> Response:
    if etag in {name.strip() for name in known.split(",")} or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _notices(view: View) -> bytes:
    return orjson.dumps(
        {
            "facts_at": view.facts_at,
            "not_an_all_clear": True,
            "in_force": [_listed(entry) for entry in entries(view.in_force)],
            "ended": [_listed(entry) for entry in entries(view.ended)],
        }
    )


def _listed(entry: Entry) -> dict[str, object]:
    notice, part = entry.notice, entry.part
    return {
        "lineage": notice.lineage,
        "revision": notice.revision,
        "phase": part.phase.value,
        "level": None if part.level is None else int(part.level),
        "is_order": says_order(notice, part),
        "severity": part.severity.value,
        "hazards": [hazard.value for hazard in part.hazards],
        "areas": entry.area_names,
        "issuer": notice.issuer,
        "sent": notice.sent,
        "received": notice.received,
        "renew_by": notice.expires,
        "texts": {text.language: {"title": text.title, "body": text.body} for text in entry.texts},
    }
