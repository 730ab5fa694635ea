"""The routes of who is woken: look, write a roster, add and remove one's telephone, be called now."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Header, Request, Response

from alerts.duty import Roster
from api.console.duty_page import SAID, duty_page
from api.console.filled import filled
from api.console.office import COOKIE, Office
from api.console.officer_devices import MOST_DEVICES, OfficerDevices
from api.console.passkey_door import json_answer, signed_json
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.known.board import Orders
from api.officers.accounts import Session
from api.officers.audit import Act
from api.officers.duty_desk import DutyDesk, OnDuty, may_approve, may_edit, people
from api.officers.form import page
from api.officers.passkey_store import label_of
from api.officers.passkeys import PasskeyRefused
from api.officers.roster_form import Lack, RosterRefused, lacks, roster_of
from dispatch.outcomes import PushOutcome
from streams.brokers.errors import StreamsError
from streams.duty.duty_book import (
    METROPOLITAN,
    DeviceRecord,
    RosterRecord,
    TrialRecord,
    device_key,
    roster_key,
    trial_key,
)
from streams.topics import DUTY
from streams.wire import encode

_STORED_WITHIN_SECONDS = 10.0
_ANSWERED_WITHIN_SECONDS = 15.0
_TOKEN = Annotated[str, Cookie(alias=COOKIE)]


@dataclass(frozen=True, slots=True)
class DutyOffice:
    """What the routes need; without *devices* nobody adds a telephone here."""

    office: Office
    desk: DutyDesk
    orders: Orders
    devices: OfficerDevices | None = None

    def store(self, key: bytes, value: bytes | None) -> None:
        """Write a record or a tombstone; raises `ApiError` when the broker did not take it."""
        try:
            self.office.producer.send(DUTY.name, key, value).result(_STORED_WITHIN_SECONDS)
        except (StreamsError, TimeoutError):
            raise ApiError(503, "not-stored", "Not changed: the broker did not take it", "Safe to try again.") from None

    def lacking(self, view: OnDuty) -> dict[str, tuple[Lack, ...]]:
        """Return what each roster in force lacks."""
        listed = self.office.accounts.listed()
        found = {
            ward: lacks(roster, view.callable, may_approve(listed, ward, view.pager))
            for ward, roster in view.rosters.items()
        }
        if set(view.metropolitan).isdisjoint(view.callable):
            found[METROPOLITAN] = (Lack("roster-no-end", ""),)
        return found

    def shown(self, session: Session, problem: str = "", status: int = 200) -> Response:
        """Return the page."""
        view = self.desk.view()
        names = {code[:5]: name for code, name in sorted(self.office.ground.names.items())}
        names = {**{ward: ward for ward in sorted(view.rosters) if ward not in names}, **names}
        trial = view.trials.get(session.account.name)
        return page(
            duty_page(
                session,
                view,
                names,
                self.lacking(view),
                () if trial is None else self.orders.called(trial.page),
                self.office.now(),
                problem=problem,
                key="" if self.devices is None or not self.office.scripts else self.devices.public_key,
            ),
            status,
        )


def duty_routes(duty: DutyOffice) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/duty")
    office, trials, asks = duty.office, RateLimit(3, 1.0), RateLimit(5, 1.0)

    def refused(session: Session, act: Act, on: str, reason: str, what: str = "") -> Response:
        office.write_down(session.account.name, act, on, reason)
        return duty.shown(session, f"変わっていません。{SAID.get(reason, reason)} {what}（{reason}）", 403)

    @router.get("")
    def look(token: _TOKEN = "") -> Response:
        session = office.session(token)
        return elsewhere("/sign-in") if session is None else duty.shown(session)

    @router.post("/roster")
    async def write(request: Request) -> Response:
        session, form = await filled(office, request)
        # The last word on the topic is then the last one in the trail.
        return await office.turns.take(f"roster {form.get('ward', '')[:20]}", written, session, form)

    def written(session: Session, form: Mapping[str, str]) -> Response:
        name, ward, at = session.account.name, form.get("ward", "")[:20], office.now()
        view = duty.desk.view()
        if not may_edit(session.account, ward) or (ward != METROPOLITAN and not (len(ward) == 5 and ward.isdigit())):
            return refused(session, Act.ROSTER_REFUSED, ward, "roster-not-yours")
        try:
            known = people(office.accounts.listed(), view.pager)
            roster = roster_of(ward, form.get("on_duty", ""), form.get("deputies", ""), known)
            _has_an_end(roster, view)
        except RosterRefused as error:
            return refused(session, Act.ROSTER_REFUSED, ward, error.reason, error.what)
        wrong = office.codes.take(session, form.get("code", ""), int(at.timestamp()))
        if wrong is not None:
            return refused(session, Act.ROSTER_REFUSED, ward, wrong.value)
        said = RosterRecord(ward, roster.on_duty, roster.shifts, roster.deputies, name, at)
        hours = (f"{one.person} {one.from_hour}-{one.until_hour}" for one in roster.shifts)
        office.write_down(name, Act.ROSTER, ward, ",".join((*roster.on_duty, *hours, "/", *roster.deputies)))
        duty.store(roster_key(ward), encode(said))
        return elsewhere(f"/duty#ward-{ward}")

    @router.post("/call")
    async def call(request: Request) -> Response:
        session, _ = await filled(office, request)
        name = session.account.name
        if trials.wait_seconds(name, time.monotonic()):
            raise ApiError(429, "too-many", "Too many calls", "Wait a minute and try again.")
        return await office.turns.take(_subject(session), called, name)

    def called(name: str) -> Response:
        trial = TrialRecord(secrets.token_hex(8), name, office.now())
        office.write_down(name, Act.TRIAL_CALL, trial.page)
        duty.store(trial_key(name), encode(trial))
        return elsewhere("/duty#mine")

    @router.post("/devices/remove")
    async def remove(request: Request) -> Response:
        session, form = await filled(office, request)
        return await office.turns.take(_subject(session), removed, session, form)

    def removed(session: Session, form: Mapping[str, str]) -> Response:
        name, identifier = session.account.name, form.get("id", "")[:40]
        mine = {one.id: one for one in duty.desk.view().devices_of(name)}
        if identifier not in mine:
            return refused(session, Act.DEVICE_REFUSED, identifier, "device-unknown")
        wrong = office.codes.take(session, form.get("code", ""), int(office.now().timestamp()))
        if wrong is not None:
            return refused(session, Act.DEVICE_REFUSED, identifier, wrong.value)
        office.write_down(name, Act.DEVICE_REMOVED, identifier, mine[identifier].label)
        duty.store(device_key(identifier), None)
        return elsewhere("/duty#mine")

    if duty.devices is not None:
        _adding(router, duty, duty.devices, asks)
    return router


def _adding(router: APIRouter, duty: DutyOffice, devices: OfficerDevices, asks: RateLimit) -> None:
    office = duty.office

    @router.post("/devices/ask")
    async def ask(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, plain = await signed_json(office, request, origin, token)
        name = session.account.name
        device = devices.device(plain.get("subscription"))
        if asks.wait_seconds(name, time.monotonic()):
            raise ApiError(429, "too-many", "Too many devices", "Wait a minute and try again.")
        await office.turns.take(_subject(session), proved, session, str(plain.get("code", "")))
        sent = devices.welcome(device, name, session.csrf)
        try:
            outcome = await asyncio.wait_for(asyncio.wrap_future(sent), _ANSWERED_WITHIN_SECONDS)
        except TimeoutError:
            raise ApiError(504, "push-service-silent", "配信サービスが答えません。もう一度。") from None
        if outcome is not PushOutcome.ACCEPTED:
            raise ApiError(422, f"push-{outcome.value}", "配信サービスがこの端末への送信を受け付けません。")
        return json_answer({"state": "waiting-for-the-push"})

    def proved(session: Session, code: str) -> None:
        wrong = office.codes.take(session, code, int(office.now().timestamp()))
        if wrong is not None:
            office.write_down(session.account.name, Act.DEVICE_REFUSED, detail=wrong.value)
            raise ApiError(403, wrong.value, "確認コードが違うか、使用済みです。")

    @router.post("/devices")
    async def add(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, plain = await signed_json(office, request, origin, token)
        return await office.turns.take(_subject(session), added, session, plain)

    def added(session: Session, plain: Mapping[str, Any]) -> Response:
        name = session.account.name
        device = devices.device(plain.get("subscription"))
        try:
            label = label_of(str(plain.get("label", "")))
        except PasskeyRefused:
            raise ApiError(422, "device-label", "端末の名前は1〜40字です。") from None
        if not devices.came_back(str(plain.get("proof", "")), device, name, session.csrf):
            office.write_down(name, Act.DEVICE_REFUSED, detail="proof-wrong")
            raise ApiError(403, "proof-wrong", "この端末に送ったものではありません。")
        if len(duty.desk.view().devices_of(name)) >= MOST_DEVICES:
            raise ApiError(409, "device-too-many", "これ以上登録できません。使わないものを削除してください。")
        identifier = secrets.token_hex(8)
        record = DeviceRecord(identifier, name, label, devices.seal.seal(name, identifier, device), office.now())
        office.write_down(name, Act.DEVICE_ADDED, identifier, label)
        duty.store(device_key(identifier), encode(record))
        return json_answer({"to": "/duty"})


def _subject(session: Session) -> str:
    """Return on what acts of one officer about her own telephones wait: on each other."""
    return f"duty {session.account.name}"


def _has_an_end(roster: Roster, view: OnDuty) -> None:
    """Raise `RosterRefused` where nobody who can be called stands at the end of the ladder."""
    ends = roster.awake(None) if roster.ward == METROPOLITAN else view.metropolitan
    if roster.ward == METROPOLITAN and (roster.shifts or roster.deputies):
        raise RosterRefused("roster-hours", "都の当番には時間を付けられません")
    if set(ends).isdisjoint(view.callable):
        raise RosterRefused("roster-no-end")
