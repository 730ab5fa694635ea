"""The residents' process: what it reads, what it is given, and what runs while it is served."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import SHARD_RESOLUTION, Cell, Cells, Shard
from api.drawing.frame import JAPAN, TOKYO
from api.drawing.geojson import areas
from api.drawing.ground import Ground, ground_of, land_of
from api.drawing.lines import NO_LINES, Lines, lines_of
from api.http.metrics import ApiMetrics
from api.http.reader import TopicReader
from api.known.roads import line_on
from api.known.state import TOPICS, State
from api.live import facts as live_facts
from api.live.board import LiveBoard
from api.live.facts import LiveFacts
from api.live.here import HerePages, PlaceName
from api.live.reports import RoadReports
from api.live.streets import StreetBook
from api.live.town import NO_TOWN, ShownTown
from api.live.whole_map import WholeMap
from api.open_data import book as open_book
from api.open_data.book import OpenBook
from api.open_data.routes import OpenData
from api.residents.app import Residents, residents_app
from api.residents.joining import Joining, JoiningSettings
from geo.areas import AreaTable
from geo.cells import difference, parent_of, split_by_shard
from streams.brokers.client import Producer, Record
from streams.evacuation.way_book import WayBook

_SPECIAL_WARDS = tuple(f"131{number:02d}00" for number in range(1, 24))
# One source of ways, shelters and closures, another of what residents were told: each record is read once.
_FOLLOWED = tuple(dict.fromkeys((*TOPICS, *live_facts.TOPICS, *open_book.TOPICS)))


@dataclass(frozen=True, slots=True)
class PublishedAs:
    """Under which name CAP messages go out, and where their readers find us."""

    cap_sender: str = "shirase@localhost.invalid"
    site_url: str = "http://localhost"


@dataclass(frozen=True, slots=True)
class Read:
    """What is read of the topics into memory, and what answers from it."""

    board: LiveBoard
    book: OpenBook
    residents: Residents
    reader: TopicReader
    ways: WayBook | None
    whole_map: WholeMap


def read_of(
    bootstrap: str,
    table: AreaTable | None,
    town: ShownTown,
    metrics: ApiMetrics,
    *,
    has_map: bool = False,
    can_sign_up: bool = False,
    takes_reports: bool = False,
) -> Read:
    """Return the memory of a process that shows residents what is in force; nothing is read yet."""
    state = State()
    lines = lines_of(None if town.roads is None else town.roads.columns, town.rivers)
    facts = LiveFacts(sites={site.id: site for site in town.sites}, line_of=line_on(town.roads))
    board = LiveBoard(state, facts, *shown_ground(table, town.name_of, takes_reports=takes_reports, lines=lines))
    book = OpenBook()
    ways = None if town.planned is None else WayBook(town.planned)

    def apply(record: Record) -> None:
        board.apply(record)
        book.apply(record)
        if ways is not None:
            ways.apply(record)

    reader = TopicReader(bootstrap, _FOLLOWED, apply, metrics)
    grounds = {} if table is None else grounds_of(table)
    residents = Residents(state, reader.freshness, grounds, has_map=has_map, can_sign_up=can_sign_up)
    whole_map = WholeMap(board, residents.hazards, residents.ground(TOKYO), lines)
    return Read(board, book, residents, reader, ways, whole_map)


@contextmanager
def reading(bootstrap: str, table: AreaTable | None, town: ShownTown = NO_TOWN) -> Iterator[Read]:
    """Read without serving while the block lasts: for whoever writes the state down."""
    read = read_of(bootstrap, table, town, ApiMetrics(CollectorRegistry()))
    read.reader.start()
    try:
        yield read
    finally:
        read.reader.stop()


def build_residents(
    bootstrap: str,
    *,
    table: AreaTable | None = None,
    joining: JoiningSettings | None = None,
    web: Path | None = None,
    town: ShownTown = NO_TOWN,
    take_reports: bool = False,
    published: PublishedAs = PublishedAs(),
) -> FastAPI:
    """Return the residents' application over the broker at *bootstrap*; it reads while it is served.

    With *table* the map shows the wards beneath the hazards, and names them. With *joining* residents may sign
    up; with *web* (the built pages) their browsers get the worker that shows pushes. *town* is what is shown
    of shelters and roads; with *take_reports* residents may say which of its roads cannot be walked.
    """
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    can_sign_up = joining is not None and web is not None
    takes = take_reports and town.roads is not None
    read = read_of(
        bootstrap,
        table,
        town,
        metrics,
        has_map=web is not None,
        can_sign_up=can_sign_up,
        takes_reports=takes,
    )
    board, freshness = read.board, read.reader.freshness
    door = None if joining is None else Joining(bootstrap, joining, table, metrics)
    told = Producer(bootstrap) if takes else None

    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        signing_up = door.running() if door is not None else nullcontext()
        telling = nullcontext() if told is None else told
        with signing_up, telling, board.running(lambda: freshness().ready):
            async with read.reader.while_served(app):
                yield

    app = residents_app(
        read.residents,
        metrics,
        registry,
        sign_up=None if door is None else door.sign_up,
        web=web,
        wards=areas(() if table is None else wards_of(table)),
        live=board,
        ways=read.ways,
        whole_map=read.whole_map,
        open_data=OpenData(read.book, sender=published.cap_sender, site_url=published.site_url),
        reports=None if told is None else _reports(told, board, table, town),
    )
    app.router.lifespan_context = serving
    return app


def _reports(told: Producer, board: LiveBoard, table: AreaTable | None, town: ShownTown) -> RoadReports:
    assert town.roads is not None
    streets = StreetBook(town.roads, _named(table, town.name_of), town.sites)
    return RoadReports(town.roads, told, board, streets=streets)


def shown_ground(
    table: AreaTable | None, name_of: PlaceName | None, *, takes_reports: bool = False, lines: Lines = NO_LINES
) -> tuple[frozenset[Shard], HerePages]:
    """Return the shards that are covered, and what writes their plain pages; a place has its ward's name at least."""
    if table is None:
        return frozenset(), HerePages(_named(None, name_of), takes_reports=takes_reports, lines=lines)
    here = HerePages(_named(table, name_of), wards_of(table), takes_reports=takes_reports, lines=lines)
    return shards_of_wards(table), here


def _named(table: AreaTable | None, name_of: PlaceName | None) -> PlaceName:
    def named(cell: Cell) -> str:
        wards = () if table is None else table.area_at(cell)
        return (name_of(cell) if name_of is not None else "") or (wards[0].ja if wards else "")

    return named


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
