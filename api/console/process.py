"""The coordinators' process: its application over a broker, with what it reads, what it writes, and its accounts."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CollectorRegistry

from alerts.duty import AloneRule
from alerts.road import RoadReport
from api.console.app import console_app
from api.console.board_routes import board_routes
from api.console.duty_door import DutyOffice, duty_routes
from api.console.office import Office, Passkeys
from api.console.officer_devices import OfficerDevices, OfficerSettings
from api.console.oidc_door import oidc_routes
from api.console.passkey_door import passkey_routes
from api.console.road_routes import road_routes
from api.drawing.geojson import areas
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.http.reader import TopicReader, is_current
from api.http.web import asset_routes, has_console
from api.known.board import FOLLOWED as ORDERED
from api.known.board import Orders
from api.known.census import Census
from api.known.channels import FOLLOWED as LEFT
from api.known.desk import TOPICS, Desk
from api.known.kept_areas import FOLLOWED as KEPT
from api.known.known_plans import FOLLOWED as PLANS
from api.known.posted import FOLLOWED, Posts, on_list
from api.known.road_map import RoadMap
from api.known.sending import FOLLOWED as FAN_OUTS
from api.known.wards import Ground
from api.officers.accounts import Accounts
from api.officers.asked import AskedActs
from api.officers.audit import Trail, read
from api.officers.duty_desk import FOLLOWED as DUTIES
from api.officers.duty_desk import DutyDesk
from api.officers.oidc import Oidc, OidcSettings
from api.officers.passkey_store import PasskeyStore
from api.officers.passkeys import PasskeySettings
from api.orders.area_sources import rivers_of
from api.practice.rehearsal import Rehearsals
from dispatch.settings import DispatchSettings
from feeds.outgoing.forms import Municipality
from geo.areas import AreaTable
from geo.named_areas import NamedAreas
from geo.river_zone import RiverCourse
from routing.network import RoadNetwork
from routing.site import Site
from streams.brokers.client import Producer, Record, read_to_end
from streams.brokers.errors import StreamsError
from streams.evacuation.preview import ASK_SECONDS, PostingSettings, ask
from streams.gauges.river_desk import TOPICS as RIVERS
from streams.gauges.river_desk import RiverDesk
from streams.payloads import Preview
from streams.topics import ASKED, AUDIT

log = logging.getLogger(__name__)

_SIGN_INS_AT_ONCE = 5
_SIGN_INS_PER_MINUTE = 5.0


def build_console(
    bootstrap: str,
    *,
    accounts: Path | None = None,
    table: AreaTable | None = None,
    settings: DispatchSettings | None = None,
    named: NamedAreas | None = None,
    census: Census | None = None,
    web: Path | None = None,
    provider: OidcSettings | None = None,
    posting: PostingSettings | None = None,
    ask_name_above: Mapping[str, int] | None = None,
    passkeys: PasskeySettings | None = None,
    alone: AloneRule | None = None,
    municipalities: Mapping[str, Municipality] | None = None,
    cap_sender: str = "",
    officers: OfficerSettings | None = None,
    network: RoadNetwork | None = None,
    courses: Iterable[RiverCourse] = (),
    sites: Iterable[Site] = (),
    unreviewed: frozenset[str] = frozenset(),
) -> FastAPI:
    """Return the coordinators' application over the broker at *bootstrap*; it reads while it is served.

    With *accounts* (a file of `shirase accounts`) coordinators sign in and decide; *table* tells in which wards a
    draft's cells lie, *named* where a 町丁目 is, *census* how many people live where and can be reached; *web* is the
    folder of the built script, without which the forms are as they are; *provider* lets people sign in by the ward's
    own identity provider, *passkeys* by what their device holds; *alone* is when one
    person may let go what needs two; *officers* lets them add telephones on which they are called; *network* is the
    planner's, whose roads are found by name and pressed on the map; *courses* are the rivers' lines, along which an
    area is made; *sites* are the shelters of the lists, of which an officer may say something; *unreviewed* are
    languages that await a reader.
    Raises ValueError when the audit trail is broken: a person looks before anybody acts.
    """
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    desk = Desk()
    office = None
    if accounts is not None:
        sending = settings or DispatchSettings()
        office = _office(bootstrap, accounts, desk, Ground(table, named), sending, census, posting)
        office = replace(office, scripts=web is not None and has_console(web), provider=provider is not None)
        office = replace(
            office,
            ask_name_above=ask_name_above or {},
            alone_rule=alone or AloneRule(),
            municipalities=municipalities or {},
            cap_sender=cap_sender,
        )
        if passkeys is not None:
            office = replace(office, passkeys=Passkeys(passkeys, PasskeyStore(accounts)))
        roads = None if network is None else RoadMap(network)
        office = replace(office, roads=roads, rivers=rivers_of(courses), unreviewed=unreviewed)
        office = replace(office, posts=Posts(on_list(sites, office.ground.names)))
    rivers, orders, duties = RiverDesk(), Orders(), DutyDesk()
    devices = None if officers is None else OfficerDevices.at(officers)
    applied = [desk.apply, rivers.apply]
    followed: tuple[str, ...] = ()
    if office is not None:
        applied += [
            office.alone.apply,
            office.channels.apply,
            office.posts.apply,
            office.sending.apply,
            office.reported.apply,
            office.kept.apply,
            office.plans.apply,
            orders.apply,
            duties.apply,
        ]
        followed = (*FOLLOWED, *LEFT, *FAN_OUTS, *ORDERED, *DUTIES, *KEPT, *PLANS)
    # A topic that two of them follow is read once.
    topics = tuple(dict.fromkeys((*TOPICS, *RIVERS, *followed)))
    reader = TopicReader(bootstrap, topics, _all(applied), metrics)
    readers: tuple[TopicReader, ...] = (reader,)
    if office is not None:
        office = replace(office, is_current=lambda: is_current(reader.freshness()))
        # A reader of its own: what cannot be written down is tried again, and the pages go on.
        asked = AskedActs(office.trail, lambda: datetime.now(UTC))
        readers = (reader, TopicReader(bootstrap, (ASKED.name,), asked.apply, metrics))
    app = console_app(desk, reader.freshness, metrics, registry, office=office, rivers=rivers)
    if office is not None:
        app.include_router(board_routes(office, orders))
        app.include_router(duty_routes(DutyOffice(office, duties, orders, devices)))
    if office is not None and web is not None:
        app.include_router(drawing_routes(office.ground, web))
    if office is not None and office.roads is not None:
        app.include_router(road_routes(office, office.roads))
    if office is not None and provider is not None:
        app.include_router(oidc_routes(office, Oidc(provider)))
    if office is not None and office.passkeys is not None:
        app.include_router(passkey_routes(office, office.passkeys))
    app.router.lifespan_context = reader.while_served if office is None else _while_open(readers, office, devices)
    return app


def drawing_routes(ground: Ground, web: Path) -> APIRouter:
    """Return what the map to draw on asks for: the built files, and the wards beneath it."""
    router = asset_routes(web)
    outlines = b""

    @router.get("/wards.geojson", include_in_schema=False)
    def wards() -> Response:
        nonlocal outlines
        outlines = outlines or areas(ground.cells.items())
        headers = {"cache-control": "private, max-age=3600"}
        return Response(outlines, headers=headers, media_type="application/geo+json")

    return router


def _while_open(
    readers: Iterable[TopicReader], office: Office, devices: OfficerDevices | None
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return the lifespan of a console that acts: at its end what it wrote is stored, and its accounts are closed."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        if devices is not None:
            devices.postman.start()
        try:
            async with AsyncExitStack() as reading:
                for reader in readers:
                    await reading.enter_async_context(reader.while_served(app))
                yield
        finally:
            if devices is not None:
                devices.postman.stop()
            office.producer.close()
            if office.passkeys is not None:
                office.passkeys.store.close()
            office.accounts.close()

    return lifespan


def _office(
    bootstrap: str,
    accounts: Path,
    desk: Desk,
    ground: Ground,
    settings: DispatchSettings,
    census: Census | None,
    posting: PostingSettings | None,
) -> Office:
    producer = Producer(bootstrap)
    kept = [record.value for record in read_to_end(bootstrap, AUDIT.name) if record.value is not None]
    trail = Trail(producer, kept, lambda: datetime.now(UTC).isoformat())
    rehearsals = Rehearsals()
    rehearsals.recall(read(value)[0] for value in kept)
    return Office(
        accounts=Accounts(accounts),
        trail=trail,
        producer=producer,
        desk=desk,
        settings=settings,
        ground=ground,
        limit=RateLimit(_SIGN_INS_AT_ONCE, _SIGN_INS_PER_MINUTE),
        census=census or Census(),
        foresee=lambda report: _foreseen(bootstrap, report),
        posting=posting or PostingSettings(),
        rehearsals=rehearsals,
    )


def _foreseen(bootstrap: str, report: RoadReport) -> Preview | None:
    """Return what the planner says, None where it cannot be asked: a closure may be posted all the same."""
    try:
        return ask(bootstrap, report, datetime.now(UTC), ASK_SECONDS)
    except (StreamsError, TimeoutError) as error:
        log.warning("the planner cannot be asked", extra={"reason": type(error).__name__})
        return None


def _all(applied: Sequence[Callable[[Record], None]]) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        for take in applied:
            take(record)

    return apply
