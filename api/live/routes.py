"""`/live/...` and `/here/...` as they are described, and what is wrong with a question that has no ready answer.

Answers themselves leave by `api.live.lane`, before any route is asked.
"""

from collections.abc import Callable
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Header, Response
from fastapi import Path as Path_

from alerts.place import SHARD_RESOLUTION
from api.http.description import answered, refused
from api.http.errors import ApiError, NotReady
from api.http.reader import Freshness
from api.live.board import LiveBoard
from api.live.events import EventStream, Hub
from api.live.facts import Section
from geo.cells import resolution_of

SHARD_EXAMPLE = "862f5aad7ffffff"  # the middle of Kōtō

_AGES = {
    "not_an_all_clear": True,
    "facts_at": "2026-09-12T12:00:02Z",
    "as_of": "2026-09-12T12:00:03Z",
    "age_seconds": 1,
}
_COLLECTION = {"type": "FeatureCollection", "shard": SHARD_EXAMPLE, "features": [], **_AGES}
_EXAMPLES: dict[Section | None, Any] = {
    None: {
        "shards": [{"id": SHARD_EXAMPLE, "bounds": [139.77, 35.63, 139.83, 35.69], "digests": {"notices": "5f0c"}}],
        "sources": [{"source": "jma-extra", "owner": "JMA", "since": None, "silent": False, "texts": None}],
        **_AGES,
    },
    Section.NOTICES: {"shard": SHARD_EXAMPLE, "in_force": [], "ways": [], "ended": [], **_AGES},
    Section.PLAN: {"shard": SHARD_EXAMPLE, "version": None, "plan_digest": None, "hazards": [], "cells": [], **_AGES},
    Section.RIVER: {"shard": SHARD_EXAMPLE, "stations": [], "official_forecasts": [], **_AGES},
    Section.HERE: "<!doctype html>",
}
_STREAM = f'event: change\nid: 5f0c-17\ndata: {{"shards":{{"{SHARD_EXAMPLE}":{{"notices":"5f0c"}}}}}}\n\n'
_SUMMARIES = {
    Section.HAZARDS: "Hazards of a shard as GeoJSON, with the cells in which each holds",
    Section.NOTICES: "Notices in force in a shard, and those that ended; past their time they stay and say so",
    Section.SHELTERS: "Shelters of a shard: state, crowding, fit hazards, and how old the word is",
    Section.CLOSURES: "Closed roads of a shard, confirmed or reported, with age and count",
    Section.PLAN: "What the people of each cell of a shard are to do, and the way",
    Section.HERE: "Here, now: a plain page of a shard, its places as anchors; without scripts",
    Section.RIVER: "Official river stages against their thresholds, and official forecasts",
}
ShardPath = Annotated[str, Path_(pattern="^[0-9a-f]{15}$", examples=[SHARD_EXAMPLE])]


def live_routes(board: LiveBoard, freshness: Callable[[], Freshness], hub: Hub) -> APIRouter:
    """Return the routes below `/live/`."""
    router = APIRouter()

    @router.get(
        "/live/shards.json",
        summary="The shards that are covered: bounds, ages and digests, and sources that are silent",
        response_class=Response,
        responses=_described("application/json", _EXAMPLES[None]),
    )
    async def shards() -> Response:
        raise NotReady

    @router.get(
        "/live/events",
        summary="Server-Sent Events: which shards say something else now; whoever cannot hear them asks shards.json",
        response_class=Response,
        responses={
            200: answered("`index`, `change` and `beat`", _STREAM, "text/event-stream"),
            **refused(503),
        },
    )
    async def events(last_event_id: Annotated[str, Header(max_length=60)] = "") -> Response:
        if not freshness().ready:
            raise NotReady
        if hub.full:
            raise ApiError(503, "streams-full", "Too many are listening", "Ask /live/shards.json every few seconds.")
        return EventStream(hub, last_event_id, freshness)

    for section in Section:
        router.add_api_route(
            section.path("{shard}"),
            _section(board, freshness),
            summary=_SUMMARIES[section],
            name=section.name.lower(),
            response_class=Response,
            responses=_described(section.media_type, _EXAMPLES.get(section, _COLLECTION), 404, 422),
        )
    return router


def _section(board: LiveBoard, freshness: Callable[[], Freshness]) -> Callable[..., Any]:
    async def answer(shard: ShardPath) -> Response:
        refuse(shard, board, freshness())

    return answer


def refuse(shard: str, board: LiveBoard, fresh: Freshness) -> NoReturn:
    """Say why there is no answer about *shard*."""
    if resolution_of(int(shard, 16)) != SHARD_RESOLUTION:
        raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
    if not fresh.ready or not board.answers.bodies:
        raise NotReady
    raise ApiError(404, "shard-not-covered", "This shard is not covered here", "See /live/shards.json.")


def _described(media_type: str, example: Any, *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        200: answered("the newest state", example, media_type),
        304: {"description": "what the caller has is the newest"},
        **refused(503, *statuses),
    }
