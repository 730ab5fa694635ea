"""`/live/...`: the state of a shard and nothing finer, from memory, with its name and its age."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi import Path as Path_

from alerts.place import SHARD_RESOLUTION
from api.errors import ApiError, NotReady
from api.live.board import MEDIA_TYPES, SHARDS, LiveBoard
from api.live.body import Body
from api.live.facts import Section
from api.problem import described
from api.reader import Freshness
from geo.cells import resolution_of

# A shared cache may answer a rush with a copy that is at most this old.
FRESH_SECONDS = 5
CACHE_CONTROL = f"public, max-age={FRESH_SECONDS}, stale-if-error=86400"
SHARD_EXAMPLE = "862f5a36fffffff"

_SUMMARIES = {
    Section.HAZARDS: "Hazards of a shard as GeoJSON, with the cells in which each holds",
    Section.NOTICES: "Notices in force in a shard, and those that ended; past their time they stay and say so",
    Section.SHELTERS: "Shelters of a shard: state, crowding, fit hazards, and how old the word is",
    Section.CLOSURES: "Closed roads of a shard, confirmed or reported, with age and count",
    Section.PLAN: "What the people of each cell of a shard are to do, and the way",
    Section.RIVER: "Official river stages against their thresholds, and official forecasts",
}
_ShardPath = Annotated[str, Path_(pattern="^[0-9a-f]{15}$", examples=[SHARD_EXAMPLE])]
_Known = Annotated[str, Header()]


def live_routes(board: LiveBoard, freshness: Callable[[], Freshness]) -> APIRouter:
    """Return the routes below `/live/`."""
    router = APIRouter()

    @router.get(
        "/live/shards.json",
        summary="The shards that are covered: bounds, ages and digests, and sources that are silent",
        response_class=Response,
        responses=_described("application/json"),
    )
    async def shards(if_none_match: _Known = "", accept_encoding: _Known = "") -> Response:
        return _answer(_body(board, SHARDS, freshness()), freshness(), if_none_match, accept_encoding)

    for section in Section:
        router.add_api_route(
            f"/live/{{shard}}/{section.value}",
            _section(board, freshness, section),
            summary=_SUMMARIES[section],
            name=section.name.lower(),
            response_class=Response,
            responses=_described(MEDIA_TYPES[section], 404, 422),
        )
    return router


def _section(board: LiveBoard, freshness: Callable[[], Freshness], section: Section) -> Callable[..., Any]:
    async def answer(shard: _ShardPath, if_none_match: _Known = "", accept_encoding: _Known = "") -> Response:
        fresh = freshness()
        body = _body(board, f"{shard}/{section.value}", fresh, shard)
        return _answer(body, fresh, if_none_match, accept_encoding)

    return answer


def _body(board: LiveBoard, name: str, fresh: Freshness, shard: str = "") -> Body:
    answers = board.answers
    if not fresh.ready or not answers.bodies:
        raise NotReady
    found = answers.bodies.get(name)
    if found is not None:
        return found
    if shard and resolution_of(int(shard, 16)) != SHARD_RESOLUTION:
        raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
    raise ApiError(404, "shard-not-covered", "This shard is not covered here", "See /live/shards.json.")


def _answer(body: Body, fresh: Freshness, known: str, encodings: str) -> Response:
    headers = headers_of(body, fresh)
    if body.etag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    raw = body.raw
    if body.gzipped is not None and "gzip" in encodings:
        raw, headers["content-encoding"] = body.gzipped, "gzip"
    return Response(raw, headers=headers, media_type=body.media_type)


def headers_of(body: Body, fresh: Freshness) -> dict[str, str]:
    """Return what a cache needs to know of *body*; `Age` is since the state was last known to be current."""
    headers = {"etag": body.etag, "cache-control": CACHE_CONTROL, "vary": "Accept-Encoding"}
    if fresh.age_seconds is not None:
        headers["age"] = str(int(fresh.age_seconds))
    return headers


def _described(media_type: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"description": "the newest state", "content": {media_type: {}}},
        304: {"description": "what the caller has is the newest"},
        **described(503, *statuses),
    }
