"""Who is woken, written on the console: rosters and what they lack, officers' telephones, a call to oneself."""

import re
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import APIRouter
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty import Roster, Shift
from api.console.duty_door import DutyOffice, duty_routes
from api.console.office import Office
from api.console.officer_devices import OfficerDevices, officer_settings
from api.http.web import asset_routes
from api.known.board import Orders
from api.officers.accounts import Role
from api.officers.duty_desk import DutyDesk
from api.officers.roster_form import Lack, RosterRefused, lacks, roster_of, typed
from api.residents.postman import Letter
from api.residents.proof import Proofs
from dispatch.channel import ChannelState
from dispatch.device_seal import DeviceSeal
from dispatch.errors import SubscriptionUnreadable
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.vapid import VapidKey
from dispatch.vapid import encode as text
from streams.brokers.client import Record
from streams.duty.duty_book import METROPOLITAN, PAGER, PagerRecord, RosterRecord
from streams.payloads import PageRecord
from streams.settings import SettingMissing
from streams.topics import DUTY, PAGES
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in

KOTO = KOTO_WARD[:5]
SECRET = bytes(range(32))
ORIGIN = "https://updates.push.services.mozilla.com"


@dataclass
class Mail:
    """A postman who keeps what he is given."""

    letters: list[Letter] = field(default_factory=list)
    outcome: PushOutcome = PushOutcome.ACCEPTED

    def post(self, letter: Letter) -> "Future[PushOutcome]":
        self.letters.append(letter)
        done: Future[PushOutcome] = Future()
        done.set_result(self.outcome)
        return done


@dataclass
class Duty:
    room: Room
    desk: DutyDesk
    orders: Orders
    mail: Mail
    devices: OfficerDevices
    _read: int = 0

    def follow(self) -> None:
        """Read what the console wrote on `duty`."""
        for topic, key, value in self.room.topics.records[self._read :]:
            self.desk.apply(Record(topic, 0, 0, key, value, {}, 0))
        self._read = len(self.room.topics.records)

    def pager(self, *posts: str) -> None:
        rosters = (Roster(KOTO, posts[:1], posts[1:2]),) if posts else ()
        said = PagerRecord(dict.fromkeys(posts, ("webhook",)), rosters, posts[-1:], True, NINE_PM)
        self.desk.apply(Record(DUTY.name, 0, 0, PAGER, encode(said), {}, 0))

    def write(self, seat: Seat, ward: str, on_duty: str, deputies: str = "", code: str = "") -> httpx.Response:
        fields = {"ward": ward, "on_duty": on_duty, "deputies": deputies, "code": code or self.room.code(seat.name)}
        return self.post(seat, "/duty/roster", fields)

    def post(self, seat: Seat, path: str, fields: dict[str, str]) -> httpx.Response:
        answer = self.room.form(path, fields | {"csrf": self.csrf(seat)}, {"cookie": seat.cookie})
        self.follow()
        return answer

    def csrf(self, seat: Seat) -> str:
        (found,) = set(re.findall(r'name="csrf" value="([^"]+)"', seat.get("/duty").text))
        return str(found)

    def ask(self, seat: Seat, path: str, plain: dict[str, Any]) -> httpx.Response:
        headers = {"origin": "http://residents.test", "cookie": seat.cookie}
        answer = self.room.browser.request("POST", path, headers, json={"csrf": self.csrf(seat), **plain})
        self.follow()
        return answer

    def add(self, seat: Seat, browser: dict[str, Any], label: str = "当番の電話") -> httpx.Response:
        asked = self.ask(seat, "/duty/devices/ask", {"subscription": browser, "code": self.room.code(seat.name)})
        assert asked.status_code == 200, asked.text
        proof = re.search(rb'"shirase_proof":"([^"]+)"', self.mail.letters[-1].payload)
        assert proof is not None
        said = {"subscription": browser, "label": label, "proof": proof[1].decode()}
        return self.ask(seat, "/duty/devices", said)

    def acts(self) -> list[tuple[str, str, str]]:
        return [one for one in self.room.topics.acts() if one[1] not in ("sign-in", "sign-out")]


@pytest.fixture
def duty(tmp_path: Path) -> Duty:
    return duty_in(tmp_path, VapidKey.generate().public_text)


def duty_in(tmp_path: Path, key: str, web: Path | None = None) -> Duty:
    """Return a console with its page of duty, and the scripts in *web*; browsers subscribe with *key*."""
    desk, orders, mail = DutyDesk(), Orders(), Mail()
    postman: Any = mail
    devices = OfficerDevices(Proofs(SECRET), DeviceSeal(SECRET), DispatchSettings(), postman, key)

    def more(office: Office) -> APIRouter:
        routes = APIRouter()
        routes.include_router(duty_routes(DutyOffice(office, desk, orders, devices)))
        if web is not None:
            routes.include_router(asset_routes(web))
        return routes

    room = room_in(tmp_path, more=more, scripts=True)
    room.add("kanri", Role.ADMINISTRATOR)
    room.add("sato")
    return Duty(room, desk, orders, mail, devices)


def browser(name: str = "a", origin: str = ORIGIN) -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": f"{origin}/wpush/v2/{name}", "keys": {"p256dh": text(raw), "auth": text(bytes(16))}}


def test_an_administrator_writes_her_ward_s_roster_and_it_takes_the_file_s_place(duty: Duty) -> None:
    duty.pager("koto_1", "koto_2", "tokyo")
    seat = duty.room.sign_in("kanri")
    assert "koto_1" in seat.get("/duty").text, "the file stands until somebody writes another"
    answer = duty.write(seat, KOTO, "koto_1 8-20\nkoto_2　20時から8時", "tokyo")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/duty#ward-{KOTO}")
    roster = duty.desk.view().rosters[KOTO]
    assert [roster.awake(hour) for hour in (7, 8, 19, 20)] == [("koto_2",), ("koto_1",), ("koto_1",), ("koto_2",)]
    assert ("kanri", "roster", "koto_1 8-20,koto_2 20-8,/,tokyo") in duty.acts()
    section = seat.get("/duty").text.split(f'id="ward-{KOTO}"')[1].split("</section>")[0]
    assert "roster-uncovered" not in section
    assert "いま koto_2" in section, "at ten past nine in the evening"


@pytest.mark.parametrize(
    ("ward", "on_duty", "code", "reason"),
    [
        (KOTO, "", "", "roster-empty"),
        (KOTO, "nobody", "", "roster-unknown-person"),
        (KOTO, "sato 8-25", "", "roster-hours"),
        (KOTO, "sato 8-", "", "roster-line"),
        (KOTO, "sato", "000000", "second-factor-wrong"),
        (EDOGAWA_WARD[:5], "sato", "", "roster-not-yours"),
        (METROPOLITAN, "tokyo", "", "roster-not-yours"),
    ],
)
def test_a_roster_that_cannot_be_kept_changes_nothing_and_is_written_down(
    duty: Duty, ward: str, on_duty: str, code: str, reason: str
) -> None:
    duty.pager("tokyo")
    before = duty.desk.view()
    answer = duty.write(duty.room.sign_in("kanri"), ward, on_duty, code=code)
    assert answer.status_code == 403
    assert reason in answer.text
    assert duty.desk.view() == before
    assert ("kanri", "roster-refused", reason) in duty.acts()


def test_a_drafter_or_an_approver_writes_no_roster(duty: Duty) -> None:
    duty.pager("tokyo")
    seat = duty.room.sign_in("sato")
    assert "当番を決める" not in seat.get("/duty").text
    assert duty.write(seat, KOTO, "sato").status_code == 403
    assert ("sato", "roster-refused", "roster-not-yours") in duty.acts()


def test_every_ladder_ends_with_a_metropolitan_officer_who_can_be_called(duty: Duty) -> None:
    duty.room.add("metro", Role.ADMINISTRATOR, ("*",))
    seat = duty.room.sign_in("kanri")
    assert "roster-no-end" in duty.write(seat, KOTO, "sato").text
    duty.pager("tokyo")
    metro = duty.room.sign_in("metro")
    assert "roster-no-end" in duty.write(metro, METROPOLITAN, "metro").text, "nobody could call her"
    assert duty.write(metro, METROPOLITAN, "tokyo").status_code == 303
    assert duty.desk.view().metropolitan == ("tokyo",)
    assert duty.write(seat, KOTO, "sato").status_code == 303
    text_ = seat.get("/duty").text
    assert "roster-not-callable" in text_, "sato has no telephone yet"
    assert duty.add(duty.room.sign_in("sato"), browser()).status_code == 200
    assert "roster-not-callable" not in seat.get("/duty").text


def test_an_officer_adds_her_telephone_by_the_push_that_comes_back_and_removes_it(duty: Duty) -> None:
    duty.pager("tokyo")
    seat, phone = duty.room.sign_in("sato"), browser()
    assert duty.add(seat, phone).status_code == 200
    (record,) = duty.desk.view().devices
    assert phone["endpoint"] not in record.sealed
    opened = duty.devices.seal.open("sato", record.id, record.sealed)
    assert opened.endpoint == phone["endpoint"]
    with pytest.raises(SubscriptionUnreadable):
        duty.devices.seal.open("baba", record.id, record.sealed)
    assert "当番の電話" in seat.get("/duty").text
    other = duty.room.sign_in("kanri")
    fields = {"id": record.id, "code": duty.room.code("kanri")}
    assert duty.post(other, "/duty/devices/remove", fields).status_code == 403, "another's"
    fields = {"id": record.id, "code": duty.room.code("sato")}
    assert duty.post(seat, "/duty/devices/remove", fields).status_code == 303
    assert duty.desk.view().devices == ()
    assert duty.acts() == [
        ("sato", "device-added", "当番の電話"),
        ("kanri", "device-refused", "device-unknown"),
        ("sato", "device-removed", "当番の電話"),
    ]


def test_a_proof_is_for_one_account_one_session_and_one_browser(duty: Duty) -> None:
    duty.pager("tokyo")
    seat, phone = duty.room.sign_in("sato"), browser()
    assert duty.add(seat, phone).status_code == 200
    proof = re.search(rb'"shirase_proof":"([^"]+)"', duty.mail.letters[-1].payload)
    assert proof is not None
    said = {"subscription": phone, "label": "x", "proof": proof[1].decode()}
    later, other = duty.room.sign_in("sato"), duty.room.sign_in("kanri")
    for who, plain in ((later, said), (other, said), (seat, said | {"subscription": browser("b")})):
        answer = duty.ask(who, "/duty/devices", plain)
        assert (answer.status_code, answer.json()["code"]) == (403, "proof-wrong")
    assert duty.ask(seat, "/duty/devices", said | {"proof": "あ"}).json()["code"] == "proof-wrong"
    assert len(duty.desk.view().devices) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"subscription": browser(origin="https://evil.example")}, "endpoint-host-not-allowed"),
        ({"subscription": {}}, "device-malformed"),
        ({"subscription": {"endpoint": ORIGIN, "keys": {"p256dh": "AAAA", "auth": "AAAA"}}}, "device-malformed"),
        ({"code": "000000"}, "second-factor-wrong"),
    ],
)
def test_a_telephone_that_cannot_be_called_or_an_open_screen_adds_nothing(
    duty: Duty, changed: dict[str, Any], code: str
) -> None:
    seat = duty.room.sign_in("sato")
    plain = {"subscription": browser(), "code": duty.room.code("sato")} | changed
    answer = duty.ask(seat, "/duty/devices/ask", plain)
    assert answer.status_code in (403, 422)
    assert answer.json()["code"] == code
    assert duty.mail.letters == []


def test_she_calls_herself_and_sees_what_became_of_it(duty: Duty) -> None:
    duty.pager("tokyo")
    seat = duty.room.sign_in("sato")
    assert duty.post(seat, "/duty/call", {}).status_code == 303
    trial = duty.desk.view().trials["sato"]
    call = PageRecord(trial.page, "", "trial", "sato", "push-1", ChannelState.ACCEPTED, "", 1, duty.room.clock())
    duty.orders.apply(Record(PAGES.name, 0, 0, b"k", encode(call), {}, 0))
    assert "届けました" in seat.get("/duty").text
    answers = [duty.post(seat, "/duty/call", {}).status_code for _ in range(4)]
    assert answers[-1] == 429, "nobody is kept awake by a button"


def test_hours_that_nobody_covers_are_named() -> None:
    roster = roster_of(KOTO, "sato 8-20\nbaba 22-3", "", {"sato", "baba"})
    everybody = {"sato", "baba"}
    assert lacks(roster, everybody, everybody) == (
        Lack("roster-uncovered", "3-8時、20-22時"),
        Lack("roster-no-deputies", ""),
    )
    assert lacks(roster, {"sato"}, everybody)[:2] == (
        Lack("roster-not-callable", "baba"),
        Lack("roster-uncovered", "0-8時、20-24時"),
    )


PEOPLE = st.sampled_from(["sato", "baba", "koto-1"])
SHIFTS = st.builds(Shift, PEOPLE, st.integers(0, 23), st.integers(0, 23))


@settings(deadline=None, derandomize=True)
@given(st.lists(PEOPLE, unique=True), st.lists(SHIFTS, unique=True, max_size=6), st.lists(PEOPLE, unique=True))
def test_what_was_typed_is_read_back_and_each_hour_is_somebody_s_or_named(
    always: list[str], shifts: list[Shift], deputies: list[str]
) -> None:
    roster = Roster(KOTO, tuple(always), tuple(deputies), tuple(shifts))
    if not always and not shifts:
        with pytest.raises(RosterRefused):
            roster_of(KOTO, *typed(roster), {"sato", "baba", "koto-1"})
        return
    assert roster_of(KOTO, *typed(roster), {"sato", "baba", "koto-1"}) == roster
    assert all(bool(roster.awake(hour)) != (hour in roster.uncovered()) for hour in range(24))


def test_half_of_the_settings_stop_the_start() -> None:
    assert officer_settings({}) is None
    with pytest.raises(SettingMissing, match="SHIRASE_VAPID_KEY"):
        officer_settings({"SHIRASE_DUTY_KEY": "duty.bin"})


def test_a_roster_is_kept_as_it_was_said() -> None:
    said = RosterRecord(KOTO, ("a",), (Shift("b", 20, 8),), (), "kanri", NINE_PM)
    assert decode(RosterRecord, encode(said)) == said
