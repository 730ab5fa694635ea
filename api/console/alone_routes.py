"""The route by which one person lets a small area go alone: every refusal and every use is in the audit trail."""

from fastapi import APIRouter, Request, Response

from alerts.duty import alone_as
from api.console.alone_page import SAID
from api.console.deciding import waiting
from api.console.filled import filled
from api.console.office import Office
from api.console.officer_page import refused_page, stopped_by
from api.http.elsewhere import elsewhere
from api.officers.accounts import Session
from api.officers.alone import LetGo
from api.officers.audit import Act
from api.officers.form import page
from streams.notices.edit import ground_of
from streams.payloads import Verb


def alone_routes(office: Office) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post("/drafts/{draft_id}/alone")
    async def alone(draft_id: str, request: Request) -> Response:
        session, form = await filled(office, request)
        return _let_go(office, session, draft_id, form)

    return router


def _let_go(office: Office, session: Session, draft_id: str, form: dict[str, str]) -> Response:
    # No await in here: between the look at what went alone before and the line in the trail nobody else comes.
    account = session.account
    if office.has_decided(draft_id):
        return elsewhere(f"/?did={draft_id}")
    record, draft = waiting(office, draft_id)
    notice = draft.notice
    reason = " ".join(form.get("reason", "").split())[:200]
    detail = f"{notice.digest} alone: {reason}"
    if not office.did(account.name, Act.ALONE, draft_id, detail):
        refused = _refusal(office, session, draft_id, form, reason)
        if refused is not None:
            said, code, status = refused
            office.write_down(account.name, Act.ALONE_REFUSED, draft_id, code)
            return page(refused_page(said, draft_id), status)
        # Written down first: an act that nobody can find again must not happen.
        office.write_down(account.name, Act.ALONE, draft_id, detail)
    office.alone.add(notice.revision, LetGo(account.name, office.now(), record.lineage, ground_of(notice)))
    office.command(Verb.APPROVE, draft_id, record.lineage, alone_as(account.name), notice.digest)
    return elsewhere(f"/?did={draft_id}")


def _refusal(
    office: Office, session: Session, draft_id: str, form: dict[str, str], reason: str
) -> tuple[str, str, int] | None:
    """Return what is said, its code and the status, or None; the code is used up last."""
    record, draft = waiting(office, draft_id)
    why = office.why_not_alone(session.account, record, draft, reason)
    if why is not None:
        return SAID[why], why.value, 403
    found = office.lint(draft.notice)
    stops = [one.finding.value for one in found if one.stops]
    if stops:
        return stopped_by(found), ",".join(stops), 409
    if form.get("digest", "") != draft.notice.digest:
        return "見ていた内容が変わりました。もう一度確かめてください。", "digest-differs", 409
    wrong = office.codes.take(session, form.get("code", ""), int(office.now().timestamp()))
    if wrong is not None:
        return "確認コードが違うか、使用済みです。新しいコードで送ってください。", wrong.value, 403
    return None
