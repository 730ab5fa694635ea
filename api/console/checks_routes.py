"""The route of the checks of reception, and who may approve one."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Response

from alerts.notice import Notice
from alerts.reception_check import is_check
from api.console.checks_page import Sent, Waiting, checks_page
from api.console.office import COOKIE, Office
from api.console.officer_page import stopped_by
from api.http.elsewhere import elsewhere
from api.officers.approval import may_not_approve
from api.officers.form import page
from streams.notices.edit import ground_of
from streams.payloads import Draft


def checks_routes(office: Office) -> APIRouter:
    """Return the route: every officer may look."""
    router = APIRouter()

    @router.get("/checks")
    def look(token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        waiting = [
            _waiting(office, record.draft)
            for record in office.desk.view().drafts
            if record.draft is not None and is_check(record.draft.notice)
        ]
        sent = [_sent(office, notice) for notice in office.sending.checks()]
        return page(checks_page(waiting, sent, session, office.now()))

    return router


def may_approve(office: Office, draft: Draft) -> tuple[str, ...]:
    """Return who of the accounts that are not switched off may approve *draft* as it is now."""
    proposal = office.proposal(draft)
    active = (account for account, disabled in office.accounts.listed() if not disabled)
    return tuple(sorted(account.name for account in active if may_not_approve(account, proposal) is None))


def _waiting(office: Office, draft: Draft) -> Waiting:
    found = office.lint(draft.notice)
    stopped = stopped_by(found) if any(one.stops for one in found) else ""
    wards = _wards(office, draft.notice)
    return Waiting(draft.draft, draft.notice, wards, draft.edited_by, may_approve(office, draft), stopped)


def _sent(office: Office, notice: Notice) -> Sent:
    far = office.sending.how_far(notice.lineage, notice.revision)
    answered = office.census.answered(ground_of(notice), since=notice.approved_at, at=office.now())
    return Sent(notice, _wards(office, notice), far, answered)


def _wards(office: Office, notice: Notice) -> tuple[str, ...]:
    return tuple(office.ground.names.get(code, code) for code in sorted(office.wards_of(notice)))
