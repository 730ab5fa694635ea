"""`/areas`: a coordinator keeps an area under a name, and takes one out of the list; both are in the trail first."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from alerts.place import Cells
from api.console.filled import filled, seen_by
from api.console.library_page import library_page
from api.console.office import Office
from api.console.posted_page import not_posted_page
from api.console.posting import MAY_NOT_SAID, new_key
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError, FormWrong
from api.officers.accounts import Account
from api.officers.audit import Act
from api.officers.form import page
from api.orders.area_form import Wanted, area_wanted, cells_of
from api.orders.keeping import kept_of, may_be_kept, offered_to
from api.orders.wanted import Where, ground_within, may_not_post, plain_of
from streams.brokers.errors import StreamsError
from streams.payloads import KeptArea
from streams.topics import KEPT_AREAS
from streams.wire import encode

_STORED_WITHIN_SECONDS = 10.0
# One after the other, whatever area it is: they are few, and no night waits for them.
_SUBJECT = "areas"
_Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


def library_routes(office: Office) -> APIRouter:
    """Return the routes of the areas that are kept."""
    router = APIRouter()

    @router.get("/areas")
    def listed(request: Request, kept: Annotated[str, Query(max_length=40)] = "") -> Response:
        session = seen_by(office, request)
        mine = offered_to(session.account, office.kept.listed())
        shown = [(one, _ground_today(office, one)) for one in mine]
        return page(library_page(session, shown, office.ground.names, kept, new_key(), now=office.now()))

    @router.post("/areas")
    async def keep(request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.turns.take(_SUBJECT, _kept, office, session.account, form)

    @router.post("/areas/{identity}/remove")
    async def remove(identity: _Id, request: Request) -> Response:
        session, _ = await filled(office, request)
        return await office.turns.take(_SUBJECT, _removed, office, session.account, identity)

    return router


def _kept(office: Office, account: Account, form: dict[str, str]) -> Response:
    try:
        new = _wanted(office, account, plain_of(form))
    except FormWrong as error:
        return page(not_posted_page(str(error), error.reason), 422)
    if isinstance(new, str):
        return page(not_posted_page(new), 403)
    if not office.did(account.name, Act.AREA_KEPT, new.id, new.name):
        office.write_down(account.name, Act.AREA_KEPT, new.id, new.name)
    _store(office, new.id, encode(new))
    return elsewhere(f"/areas?kept={new.id}")


def _removed(office: Office, account: Account, identity: str) -> Response:
    mine = {one.id: one for one in offered_to(account, office.kept.listed())}
    if identity not in mine:
        # Gone already, or another ward's: nothing is done to it either way.
        return elsewhere("/areas")
    office.write_down(account.name, Act.AREA_REMOVED, identity, mine[identity].name)
    _store(office, identity, None)
    return elsewhere("/areas")


def _wanted(office: Office, account: Account, form: dict[str, str]) -> KeptArea | str:
    """Return what is to be kept, or in words why *account* may not; raises `FormWrong`."""
    # What has no name for residents yet has this one.
    called = {**form, "area_name": form.get("area_name", "") or form.get("keep_as", "")}
    area = area_wanted(called, office.wards_offered(account), office.ground.lookup, office.sources(account))
    where = _where(area)
    may_not = may_not_post(account, where, office.ground.wards_at)
    if may_not is not None:
        office.write_down(account.name, Act.AREA_REFUSED, detail=may_not.value)
        return MAY_NOT_SAID[may_not]
    wards = area.wards | office.ground.wards_of(where.cells)
    new = kept_of(form, area, wards, account.name, office.now())
    may_be_kept(new, office.kept.listed())
    return new


def _ground_today(office: Office, one: KeptArea) -> Cells:
    try:
        return cells_of(one.areas, office.ground.lookup)
    except FormWrong:
        return ()


def _where(area: Wanted) -> Where:
    return Where(wards=area.wards) if not area.drawn else Where(ground_within(area.cells), area.wards)


def _store(office: Office, identity: str, value: bytes | None) -> None:
    try:
        office.producer.send(KEPT_AREAS.name, identity.encode(), value).result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError):
        raise ApiError(503, "not-stored", "Not changed: the broker did not take it", "Safe to try again.") from None
