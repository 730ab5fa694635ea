"""`POST /reports`: a resident says that a road cannot be walked. Off unless the operator turns it on.

The point is snapped to a road and thrown away; what is stored names the road and its middle, and nobody: the
report is tied to no subscription. It is shown with its age and count, and moves nobody: only what an officer
confirms does.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.place import SHARD_RESOLUTION, Cell, LatLng, Shard
from alerts.road import RoadCause, RoadPlace
from api.http.description import answered, refused
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.http.turns import Turns
from api.known.roads import line_on
from api.live.board import LiveBoard
from api.live.routes import SHARD_EXAMPLE, ShardPath
from api.live.streets import StreetBook, StreetPlace
from feeds.resident import FEED, MOST_SLOTS, STANDS_FOR, resident_document
from geo.cells import resolution_of
from routing.network import RoadNetwork
from routing.snap import SNAP_M, Snapper
from streams.brokers.client import Producer
from streams.brokers.errors import StreamsError
from streams.ingest.acceptance import receive

# Somebody who walks home meets a few flooded streets; whoever reports more is not walking.
BURST = 3
PER_MINUTE = 0.2
_STORED_WITHIN_SECONDS = 10.0
_AT_ONCE, _MOST_WAITING = 8, 400
_TAKEN = {
    "road": "w123456-7",
    "name": "永代通り",
    "count": 3,
    "shown_as": "reported",
    "ends_at": "2026-09-12T18:00:00Z",
}
_STREETS = {
    "shard": SHARD_EXAMPLE,
    "places": [{"name": "永代通り", "kind": "street", "near": "東陽", "at": [35.6695, 139.8171]}],
}


class ReportIn(BaseModel):
    """Which road, by a point on it, and what is wrong with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lat: Annotated[float, Field(ge=-90, le=90, examples=[35.672])]
    lng: Annotated[float, Field(ge=-180, le=180, examples=[139.817])]
    cause: Annotated[RoadCause, Field(examples=["flooded"])]


@dataclass(frozen=True, slots=True)
class Reported:
    """The road that was meant and how many say so by now."""

    road: str
    name: str
    count: int
    ends_at: datetime


class RoadReports:
    """Takes reports on the roads of *network*."""

    def __init__(
        self,
        network: RoadNetwork,
        producer: Producer,
        board: LiveBoard,
        limit: RateLimit | None = None,
        *,
        streets: StreetBook | None = None,
    ) -> None:
        self.streets = streets or StreetBook(network, lambda _cell: "")
        self._snapper = Snapper(network)
        self._line_of = line_on(network)
        self._producer = producer
        self._board = board
        self._limit = limit or RateLimit(BURST, PER_MINUTE)
        self._snapping = threading.Lock()
        self.turns = Turns(_AT_ONCE, most_waiting=_MOST_WAITING)
        """Where a report waits for the broker: never in the pool that answers pages."""

    def take(self, asked: ReportIn, address: str, at: datetime) -> Reported:
        """Store the report; raise `ApiError` where it cannot be one."""
        wait = self._limit.wait_seconds(address, time.monotonic())
        if wait:
            raise ApiError(429, "too-many", "Too many reports from this address", f"Ask again in {wait:.0f} s.")
        with self._snapping:
            snapped = self._snapper.snap(RoadPlace(point=LatLng(asked.lat, asked.lng)))
        if not snapped.road_ids:
            raise ApiError(422, "no-road-there", "No road that we know is there", f"Within {SNAP_M:.0f} m of a road.")
        road = snapped.road_ids[0]
        said = self._board.said_by_residents(road, at)
        line = self._line_of(road)
        middle = LatLng(sum(end.lat for end in line) / len(line), sum(end.lng for end in line) / len(line))
        raw = resident_document(road, min(said, MOST_SLOTS - 1), asked.cause, middle, at)
        self._store(raw, at)
        return Reported(road, snapped.names[0] if snapped.names else "", min(said + 1, MOST_SLOTS), at + STANDS_FOR)

    def _store(self, raw: bytes, at: datetime) -> None:
        try:
            stored: Future[Any] = receive(self._producer, raw, name="report.json", feed=FEED, received=at).stored
            stored.result(_STORED_WITHIN_SECONDS)
        except (StreamsError, TimeoutError):
            raise ApiError(503, "not-stored", "It could not be stored", "Nothing was changed; try again.") from None


def report_routes(reports: RoadReports | None, now: Callable[[], datetime]) -> APIRouter:
    """Return the route; without *reports* it says that it is turned off."""
    router = APIRouter()

    @router.get(
        "/reports",
        summary="Whether residents' reports of roads are taken here",
        response_class=Response,
        responses={200: answered("for pages: whether to show the form", {"taken": True})},
    )
    def taken_here() -> Response:
        body = {"taken": reports is not None}
        # Turned on or off by the operator, who may do so in the middle of an event.
        return Response(orjson.dumps(body), headers={"cache-control": "no-cache"}, media_type="application/json")

    @router.post(
        "/reports",
        status_code=202,
        summary="Say that a road cannot be walked; shown with age and count, moves nobody",
        response_class=Response,
        responses={
            202: answered("stored; shown within seconds", _TAKEN),
            **refused(404, 422, 429, 503),
        },
    )
    async def report(asked: ReportIn, request: Request) -> Response:
        if reports is None:
            raise ApiError(404, "reports-off", "Reports of residents are not taken here")
        address = request.client.host if request.client else ""
        taken = await reports.turns.take("", reports.take, asked, address, now())
        body = {
            "road": taken.road,
            "name": taken.name,
            "count": taken.count,
            "shown_as": "reported",
            "ends_at": taken.ends_at,
        }
        return Response(orjson.dumps(body), 202, {"cache-control": "no-store"}, media_type="application/json")

    @router.get(
        "/reports/streets/{shard}",
        summary="The named streets, towns and landmarks of a shard, to say which road is meant without a map",
        response_class=Response,
        responses={
            200: answered("places, each with a point on its road", _STREETS),
            304: {"description": "what the caller has is the newest"},
            **refused(404, 422),
        },
    )
    def streets(shard: ShardPath, if_none_match: Annotated[str, Header()] = "") -> Response:
        if reports is None:
            raise ApiError(404, "reports-off", "Reports of residents are not taken here")
        cell = Cell(int(shard, 16))
        if resolution_of(cell) != SHARD_RESOLUTION:
            raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
        body = _listed(shard, reports.streets.places(Shard(cell)))
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        # The streets of a town are those of yesterday.
        headers = {"etag": etag, "cache-control": "public, max-age=86400"}
        if etag in if_none_match or if_none_match.strip() == "*":
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    return router


def _listed(shard: str, places: tuple[StreetPlace, ...]) -> bytes:
    listed = [
        {"name": one.name, "kind": one.kind.value, "near": one.near, "at": [one.at.lat, one.at.lng]} for one in places
    ]
    return orjson.dumps({"shard": shard, "places": listed})
