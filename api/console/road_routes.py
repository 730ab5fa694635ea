"""`/roads`: find a road by its name and close it; and the roads of a shard, for the map of the console alone."""

from html import escape
from typing import Annotated
from urllib.parse import urlencode

import h3.api.basic_int as h3
from fastapi import APIRouter, Cookie, Query, Response
from fastapi import Path as Path_

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, Shard
from api.console import fields
from api.console.office import COOKIE, Office
from api.drawing.sheet import document
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.known.road_map import MOST_STRETCHES, RoadMap, Stretch
from api.officers.accounts import Session
from api.officers.form import page
from geo.cells import resolution_of

_CACHING = {"cache-control": "private, max-age=3600"}


def road_routes(office: Office, roads: RoadMap) -> APIRouter:
    """Return the routes over the network that the planner walks on."""
    router = APIRouter()

    @router.get("/roads", include_in_schema=False)
    def search(
        name: Annotated[str, Query(max_length=60)] = "", token: Annotated[str, Cookie(alias=COOKIE)] = ""
    ) -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        return page(_search_page(name, roads.named(name), office, session))

    @router.get("/roads/{shard}", include_in_schema=False)
    def drawn(
        shard: Annotated[str, Path_(pattern="^[0-9a-f]{15}$")], token: Annotated[str, Cookie(alias=COOKIE)] = ""
    ) -> Response:
        if office.session(token) is None:
            raise ApiError(401, "not-signed-in", "Sign in first")
        if resolution_of(int(shard, 16)) != SHARD_RESOLUTION:
            raise ApiError(422, "not-a-shard", "A question is as fine as a shard: H3 resolution 6")
        return Response(roads.in_shard(Shard(int(shard, 16))), headers=_CACHING, media_type="application/geo+json")

    return router


def _search_page(name: str, found: tuple[Stretch, ...], office: Office, session: Session) -> str:
    items = "".join(_item(one, office) for one in found)
    said = ""
    if name:
        more = f"（先の{MOST_STRETCHES}件。もっと長い名前でさがしてください）" if len(found) == MOST_STRETCHES else ""
        said = f'<p role="status">「{escape(name)}」 {len(found)}件{more}</p>'
    return document(
        "知らせ 道路をさがす",
        f"<header><h1>道路をさがす</h1><small>{escape(session.account.name)}　"
        '<a href="/post#closure">入力画面へ</a></small></header><main class="narrow">'
        f'<form method="get" action="/roads">{fields.text("道路や橋の名前", "name", "永代通り", name)}'
        f'<button class="go">さがす <small lang="en">Search</small></button></form>{said}'
        f'<ul class="choose">{items}</ul></main>',
    )


def _item(one: Stretch, office: Office) -> str:
    wards = office.ground.wards_at(Cell(h3.latlng_to_cell(one.at.lat, one.at.lng, HAZARD_RESOLUTION)))
    ward = "・".join(office.ground.names.get(code, code) for code in sorted(wards))
    asked = urlencode({"road": " ".join(one.roads), "name": one.name})
    where = f"{one.at.lat:.4f},{one.at.lng:.4f}"
    return (
        f'<li><a href="/post?{escape(asked)}#closure">{escape(one.name)} '
        f"<small>{escape(ward)} {where} のあたり・{len(one.roads)}本</small></a></li>"
    )
