"""Coordinators decide: look at a draft as it would go out, approve or discard it.

Plain forms and pages, no script: they work through screen transfer, without WebGL, EventSource,
clipboard or download (R20).
"""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Cookie, Request, Response

from alerts.notice import Notice, NoticeKind
from alerts.order_words import orders_to_leave
from alerts.reception_check import is_check
from api.console.alone_page import alone_form
from api.console.checks_routes import may_approve
from api.console.ending import SHORTEST_GROUND, acting_ground
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.officer_page import awaits, draft_page, refused_page, stopped_by
from api.console.signing_in import called_to
from api.console.way_examples import way_section
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.officers.accounts import Session
from api.officers.alone import SHORTEST_REASON
from api.officers.approval import MayNot, may_not_approve, may_void, stands_in
from api.officers.audit import Act
from api.officers.form import page
from streams.notices.edit import ground_of
from streams.notices.extending import is_extension
from streams.payloads import Draft, DraftRecord, Verb

SAID = {
    MayNot.ROLE: "この役割では承認・破棄できません。",
    MayNot.OTHER_WARD: "担当する区の外の区画を含みます。都または関係する区の承認者に回してください。",
    MayNot.OWN: "自分で作った案は承認できません。もう一人の承認者に回してください。",
    MayNot.NO_WARD: "区が分からない区画です。都の承認者に回してください。",
    MayNot.TWICE: "一人目の承認は済みました。まだ送られていません。もう一人の承認者に回してください。",
    MayNot.OTHER_WAY: "この避難情報は、「送信の状況」の画面の「解除する」「誤りとして取り消す」で終わらせます。",
}
_REHEARSED = "リハーサルの案です。承認は、作った人の「訓練の手順」の画面から行います。"

_ASKED = "{}さんが先に決めました。結果はまだ分かりません（UNKNOWN）。一覧で確かめてください。この操作は数えていません。"
_NO_PLAN = "この案が名指す計画がまだ届いていません。道の文が読めるようになってから承認してください。"
_OVERTAKEN = "この避難情報は、案ができた後に終わったか変わりました。この案は送れません。破棄してください。"


def deciding_routes(office: Office) -> APIRouter:
    """Return the routes of looking at a draft and of deciding it."""
    router = APIRouter()

    @router.get("/drafts/{draft_id}")
    def look(draft_id: str, token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere(f"/sign-in?to={path}" if (path := called_to(f"/drafts/{draft_id}")) != "/" else "/sign-in")
        if office.has_decided(draft_id):
            # A call or another window led here: what became of it is the answer.
            return elsewhere(f"/?did={quote(draft_id, safe='')}")
        record, draft = waiting(office, draft_id)
        notice = draft.notice
        proposal = office.proposal(draft)
        return page(
            draft_page(
                record,
                notice,
                proposal,
                office.lint(notice),
                session,
                _why_not(office, session, draft),
                office.preview(ground_of(notice), notice.lane),
                office.ground.cells,
                alone=alone_section(office, session, record, draft),
                now=office.now(),
                head=office.head(session),
                bar=office.bar(session, notice.lineage),
                unreviewed=office.unreviewed,
                extends=_end_now(office, draft),
                ways=_ways(office, notice),
                may=may_approve(office, draft) if is_check(notice) else None,
            )
        )

    @router.post("/drafts/{draft_id}/{verb}")
    async def decide(draft_id: str, verb: str, request: Request) -> Response:
        session, fields = await filled(office, request)
        act = {
            "approve": (Verb.APPROVE, Act.APPROVE, Act.APPROVE_REFUSED),
            "void": (Verb.VOID, Act.VOID, Act.VOID_REFUSED),
        }
        if verb not in act:
            raise ApiError(404, "not-found", "There is no such page")
        asked, done, refused = act[verb]
        turn = subject_of(draft_id)
        return await office.turns.take(turn, _decided, office, session, draft_id, asked, done, refused, fields)

    return router


def subject_of(draft_id: str) -> str:
    """Return on what those wait who decide or change a draft: on each other, and on nobody of another draft."""
    return f"draft {draft_id}"


def _decided(
    office: Office, session: Session, draft_id: str, asked: Verb, done: Act, refused: Act, fields: dict[str, str]
) -> Response:
    account = session.account
    if office.has_decided(draft_id):
        # Sent again after the answer was lost, or by the second of two: what became of it is the answer to both.
        return elsewhere(f"/?did={draft_id}")
    record, draft = waiting(office, draft_id)
    notice = draft.notice
    proposal = office.proposal(draft)
    warned: tuple[str, ...] = ()
    may_not = may_not_approve(account, proposal) if asked is Verb.APPROVE else may_void(account, proposal)
    if may_not is not None:
        office.write_down(account.name, refused, draft_id, may_not.value)
        return page(refused_page(SAID[may_not], draft_id), 403)
    if asked is Verb.APPROVE and office.rehearsals.owner_of(notice.lineage):
        office.write_down(account.name, refused, draft_id, "rehearsed")
        return page(refused_page(_REHEARSED, draft_id), 409)
    if asked is Verb.APPROVE and _is_overtaken(office, draft):
        office.write_down(account.name, refused, draft_id, "order-ended")
        return page(refused_page(_OVERTAKEN, draft_id), 409)
    if asked is Verb.APPROVE and _lacks_plans(office, notice):
        # An order waits for no way; but words that are made of a plan are approved by who has read them.
        office.write_down(account.name, refused, draft_id, "plan-not-here")
        return page(refused_page(_NO_PLAN, draft_id), 409)
    if asked is Verb.APPROVE:
        found = office.lint(notice)
        stops = [one.finding.value for one in found if one.stops]
        warned = tuple(dict.fromkeys(one.finding.value for one in found if not one.stops))
        if stops:
            office.write_down(account.name, refused, draft_id, ",".join(stops))
            return page(refused_page(stopped_by(found), draft_id), 409)
        if fields.get("digest", "") != notice.digest:
            # What was on the screen is not what would go out: the officer looks again (R14).
            office.write_down(account.name, refused, draft_id, "digest-differs")
            return page(refused_page("見ていた内容が変わりました。もう一度確かめてください。", draft_id), 409)
        acts = stands_in(account, proposal, orders=orders_to_leave(notice))
        if acts and len(acting_ground(fields)) < SHORTEST_GROUND:
            office.write_down(account.name, refused, draft_id, "acting-for-without-ground")
            return page(refused_page("区に代わって発令する理由を書いてください。", draft_id), 422)
        if not proposal.twice and (other := asked_by_another(office, session, draft_id, notice, refused)):
            return other
    ground = acting_ground(fields) if stands_in(account, proposal, orders=orders_to_leave(notice)) else ""
    passed = f" passed: {','.join(warned)}" if warned else ""
    detail = f"{notice.digest}{f' acting for: {ground}' if ground else ''}{passed}"
    if not office.did(account.name, done, draft_id, detail):
        wrong = office.codes.take(session, fields.get("code", ""), int(office.now().timestamp()))
        if wrong is not None:
            office.write_down(account.name, refused, draft_id, wrong.value)
            return page(refused_page("確認コードが違うか、使用済みです。新しいコードで送ってください。", draft_id), 403)
        # Written down first: an act that nobody can find again must not happen.
        office.write_down(account.name, done, draft_id, detail)
    office.command(asked, draft_id, record.lineage, account.name, notice.digest)
    if asked is Verb.APPROVE and proposal.twice and not proposal.authors:
        # The first of two: nothing has gone out, and the draft waits on.
        return elsewhere(f"/drafts/{draft_id}")
    return elsewhere(f"/?did={draft_id}")


def asked_by_another(office: Office, session: Session, draft_id: str, notice: Notice, refused: Act) -> Response | None:
    """Refuse what somebody else has asked for a moment ago: one of two is enough, and the other hears who it was."""
    name = session.account.name
    other = office.verdicts.of_another(draft_id, notice.digest, name, office.now())
    if not other:
        return None
    office.write_down(name, refused, draft_id, "asked-by-another")
    return page(refused_page(_ASKED.format(other), draft_id), 409)


def alone_section(office: Office, session: Session, record: DraftRecord, draft: Draft) -> str:
    """Return the form of one person alone, where this is her own draft; "" where somebody else's would do."""
    if may_not_approve(session.account, office.proposal(draft)) is not MayNot.OWN or is_check(draft.notice):
        return ""
    why = office.why_not_alone(session.account, record, draft, "x" * SHORTEST_REASON)
    waited = (office.now() - record.at).total_seconds()
    left = max(0, round(office.alone_rule.after_seconds - waited))
    return alone_form(record.draft_id, draft.notice.digest, session, why, left)


def _why_not(office: Office, session: Session, draft: Draft) -> str:
    """Return why *session* cannot approve *draft*, in words; empty when it can."""
    if office.rehearsals.owner_of(draft.notice.lineage):
        return _REHEARSED
    if _is_overtaken(office, draft):
        return _OVERTAKEN
    if _lacks_plans(office, draft.notice):
        return _NO_PLAN
    refusal = may_not_approve(session.account, office.proposal(draft))
    return "" if refusal is None else SAID[refusal]


def _is_overtaken(office: Office, draft: Draft) -> bool:
    """Say whether *draft* gives a later end to an order that has ended or gone on since."""
    if not is_extension(draft):
        return False
    standing = office.desk.sent(draft.notice.lineage)
    return not standing or standing[0].revision + 1 != draft.notice.revision


def _end_now(office: Office, draft: Draft) -> datetime | None:
    """Return the end that the order has which *draft* gives a later one; None of any other draft."""
    standing = office.desk.sent(draft.notice.lineage) if is_extension(draft) else ()
    return standing[0].expires if standing else None


def _lacks_plans(office: Office, notice: Notice) -> bool:
    """Say whether *notice* is of ways of which a plan has not come here: nobody has seen what they say."""
    return notice.kind is NoticeKind.GO_THERE and any(office.plans.named(ref) is None for ref in notice.plans)


def _ways(office: Office, notice: Notice) -> str:
    return way_section(notice, office.plans.named, office.now(), lambda language: awaits(language, office.unreviewed))


def waiting(office: Office, draft_id: str) -> tuple[DraftRecord, Draft]:
    """Return a draft that waits; raises `ApiError` when somebody has decided it."""
    record = office.desk.draft(draft_id)
    if record is None or record.draft is None:
        raise ApiError(404, "draft-gone", "This draft does not wait any more", "Somebody has decided it: see the list.")
    return record, record.draft
