"""An officer rehearses alone: the routes of a guided evening in the lane of drills (R18).

Each act goes through what is real: the decider, the linter, the pages of drafts and of what goes out. Only three
things are played: the gauge, the town of the closed road, and the second person, who can approve nothing but the
drill that its officer rehearses with (the decider says so as well).
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response
from fastapi.concurrency import run_in_threadpool

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.claim import Lane
from api.console.card_page import card_page
from api.console.deciding import SAID
from api.console.filled import filled, seen_by
from api.console.office import COOKIE, Office
from api.console.rehearsal_page import PATH, result_page, start_page, step_page
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.known.said import State
from api.officers.accounts import Account, Role, Session
from api.officers.approval import may_not_approve
from api.officers.audit import Act
from api.officers.form import page
from api.practice.practice_town import ROAD_NAMES, effect_of
from api.practice.rehearsal import Fault, Rehearsal, Step, practice_draft, result_of
from streams.notices.drill import PRACTICE_SECOND
from streams.payloads import Draft, Verb

_GONE = "訓練の案は、もう待っていません。"


def rehearsing_routes(office: Office) -> APIRouter:
    """Return the routes of rehearsing."""
    router = APIRouter()

    @router.get(PATH)
    async def look(request: Request, again: str = "") -> Response:
        # Looking may act as well: it opens the second draft, and writes down the end.
        session = await run_in_threadpool(seen_by, office, request)
        return await office.turns.take(_subject(session), _shown, office, session, again=bool(again))

    @router.get("/console/card")
    def card(token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        return elsewhere("/sign-in") if session is None else page(card_page())

    @router.post(PATH + "/{word}")
    async def act(word: str, request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.turns.take(_subject(session), _acted, office, session, word, form)

    return router


def _subject(session: Session) -> str:
    """Return on what an officer's steps wait: on the one before, and nobody else's."""
    return f"rehearsal {session.account.name}"


def _acted(office: Office, session: Session, word: str, form: Mapping[str, str]) -> Response:
    if word == "begin":
        return _begun(office, session, form)
    running = office.rehearsals.of(session.account.name)
    if running is None:
        return elsewhere(PATH)
    running = office.watch(running)
    match word:
        case "read":
            # Not before the decider has opened it: until then the page asks again.
            if running.step is not Step.GAUGE or _waiting(office, running) is None:
                return elsewhere(PATH)
            office.rehearsals.keep(running.did(Step.GAUGE, office.now()))
            return elsewhere(f"/drafts/{running.drafts[0][0]}")
        case "second":
            return _approved(office, session, running, form)
        case "answer":
            return _answered(office, session, running, form)
        case "close":
            return _closed(office, session, running, form)
        case "seen":
            if running.closed:
                office.rehearsals.keep(running.did(Step.CLOSE, office.now()))
            return elsewhere(PATH)
        case "quit":
            return _quit(office, session, running)
    raise ApiError(404, "not-found", "There is no such page")


def _shown(office: Office, session: Session, *, again: bool = False, said: str = "", status: int = 200) -> Response:
    name, now = session.account.name, office.now()
    real = office.real_drafts(session)
    running = office.rehearsals.of(name)
    if running is None:
        last = office.rehearsals.last()
        own = next((one for one in last if one.officer == name), None)
        if own is not None and not again:
            return page(result_page(session, own, real, now=now), status)
        return page(start_page(session, _wards(office, session), real, last, now=now), status)
    running = office.watch(running)
    if running.step is Step.AGAIN and not running.reopened:
        running = _open(office, session, running, 1)
    if running.step is None:
        result = result_of(running)
        office.write_down(name, Act.REHEARSED, running.drafts[0][1], result.detail())
        office.rehearsals.end(name, result)
        return page(result_page(session, result, real, now=now), status)
    draft = _waiting(office, running)
    # A command that was stored and not yet decided: the draft is not there yet, or the notice has not gone out yet.
    asked = office.rehearsals.asked(running.draft[0])
    coming = asked or (draft is None and not _voided(office, running))
    effect = effect_of(running.closed) if running.closed else None
    found = office.lint(draft.notice) if draft is not None else ()
    shown = step_page(
        running,
        session,
        real,
        None if draft is None else draft.notice,
        found,
        effect,
        said,
        waiting=coming and running.step in (Step.SECOND, Step.AGAIN),
        now=now,
    )
    return page(shown, status)


def _wards(office: Office, session: Session) -> Mapping[str, str]:
    names = office.ground.names
    return {code: name for code, name in names.items() if session.account.everywhere or code in session.account.wards}


def _begun(office: Office, session: Session, form: Mapping[str, str]) -> Response:
    name, wards = session.account.name, _wards(office, session)
    if office.rehearsals.of(name) is not None:
        return elsewhere(PATH)
    code = form.get("ward", "")
    cover = office.ground.lookup(Geocode(GEOCODE_CLASS20, code)) if code in wards else None
    if cover is None:
        return _shown(office, session, again=True, said="区を選んでください。", status=422)
    began = office.now()
    drafts = [practice_draft(name, wards[code], cover.cells, began, number, at=began) for number in (0, 1)]
    first, second = ((one.draft, one.notice.lineage) for one in drafts)
    running = Rehearsal(name, code, began, (first, second))
    office.write_down(name, Act.REHEARSE, first[0], f"{first[1]} {second[1]}")
    _open(office, session, running, 0)
    return elsewhere(PATH)


def _open(office: Office, session: Session, running: Rehearsal, number: int) -> Rehearsal:
    """Let the made-up gauge open its draft, by the decider like every draft; the same one twice is one."""
    cover = office.ground.lookup(Geocode(GEOCODE_CLASS20, running.ward))
    assert cover is not None
    ward = office.ground.names[running.ward]
    draft = practice_draft(running.officer, ward, cover.cells, running.began, number, at=office.now())
    office.command(Verb.CREATE, draft.draft, draft.notice.lineage, session.account.name, draft.notice.digest, draft)
    opened = running.reopening() if number else running
    office.rehearsals.keep(opened)
    return opened


def _waiting(office: Office, running: Rehearsal) -> Draft | None:
    record = office.desk.draft(running.draft[0])
    return None if record is None else record.draft


def _voided(office: Office, running: Rehearsal) -> bool:
    return any(one.draft_id == running.draft[0] for one in office.desk.view().decided)


def _approved(office: Office, session: Session, running: Rehearsal, form: Mapping[str, str]) -> Response:
    """Approve as the second person of a rehearsal: by the rules of approval, and of its own drill only."""
    draft = _waiting(office, running)
    if running.step not in (Step.SECOND, Step.AGAIN) or draft is None:
        return _shown(office, session, said=_GONE, status=409)
    notice, account = draft.notice, session.account
    if notice.lane is not Lane.DRILL or not running.has(notice.lineage):
        raise ApiError(403, "not-a-rehearsal", "The practice second person approves drills of a rehearsal only")
    second = Account(PRACTICE_SECOND, Role.APPROVER, account.wards)
    may_not = may_not_approve(second, office.proposal(draft))
    if may_not is not None:
        return _shown(office, session, said=SAID[may_not], status=403)
    if any(one.stops for one in office.lint(notice)):
        return _shown(office, session, said="「送れません」が残っています。", status=409)
    if form.get("digest", "") != notice.digest:
        return _shown(office, session, said="見ていた内容が変わりました。もう一度確かめてください。", status=409)
    if not office.did(account.name, Act.REHEARSE_APPROVED, draft.draft, notice.digest):
        if office.codes.take(session, form.get("code", ""), int(office.now().timestamp())) is not None:
            return _shown(office, session, said="確認コードが違うか、使用済みです。", status=403)
        office.write_down(account.name, Act.REHEARSE_APPROVED, draft.draft, notice.digest)
    office.command(Verb.APPROVE, draft.draft, notice.lineage, second.name, notice.digest)
    office.rehearsals.has_asked(draft.draft)
    return elsewhere(PATH)


def _answered(office: Office, session: Session, running: Rehearsal, form: Mapping[str, str]) -> Response:
    if running.step is not Step.FOLLOW:
        return elsewhere(PATH)
    # The step is there because its notice is: SENT is what the page of what goes out says.
    if form.get("state", "") != State.SENT.value:
        office.rehearsals.keep(running.met(faults=[Fault.STATE_MISREAD]))
        return _shown(office, session, said="違います。送信の状況の、いちばん上の一語を見てください。", status=422)
    office.rehearsals.keep(running.did(Step.FOLLOW, office.now()))
    return elsewhere(PATH)


def _closed(office: Office, session: Session, running: Rehearsal, form: Mapping[str, str]) -> Response:
    if running.step is not Step.CLOSE:
        return elsewhere(PATH)
    if form.get("road", "") not in ROAD_NAMES:
        return _shown(office, session, said="道を選んでください。", status=422)
    office.rehearsals.keep(running.closing(form["road"]))
    return elsewhere(PATH)


def _quit(office: Office, session: Session, running: Rehearsal) -> Response:
    draft = _waiting(office, running)
    done = ",".join(step.value for step, _ in running.done)
    office.write_down(session.account.name, Act.REHEARSE_ENDED, running.draft[0], f"done: {done}")
    if draft is not None:
        office.command(Verb.VOID, draft.draft, draft.notice.lineage, session.account.name, draft.notice.digest)
    office.rehearsals.end(session.account.name)
    return elsewhere("/drill")
