"""`/live/ways/SHARD`: the ways of a whole shard, so that the phone walks from its exact point without telling it.

The bytes are those of `routing.way_tile`. They are cut when somebody asks for the first time after a change and
kept; without an order in force there are none, because a way is an order to leave for whoever reads it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from alerts.place import SHARD_RESOLUTION, Cell
from api.http.description import answered, refused
from api.http.errors import ApiError, NotReady
from api.http.reader import Freshness
from api.live.routes import ShardPath
from geo.cells import resolution_of
from streams.evacuation.way_book import Tile, WayBook

_CACHE_CONTROL = "public, max-age=5"
_SAID = {
    "not-a-tile": "There is no such shard",
    "no-order-here": "No order to leave is in force here",
    "no-way-here": "No streets are known here",
    "ways-off": "This server has no network of streets",
}
_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: answered("a way tile (`routing/way_tile.py`)", "SWT1…", "application/octet-stream"),
    304: {"description": "what the caller has is the newest"},
    **refused(404, 422, 503),
}


def way_routes(ways: WayBook | None, freshness: Callable[[], Freshness], now: Callable[[], datetime]) -> APIRouter:
    """Return the route; without *ways* it says that there are none here."""
    router = APIRouter()

    @router.get(
        "/live/ways/{shard}",
        summary="The ways of a shard under an order to leave, for the phone to walk from its own point",
        response_class=Response,
        responses=_DESCRIBED,
    )
    def tile(shard: ShardPath, if_none_match: Annotated[str, Header()] = "") -> Response:
        cell = Cell(int(shard, 16))
        if resolution_of(cell) != SHARD_RESOLUTION:
            raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
        fresh = freshness()
        if not fresh.ready:
            raise NotReady
        found = "ways-off" if ways is None else ways.tile(cell, now())
        if not isinstance(found, Tile):
            code = str(found)
            raise ApiError(404, code, _SAID[code])
        etag = f'"{found.etag}"'
        headers = {"etag": etag, "cache-control": _CACHE_CONTROL}
        if fresh.age_seconds is not None:
            headers["age"] = str(int(fresh.age_seconds))
        if etag in if_none_match or if_none_match.strip() == "*":
            return Response(status_code=304, headers=headers)
        return Response(found.data, headers=headers, media_type="application/octet-stream")

    return router
