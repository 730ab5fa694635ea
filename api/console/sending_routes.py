"""The routes of what has gone out: how far it is, and the two ways in which one person ends it."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from alerts.claim import Lane
from alerts.notice import Notice, Phase
from alerts.order_words import orders_to_leave
from api.console.deciding import SAID
from api.console.ending import SHORTEST_GROUND, acting_ground, is_in_a_wards_place, is_rehearsed, way_to_end
from api.console.ending_form import Ending
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.officer_page import refused_page
from api.console.posting import new_key
from api.console.sending_page import sending_page
from api.console.signing_in import called_to
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.known.verdict import verdict_of
from api.officers.accounts import Session
from api.officers.approval import MayNot, may_void
from api.officers.audit import Act
from api.officers.form import page
from feeds.console import FEED
from streams.notices.ending import draft_of_ending, ending_of
from streams.payloads import Verb

_PHASES = {"lift": Phase.LIFTED, "correct": Phase.CANCELLED}
_ACTS = {"lift": Act.LIFT, "correct": Act.CORRECT}


def sending_routes(office: Office) -> APIRouter:
    """Return the routes of following and ending what was sent."""
    router = APIRouter()

    @router.get("/sending/{lineage}")
    def follow(lineage: str, token: Annotated[str, Cookie(alias=COOKIE)] = "", stay: str = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere(
                f"/sign-in?to={there}" if (there := called_to(f"/sending/{lineage}")) != "/" else "/sign-in"
            )
        notice = office.sending.newest(lineage)
        standing = office.desk.sent(lineage)
        far = office.sending.how_far(lineage, 0 if notice is None else notice.revision)
        waits = any(record.lineage == lineage for record in office.desk.view().drafts)
        verdict = verdict_of(notice, far, waits=waits, current=office.is_current(), now=office.now())
        ending = way_to_end(office, session, standing[0]) if standing else None
        shown = sending_page(
            notice,
            far,
            office.sending.events(lineage),
            session,
            lineage,
            verdict,
            ending=ending if isinstance(ending, Ending) else None,
            key=new_key(),
            extends=bool(standing) and orders_to_leave(standing[0]),
            fresh=office.codes.is_fresh(session, int(office.now().timestamp())),
            now=office.now(),
            bar=office.bar(session, lineage),
            stays=bool(stay),
            scripts=office.scripts,
            head=office.head(session),
        )
        return page(shown)

    @router.post("/sending/{lineage}/{word}")
    async def end(lineage: str, word: str, request: Request) -> Response:
        session, form = await filled(office, request)
        if word not in _PHASES:
            raise ApiError(404, "not-found", "There is no such page")
        return await office.turns.take(subject_of(lineage), _ended, office, session, lineage, word, form)

    return router


def subject_of(lineage: str) -> str:
    """Return on what those wait who end what went out or give it a later end: on each other."""
    return f"lineage {lineage}"


def why_not_end(office: Office, session: Session, notice: Notice) -> MayNot | None:
    """Return why *session* cannot end *notice* here, or None when it can.

    A live order of the console is ended by a document of its own, which the map and the planner read as well.
    """
    if is_rehearsed(office, session, notice):
        return None
    if notice.feed == FEED and notice.lane is not Lane.DRILL:
        return MayNot.OTHER_WAY
    return may_void(session.account, office.proposal_of(notice))


def _ended(office: Office, session: Session, lineage: str, word: str, form: dict[str, str]) -> Response:
    account, at = session.account, office.now()
    standing = office.desk.sent(lineage)
    if not standing:
        # Somebody has ended it already: pressed twice it is done once.
        return elsewhere(f"/sending/{lineage}")
    may_not = why_not_end(office, session, standing[0])
    if may_not is not None:
        office.write_down(account.name, Act.END_REFUSED, lineage, may_not.value)
        return page(refused_page(SAID[may_not], ""), 403)
    acts, ground = is_in_a_wards_place(office, session, standing[0]), acting_ground(form)
    if acts and len(ground) < SHORTEST_GROUND:
        office.write_down(account.name, Act.END_REFUSED, lineage, "acting-for-without-ground")
        return page(refused_page("区に代わって終わらせる理由を書いてください。", ""), 422)
    if not office.codes.is_fresh(session, int(at.timestamp())):
        wrong = office.codes.take(session, form.get("code", ""), int(at.timestamp()))
        if wrong is not None:
            office.write_down(account.name, Act.END_REFUSED, lineage, wrong.value)
            return page(refused_page("確認コードが違うか、使用済みです。新しいコードで送ってください。", ""), 403)
    draft = draft_of_ending(ending_of(standing[0], _PHASES[word], at=at), by=account.name)
    acting = f" acting for: {ground}" if acts else ""
    office.write_down(account.name, _ACTS[word], lineage, draft.notice.digest + acting)
    office.command(Verb.END, draft.draft, lineage, account.name, draft.notice.digest, draft)
    return elsewhere(f"/sending/{lineage}")
