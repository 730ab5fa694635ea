"""The residents' process: what it reads, what it is given, and what runs while it is served."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import SHARD_RESOLUTION, Cell, Cells, Shard
from api.frame import JAPAN, TOKYO
from api.geojson import areas
from api.ground import Ground, ground_of, land_of
from api.joining import Joining, JoiningSettings
from api.live import facts as live_facts
from api.live.board import LiveBoard
from api.live.facts import LiveFacts
from api.live.here import HerePages, PlaceName
from api.live.reports import RoadReports
from api.live.roads import line_on
from api.metrics import ApiMetrics
from api.open_data import book as open_book
from api.open_data.book import OpenBook
from api.open_data.routes import OpenData
from api.reader import TopicReader
from api.residents import Residents, residents_app
from api.state import TOPICS, State
from geo.areas import AreaTable
from geo.cells import difference, parent_of, split_by_shard
from routing.network import RoadNetwork
from routing.site import Site
from streams.client import Producer, Record

_SPECIAL_WARDS = tuple(f"131{number:02d}00" for number in range(1, 24))
# One source of ways, shelters and closures, another of what residents were told: each record is read once.
_FOLLOWED = tuple(dict.fromkeys((*TOPICS, *live_facts.TOPICS, *open_book.TOPICS)))


@dataclass(frozen=True, slots=True)
class PublishedAs:
    """Under which name CAP messages go out, and where their readers find us."""

    cap_sender: str = "shirase@localhost.invalid"
    site_url: str = "http://localhost"


def build_residents(
    bootstrap: str,
    *,
    table: AreaTable | None = None,
    joining: JoiningSettings | None = None,
    web: Path | None = None,
    sites: Iterable[Site] = (),
    roads: RoadNetwork | None = None,
    take_reports: bool = False,
    name_of: PlaceName | None = None,
    published: PublishedAs = PublishedAs(),
) -> FastAPI:
    """Return the residents' application over the broker at *bootstrap*; it reads while it is served.

    With *table* the map shows the wards beneath the hazards, and names them. With *joining* residents may sign
    up; with *web* (the built pages) their browsers get the worker that shows pushes. *sites* are the shelters
    of the lists; on *roads* a road is drawn that is known by its id alone, and with *take_reports*
    residents may say which of them cannot be walked.
    """
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    state = State()
    facts = LiveFacts(sites={site.id: site for site in sites}, line_of=line_on(roads))
    board = LiveBoard(state, facts, *shown_ground(table, name_of))
    book = OpenBook()

    def apply(record: Record) -> None:
        board.apply(record)
        book.apply(record)

    reader = TopicReader(bootstrap, _FOLLOWED, apply, metrics)
    door = None if joining is None else Joining(bootstrap, joining, table, metrics)

    told = Producer(bootstrap) if take_reports and roads is not None else None

    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        signing_up = door.running() if door is not None else nullcontext()
        telling = nullcontext() if told is None else told
        with signing_up, telling, board.running(lambda: reader.freshness().ready):
            async with reader.while_served(app):
                yield

    grounds = {} if table is None else grounds_of(table)
    wards = areas(() if table is None else wards_of(table))
    app = residents_app(
        Residents(state, reader.freshness, grounds, can_sign_up=door is not None and web is not None),
        metrics,
        registry,
        sign_up=None if door is None else door.sign_up,
        web=web,
        wards=wards,
        live=board,
        open_data=OpenData(book, sender=published.cap_sender, site_url=published.site_url),
        reports=None if told is None or roads is None else RoadReports(roads, told, board),
    )
    app.router.lifespan_context = serving
    return app


def shown_ground(table: AreaTable | None, name_of: PlaceName | None) -> tuple[frozenset[Shard], HerePages]:
    """Return the shards that are covered, and what writes their plain pages; a place has its ward's name at least."""
    if table is None:
        return frozenset(), HerePages(name_of or (lambda _cell: ""))

    def named(cell: Cell) -> str:
        wards = table.area_at(cell)
        return (name_of(cell) if name_of is not None else "") or (wards[0].ja if wards else "")

    return shards_of_wards(table), HerePages(named, wards_of(table))


def grounds_of(table: AreaTable) -> Mapping[str, Ground]:
    """Return what lies beneath each map: the 23 wards with their names, and the land of Japan."""
    land: set[int] = set()
    for code in table.codes():
        cover = table.lookup(Geocode(GEOCODE_CLASS20, code))
        if cover is not None:
            land.update(parent_of(cell, SHARD_RESOLUTION) for cell in cover.cells)
    return {
        TOKYO.name: ground_of(TOKYO, wards_of(table)),
        JAPAN.name: land_of(JAPAN, tuple(sorted(map(Cell, land)))),
    }


def wards_of(table: AreaTable) -> tuple[tuple[str, Cells], ...]:
    """Return the 23 wards with the cells that lie mostly inside: so neighbours do not overlap."""
    found = ((code, table.lookup(Geocode(GEOCODE_CLASS20, code))) for code in _SPECIAL_WARDS)
    return tuple((cover.name, difference(cover.cells, cover.partial)) for _, cover in found if cover is not None)


def shards_of_wards(table: AreaTable) -> frozenset[Shard]:
    """Return the shards that the 23 wards touch: what the residents' state is kept for."""
    return frozenset(shard for _, cells in wards_of(table) for shard in split_by_shard(cells))
