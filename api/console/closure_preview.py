"""What a closure would block and whom it would move, before it is posted; and its name again where they are many.

The planner answers (`streams.evacuation.preview`). Nothing is posted from here, and no code is used up.
"""

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from alerts.road import RoadReport
from api.console import fields
from api.console.code_words import EFFECT_ELSE, EFFECTS, coded
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.posted_page import not_posted_page
from api.drawing.sheet import document
from api.http.errors import ApiError, FormWrong
from api.officers.accounts import Session
from api.officers.form import page, read_form
from api.orders.wanted import Wanted, Where, may_not_post, wanted_of
from feeds.console import FEED, read_console
from feeds.console_write import console_document
from feeds.errors import ConsoleError
from geo.seam import shown
from streams.evacuation.preview import PostingSettings, geojson_of, why_not_yet
from streams.payloads import Preview

_MOST_NAMES = 20
_NOT_KEPT = ("csrf", "key", "code", "confirm")


def closure_preview_routes(office: Office) -> APIRouter:
    """Return the page of a preview, and the same as GeoJSON for a map."""
    router = APIRouter()

    @router.post("/post/closure/preview")
    async def preview(request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.questions.take("", _previewed, office, session, form)

    @router.post("/post/closure/preview.json")
    async def preview_json(
        request: Request,
        origin: Annotated[str, Header()] = "",
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> dict[str, object]:
        session = await run_in_threadpool(office.session, token)
        if session is None:
            raise ApiError(401, "not-signed-in", "Sign in first")
        form = await read_form(request, origin, session)
        return await office.questions.take("", _drawn, office, session, form)

    return router


def _previewed(office: Office, session: Session, form: Mapping[str, str]) -> Response:
    try:
        wanted, report = _read(office, session, form)
    except FormWrong as error:
        return page(not_posted_page(str(error), error.reason), 422)
    return page(_preview_page(form, wanted, office.foresee(report), session))


def _drawn(office: Office, session: Session, form: Mapping[str, str]) -> dict[str, object]:
    try:
        _, report = _read(office, session, form)
    except FormWrong as error:
        raise ApiError(422, "form-wrong", str(error)) from None
    seen = office.foresee(report)
    if seen is None:
        raise ApiError(503, "planner-silent", "The planner has not answered", "A closure may be posted all the same.")
    return geojson_of(seen)


def moves_many(office: Office, wanted: Wanted, raw: bytes, form: Mapping[str, str]) -> str:
    """Return why the closure in *raw* is not taken yet, for the officer; empty when it is (R14)."""
    (report,) = read_console(raw, received=office.now(), feed=FEED).facts.roads
    seen = office.foresee(report)
    name = _name(wanted)
    not_yet = why_not_yet(seen, name, form.get("confirm", ""), _asked_above(office, wanted.where))
    if not_yet is None or seen is None:
        return ""
    return (
        f"{shown(seen.people or 0)}人の行き先が変わります（{not_yet.value}）。"
        f"間違いなければ、戻って「呼び名をもう一度」に「{name}」と書いて送ってください。"
    )


def _asked_above(office: Office, where: Where) -> PostingSettings:
    """Return the settings for a closure at *where*: of several wards the lowest number of people holds (R24)."""
    touched = {code for cell in where.cells for code in office.ground.wards_at(cell)} | where.wards
    usual = office.posting.ask_name_above
    lowest = min((office.ask_name_above.get(code[:5], usual) for code in touched), default=usual)
    return replace(office.posting, ask_name_above=lowest)


def _read(office: Office, session: Session, form: Mapping[str, str]) -> tuple[Wanted, RoadReport]:
    at = office.now()
    wanted = wanted_of("closure", form, session.account, known=office.known(session.account), at=at)
    if may_not_post(session.account, wanted.where, office.ground.wards_at) is not None:
        raise FormWrong("担当する区の外です。その区か都の担当者に回してください。")
    try:
        raw = console_document("closure", wanted.thing, by=session.account.name, at=at, **wanted.fields)
        (report,) = read_console(raw, received=at, feed=FEED).facts.roads
    except ConsoleError as error:
        raise FormWrong(f"この内容は受け付けられません（{error.reason}）。") from None
    return wanted, report


def _name(wanted: Wanted) -> str:
    return str(wanted.fields.get("name") or wanted.thing)


def _preview_page(form: Mapping[str, str], wanted: Wanted, seen: Preview | None, session: Session) -> str:
    kept = "".join(fields.hidden(name, value) for name, value in form.items() if name not in _NOT_KEPT)
    again = (
        f'<form method="post" action="/post/closure">{fields.keys(session, form.get("key", ""))}{kept}'
        f"{fields.text('呼び名をもう一度（多くの人が動くとき）', 'confirm', _name(wanted))}"
        f'{fields.code("（確認済みのとき）", needed=False)}<button class="go">通行止めを登録する</button></form>'
    )
    return document(
        "知らせ 通行止めの下見",
        '<header><h1>通行止めの下見 <small lang="en">Preview</small></h1>'
        f'<small>{escape(session.account.name)}　<a href="/post">入力画面へ</a></small></header>'
        f'<main class="narrow"><p role="status"><strong>まだ登録していません（NOT SENT）。</strong></p>'
        f"{_figures(seen)}{again}</main>",
    )


def _figures(seen: Preview | None) -> str:
    if seen is None:
        return "<p>計算の返事がありません。人数は分かりませんが、登録はできます。</p>"
    people = "数えていません" if seen.people is None else f"{shown(seen.people)}人"
    names = sorted({line.name or line.road for line in seen.lines})
    items = "".join(f"<li>{escape(name)}</li>" for name in names[:_MOST_NAMES])
    more = f"<li>ほか{len(names) - _MOST_NAMES}</li>" if len(names) > _MOST_NAMES else ""
    return (
        "<section><h2>登録すると</h2><table>"
        f"<tr><th scope='row'>通れなくなる道路</th><td>{seen.road_count:,}本</td></tr>"
        f"<tr><th scope='row'>行き先が変わる</th><td>{len(seen.cells):,}区画・{people}</td></tr>"
        f"<tr><th scope='row'>理由</th><td>{coded(seen.reason, EFFECTS, EFFECT_ELSE)}</td></tr></table>"
        f"<ul>{items}{more}</ul></section>"
    )
