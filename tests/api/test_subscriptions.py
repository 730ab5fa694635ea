"""Signing up: nothing is stored until the push came back, and the token is all that owns it."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import httpx
import pytest
from fastapi import FastAPI

from api.http.problem import answer_problems
from api.http.rate import RateLimit
from api.residents.postman import Letter, PostmanBusy
from api.residents.proof import Proofs, id_of
from api.residents.roll import Roll
from api.residents.sign_up import CONSENT_VERSIONS, SignUp
from api.residents.subscriptions import _AT_ONCE, subscription_routes
from dispatch import signs
from dispatch.endpoint import check_endpoint
from dispatch.life import span_of
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.subscription import SealKeys
from dispatch.vapid import FIRST_DRILL_KEY
from streams.brokers.client import Record, SendError, Stored
from streams.topics import SUBSCRIPTIONS
from tests.api.browser import Browser
from tests.dispatch.people import point_of
from tests.stub.pushes import Phone, text

KOTO = f"{h3.latlng_to_cell(35.6727, 139.8169, 9):x}"
SETTINGS = DispatchSettings()


@dataclass
class Topic:
    """`subscriptions`, in memory: what was produced, and the roll that follows it."""

    roll: Roll = field(default_factory=Roll)
    records: list[Record] = field(default_factory=list)
    before_a_value: Callable[[], None] = lambda: None
    dies_after: int = 1_000
    """How many more records are written before the process is gone."""

    def by_another(self, key: bytes, value: bytes | None) -> None:
        """Another process writes, and the roll has yet to read it."""
        self.records.append(Record(SUBSCRIPTIONS.name, 0, len(self.records), key, value, {}, 0))

    def send(self, topic: str, key: bytes, value: bytes | None) -> "Future[Stored]":
        if value is not None:
            self.before_a_value()
        if not self.dies_after:
            raise SendError("the process is gone")
        self.dies_after -= 1
        record = Record(SUBSCRIPTIONS.name, 0, len(self.records), key, value, {}, 0)
        self.records.append(record)
        self.roll.apply(record)
        stored: Future[Stored] = Future()
        stored.set_result(Stored(topic, 0, record.offset))
        return stored

    def read_at(self, _partition: int, offset: int) -> Record:
        return self.records[offset]


@dataclass
class PostBox:
    """Takes letters as a push service would, with the outcome it was told."""

    outcome: PushOutcome = PushOutcome.ACCEPTED
    letters: list[Letter] = field(default_factory=list)
    busy: bool = False

    def post(self, letter: Letter) -> "Future[PushOutcome]":
        check_endpoint(letter.endpoint, SETTINGS)
        if self.busy:
            raise PostmanBusy
        self.letters.append(letter)
        done: Future[PushOutcome] = Future()
        # From another thread, as the real one's answers come.
        threading.Thread(target=lambda: done.set_result(self.outcome)).start()
        return done


@dataclass
class Door:
    topic: Topic
    box: PostBox
    browser: Browser
    keys: SealKeys
    sign_up: SignUp


def doors(
    limit: RateLimit | None = None, clock: Callable[[], float] = lambda: 1_790_000_000.0, drill_public: str = ""
) -> Door:
    topic, box, keys = Topic(), PostBox(), SealKeys({1: bytes(32)}, 1)
    sign_up = SignUp(
        proofs=Proofs(bytes(32)),
        keys=keys,
        settings=SETTINGS,
        postman=box,  # type: ignore[arg-type]
        producer=topic,  # type: ignore[arg-type]
        roll=topic.roll,
        read_at=topic.read_at,
        ward_of=lambda cell: "1310800" if f"{cell:x}" == KOTO else "",
        vapid_public="BPublic",
        drill_public=drill_public,
        limit=limit or RateLimit(1000, 1000.0),
        clock=clock,
    )
    app = FastAPI()
    answer_problems(app)
    app.include_router(subscription_routes(sign_up))
    return Door(topic, box, Browser(app), keys, sign_up)


@pytest.fixture
def door() -> Door:
    return doors()


def wish(phone: Phone, **changed: Any) -> dict[str, Any]:
    point = point_of(phone.key)
    return {
        "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAA",
        "keys": {"p256dh": text(point), "auth": text(phone.auth)},
        "language": "ja",
        "places": [{"cell": KOTO, "role": "home", "min_level": 0}],
        "consents": [{"purpose": "area-alerts", "version": 1}],
    } | changed


def proof_in(letter: Letter) -> str:
    said = json.loads(letter.payload)
    assert said["web_push"] == 8030
    assert said["notification"]["title"]
    assert len(letter.payload) <= letter.padded_bytes
    found = said["shirase"]["proof"]
    assert isinstance(found, str)
    return found


def joined(door: Door, phone: Phone, **changed: Any) -> tuple[str, httpx.Response]:
    asked = wish(phone, **changed)
    answer = door.browser.request("POST", "/subscriptions", json=asked)
    assert answer.status_code == 202, answer.text
    token = answer.json()["token"]
    proof = proof_in(door.box.letters[-1])
    stored = door.browser.request("PUT", "/subscriptions", bearer(token), json=asked | {"proof": proof})
    return token, stored


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_nothing_is_stored_until_the_push_came_back(door: Door) -> None:
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone()))
    assert answer.status_code == 202
    assert answer.headers["cache-control"] == "no-store"
    assert door.topic.records == []
    wrong = wish(Phone()) | {"proof": proof_in(door.box.letters[-1])}
    refused = door.browser.request("PUT", "/subscriptions", bearer(answer.json()["token"]), json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (403, "proof-wrong")
    assert door.topic.records == []


def test_what_is_stored_is_shown_whole_changed_and_forgotten(door: Door) -> None:
    phone = Phone()
    token, stored = joined(door, phone, quiet={"start_hour": 22, "end_hour": 6})
    assert stored.json()["state"] == "active"
    shown = door.browser.request("GET", "/subscriptions", bearer(token)).json()
    assert shown == {
        "push_service": "updates.push.services.mozilla.com",
        "language": "ja",
        "places": [{"cell": KOTO, "role": "home", "min_level": 0}],
        "whole_city": False,
        "quiet": {"start_hour": 22, "end_hour": 6},
        "drill": False,
        "ward": "1310800",
        "there_since": "2026-09-16",
        "consents": [{"purpose": "area-alerts", "version": 1, "at": 1_790_000_000}],
    }
    first = door.keys.unseal(door.topic.records[0].key, door.topic.records[0].value or b"")
    moved = wish(phone, language="en") | {"proof": proof_in(door.box.letters[-1])}
    assert door.browser.request("PUT", "/subscriptions", bearer(token), json=moved).status_code == 200
    second = door.keys.unseal(door.topic.records[1].key, door.topic.records[1].value or b"")
    assert (first.id, first.row) == (second.id, second.row), "a correction must find whom the alert reached"
    assert second.language == "en"
    assert door.browser.request("DELETE", "/subscriptions", bearer(token)).status_code == 204
    assert door.topic.records[-1].value is None
    gone = door.browser.request("GET", "/subscriptions", bearer(token))
    assert (gone.status_code, gone.json()["code"]) == (404, "no-such-subscription")


def test_the_whole_city_needs_no_place_and_is_shown_as_what_it_is(door: Door) -> None:
    token, stored = joined(door, Phone(), places=[], whole_city=True)
    assert stored.status_code == 200, stored.text
    shown = door.browser.request("GET", "/subscriptions", bearer(token)).json()
    assert (shown["places"], shown["whole_city"], shown["ward"]) == ([], True, "")


def test_a_wording_that_is_no_longer_the_present_one_is_asked_for_again(door: Door) -> None:
    consents = [{"purpose": "area-alerts", "version": 1}, {"purpose": "follow-me", "version": 9}]
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone(), consents=consents))
    assert (answer.status_code, answer.json()["code"]) == (422, "consent-outdated")


def test_each_consent_keeps_the_day_on_which_it_was_given_until_it_is_taken_back() -> None:
    clock = [1_790_000_000.0]
    door = doors(clock=lambda: clock[0])
    phone = Phone()
    token, _ = joined(door, phone)
    proof = proof_in(door.box.letters[-1])
    area, follow = ({"purpose": one, "version": 1} for one in ("area-alerts", "follow-me"))

    def put(*consents: dict[str, Any], cell: str = KOTO) -> list[tuple[str, int]]:
        clock[0] += 86_400
        asked = wish(phone, consents=list(consents), places=[{"cell": cell}]) | {"proof": proof}
        answer = door.browser.request("PUT", "/subscriptions", bearer(token), json=asked)
        assert answer.status_code == 200, answer.text
        shown = door.browser.request("GET", "/subscriptions", bearer(token)).json()["consents"]
        return [(one["purpose"], round((one["at"] - 1_790_000_000) / 86_400)) for one in shown]

    assert put(area, follow) == [("area-alerts", 0), ("follow-me", 1)]
    next_door = f"{h3.latlng_to_cell(35.69, 139.83, 9):x}"
    assert put(area, follow, cell=next_door) == [("area-alerts", 0), ("follow-me", 1)], "to move is no new consent"
    assert put(area) == [("area-alerts", 0)]
    assert put(area, follow) == [("area-alerts", 0), ("follow-me", 4)], "what was taken back is given anew"


def test_whose_a_place_is_is_stored_and_shown_and_what_cannot_be_is_refused(door: Door) -> None:
    now = 1_790_000_000
    home = {"cell": KOTO, "role": "home", "min_level": 0}
    terms: list[dict[str, Any]] = [
        {"whose": "someone-elses"},
        {"whose": "mine-at-hours", "start_hour": 22, "end_hour": 6},
        {"whose": "here-until", "until": now + 3600},
    ]
    token, stored = joined(door, Phone(), places=[home, *(home | one for one in terms)])
    assert stored.status_code == 200, stored.text
    shown = door.browser.request("GET", "/subscriptions", bearer(token)).json()["places"]
    assert shown[0] == home
    assert [{name: place[name] for name in one} for place, one in zip(shown[1:], terms[:2], strict=False)] == terms[:2]
    assert now + 3600 <= shown[3]["until"] < now + 7200, "rounded up to the hour"
    for wrong, code in (
        ({"whose": "mine-at-hours", "start_hour": 8, "end_hour": 8}, "place-hours"),
        ({"whose": "here-until"}, "place-until"),
        ({"whose": "here-until", "until": now - 1}, "place-until"),
        ({"whose": "here-until", "until": now + 15 * 24 * 3600}, "place-until"),
    ):
        answer = door.browser.request("POST", "/subscriptions", json=wish(Phone(), places=[home | wrong]))
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    refused = door.browser.request("POST", "/subscriptions", json=wish(Phone(), places=[home | {"whose": "ours"}]))
    assert refused.status_code == 422


def test_who_is_still_there_is_kept_in_steps_of_ten_days_and_written_only_when_it_changes() -> None:
    clock = [1_790_000_000.0]
    door = doors(clock=lambda: clock[0])
    token, _ = joined(door, Phone())
    before = len(door.topic.records)
    for days, written in ((1, 0), (9, 1), (0, 1), (40, 2)):
        clock[0] += days * 86_400
        answer = door.browser.request("POST", "/subscriptions/alive", bearer(token))
        assert answer.status_code == 204, answer.text
        assert len(door.topic.records) - before == written
    record = door.topic.records[-1]
    assert (record.key, len(door.topic.records)) == (signs.key_of(door.topic.records[0].key), before + 2)
    assert signs.opened(door.keys, record.key, record.value or b"") == span_of(clock[0])
    shown = door.browser.request("GET", "/subscriptions", bearer(token)).json()
    assert shown["there_since"] > "2026-10-29"
    unknown = door.browser.request("POST", "/subscriptions/alive", bearer(text(b"u" * 32)))
    assert unknown.status_code == 404


@pytest.mark.parametrize("dies_after", [0, 1, 2, 1_000])
@pytest.mark.parametrize("when", ["before the look", "between look and write"])
def test_a_sign_of_life_that_races_a_farewell_brings_nobody_back_wherever_its_process_dies(
    when: str, dies_after: int
) -> None:
    clock = [1_790_000_000.0]
    door = doors(clock=lambda: clock[0])
    token, _ = joined(door, Phone())
    identifier = door.topic.records[0].key
    clock[0] += 20 * 86_400
    if when == "before the look":
        door.topic.by_another(identifier, None)
    else:
        door.topic.before_a_value = lambda: door.topic.by_another(identifier, None)
    door.topic.dies_after = dies_after
    door.browser.request("POST", "/subscriptions/alive", bearer(token))
    own = [record for record in door.topic.records if record.key == identifier]
    assert own[-1].value is None, "the last word on the topic is the farewell"


def test_a_sign_of_life_leaves_what_is_stored_as_whoever_wrote_it_last() -> None:
    clock = [1_790_000_000.0]
    door = doors(clock=lambda: clock[0])
    token, _ = joined(door, Phone())
    first = door.topic.records[0]
    kept = door.keys.unseal(first.key, first.value or b"")
    moved = door.keys.seal(replace(kept, language="en"))
    clock[0] += 20 * 86_400
    door.topic.by_another(first.key, moved)
    door.browser.request("POST", "/subscriptions/alive", bearer(token))
    assert [record.value for record in door.topic.records if record.key == first.key][-1] == moved


def test_a_farewell_takes_the_sign_of_life_along() -> None:
    clock = [1_790_000_000.0]
    door = doors(clock=lambda: clock[0])
    token, _ = joined(door, Phone())
    clock[0] += 20 * 86_400
    door.browser.request("POST", "/subscriptions/alive", bearer(token))
    door.browser.request("DELETE", "/subscriptions", bearer(token))
    newest = {record.key: record.value for record in door.topic.records}
    assert list(newest.values()) == [None, None]
    assert door.topic.roll.sign(door.topic.records[0].key) is None


def test_the_topic_holds_neither_token_nor_plain_address(door: Door) -> None:
    token, _ = joined(door, Phone())
    record = door.topic.records[0]
    held = record.key + (record.value or b"")
    assert b"mozilla" not in held
    assert token.encode() not in held
    raw = base64.urlsafe_b64decode(token + "=")
    assert raw not in held
    assert record.key == id_of(raw)


def test_a_token_owns_only_its_own(door: Door) -> None:
    token, _ = joined(door, Phone())
    other = text(bytes(32))
    assert door.browser.request("GET", "/subscriptions", bearer(other)).status_code == 404
    assert door.browser.request("DELETE", "/subscriptions", bearer(other)).status_code == 204
    assert door.browser.request("GET", "/subscriptions", bearer(token)).status_code == 200


def test_a_proof_for_one_browser_is_none_for_another_address(door: Door) -> None:
    phone = Phone()
    token, _ = joined(door, phone)
    elsewhere = wish(phone, endpoint="https://updates.push.services.mozilla.com/wpush/v2/other")
    elsewhere |= {"proof": proof_in(door.box.letters[-1])}
    refused = door.browser.request("PUT", "/subscriptions", bearer(token), json=elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (403, "proof-wrong")


def test_a_renewed_browser_keeps_its_row(door: Door) -> None:
    phone = Phone()
    token, _ = joined(door, phone)
    renewed = wish(phone, endpoint="https://updates.push.services.mozilla.com/wpush/v2/new")
    again = door.browser.request("POST", "/subscriptions", bearer(token), json=renewed)
    assert again.json()["token"] == token
    done = door.browser.request(
        "PUT", "/subscriptions", bearer(token), json=renewed | {"proof": proof_in(door.box.letters[-1])}
    )
    assert done.status_code == 200
    rows = {door.keys.unseal(record.key, record.value or b"").row for record in door.topic.records}
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"endpoint": "http://updates.push.services.mozilla.com/x"}, "endpoint-not-https"),
        ({"endpoint": "https://127.0.0.1/x"}, "endpoint-ip-address"),
        ({"endpoint": "https://0x7f.1/x"}, "endpoint-ip-address"),
        ({"endpoint": "https://fcm.googleapis.com.evil.example/x"}, "endpoint-host-not-allowed"),
        ({"keys": {"p256dh": text(b"\x04" + bytes(64)), "auth": text(bytes(16))}}, "p256dh"),
        ({"keys": {"p256dh": text(bytes(64)), "auth": text(bytes(16))}}, "p256dh"),
        ({"keys": {"p256dh": "%%%", "auth": text(bytes(16))}}, "p256dh"),
        ({"keys": {"p256dh": text(bytes(65)), "auth": text(bytes(15))}}, "auth-length"),
        ({"places": [{"cell": "882f5a363dfffff"}]}, "place"),
        ({"places": [{"cell": "000000000000000"}]}, "place"),
        ({"places": []}, "number-of-places"),
        ({"places": [{"cell": KOTO}] * 6}, "parameter-invalid"),
        ({"places": [{"cell": KOTO, "role": "castle"}]}, "parameter-invalid"),
        ({"language": "xx"}, "parameter-invalid"),
        ({"consents": [{"purpose": "follow-me", "version": 1}]}, "consent-missing"),
        ({"consents": [{"purpose": "area-alerts", "version": 2}]}, "consent-missing"),
        ({"needs": "wheelchair"}, "parameter-invalid"),
        ({"quiet": {"start_hour": 25, "end_hour": 1}}, "parameter-invalid"),
    ],
)
def test_what_cannot_be_right_is_refused_before_a_push_goes_out(door: Door, changed: dict[str, Any], code: str) -> None:
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone(), **changed))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert door.box.letters == []
    assert door.topic.records == []


@pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer", "Bearer !!!", "Bearer " + text(bytes(31))])
def test_without_a_token_nothing_is_shown(door: Door, authorization: str) -> None:
    answer = door.browser.request("GET", "/subscriptions", {"authorization": authorization})
    assert answer.status_code in (401, 422)
    assert answer.json()["code"] in ("token-missing", "token-wrong")


def test_a_push_service_that_refuses_says_so_at_the_page(door: Door) -> None:
    door.box.outcome = PushOutcome.GONE
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone()))
    assert (answer.status_code, answer.json()["code"]) == (422, f"push-{PushOutcome.GONE.value}")


def test_a_rush_is_told_to_come_back(door: Door) -> None:
    door.box.busy = True
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone()))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]


def test_one_address_may_not_send_pushes_without_end() -> None:
    door = doors(RateLimit(2, 1.0))
    statuses = [door.browser.request("POST", "/subscriptions", json=wish(Phone())).status_code for _ in range(4)]
    assert statuses == [202, 202, 429, 429]


def test_a_bucket_fills_again_and_each_address_has_its_own() -> None:
    limit = RateLimit(2, 60.0)
    assert [limit.wait_seconds("a", 0.0) > 0 for _ in range(3)] == [False, False, True]
    assert limit.wait_seconds("b", 0.0) == 0
    assert limit.wait_seconds("a", 1.0) == 0
    assert limit.wait_seconds("a", 1.0) == pytest.approx(1.0)


def test_a_flood_of_addresses_does_not_use_up_the_memory() -> None:
    limit = RateLimit(1, 1.0, most_addresses=10)
    for number in range(100):
        limit.wait_seconds(str(number), 0.0)
    assert len(limit._buckets) == 10


def test_the_row_depends_on_the_secret_and_not_on_the_address() -> None:
    one, other = Proofs(bytes(32)), Proofs(bytes([1]) * 32)
    assert one.row_of(bytes(16)) != other.row_of(bytes(16))
    with pytest.raises(ValueError, match="32 bytes"):
        Proofs(b"short")


def test_a_key_for_browsers_is_given_with_the_wording_of_consent(door: Door) -> None:
    assert door.browser.get("/subscriptions/key").json() == {
        "application_server_key": "BPublic",
        "consents": {"area-alerts": 1, "follow-me": 1},
    }


def test_the_pages_agree_to_the_wording_that_they_show() -> None:
    source = Path(__file__).parents[2] / "web" / "src"
    shown = {
        purpose: int(found[1])
        for purpose, file, name in (
            ("area-alerts", "words.ts", "AREA_CONSENT"),
            ("follow-me", "follow-me.ts", "FOLLOW_CONSENT"),
        )
        if (found := re.search(rf"export const {name} = (\d+);", (source / file).read_text(encoding="utf-8")))
    }
    assert shown == CONSENT_VERSIONS


def test_the_roll_keeps_places_of_records_and_nothing_else() -> None:
    roll = Roll()
    roll.apply(Record(SUBSCRIPTIONS.name, 3, 17, b"id", b"sealed", {}, 0))
    assert roll.find(b"id") == (3, 17)
    assert b"sealed" not in repr(roll._places).encode()
    roll.apply(Record(SUBSCRIPTIONS.name, 3, 18, b"id", None, {}, 0))
    assert roll.find(b"id") is None


def test_whoever_signs_up_for_drills_is_asked_by_the_key_of_drills() -> None:
    door = doors(drill_public="BDrill")
    said = door.browser.get("/subscriptions/key").json()
    assert (said["application_server_key"], said["drill_server_key"]) == ("BPublic", "BDrill")
    for drill, key in ((False, 0), (True, FIRST_DRILL_KEY)):
        phone = Phone()
        _, answer = joined(door, phone, drill=drill)
        assert answer.status_code == 200, answer.text
        assert door.box.letters[-1].vapid_key == key
        last = door.topic.records[-1]
        assert last.value is not None
        stored = door.keys.unseal(last.key, last.value)
        assert (stored.drill, stored.vapid_key) == (drill, key)


def test_without_a_key_of_drills_nobody_can_sign_up_for_them(door: Door) -> None:
    assert "drill_server_key" not in door.browser.get("/subscriptions/key").json()
    answer = door.browser.request("POST", "/subscriptions", json=wish(Phone(), drill=True))
    assert (answer.status_code, answer.json()["code"]) == (422, "drills-not-offered")
    assert door.box.letters == []


class Stalled(Topic):
    """A broker that says nothing of what it was given until it is let go."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self.at_once, self.full, self.let_go = at_once, threading.Event(), Future[Stored]()
        self._asked = 0

    def send(self, topic: str, key: bytes, value: bytes | None) -> "Future[Stored]":
        self._asked += 1
        if self._asked == self.at_once:
            self.full.set()
        return self.let_go


def test_a_broker_that_stalls_while_many_write_stops_nobody_who_reads() -> None:
    topic, door = Stalled(_AT_ONCE), doors()
    app = FastAPI()
    answer_problems(app)
    app.include_router(subscription_routes(replace(door.sign_up, producer=topic)))  # type: ignore[arg-type]
    # More than the threads that answer pages, of which none may be theirs.
    tokens = [base64.urlsafe_b64encode(bytes([number]) * 32).rstrip(b"=").decode() for number in range(48)]

    async def story() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://residents.test") as client:
            asked = [asyncio.create_task(client.delete("/subscriptions", headers=bearer(one))) for one in tokens]
            assert await asyncio.to_thread(topic.full.wait, 20.0)
            assert (await client.get("/subscriptions/key")).status_code == 200
            assert not any(one.done() for one in asked), "nothing is said of what nobody knows"
            topic.let_go.set_result(Stored(SUBSCRIPTIONS.name, 0, 0))
            assert {(await one).status_code for one in asked} == {204}

    asyncio.run(story())
