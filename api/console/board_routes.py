"""The route of the board: every officer may look at all wards; what may be decided is another matter."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Cookie, Response

from alerts.place import Cells
from api.console.board_page import board_page
from api.console.ending import way_to_end
from api.console.ending_form import Ending
from api.console.office import COOKIE, Office
from api.http.elsewhere import elsewhere
from api.known.board import Orders, rows
from api.officers.accounts import EVERY_WARD, Role
from api.officers.form import page
from geo.cells import union
from streams.payloads import DraftRecord, DraftState


def board_routes(office: Office, orders: Orders) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    # The same cells for as long as an order stands; looking them up takes a moment for a large one.
    @lru_cache(maxsize=512)
    def wards_of(cells: Cells) -> frozenset[str]:
        return office.ground.wards_of(cells)

    def placed(records: Iterable[DraftRecord]) -> Iterator[tuple[DraftRecord, frozenset[str]]]:
        for record in records:
            if record.draft is not None and record.draft.notice.parts:
                yield record, wards_of(union(*(part.cells for part in record.draft.notice.parts)))

    @router.get("/board")
    def board(token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        desk = office.desk.view()
        drafts = list(placed(desk.drafts))
        shown = rows(
            office.ground.names,
            [(order, wards_of(order.cells)) for order in orders.standing()],
            drafts,
            office.posts.shelters(),
            _joined(office),
            {record.draft_id: orders.called(record.draft_id) for record, _ in drafts},
            [(one, wards_of(one.cells)) for one in orders.across()],
            placed(record for record in desk.decided if record.state is DraftState.VOID),
        )
        known = office.ground.names.keys()
        lost = [record for record, wards in drafts if not wards & known]
        ways = {one.lineage: way_to_end(office, session, one) for one in office.desk.sent()}
        endings = {lineage: way for lineage, way in ways.items() if isinstance(way, Ending)}
        return page(board_page(shown, lost, office.now(), office.channels.trouble(office.now()), endings))

    return router


def _joined(office: Office) -> frozenset[str]:
    """Return the wards of which somebody may approve; the metropolitan role is nobody's ward."""
    active = [account for account, disabled in office.accounts.listed() if not disabled]
    return frozenset(
        ward for account in active if account.role is not Role.DRAFTER for ward in account.wards if ward != EVERY_WARD
    )
