"""An officer gives an order that runs out a later end: a draft for a second person, all else as it was approved.

Nothing goes out by it, and so it asks for no code; the second person's approval does. The same end asked for twice is
one draft.
"""

from typing import Annotated

import orjson
from fastapi import APIRouter, Cookie, Header, Query, Request, Response

from alerts.notice import Notice
from api.console.extend_page import SAID, extend_page
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.sending_routes import subject_of
from api.console.signing_in import called_to
from api.http.elsewhere import elsewhere
from api.http.problem import problem
from api.officers.accounts import Session
from api.officers.audit import Act
from api.officers.form import page
from api.orders.extending import NotExtended, is_end_of, wanted_end, why_not_extended
from streams.notices.extending import draft_of_extension, extension_of
from streams.payloads import Draft, DraftRecord, Verb

_STATUS = {
    NotExtended.UNKNOWN: 404,
    NotExtended.OTHER_WARD: 403,
    NotExtended.NO_TIME: 422,
    NotExtended.NOT_LATER: 422,
    NotExtended.TOO_LATE: 422,
}
_REFUSED = 409
_JSON = "application/json"


def extending_routes(office: Office) -> APIRouter:
    """Return the routes: the page, and the form that it sends; a program may ask for JSON."""
    router = APIRouter()

    @router.get("/sending/{lineage}/extend")
    def look(
        lineage: str,
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
        asked: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        session = office.session(token)
        if session is None:
            there = called_to(f"/sending/{lineage}/extend")
            return elsewhere(f"/sign-in?to={there}" if there != "/" else "/sign-in")
        if asked and office.has_decided(asked):
            return elsewhere(f"/sending/{lineage}")
        return _shown(office, session, lineage, _why(office, session, lineage), asked)

    @router.post("/sending/{lineage}/extend")
    async def extend(lineage: str, request: Request, accept: Annotated[str, Header()] = "") -> Response:
        session, form = await filled(office, request)
        turn = subject_of(lineage)
        return await office.turns.take(turn, _answered, office, session, lineage, form, as_json=accept == _JSON)

    return router


def _answered(office: Office, session: Session, lineage: str, form: dict[str, str], *, as_json: bool) -> Response:
    done = _extended(office, session, lineage, form)
    if isinstance(done, NotExtended):
        office.write_down(session.account.name, Act.EXTEND_REFUSED, lineage, done.value)
        if as_json:
            return problem(_STATUS.get(done, _REFUSED), done.value, "The order was not extended", SAID[done])
        return _shown(office, session, lineage, done, refused=True)
    if as_json:
        said = orjson.dumps({"draft": done.draft if done else None, "expires": form.get("until", "")})
        return Response(said, 202 if done else 200, {"cache-control": "no-store"}, media_type=_JSON)
    return elsewhere(f"/sending/{lineage}" + (f"/extend?asked={done.draft}" if done else ""))


def _why(office: Office, session: Session, lineage: str) -> NotExtended | None:
    standing = _standing(office, lineage)
    why = why_not_extended(office.sending.newest(lineage), standing)
    if why is not None or standing is None:
        return why
    if office.rehearsals.owner_of(lineage):
        return NotExtended.REHEARSED
    wards = office.wards_of(standing)
    if not session.account.everywhere and not (wards and wards <= session.account.wards):
        return NotExtended.OTHER_WARD
    return NotExtended.WAITS if _waiting(office, lineage) else None


def _extended(office: Office, session: Session, lineage: str, form: dict[str, str]) -> Draft | NotExtended | None:
    """Return the draft that was asked for, why there is none, or None where its end is the order's already."""
    account, at = session.account, office.now()
    why, standing = _why(office, session, lineage), _standing(office, lineage)
    if standing is None or why not in (None, NotExtended.WAITS):
        return why or NotExtended.UNKNOWN
    seen = form.get("revision", "") == str(standing.revision)
    until = wanted_end(form, standing, at)
    if isinstance(until, NotExtended):
        gone_out = not seen and is_end_of(form, standing)
        return None if gone_out else until
    if not seen:
        return NotExtended.CHANGED
    draft = draft_of_extension(extension_of(standing, until, at=at), by=account.name)
    known = office.desk.draft(draft.draft)
    if known is not None and known.draft is not None:
        # Pressed twice, or by two: the first draft stands.
        return known.draft
    if why is not None:
        return why
    detail = f"{draft.draft} {until.isoformat()}"
    if not office.did(account.name, Act.EXTEND, lineage, detail):
        # Written down first: an act that nobody can find again must not happen.
        office.write_down(account.name, Act.EXTEND, lineage, detail)
    office.command(Verb.EXTEND, draft.draft, lineage, account.name, draft.notice.digest, draft)
    return draft


def _standing(office: Office, lineage: str) -> Notice | None:
    return next(iter(office.desk.sent(lineage)), None) if lineage else None


def _waiting(office: Office, lineage: str) -> DraftRecord | None:
    return next((record for record in office.desk.view().drafts if record.lineage == lineage), None)


def _shown(
    office: Office, session: Session, lineage: str, why: NotExtended | None, asked: str = "", *, refused: bool = False
) -> Response:
    waits = _waiting(office, lineage)
    html = extend_page(
        _standing(office, lineage),
        lineage,
        why,
        session,
        now=office.now(),
        waits=waits.draft if waits is not None else None,
        asked=bool(asked),
        refused=refused,
        bar=office.bar(session, lineage),
    )
    status = 200 if why is None or (why is NotExtended.WAITS and not refused) else _STATUS.get(why, _REFUSED)
    return page(html, status)
