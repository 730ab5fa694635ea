"""Coordinators post from the console: a closure, a shelter's state, an incident, an order to leave.

The way of `shirase post`: a document on `telegrams` under the feed `console`, and nothing anywhere else. An
order only opens a draft. A form that is sent twice is one document: its receipt follows from the form.
"""

import secrets
from collections.abc import Mapping
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from alerts.notice import Notice
from alerts.report import OutcomeKind
from alerts.road import RoadReport
from api.console.closed_section import Closed, closed_section
from api.console.closure_preview import closure_preview_routes, moves_many
from api.console.crossings_page import crossings_section
from api.console.ending import SHORTEST_GROUND, acting_ground, is_in_a_wards_place, standing_orders
from api.console.filled import filled, seen_by
from api.console.office import Office
from api.console.order_page import Offered, Standing
from api.console.posted_page import Became, not_posted_page, posted_page, unknown_page
from api.console.posting_page import forms_page
from api.console.preview_page import NOTHING_WRONG, preview_page, preview_section, problem_said
from api.console.reported_rows import reports_section
from api.drawing.geojson import areas
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError, FormWrong
from api.known.posted import NamedSite
from api.officers.accounts import Role, Session
from api.officers.approval import MayNot
from api.officers.audit import Act
from api.officers.form import page
from api.orders.area_form import area_wanted
from api.orders.lifting import CORRECT, LIFT, author_of_order, is_ending
from api.orders.preview import Preview
from api.orders.split import by_ward
from api.orders.wanted import (
    KINDS,
    Wanted,
    ground_within,
    may_not_post,
    plain_of,
    wanted_of,
    where_of,
    where_of_area,
    where_of_shelter,
)
from feeds.console import FEED
from feeds.console_write import console_document
from feeds.errors import ConsoleError
from streams.brokers.errors import StreamsError
from streams.evacuation.preview import NotYet
from streams.ingest.acceptance import receive
from streams.payloads import DraftRecord

_STORED_WITHIN_SECONDS = 10.0
# The fields by which a form names what was there before it.
_NAMING = ("undo", "lift", "correct", "other", "shelter")

MAY_NOT_SAID = {
    MayNot.ROLE: "この役割では、自分の書いた避難情報しか終わらせられません。",
    MayNot.OTHER_WARD: "担当する区の外です。その区か都の担当者に回してください。",
    MayNot.NO_WARD: "どの区か分からない場所です（道路IDや一覧にない避難所を含む）。都の担当者に回してください。",
}


def posting_routes(office: Office) -> APIRouter:
    """Return the routes of posting and of what became of it."""
    router = APIRouter()
    router.include_router(closure_preview_routes(office))

    @router.get("/post")
    def forms(
        request: Request,
        point: str = "",
        cause: str = "",
        name: str = "",
        road: str = "",
        kept: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        session = seen_by(office, request)
        offered = tuple(one for one in office.posts.sites() if _may_write(office, session, one))
        names = offered_names(office, session)
        fresh = office.codes.is_fresh(session, int(office.now().timestamp()))
        ends = standing(office, session)
        closure = {"point": point, "cause": cause, "name": name, "road": road}
        lines = tuple(
            one
            for one in office.posts.crossings()
            if session.account.everywhere or one.to_ward in session.account.wards
        )
        crossings = crossings_section(lines, office.ground.names, session, new_key, now=office.now())
        shown = forms_page(
            session,
            names,
            offered,
            ends,
            new_key=new_key,
            fresh=fresh,
            scripts=office.scripts,
            head=office.head(session),
            closure=closure,
            order={"kept": kept} if kept else {},
            roads=office.roads is not None,
            crossings=crossings,
            closed=closed_section(_closed(office, session), session, new_key, now=office.now()),
            reports=reports_section(office.reported.waiting(office.now()), session, new_key(), now=office.now()),
            offered=offered_areas(office, session),
        )
        return page(shown)

    @router.post("/post/order/preview")
    async def preview(request: Request, accept: Annotated[str, Header()] = "") -> Response:
        session, given = await filled(office, request)
        return await run_in_threadpool(_previewed, office, session, plain_of(given), accept)

    @router.post("/post/{kind}")
    async def post(kind: str, request: Request) -> Response:
        session, form = await filled(office, request)
        if kind not in KINDS:
            raise ApiError(404, "not-found", "There is no such page")
        return await office.turns.take(_subject(kind, session, form), _posted, office, session, kind, form)

    @router.get("/posts/{receipt}")
    def became(receipt: str, request: Request) -> Response:
        session = seen_by(office, request)
        return page(posted_page(became_of(office, session, receipt), session, now=office.now(), key=new_key()))

    return router


def _subject(kind: str, session: Session, form: Mapping[str, str]) -> str:
    """Return on what a form waits: on others about what it names, or on itself when it is sent twice."""
    named = next((form[one] for one in _NAMING if form.get(one)), "")
    if kind == "cap":
        named = f"{form.get('from_ward', '')} {form.get('to_ward', '')}"
    return f"post {kind} {named or session.account.name + ' ' + form.get('key', '')}"


def _previewed(office: Office, session: Session, form: dict[str, str], accept: str) -> Response:
    names = offered_names(office, session)
    try:
        area = area_wanted(form, names, office.ground.lookup, office.sources(session.account))
        seen, problem = office.preview(ground_within(area.cells)), NOTHING_WRONG
        may_not = may_not_post(session.account, where_of_area(area), office.ground.wards_at)
        if may_not is not None:
            # Seen all the same: which part of it lies beyond is what she has to know.
            problem = FormWrong(MAY_NOT_SAID[may_not], may_not.value)
    except FormWrong as error:
        seen, problem = None, error
    if accept == "application/json":
        return _live(seen, problem, form.get("level", ""), office)
    key = form.get("key", "") or new_key()
    offered = offered_areas(office, session)
    shown = preview_page(form, names, seen, problem, office.ground.cells, session, key=key, offered=offered)
    return page(shown, 200 if seen is not None else 422)


def _live(seen: Preview | None, problem: FormWrong, level: str, office: Office) -> Response:
    """Return the preview while somebody draws: the same markup, and the cells for the map."""
    html = problem_said(problem, "soft" if seen is None else "alarm") if problem is not NOTHING_WRONG else ""
    html += "" if seen is None else preview_section(seen, level, office.ground.cells)
    cells = areas([("", seen.cells)] if seen is not None else [])
    content = orjson.dumps({"html": html, "cells": orjson.Fragment(cells), "reason": problem.reason})
    return Response(content, headers={"cache-control": "no-store"}, media_type="application/json")


def _posted(office: Office, session: Session, kind: str, form: dict[str, str]) -> Response:
    account, at = session.account, office.now()
    try:
        wanted = wanted_of(kind, form, account, known=office.known(account), at=at)
        # An order over several wards is one for each; an end is of the part that it names.
        parts = _parts(office, wanted) if kind == "order" and not is_ending(form) else (wanted,)
        if office.posts.knows(parts[-1].receipt):
            # Pressed twice: its code is used up, and what it asked for is on its way.
            return _after(parts)
        raws = [console_document(kind, one.thing, by=account.name, at=at, **one.fields) for one in parts]
        raw = raws[0]
    except FormWrong as error:
        return page(not_posted_page(str(error), error.reason), 422)
    except ConsoleError as error:
        return page(not_posted_page("この内容は受け付けられません。", error.reason), 422)
    on = f"{kind}:{wanted.thing}"
    may_not = may_not_post(account, wanted.where, office.ground.wards_at)
    ends = kind == "order" and is_ending(form)
    if ends and may_not is None and account.role is Role.DRAFTER:
        report = office.posts.order(wanted.thing)
        may_not = None if report is not None and author_of_order(report) == account.name else MayNot.ROLE
    if may_not is not None:
        office.write_down(account.name, Act.POST_REFUSED, on, may_not.value)
        return page(not_posted_page(MAY_NOT_SAID[may_not]), 403)
    if kind == "closure" and wanted.again and not wanted.fields.get("undo"):
        many = moves_many(office, wanted, raw, form)
        if many:
            office.write_down(account.name, Act.POST_REFUSED, on, NotYet.MOVES_MANY.value)
            return page(not_posted_page(many), 422)
    ground, stands = acting_ground(form), _stands(office, wanted.thing) if ends else None
    acts = stands is not None and is_in_a_wards_place(office, session, stands)
    if acts and len(ground) < SHORTEST_GROUND:
        office.write_down(account.name, Act.POST_REFUSED, on, "acting-for-without-ground")
        return page(not_posted_page("区に代わって終わらせる理由を書いてください。"), 422)
    acting = f" acting for: {ground}" if acts else ""
    act = {LIFT: Act.LIFT, CORRECT: Act.CORRECT}.get(next((one for one in (LIFT, CORRECT) if form.get(one)), ""))
    done = act if ends and act is not None else Act.POST
    if all(office.did(account.name, done, f"{kind}:{one.thing}", one.receipt + acting) for one in parts):
        # Its answer was lost: its code is used up, and the ingest takes a receipt once.
        return _all_stored(office, parts, raws)
    if wanted.again or (ends and not office.codes.is_fresh(session, int(at.timestamp()))):
        wrong = office.codes.take(session, form.get("code", ""), int(at.timestamp()))
        if wrong is not None:
            office.write_down(account.name, Act.POST_REFUSED, on, wrong.value)
            said = "確認コードが違うか、使用済みです。戻って、新しいコードで送ってください（二重にはなりません）。"
            return page(not_posted_page(said), 403)
    # Written down first: an act that nobody can find again must not happen.
    for one in parts:
        office.write_down(account.name, done, f"{kind}:{one.thing}", one.receipt + acting)
    return _all_stored(office, parts, raws)


def _stands(office: Office, thing: str) -> Notice | None:
    """Return what the order *thing* has residents read now, None where it has not gone out."""
    report = office.posts.order(thing)
    return next((one for one in office.desk.sent() if report is not None and one.document == report.document), None)


def _all_stored(office: Office, parts: tuple[Wanted, ...], raws: list[bytes]) -> Response:
    for one, written in zip(parts, raws, strict=True):
        failed = _stored(office, one, written)
        if failed is not None:
            return failed
    return _after(parts)


def _parts(office: Office, wanted: Wanted) -> tuple[Wanted, ...]:
    ground = office.ground
    return by_ward(wanted, names=ground.names, ground=ground.cells, lookup=ground.lookup)


def _after(parts: tuple[Wanted, ...]) -> Response:
    """Go to what became of it; of several parts to the list, where each waits for its own ward."""
    return elsewhere(f"/posts/{parts[0].receipt}" if len(parts) == 1 else "/")


def _stored(office: Office, wanted: Wanted, raw: bytes) -> Response | None:
    """Store the document; return the page that says so where that is not known."""
    try:
        receive(
            office.producer,
            raw,
            name=f"{wanted.kind}-{wanted.thing}.json",
            feed=FEED,
            received=office.now(),
            new_receipt=lambda: wanted.receipt,
        ).stored.result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError):
        return page(unknown_page(wanted.receipt), 503)
    office.posts.has_sent(wanted.receipt)
    return None


def became_of(office: Office, session: Session, receipt: str) -> Became:
    """Return all that is known of the document of *receipt*, and whether *session* may undo it."""
    report = office.posts.report(receipt)
    if report is None:
        return Became(receipt)
    _, kind, thing = (*report.series.split(":", 2), "", "")[:3]
    effect = office.posts.effect(thing)
    if effect is not None and report.sent is not None and effect.fact_at < report.sent:
        effect = None
    closure = office.posts.closure(thing) if kind == "closure" and report.outcome is not OutcomeKind.HELD else None
    undoable = closure is not None and not closure.lifted and _may_undo(office, session, closure)
    waiting, decided = _draft_of(office, report.document)
    return Became(receipt, kind, thing, report, effect, undoable, waiting, decided)


def _draft_of(office: Office, document: str) -> tuple[DraftRecord | None, DraftRecord | None]:
    view = office.desk.view()
    waiting = next((one for one in view.drafts if one.document == document), None)
    return waiting, next((one for one in view.decided if one.document == document), None)


def _may_undo(office: Office, session: Session, closure: RoadReport) -> bool:
    where = where_of(closure, office.known(session.account).line_of)
    return may_not_post(session.account, where, office.ground.wards_at) is None


def _closed(office: Office, session: Session) -> tuple[Closed, ...]:
    """Return what the console holds closed, as far as *session* may take it back, with how many each has moved."""
    mine = (one for one in office.posts.closures(office.now()) if _may_undo(office, session, one))
    effects = ((one, office.posts.effect(one.id)) for one in mine)
    return tuple(Closed(one, (effect.people or 0) if effect is not None else 0) for one, effect in effects)


def _may_write(office: Office, session: Session, shelter: NamedSite) -> bool:
    return may_not_post(session.account, where_of_shelter(shelter, office.ground.names), office.ground.wards_at) is None


def standing(office: Office, session: Session) -> tuple[Standing, ...]:
    """Return the orders of the console that have gone out and not ended, as far as *session* may end them."""
    return tuple(Standing(report, ending) for report, ending in standing_orders(office, session))


def offered_names(office: Office, session: Session) -> dict[str, str]:
    """Return the wards that *session* may choose, by code."""
    return office.wards_offered(session.account)


def offered_areas(office: Office, session: Session) -> Offered:
    """Return the names by which *session* may choose a part of a ward."""
    sources = office.sources(session.account)
    rivers, imported = (tuple(one.name for one in listed) for listed in (sources.rivers, sources.imported()))
    return Offered(rivers, imported, sources.kept)


def new_key() -> str:
    """Return the key of a form that is opened anew."""
    return secrets.token_hex(16)
