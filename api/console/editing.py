"""Coordinators change a draft before it goes out: its words, its end, or less ground.

An edit has another digest: whoever had looked at the draft looks again, and who edited it is no second person
for it (R14).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from alerts.notice import Notice, Text
from alerts.reception_check import NoCheck, is_check
from api.console.deciding import SAID, subject_of, waiting
from api.console.edit_page import edit_page, field_of
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.officer_page import refused_page
from api.http.elsewhere import elsewhere
from api.http.errors import FormWrong
from api.officers.accounts import Session
from api.officers.approval import may_void
from api.officers.audit import Act
from api.officers.form import page
from api.orders.wanted import HOURS
from streams.notices.edit import Words, edited
from streams.payloads import Draft, Verb

_MOST_CHARACTERS = 400


def editing_routes(office: Office) -> APIRouter:
    """Return the routes of editing a draft."""
    router = APIRouter()

    @router.get("/drafts/{draft_id}/edit")
    def form(draft_id: str, token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        _, draft = waiting(office, draft_id)
        notice, bar = draft.notice, office.bar(session, draft.notice.lineage)
        return page(edit_page(draft_id, notice, _wards_of(office, notice), session, now=office.now(), bar=bar))

    @router.post("/drafts/{draft_id}/edit")
    async def change(draft_id: str, request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.turns.take(subject_of(draft_id), _changed, office, session, draft_id, form)

    return router


def _changed(office: Office, session: Session, draft_id: str, form: dict[str, str]) -> Response:
    account = session.account
    _, draft = waiting(office, draft_id)
    # Who may discard it may change it: neither sends anything to anybody.
    may_not = may_void(account, office.proposal(draft))
    if may_not is not None:
        office.write_down(account.name, Act.EDIT_REFUSED, draft_id, may_not.value)
        return page(refused_page(SAID[may_not], draft_id), 403)
    if is_check(draft.notice):
        office.write_down(account.name, Act.EDIT_REFUSED, draft_id, NoCheck.CHANGED)
        return page(refused_page("受信の確認の文と範囲は変えられません。", draft_id), 409)
    if form.get("digest", "") != draft.notice.digest:
        office.write_down(account.name, Act.EDIT_REFUSED, draft_id, "digest-differs")
        return page(refused_page("見ていた内容が変わりました。もう一度確かめてください。", draft_id), 409)
    try:
        changed = _edited(office, draft, form, account.name)
    except FormWrong as error:
        return page(refused_page(str(error), draft_id), 422)
    if changed.notice.digest == draft.notice.digest:
        return elsewhere(f"/drafts/{draft_id}")
    office.write_down(account.name, Act.EDIT, draft_id, f"{draft.notice.digest} {changed.notice.digest}")
    office.command(Verb.EDIT, draft_id, draft.provenance.lineage, account.name, draft.notice.digest, changed)
    return elsewhere(f"/drafts/{draft_id}")


def _edited(office: Office, draft: Draft, form: Mapping[str, str], by: str) -> Draft:
    expires = hours_from(office.now(), form["hours"]) if form.get("hours") else draft.notice.expires
    left_out = frozenset(form.get("without", "").split())
    if left_out >= _wards_of(office, draft.notice).keys() and left_out:
        raise FormWrong("すべての区を外すことはできません。案を破棄してください。")
    return edited(
        draft,
        by=by,
        words=_words(draft.notice, form),
        expires=expires,
        # A cell on the line stays with the ward that is kept: too large, never too small.
        without=office.ground.only_in(left_out) if left_out else (),
    )


def _words(notice: Notice, form: Mapping[str, str]) -> Words:
    words = {}
    for number, part in enumerate(notice.parts):
        for text in part.texts:
            title, body = (form.get(field_of(number, text.language, what), "").strip() for what in ("title", "body"))
            if not title or not body:
                raise FormWrong("題と文は空にできません。")
            if len(title) + len(body) > _MOST_CHARACTERS:
                raise FormWrong(f"題と文は合わせて{_MOST_CHARACTERS}字までです。")
            # Marks that turn a line around, and controls, have no place in what residents read.
            if not "".join((title + body).split()).isprintable():
                raise FormWrong("表示できない文字が入っています。")
            words[number, text.language] = Text(text.language, title, body.replace("\r\n", "\n"))
    return words


def hours_from(at: datetime, hours: str) -> datetime:
    """Return the end that a form chose; raises `FormWrong`."""
    if hours not in [str(one) for one in HOURS]:
        raise FormWrong("期限を選んでください。")
    return at + timedelta(hours=int(hours))


def _wards_of(office: Office, notice: Notice) -> dict[str, str]:
    codes = office.wards_of(notice)
    return {code: office.ground.names.get(code, code) for code in sorted(codes)}
