"""`/here`: the way to a plain page for who has neither scripts nor a QR: her ward, then her chome, then the page.

What is asked is a ward; the chome stands behind the `#` of the link and is asked of nobody (R13).
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Annotated

from fastapi import APIRouter, Query, Response

from alerts.place import Shard
from api.drawing.style import PAGE
from api.http.errors import ApiError, NotReady
from api.live.board import LiveBoard
from api.live.here import anchor_of

Places = Mapping[str, tuple[tuple[str, Shard], ...]]
_CACHING = {"cache-control": "public, max-age=300"}


def here_index_routes(board: LiveBoard) -> APIRouter:
    """Return the route of the wards, and of the places of one."""
    router = APIRouter()

    @router.get("/here", include_in_schema=False)
    def index(ward: Annotated[str, Query(max_length=40)] = "") -> Response:
        places = board.places_by_ward()
        if not board.answers.bodies:
            raise NotReady
        shown = choice_of_places(places, board.answers.shards, ward)
        return Response(shown, headers=_CACHING, media_type="text/html; charset=utf-8")

    return router


def choice_of_places(places: Places, shards: Iterable[Shard], ward: str, *, there: str = "/here") -> str:
    """Return the page of the wards, or of the towns of *ward*, that leads to the shards' pages below *there*."""
    if ward and ward not in places:
        raise ApiError(404, "not-found", "There is no such ward here")
    return _ward(ward, places[ward], there) if ward else _wards(places, shards, there)


def _wards(places: Places, shards: Iterable[Shard], there: str) -> str:
    links = "".join(f'<li><a href="{there}?ward={escape(ward, quote=True)}">{escape(ward)}</a></li>' for ward in places)
    if not links:
        # Nobody knows the wards: the districts by their number, which is still a page of each.
        links = "".join(f'<li><a href="{there}/{shard:x}">{n}</a></li>' for n, shard in enumerate(sorted(shards), 1))
    return _document("区をえらぶ", "Choose a ward", links)


def _ward(ward: str, found: tuple[tuple[str, Shard], ...], there: str) -> str:
    links = "".join(
        f'<li><a href="{there}/{shard:x}#{escape(anchor_of(name), quote=True)}">{escape(name)}</a></li>'
        for name, shard in found
    )
    return _document(f"{ward}の町をえらぶ", "Choose your town", links)


def _document(title: str, english: str, links: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(title)} - 知らせ</title><style>{PAGE}</style></head><body>'
        f'<header><h1>{escape(title)} <span lang="en">{english}</span></h1>'
        '<a class="signup" href="/">最初のページ <span lang="en">Start</span></a></header>'
        f'<main class="narrow"><section><ul class="choose">{links}</ul></section></main></body></html>'
    )
