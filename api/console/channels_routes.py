"""The routes of the channels: where each stands, what left, and to hand it over again."""

import hashlib
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.channels_page import channels_page, document_page
from api.console.office import COOKIE, Office
from api.console.posting import new_key
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.known.verdict import verdict_of
from api.officers.accounts import Account, Session
from api.officers.audit import Act
from api.officers.form import page, read_form
from dispatch.channel import ChannelState
from feeds.errors import FeedError
from feeds.outgoing.forms import Form, Leaf, Municipality, leaves_of
from geo.outline import rings_of
from streams.brokers.errors import StreamsError
from streams.outward.again import again_key
from streams.outward.stage import key_of
from streams.payloads import AgainRecord, ChannelRecord
from streams.topics import CHANNELS
from streams.wire import encode

_STORED_WITHIN_SECONDS = 10.0
_MOST_SHOWN = 20


def channels_routes(office: Office) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/channels")
    def shown(token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        now, notices = office.now(), []
        for lineage in office.channels.lineages()[:_MOST_SHOWN]:
            notice = office.sending.newest(lineage)
            far = office.sending.how_far(lineage, 0 if notice is None else notice.revision)
            verdict = verdict_of(notice, far, waits=False, current=office.is_current(), now=now)
            notices.append((lineage, notice, verdict, office.channels.of(lineage)))
        names = {code[:5]: name for code, name in office.ground.names.items()}
        wards = {one.ward for _, _, _, records in notices for one in records}
        may = {ward: _may(session.account, ward) for ward in wards}
        return page(channels_page(notices, names, session, new_key(), may=may, now=now, scripts=office.scripts))

    @router.get("/channels/{lineage}/{revision}/{ward}/{form}")
    def read(
        lineage: str, revision: int, ward: str, form: str, token: Annotated[str, Cookie(alias=COOKIE)] = ""
    ) -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        record = _record(office, lineage, revision, ward, form)
        leaves, problem = _leaves(office, record)
        return page(document_page(record, leaves, session, problem))

    @router.post("/channels/{lineage}/{revision}/{ward}/{form}/{word}")
    async def act(
        lineage: str,
        revision: int,
        ward: str,
        form: str,
        word: str,
        request: Request,
        origin: Annotated[str, Header()] = "",
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> Response:
        session = await run_in_threadpool(office.session, token)
        if session is None:
            return elsewhere("/sign-in")
        key = (await read_form(request, origin, session)).get("key", "")[:80] or new_key()
        if word not in ("again", "typed"):
            raise ApiError(404, "not-found", "There is no such page")
        record = _record(office, lineage, revision, ward, form)
        turn = f"channel {lineage} {revision} {ward} {form}"
        await office.turns.take(turn, _ask, office, session, record, word, key)
        return elsewhere("/channels")

    return router


def _ask(office: Office, session: Session, record: ChannelRecord, word: str, key: str) -> None:
    """Do *word*, once for each form's *key*; nothing new leaves by it, so that it asks for no code."""
    by, at = session.account.name, office.now()
    if not _may(session.account, record.ward):
        raise ApiError(403, "not-your-ward", "This channel is another ward's")
    on = f"{record.lineage}.{record.revision} {record.ward} {record.form}"
    act = Act.CHANNEL_AGAIN if word == "again" else Act.CHANNEL_TYPED
    if office.did(by, act, on, key):
        return
    office.write_down(by, act, on, key)
    if word == "again":
        asked = AgainRecord(record.lineage, record.revision, record.ward, record.form, by, at)
        place, value = again_key(key), encode(asked)
    else:
        place = key_of(record.lineage, record.revision, record.ward, Form(record.form))
        value = encode(replace(record, state=ChannelState.TYPED, reason="", by=by, at=at))
    try:
        office.producer.send(CHANNELS.name, place, value).result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError):
        raise ApiError(503, "not-stored", "Not done: the broker did not take it", "Safe to try again.") from None


def _may(account: Account, ward: str) -> bool:
    return account.everywhere or any(code[:5] == ward for code in account.wards)


def _record(office: Office, lineage: str, revision: int, ward: str, form: str) -> ChannelRecord:
    found = office.channels.state(lineage, revision, ward, form)
    if found is None:
        raise ApiError(404, "not-found", "This revision was never to leave by this channel")
    return found


def _leaves(office: Office, record: ChannelRecord) -> tuple[list[tuple[Leaf, bool]], str]:
    """Return the documents, made anew from what was approved, each with whether its digest is of what left."""
    revisions = office.channels.revisions(record.lineage)
    notice = revisions.get(record.revision)
    if notice is None:
        return [], "元の知らせが見つかりません。"
    name = next((one for code, one in office.ground.names.items() if code[:5] == record.ward), record.ward)
    ward = office.municipalities.get(record.ward) or Municipality(record.ward, name, {})
    earlier = [revisions[number] for number in sorted(revisions) if number < record.revision]
    try:
        leaves = leaves_of(Form(record.form), notice, ward, sender=office.cap_sender, earlier=earlier, outline=rings_of)
    except FeedError as error:
        return [], f"文書を作れません（{error.reason}）。"
    return [(leaf, _sha256(leaf.body) in record.documents) for leaf in leaves], ""


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
