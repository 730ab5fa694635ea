"""Coordinators practise: a page of its own in another colour, never a choice beside what is real (Hawaii 2018).

The form is the order's, and everything after it is the same: draft, linter, approval, fan-out, correction. It
reaches nobody but subscribers of drills, and one officer may do it alone.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from api.console.drill_page import drill_page
from api.console.editing import hours_from
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.posted_page import not_posted_page
from api.console.posting import new_key, offered_areas, offered_names
from api.http.elsewhere import elsewhere
from api.http.errors import FormWrong
from api.officers.accounts import Session
from api.officers.audit import Act
from api.officers.form import page
from api.orders.area_form import area_wanted
from api.orders.wanted import LEVELS, ORDER_HAZARDS, ground_within, key_of, plain_of
from streams.notices.drill import DrillOrder, drill_draft
from streams.payloads import Draft, Verb


def drilling_routes(office: Office) -> APIRouter:
    """Return the routes of the drill lane."""
    router = APIRouter()

    @router.get("/drill")
    def form(did: str = "", token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        view = office.desk.view()
        waiting = tuple(one for one in view.drafts if one.draft is not None and one.draft.notice.lane is Lane.DRILL)
        sent = tuple(one for one in office.desk.sent() if one.lane is Lane.DRILL)
        names = offered_names(office, session)
        offered = offered_areas(office, session)
        return page(drill_page(session, names, waiting, sent, did, new_key(), offered, now=office.now()))

    @router.post("/drill")
    async def propose(request: Request) -> Response:
        session, form = await filled(office, request)
        # The same form again waits for the first one; another drill of the same officer does not.
        turn = f"drill {session.account.name} {form.get('key', '')}"
        return await office.turns.take(turn, _proposed, office, session, form)

    return router


def _proposed(office: Office, session: Session, form: Mapping[str, str]) -> Response:
    try:
        draft = drill_of(office, session, plain_of(form))
    except FormWrong as error:
        return page(not_posted_page(str(error), error.reason), 422)
    name, digest = session.account.name, draft.notice.digest
    office.write_down(name, Act.DRILL, draft.draft, digest)
    office.command(Verb.CREATE, draft.draft, draft.notice.lineage, name, digest, draft)
    return elsewhere(f"/drill?did={draft.draft}")


def drill_of(office: Office, session: Session, given: Mapping[str, str]) -> Draft:
    """Return the draft of the drill that a form asks for; raises `FormWrong`. The same form is the same draft."""
    sources = office.sources(session.account)
    area = area_wanted(given, offered_names(office, session), office.ground.lookup, sources)
    if given.get("level", "") not in [str(level.value) for level in LEVELS]:
        raise FormWrong("レベルを選んでください。")
    if given.get("hazard", "") not in [one.value for one in ORDER_HAZARDS]:
        raise FormWrong("災害を選んでください。")
    at = office.now()
    codes = area.wards if not area.drawn else office.ground.wards_of(ground_within(area.cells))
    if not session.account.everywhere and not codes <= session.account.wards:
        raise FormWrong("担当する区の外です。")
    wards = [office.ground.names[code] for code in sorted(codes) if code in office.ground.names]
    order = DrillOrder(
        thing=hashlib.sha256(f"{session.account.name}|{key_of(given)}".encode()).hexdigest(),
        level=Level(int(given["level"])),
        hazard=HazardKind(given["hazard"]),
        area_names=tuple(one["name"] for one in area.areas),
        cells=area.cells,
        issuer=wards[0] if len(wards) == 1 else "各区",
        expires=hours_from(at, given.get("hours", "")),
    )
    return drill_draft(order, by=session.account.name, at=at)
