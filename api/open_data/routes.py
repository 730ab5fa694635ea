"""`/open/...`: the feed, each notice as CAP, the record of each event; for anybody, without a key."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Response
from fastapi import Path as Path_

from api.http.description import answered, refused
from api.http.errors import ApiError, NotReady
from api.http.reader import Freshness
from api.open_data.atom import MOST_ENTRIES, feed_of
from api.open_data.book import OpenBook, Published
from api.open_data.cap_out import alert_of
from api.open_data.event import event_of
from feeds.cap_write import write_cap

ATOM, CAP, JSON = "application/atom+xml", "application/cap+xml", "application/json"
# A message never changes; a reader asks for the feed as often as it likes and gets 304.
_CAP_CACHE = "public, max-age=31536000, immutable"
_FEED_CACHE = "public, max-age=5"
_KEPT = 500
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FEED = '<feed xmlns="http://www.w3.org/2005/Atom"></feed>'
_ALERT = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"></alert>'
EVENT_EXAMPLE = {
    "event": "q1w2e3r4t5y6u7i8",
    "drill": False,
    "began": "2026-09-12T12:00:00Z",
    "last_told": "2026-09-12T14:00:03Z",
    "in_force": True,
    "issuers": ["江東区"],
    "counts_below": "Figures under 20 read <20.",
    "notices": [],
    "cap": ["/open/cap/q1w2e3r4t5y6u7i8-0.xml"],
}

NamePath = Annotated[str, Path_(pattern="^[A-Za-z0-9_-]{16}-[0-9]{1,6}$", examples=["q1w2e3r4t5y6u7i8-0"])]
TagPath = Annotated[str, Path_(pattern="^[A-Za-z0-9_-]{16}$", examples=["q1w2e3r4t5y6u7i8"])]
_Known = Annotated[str, Header()]


@dataclass(frozen=True, slots=True)
class _Made:
    content: bytes
    etag: str


class OpenData:
    """Makes what is asked for, and keeps it: a message once, the feed once for each notice."""

    def __init__(self, book: OpenBook, *, sender: str, site_url: str) -> None:
        self.book = book
        self._sender, self._site_url = sender, site_url
        self._messages: OrderedDict[str, _Made] = OrderedDict()
        self._feed: tuple[int, _Made] | None = None
        self._lock = threading.Lock()

    def feed(self) -> _Made:
        """Return the feed."""
        generation, newest = self.book.newest(MOST_ENTRIES)
        with self._lock:
            if self._feed is None or self._feed[0] != generation:
                updated = newest[0].notice.approved_at if newest else _EPOCH
                made = _made(feed_of(newest, site_url=self._site_url, updated=updated))
                self._feed = generation, made
            return self._feed[1]

    def message(self, published: Published) -> _Made:
        """Return *published* as CAP."""
        with self._lock:
            known = self._messages.get(published.name)
            if known is None:
                known = _made(write_cap(alert_of(published, sender=self._sender, site_url=self._site_url)))
                self._messages[published.name] = known
                if len(self._messages) > _KEPT:
                    self._messages.popitem(last=False)
            return known


def open_routes(data: OpenData, freshness: Callable[[], Freshness]) -> APIRouter:
    """Return the routes below `/open/`."""
    router = APIRouter()

    def ready() -> None:
        if not freshness().ready:
            raise NotReady

    @router.get(
        "/open/atom.xml",
        summary="Feed of all notices, drills marked (Atom)",
        response_class=Response,
        responses=_described(ATOM, _FEED),
    )
    def feed(if_none_match: _Known = "") -> Response:
        ready()
        return _answer(data.feed(), if_none_match, ATOM, _FEED_CACHE)

    @router.get(
        "/open/cap/{name}.xml",
        summary="One notice as CAP 1.2: what holds in its lineage after it, each language an info",
        response_class=Response,
        responses=_described(CAP, _ALERT, 404, 422),
    )
    def message(name: NamePath, if_none_match: _Known = "") -> Response:
        ready()
        published = data.book.find(name)
        if published is None:
            raise ApiError(404, "no-such-notice", "There is no such notice, or it is older than what is kept")
        return _answer(data.message(published), if_none_match, CAP, _CAP_CACHE)

    @router.get(
        "/open/events/{lineage}.json",
        summary="What was told when, where, to how many and how fast; figures under 20 are hidden",
        response_class=Response,
        responses=_described(JSON, EVENT_EXAMPLE, 404, 422),
    )
    def event(lineage: TagPath, if_none_match: _Known = "") -> Response:
        ready()
        record = event_of(data.book, lineage)
        if record is None:
            raise ApiError(404, "no-such-event", "Nothing was told of such an event, or it is older than what is kept")
        return _answer(_made(orjson.dumps(record)), if_none_match, JSON, _FEED_CACHE)

    return router


def _made(content: bytes) -> _Made:
    # Weak: the same bytes may leave compressed.
    return _Made(content, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')


def _answer(made: _Made, known: str, media_type: str, caching: str) -> Response:
    headers = {"etag": made.etag, "cache-control": caching}
    if made.etag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(made.content, headers=headers, media_type=media_type)


def _described(media_type: str, example: Any, *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        200: answered("as it is", example, media_type),
        304: {"description": "what the caller has is the newest"},
        **refused(503, *statuses),
    }
