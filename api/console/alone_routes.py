"""The route by which one person lets a small area go alone: every refusal and every use is in the audit trail."""

from fastapi import APIRouter, Request, Response

from alerts.duty import alone_as
from api.console.alone_page import SAID
from api.console.deciding import asked_by_another, subject_of, waiting
from api.console.filled import filled
from api.console.office import Office
from api.console.officer_page import refused_page, stopped_by
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.officers.accounts import Session
from api.officers.alone import LetGo
from api.officers.audit import Act
from api.officers.form import page
from streams.notices.edit import ground_of
from streams.payloads import Draft, DraftRecord, Verb

_Refusal = tuple[str, str, int]


def alone_routes(office: Office) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post("/drafts/{draft_id}/alone")
    async def alone(draft_id: str, request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.turns.take(subject_of(draft_id), _let_go, office, session, draft_id, form)

    return router


def _let_go(office: Office, session: Session, draft_id: str, form: dict[str, str]) -> Response:
    account = session.account
    if office.has_decided(draft_id):
        return elsewhere(f"/?did={draft_id}")
    record, draft = waiting(office, draft_id)
    notice = draft.notice
    reason = " ".join(form.get("reason", "").split())[:200]
    detail = f"{notice.digest} alone: {reason}"
    if not office.did(account.name, Act.ALONE, draft_id, detail):
        other = asked_by_another(office, session, draft_id, notice, Act.ALONE_REFUSED)
        if other is not None:
            return other
        refused = _counted_refusal(office, session, record, draft, form, reason)
        if refused is not None:
            said, code, status = refused
            office.write_down(account.name, Act.ALONE_REFUSED, draft_id, code)
            return page(refused_page(said, draft_id), status)
        # Written down first: an act that nobody can find again must not happen.
        office.write_down(account.name, Act.ALONE, draft_id, detail)
    office.alone.add(notice.revision, _let_go_by(office, session, record, draft))
    office.command(Verb.APPROVE, draft_id, record.lineage, alone_as(account.name), notice.digest)
    return elsewhere(f"/?did={draft_id}")


def _let_go_by(office: Office, session: Session, record: DraftRecord, draft: Draft) -> LetGo:
    return LetGo(session.account.name, office.now(), record.lineage, ground_of(draft.notice))


def _counted_refusal(
    office: Office, session: Session, record: DraftRecord, draft: Draft, form: dict[str, str], reason: str
) -> _Refusal | None:
    """Return why it does not go, None when it does: it then counts from the look on.

    Between the look at what went alone before and the count nobody else looks, of whatever draft; no broker is waited
    for in between. What is not stored afterwards goes on counting: that errs towards two persons.
    """
    one, revision = _let_go_by(office, session, record, draft), draft.notice.revision
    with office.alone.looking:
        why = office.why_not_alone(session.account, record, draft, reason)
        if why is not None:
            return SAID[why], why.value, 403
        office.alone.add(revision, one)
    try:
        refused = _refusal(office, session, draft, form)
    except ApiError:  # who guesses codes
        office.alone.drop(revision, one)
        raise
    if refused is not None:
        office.alone.drop(revision, one)
    return refused


def _refusal(office: Office, session: Session, draft: Draft, form: dict[str, str]) -> _Refusal | None:
    """Return what is said, its code and the status, or None; the code is used up last."""
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
