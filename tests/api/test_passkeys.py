"""Passkeys: what signs in, what stands in a code's place, and everything that is refused, by its stable code."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import APIRouter
from hypothesis import given, settings
from hypothesis import strategies as st

from api.console import signing_in
from api.console.office import COOKIE, Office, Passkeys
from api.console.passkey_door import passkey_routes
from api.officers.accounts import Role, SignInRefused
from api.officers.codes import PASS_SECONDS
from api.officers.passkey_store import MOST_PASSKEYS, PasskeyStore
from api.officers.passkeys import (
    CHALLENGE_SECONDS,
    Challenges,
    PasskeyRefused,
    PasskeySettings,
    count_of,
    made,
    passkey_settings,
    shown,
)
from shirase.cli import main
from streams.settings import SettingMissing
from streams.topics import AUDIT, COMMANDS
from tests.api.soft_authenticator import PRESENT, SYNCABLE, SYNCED, VERIFIED, SoftAuthenticator, text
from tests.api.test_office import PASSWORD, Room, Seat, room_in

SETTINGS = PasskeySettings("residents.test", "https://residents.test")
# The host under which the tests' browser asks.
OURS = {"origin": "https://residents.test"}


@dataclass
class Door:
    room: Room
    store: PasskeyStore

    def ask(self, path: str, plain: object, seat: Seat | None = None, **headers: str) -> httpx.Response:
        cookie = {} if seat is None else {"cookie": seat.cookie}
        return self.room.browser.request("POST", path, OURS | cookie | headers, json=plain)

    def csrf(self, seat: Seat) -> str:
        (found,) = set(re.findall(r'name="csrf" value="([^"]+)"', seat.get("/passkeys").text))
        return str(found)

    def add(self, seat: Seat, device: SoftAuthenticator, label: str = "当番の電話", code: str = "") -> httpx.Response:
        csrf = self.csrf(seat)
        options = self.ask("/passkeys/options", {"csrf": csrf, "code": code or self.room.code(seat.name)}, seat)
        assert options.status_code == 200, options.text
        credential = device.make(options.json())
        return self.ask("/passkeys/new", {"csrf": csrf, "label": label, "credential": credential}, seat)

    def sign_in(self, device: SoftAuthenticator, to: str = "", **said: Any) -> httpx.Response:
        options = self.ask("/sign-in/passkey/options", {}).json()
        return self.ask("/sign-in/passkey", {"credential": device.show(options, **said), "to": to})

    def confirm(self, seat: Seat, device: SoftAuthenticator, **said: Any) -> httpx.Response:
        csrf = self.csrf(seat)
        options = self.ask("/passkeys/confirm/options", {"csrf": csrf}, seat).json()
        return self.ask("/passkeys/confirm", {"csrf": csrf, "credential": device.show(options, **said)}, seat)

    def refusals(self) -> list[tuple[str, str]]:
        return [(by, detail) for by, act, detail in self.room.topics.acts() if act == "passkey-refused"]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    stores: list[PasskeyStore] = []

    def more(office: Office) -> APIRouter:
        stores.append(PasskeyStore(tmp_path / "accounts.sqlite"))
        passkeys = Passkeys(SETTINGS, stores[0])
        object.__setattr__(office, "passkeys", passkeys)
        return passkey_routes(office, passkeys)

    room = room_in(tmp_path, more=more, scripts=True)
    room.add("sato")
    return Door(room, stores[0])


def ready(door: Door, **device: Any) -> tuple[Seat, SoftAuthenticator]:
    seat, key = door.room.sign_in("sato"), SoftAuthenticator(**device)
    assert door.add(seat, key).status_code == 200
    return seat, key


def test_a_passkey_is_added_listed_used_and_removed_and_all_of_it_is_written_down(door: Door) -> None:
    seat, key = ready(door, flags=PRESENT | VERIFIED | SYNCABLE | SYNCED)
    page = seat.get("/passkeys").text
    assert "当番の電話" in page
    assert "同期される" in page
    answer = door.sign_in(key)
    assert (answer.status_code, answer.json()) == (200, {"to": "/"})
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=strict"))
    by_passkey = Seat(door.room, "sato", cookie.split(";")[0])
    assert "登録済み（1件）" in by_passkey.get("/passkeys").text
    removed = door.room.form(
        "/passkeys/remove",
        {"csrf": door.csrf(seat), "id": key.id.hex(), "code": door.room.code("sato")},
        {"cookie": seat.cookie},
    )
    assert removed.status_code == 303
    assert "登録済み（0件）" in seat.get("/passkeys").text
    assert door.sign_in(key).json()["code"] == "passkey-unknown"
    assert door.room.topics.acts() == [
        ("sato", "sign-in", ""),
        ("sato", "passkey-added", "当番の電話"),
        ("sato", "sign-in", "passkey 当番の電話"),
        ("sato", "passkey-removed", "当番の電話"),
        ("-", "passkey-refused", "passkey-unknown"),
    ]


def test_a_draft_is_approved_by_a_passkey_in_the_code_s_place_once(door: Door) -> None:
    seat, key = ready(door)
    given_ = door.confirm(seat, key).json()["code"]
    draft = door.room.drafts["feed"].draft_id
    assert seat.decide("approve", draft, code=given_).status_code == 303
    assert len(door.room.topics.of(COMMANDS.name)) == 1
    assert ("sato", "passkey-shown", "当番の電話") in door.room.topics.acts()
    again = seat.decide("void", draft, code=given_)
    assert again.status_code == 403, "a pass is good once"
    assert ("sato", "void-refused", SignInRefused.SECOND_FACTOR.value) in door.room.topics.acts()


def test_a_pass_is_its_session_s_and_dies_within_a_minute(door: Door) -> None:
    seat, key = ready(door)
    draft = door.room.drafts["feed"].draft_id
    other = door.room.sign_in("sato")
    assert other.decide("approve", draft, code=door.confirm(seat, key).json()["code"]).status_code == 403
    late = door.confirm(seat, key).json()["code"]
    page = seat.get(f"/drafts/{draft}").text
    fields = dict(re.findall(r'name="(csrf|digest)" value="([^"]*)"', page))
    door.room.clock.now += timedelta(seconds=PASS_SECONDS + 1)
    answer = door.room.form(f"/drafts/{draft}/approve", {**fields, "code": late}, {"cookie": seat.cookie})
    assert answer.status_code == 403
    assert door.room.topics.of(COMMANDS.name) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"origin": "https://residents.test.evil.example"}, "passkey-origin"),
        ({"origin": "http://residents.test"}, "passkey-origin"),
        ({"cross_origin": True}, "passkey-origin"),
        ({"rp": "test"}, "passkey-rp"),
        ({"flags": PRESENT}, "passkey-user-not-verified"),
        ({"flags": VERIFIED}, "passkey-user-not-verified"),
        ({"signs": ec.generate_private_key(ec.SECP256R1())}, "passkey-signature"),
        ({"id": b"another"}, "passkey-unknown"),
        ({"user": b"somebody else"}, "passkey-other-user"),
        ({"user": b""}, "passkey-other-user"),
    ],
)
def test_what_does_not_fit_signs_nobody_in_and_is_written_down(door: Door, wrong: dict[str, Any], code: str) -> None:
    _, key = ready(door)
    answer = door.sign_in(replace(key, **wrong))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.headers.get_list("set-cookie") == []
    assert [reason for _, reason in door.refusals()] == [code]
    assert door.sign_in(key).status_code == 200, "the right one still does"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"origin": "https://elsewhere.example"}, "passkey-origin"),
        ({"rp": "elsewhere.example"}, "passkey-rp"),
        ({"flags": PRESENT}, "passkey-user-not-verified"),
    ],
)
def test_what_does_not_fit_is_not_added(door: Door, wrong: dict[str, Any], code: str) -> None:
    answer = door.add(door.room.sign_in("sato"), SoftAuthenticator(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert door.store.of("sato") == ()
    assert door.refusals() == [("sato", code)]


def test_an_answer_of_one_kind_is_none_of_the_other(door: Door) -> None:
    _, key = ready(door)
    answer = door.sign_in(key, kind="webauthn.create")
    assert answer.json()["code"] == "passkey-signature"


def test_a_challenge_is_good_once_for_two_minutes_for_one_purpose_and_one_session(door: Door) -> None:
    seat, key = ready(door)
    options = door.ask("/sign-in/passkey/options", {}).json()
    assert door.ask("/sign-in/passkey", {"credential": key.show(options)}).status_code == 200
    replayed = door.ask("/sign-in/passkey", {"credential": key.show(options)})
    assert replayed.json()["code"] == "passkey-challenge"
    late = door.ask("/sign-in/passkey/options", {}).json()
    door.room.clock.now += timedelta(seconds=CHALLENGE_SECONDS + 1)
    assert door.ask("/sign-in/passkey", {"credential": key.show(late)}).json()["code"] == "passkey-challenge"
    for_signing_in = door.ask("/sign-in/passkey/options", {}).json()
    crossed = door.ask("/passkeys/confirm", {"csrf": door.csrf(seat), "credential": key.show(for_signing_in)}, seat)
    assert crossed.json()["code"] == "passkey-challenge"
    other = door.room.sign_in("sato")
    hers = door.ask("/passkeys/confirm/options", {"csrf": door.csrf(other)}, other).json()
    stolen = door.ask("/passkeys/confirm", {"csrf": door.csrf(seat), "credential": key.show(hers)}, seat)
    assert stolen.json()["code"] == "passkey-challenge"
    made_up = door.ask("/sign-in/passkey", {"credential": key.show({"challenge": "AAAA"})})
    assert made_up.json()["code"] == "passkey-challenge"


def test_a_counter_that_goes_back_or_stands_still_is_refused_and_written_down(door: Door) -> None:
    _, key = ready(door)
    copy = replace(key)
    for _ in range(3):
        assert door.sign_in(key).status_code == 200
    assert door.sign_in(copy).json()["code"] == "passkey-counter-back"
    copy.count = key.count - 1
    assert door.sign_in(copy).json()["code"] == "passkey-counter-back", "the same count twice"
    assert door.refusals() == [("sato", "passkey-counter-back")] * 2
    assert door.sign_in(key).status_code == 200
    key.counts, key.count = False, 0
    assert door.sign_in(key).json()["code"] == "passkey-counter-back", "one that has counted does not stop"


def test_a_device_that_never_counts_is_taken(door: Door) -> None:
    _, key = ready(door, counts=False)
    assert [door.sign_in(key).status_code for _ in range(2)] == [200, 200]


def test_nobody_adds_a_key_at_a_screen_that_was_left_open(door: Door) -> None:
    seat = door.room.sign_in("sato")
    answer = door.ask("/passkeys/options", {"csrf": door.csrf(seat), "code": "000000"}, seat)
    assert (answer.status_code, answer.json()["code"]) == (403, "second-factor-wrong")
    direct = door.ask("/passkeys/new", {"csrf": door.csrf(seat), "label": "x", "credential": {}}, seat)
    assert direct.json()["code"] == "passkey-malformed"
    forged = SoftAuthenticator().make({"challenge": "AAAA", "user": {"id": "AAAA"}})
    answer = door.ask("/passkeys/new", {"csrf": door.csrf(seat), "label": "x", "credential": forged}, seat)
    assert answer.json()["code"] == "passkey-challenge"
    assert door.store.of("sato") == ()


@pytest.mark.parametrize(
    ("label", "code"), [("", "passkey-label"), ("あ" * 41, "passkey-label"), ("\x07", "passkey-label")]
)
def test_a_passkey_has_a_name_that_can_be_read(door: Door, label: str, code: str) -> None:
    answer = door.add(door.room.sign_in("sato"), SoftAuthenticator(), label)
    assert answer.json()["code"] == code


def test_several_passkeys_each_with_a_name_of_its_own_and_an_end(door: Door) -> None:
    seat, key = ready(door)
    second = SoftAuthenticator(id=b"second")
    assert door.add(seat, second).json()["code"] == "passkey-label-taken"
    assert door.add(seat, key, "同じ鍵").json()["code"] == "passkey-known"
    by_passkey = door.confirm(seat, key).json()["code"]
    assert door.add(seat, second, "予備", code=by_passkey).status_code == 200, "a passkey lets another in"
    for number in range(MOST_PASSKEYS - 2):
        assert door.add(seat, SoftAuthenticator(id=b"%d" % number), f"{number}").status_code == 200
    assert door.add(seat, SoftAuthenticator(id=b"one too many"), "x").json()["code"] == "passkey-too-many"
    assert door.sign_in(second).status_code == 200


def test_the_last_factor_is_never_removed(door: Door, tmp_path: Path) -> None:
    run = CliRunner().invoke
    path = str(tmp_path / "accounts.sqlite")
    refused = run(main, ["accounts", "lost-code", "sato", "--accounts", path])
    assert refused.exit_code == 1, "without a passkey the code is her last factor"
    seat, key = ready(door)
    assert run(main, ["accounts", "lost-code", "sato", "--accounts", path]).exit_code == 0
    draft = door.room.drafts["feed"].draft_id
    assert seat.decide("approve", draft, code=door.room.code("sato")).status_code == 403, "the lost key is dead"
    assert seat.decide("approve", draft, code="").status_code == 403

    def remove(code: str) -> httpx.Response:
        fields = {"csrf": door.csrf(seat), "id": key.id.hex(), "code": code}
        return door.room.form("/passkeys/remove", fields, {"cookie": seat.cookie})

    answer = remove(door.confirm(seat, key).json()["code"])
    assert answer.status_code == 403
    assert "最後のひとつ" in answer.text
    assert ("sato", "passkey-last-factor") in door.refusals()
    assert door.add(
        seat, SoftAuthenticator(id=b"new"), "新しい", code=door.confirm(seat, key).json()["code"]
    ).is_success
    assert remove(door.confirm(seat, key).json()["code"]).status_code == 303


def test_nobody_shows_or_removes_another_s_passkey(door: Door) -> None:
    _, key = ready(door)
    door.room.add("baba")
    baba = door.room.sign_in("baba")
    assert door.ask("/passkeys/confirm/options", {"csrf": door.csrf(baba)}, baba).json()["code"] == "passkey-none"
    assert door.add(baba, SoftAuthenticator(id=b"hers"), "電話").status_code == 200
    assert door.confirm(baba, key).json()["code"] == "passkey-other-user"
    fields = {"csrf": door.csrf(baba), "id": key.id.hex(), "code": door.room.code("baba")}
    answer = door.room.form("/passkeys/remove", fields, {"cookie": baba.cookie})
    assert answer.status_code == 403
    assert len(door.store.of("sato")) == 1


def test_a_disabled_account_signs_in_by_no_passkey(door: Door) -> None:
    _, key = ready(door)
    door.room.accounts.disable("sato")
    assert door.sign_in(key).json()["code"] == "account-disabled"


def test_another_site_s_request_and_one_without_a_session_are_refused(door: Door) -> None:
    seat, _ = ready(door)
    body = {"csrf": door.csrf(seat)}
    assert door.ask("/passkeys/confirm/options", body, seat, origin="https://evil.example").status_code == 403
    assert door.ask("/passkeys/confirm/options", body, seat, origin="").status_code == 403
    assert door.ask("/passkeys/confirm/options", body).json()["code"] == "not-signed-in"
    assert door.ask("/passkeys/confirm/options", {"csrf": "x"}, seat).json()["code"] == "other-form"
    assert door.ask("/sign-in/passkey/options", []).json()["code"] == "form-malformed"
    assert door.ask("/sign-in/passkey", {"credential": "x" * 30_000}).json()["code"] == "form-too-long"


def test_what_cannot_be_written_down_adds_no_key_and_signs_nobody_in(door: Door) -> None:
    seat, key = ready(door)
    door.room.topics.away = frozenset({AUDIT.name})
    assert door.add(seat, SoftAuthenticator(id=b"second"), "予備").json()["code"] == "not-written-down"
    assert len(door.store.of("sato")) == 1
    answer = door.sign_in(key)
    assert answer.json()["code"] == "not-written-down"
    assert answer.headers.get_list("set-cookie") == []


def test_after_signing_in_she_is_where_the_call_led_and_never_elsewhere(door: Door) -> None:
    _, key = ready(door)
    draft = f"/drafts/{door.room.drafts['feed'].draft_id}"
    assert door.sign_in(key, draft).json()["to"] == draft
    for away in ("//evil.example", "https://evil.example/drafts/x", "/drafts/../sign-out", "/drafts//evil"):
        assert door.sign_in(key, away).json()["to"] == "/"


def test_guesses_of_others_do_not_keep_an_officer_out_of_her_own_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A guess is given back every so often: on a busy machine one came back between two lines below.
    monkeypatch.setattr(signing_in, "time", SimpleNamespace(monotonic=lambda: 0.0))
    room = room_in(tmp_path)
    room.add("sato")
    first = room.form("/sign-in", {"name": "sato", "password": PASSWORD, "code": room.code("sato")})
    mark = next(one.split(";")[0] for one in first.headers.get_list("set-cookie") if "known" in one)
    wrong = {"name": "sato", "password": "a guess of twelve", "code": "000000"}
    for _ in range(120):
        if room.form("/sign-in", wrong).status_code == 429:
            break
    else:
        pytest.fail("guesses are slowed")
    right = {"name": "sato", "password": PASSWORD, "code": room.code("sato")}
    assert room.form("/sign-in", right).status_code == 429, "a browser that nobody knows waits like the guesser"
    assert room.form("/sign-in", right, {"cookie": mark}).status_code == 303
    assert room.form("/sign-in", {**wrong, "name": "baba"}, {"cookie": mark}).status_code == 429, "it is hers alone"
    assert room.form("/sign-in", wrong, {"cookie": f"{mark[:-4]}AAAA"}).status_code == 429, "no mark is made up"


def test_tries_in_her_own_browser_end_too(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    room.add("sato")
    first = room.form("/sign-in", {"name": "sato", "password": PASSWORD, "code": room.code("sato")})
    mark = next(one.split(";")[0] for one in first.headers.get_list("set-cookie") if "known" in one)
    wrong = {"name": "sato", "password": "a guess of twelve", "code": "000000"}
    answers = {room.form("/sign-in", wrong, {"cookie": mark}).status_code for _ in range(120)}
    assert answers == {403, 429}


@pytest.mark.parametrize(
    ("rp", "url"),
    [
        ("console.ward.example", "http://console.ward.example"),
        ("other.example", "https://console.ward.example"),
        ("ole.ward.example", "https://console.ward.example"),
        ("example", "https://console.ward.example"),
        ("127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_settings_that_would_weaken_passkeys_stop_the_start(rp: str, url: str) -> None:
    with pytest.raises(ValueError, match="SHIRASE_"):
        PasskeySettings(rp, url)


def test_there_is_no_default_name_and_loopback_is_for_the_demo() -> None:
    assert passkey_settings({"SHIRASE_CONSOLE_URL": "https://console.ward.example"}) is None
    with pytest.raises(SettingMissing, match="SHIRASE_CONSOLE_URL"):
        passkey_settings({"SHIRASE_PASSKEY_RP_ID": "console.ward.example"})
    assert PasskeySettings("localhost", "http://localhost:8081/").origin == "http://localhost:8081"
    assert PasskeySettings("ward.example", "https://Console.ward.example").origin == "https://console.ward.example"


def _spoilt(plain: dict[str, Any], pick: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    response = dict(plain["response"])
    name = pick(st.sampled_from(sorted(response)))
    junk = st.one_of(st.none(), st.text(max_size=40), st.binary(max_size=60).map(lambda raw: raw.hex()), st.integers())
    return {**plain, "response": {**response, name: pick(junk)}}


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.data())
def test_whatever_a_device_sends_is_refused_with_a_code_and_never_an_error(data: st.DataObject) -> None:
    challenges, key = Challenges(), SoftAuthenticator()
    options = {"challenge": "", "user": {"id": "AAAA"}}
    new = _spoilt(key.make(options), data.draw)
    with pytest.raises(PasskeyRefused, match=r"^passkey-"):
        made(SETTINGS, new, challenges, "", 0)
    answer = _spoilt(key.show(options), data.draw)
    with pytest.raises(PasskeyRefused, match=r"^passkey-"):
        shown(SETTINGS, answer, challenges, "sign-in", "", 0)


def test_a_million_askers_push_nobody_s_challenge_out() -> None:
    challenges = Challenges()
    mine = challenges.give("sign-in", "", 0)
    for _ in range(5_000):
        challenges.give("sign-in", "", 1)
    assert challenges.take(mine, "sign-in", "", CHALLENGE_SECONDS)
    assert not challenges.take(mine, "sign-in", "", CHALLENGE_SECONDS)


def test_a_role_is_the_same_however_one_signed_in(door: Door) -> None:
    door.room.add("aoki", Role.DRAFTER)
    seat = door.room.sign_in("aoki")
    key = SoftAuthenticator(id=b"of a drafter")
    door.add(seat, key)
    refused = seat.decide("approve", door.room.drafts["feed"].draft_id, code=door.confirm(seat, key).json()["code"])
    assert refused.status_code == 403
    assert ("aoki", "approve-refused", "role-cannot-approve") in door.room.topics.acts()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.binary(max_size=90))
def test_a_key_that_is_none_makes_no_signature_right(key: bytes) -> None:
    challenges, device = Challenges(), SoftAuthenticator()
    options = {"challenge": text(challenges.give("sign-in", "", 0))}
    answer = shown(SETTINGS, device.show(options), challenges, "sign-in", "", 0)
    with pytest.raises(PasskeyRefused, match=r"^passkey-signature$"):
        count_of(SETTINGS, answer, key)
