"""Coordinators decide: who may, with what in view, and what is written down."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from alerts.claim import Lane, Release
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Notice, Phase, Text
from alerts.place import Cells
from alerts.reception_check import CheckDays
from alerts.road import RoadReport
from alerts.wording import EDGE_JA
from api.console.app import console_app
from api.console.office import COOKIE, Office
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.http.reader import Freshness
from api.known.census import Census
from api.known.desk import Desk
from api.known.posted import Posts
from api.known.reported import Reported
from api.known.road_map import RoadMap
from api.known.sending import Sending
from api.known.wards import Ground
from api.officers.accounts import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    Account,
    AccountExists,
    Accounts,
    Role,
    SignInRefused,
)
from api.officers.approval import MayNot, Proposal, may_not_approve, may_void
from api.officers.audit import Act, Trail, broken_at, read, write
from api.orders.area_sources import River
from api.orders.lint import Finding, lint
from dispatch.settings import DispatchSettings
from geo.areas import AreaTable
from geo.cells import count
from streams.brokers.client import Record, Stored
from streams.brokers.errors import SendError
from streams.deciding.decision import Ledger, decide
from streams.notices.check import check_draft
from streams.payloads import Command, DraftRecord, DraftState, Preview, Verb
from streams.topics import AUDIT, COMMANDS, DRAFTS, NOTICES
from streams.wire import decode, encode
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

KOTO_WARD, EDOGAWA_WARD = "1310800", "1312300"
PASSWORD = "three in the morning"
# The real cost of a guess is paid in one test; here it would be paid fifty times.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Topics:
    """What the console writes: commands and the trail. `away` refuses as a broker that is gone."""

    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    away: frozenset[str] = frozenset()
    headers: list[dict[str, bytes]] = field(default_factory=list)
    silent: frozenset[str] = frozenset()
    waiting: list[tuple[str, bytes, bytes, "Future[Stored]"]] = field(default_factory=list)
    """What a slow broker has been given and has said nothing of."""

    def come_through(self) -> None:
        """Let a slow broker store what it was given."""
        for topic, key, value, done in self.waiting:
            self.records.append((topic, key, value))
            done.set_result(Stored(topic, 0, len(self.records)))
        self.waiting.clear()

    def send(
        self, topic: str, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> "Future[Stored]":
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()  # whoever waits for the broker here would stop everybody else
        done: Future[Stored] = Future()
        if topic in self.away:
            done.set_exception(SendError("the broker is away"))
        elif topic in self.silent:
            self.waiting.append((topic, key, value, done))
        else:
            self.records.append((topic, key, value))
            self.headers.append(dict(headers or {}))
            done.set_result(Stored(topic, 0, len(self.records)))
        return done

    def of(self, topic: str) -> list[bytes]:
        return [value for name, _, value in self.records if name == topic]

    def acts(self) -> list[tuple[str, str, str]]:
        return [(entry.by, entry.act, entry.detail) for entry, _ in map(read, self.of(AUDIT.name))]


@dataclass
class Clock:
    """The console's time; it moves by hand."""

    now: datetime = NINE_PM + timedelta(minutes=10)

    def __call__(self) -> datetime:
        return self.now

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())


class InKoto(Ground):
    """A ward for tests that have no table: whatever it is, it lies in Koto."""

    def wards_of(self, cells: Cells) -> frozenset[str]:
        return frozenset({KOTO_WARD})


@dataclass
class Room:
    """A console with two drafts and whoever is added to it."""

    topics: Topics
    clock: Clock
    accounts: Accounts
    desk: Desk
    drafts: dict[str, DraftRecord]
    browser: Browser
    app: FastAPI
    posts: Posts
    office: Office
    sending: Sending = field(default_factory=Sending)
    reported: Reported = field(default_factory=Reported)
    keys: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, role: Role = Role.APPROVER, wards: Iterable[str] = (KOTO_WARD,)) -> None:
        self.keys[name] = self.accounts.add(name, role, frozenset(wards), PASSWORD)

    def code(self, name: str) -> str:
        """Return the next code of the second factor: half a minute goes by, as it would."""
        self.clock.now += timedelta(seconds=30)
        return pyotp.TOTP(self.keys[name]).at(self.clock.seconds)

    def sign_in(self, name: str) -> "Seat":
        answer = self.form("/sign-in", {"name": name, "password": PASSWORD, "code": self.code(name)})
        assert answer.status_code == 303, answer.text
        cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=strict"))
        return Seat(self, name, cookie.split(";")[0])

    def form(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> httpx.Response:
        return self.browser.request("POST", path, headers, data=fields)


@dataclass
class Seat:
    """Somebody who is signed in."""

    room: Room
    name: str
    cookie: str

    def get(self, path: str) -> httpx.Response:
        return self.room.browser.get(path, {"cookie": self.cookie})

    def decide(self, verb: str, draft_id: str, **changed: str) -> httpx.Response:
        page = self.get(f"/drafts/{draft_id}").text
        found = dict(re.findall(r'name="(csrf|digest)" value="([^"]*)"', page))
        fields = {**found, "code": self.room.code(self.name), **changed}
        return self.room.form(f"/drafts/{draft_id}/{verb}", fields, {"cookie": self.cookie})


def drafted(lineage: str = "flood", *, author: str = "") -> DraftRecord:
    """Return a draft that waits for a person, as the decider keeps it: of a feed, or written by *author*."""
    source = provenance(lineage, release=Release.DRAFT)
    if author:
        source = replace(
            source, feed="console", issuer="江東区", source_ref=f"console:{author},1,{NINE_PM.isoformat()}"
        )
    (command,) = [
        one for one in Evening().drafted(source, [danger(around(*KOTO))]) if one.draft and one.draft.notice.parts
    ]
    record = decide(Ledger(), command, at=NINE_PM).record
    assert record is not None
    return record


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path)


def room_in(
    tmp_path: Path,
    table: AreaTable | None = None,
    census: Census | None = None,
    foresee: Callable[[RoadReport], Preview | None] = lambda report: None,
    more: Callable[[Office], APIRouter] | None = None,
    *,
    scripts: bool = False,
    roads: RoadMap | None = None,
    rivers: tuple[River, ...] = (),
    unreviewed: frozenset[str] = frozenset(),
    ask_name_above: Mapping[str, int] | None = None,
) -> Room:
    """Return a console with a draft of a feed and one that aoki wrote, and no accounts yet."""
    topics, clock, desk, posts = Topics(), Clock(), Desk(), Posts()
    drafts = {"feed": drafted(), "own": drafted("own", author="aoki")}
    for record in drafts.values():
        desk.apply(Record(DRAFTS.name, 0, 0, record.draft_id.encode(), encode(record), {}, 0))
    accounts = Accounts(tmp_path / "accounts.sqlite", QUICK)
    office = Office(
        accounts=accounts,
        trail=Trail(topics, [], lambda: clock().isoformat()),  # type: ignore[arg-type]
        producer=topics,  # type: ignore[arg-type]
        desk=desk,
        settings=DispatchSettings(),
        ground=InKoto() if table is None else Ground(table),
        census=census or Census(),
        scripts=scripts,
        posts=posts,
        limit=RateLimit(100, 100.0),
        now=clock,
        foresee=foresee,
        roads=roads,
        rivers=rivers,
        unreviewed=unreviewed,
        ask_name_above=ask_name_above or {},
    )
    registry = CollectorRegistry()
    app: FastAPI = console_app(
        desk, lambda: Freshness(True, 0, 0.0), ApiMetrics(registry), registry, clock, office=office
    )
    if more is not None:
        app.include_router(more(office))
    return Room(
        topics, clock, accounts, desk, drafts, Browser(app), app, posts, office, office.sending, office.reported
    )


def test_nobody_sees_a_draft_without_signing_in(room: Room) -> None:
    draft = room.drafts["feed"].draft_id
    for path in ("/", f"/drafts/{draft}"):
        answer = room.browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == ("/sign-in" if path == "/" else f"/sign-in?to={path}")
    answer = room.form(f"/drafts/{draft}/approve", {"code": "000000"})
    assert answer.headers["location"] == "/sign-in"
    assert room.topics.of(COMMANDS.name) == []


def test_an_approver_of_the_ward_releases_what_a_feed_said_with_one_form(room: Room) -> None:
    room.add("sato")
    record = room.drafts["feed"]
    seat = room.sign_in("sato")
    page = seat.get(f"/drafts/{record.draft_id}").text
    assert record.draft is not None
    for part in record.draft.notice.parts:
        for text in part.texts:
            assert text.body.split("\n")[0][:20] in page, "the exact words are in view"
    answer = seat.decide("approve", record.draft_id)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?did={record.draft_id}")
    (raw,) = room.topics.of(COMMANDS.name)
    command = decode(Command, raw)
    assert (command.verb, command.draft_id, command.by) == (Verb.APPROVE, record.draft_id, "sato")
    assert command.digest == record.draft.notice.digest
    assert room.topics.acts() == [("sato", "sign-in", ""), ("sato", "approve", record.draft.notice.digest)]
    assert "UNKNOWN" in seat.get(f"/?did={record.draft_id}").text


def test_other_languages_are_folded_and_one_that_awaits_a_reader_is_marked_and_stops_nothing(
    tmp_path: Path,
) -> None:
    room = room_in(tmp_path, unreviewed=frozenset({"ko"}))
    room.add("sato")
    record = room.drafts["feed"]
    seat = room.sign_in("sato")
    shown = seat.get(f"/drafts/{record.draft_id}").text
    assert record.draft is not None
    (part,) = record.draft.notice.parts
    assert tuple(text.language for text in part.texts) == LANGUAGES
    folded = re.findall(r'<details class="text" lang="([^"]+)"><summary>([^<]+)</summary>', shown)
    assert [language for language, _ in folded] == list(LANGUAGES[1:])
    assert [language for language, name in folded if "母語の人の確認待ち" in name] == ["ko"]
    assert seat.decide("approve", record.draft_id).status_code == 303
    (raw,) = room.topics.of(COMMANDS.name)
    assert decode(Command, raw).verb is Verb.APPROVE


def test_what_became_of_it_is_said_in_one_word(room: Room) -> None:
    room.add("sato")
    record = room.drafts["feed"]
    seat = room.sign_in("sato")
    seat.decide("approve", record.draft_id)
    ledger = Ledger()
    ledger.knows(record)
    decided = decide(ledger, decode(Command, room.topics.of(COMMANDS.name)[0]), at=room.clock())
    assert decided.notice is not None
    assert decided.record is not None
    room.desk.apply(Record(DRAFTS.name, 0, 1, record.draft_id.encode(), encode(decided.record), {}, 0))
    page = seat.get(f"/?did={record.draft_id}").text
    assert "（SENT）" in page
    assert "送信中" in page
    assert "いま出ている知らせ（0件）" in page
    room.sending.apply(Record(NOTICES.name, 0, 0, record.lineage.encode(), encode(decided.notice), {}, 0))
    standing = seat.get("/").text.partition("いま出ている知らせ（1件）")[2].partition("</section>")[0]
    assert f'<a href="/sending/{record.lineage}">レベル4' in standing
    room.clock.now = decided.notice.expires + timedelta(minutes=1)
    assert "期限切れ・有効" in room.sign_in("sato").get("/").text


def test_nobody_approves_what_they_wrote_but_another_may(room: Room) -> None:
    room.add("aoki")
    room.add("baba")
    own = room.drafts["own"].draft_id
    refused = room.sign_in("aoki").decide("approve", own)
    assert refused.status_code == 403
    assert "送られていません" in refused.text
    assert room.topics.of(COMMANDS.name) == []
    assert ("aoki", "approve-refused", MayNot.OWN.value) in room.topics.acts()
    assert room.sign_in("baba").decide("approve", own).status_code == 303
    assert len(room.topics.of(COMMANDS.name)) == 1


@pytest.mark.parametrize(
    ("role", "wards", "refused"),
    [
        (Role.DRAFTER, (KOTO_WARD,), MayNot.ROLE),
        (Role.APPROVER, (EDOGAWA_WARD,), MayNot.OTHER_WARD),
        (Role.APPROVER, ("*",), None),
        (Role.ADMINISTRATOR, (KOTO_WARD,), None),
    ],
)
def test_a_role_and_a_ward_are_needed(room: Room, role: Role, wards: tuple[str, ...], refused: MayNot | None) -> None:
    room.add("sato", role, wards)
    answer = room.sign_in("sato").decide("approve", room.drafts["feed"].draft_id)
    assert answer.status_code == (303 if refused is None else 403)
    assert len(room.topics.of(COMMANDS.name)) == (1 if refused is None else 0)
    if refused is not None:
        assert ("sato", "approve-refused", refused.value) in room.topics.acts()


def test_an_approval_of_other_words_sends_nothing(room: Room) -> None:
    room.add("sato")
    answer = room.sign_in("sato").decide("approve", room.drafts["feed"].draft_id, digest="0" * 64)
    assert answer.status_code == 409
    assert room.topics.of(COMMANDS.name) == []


def test_a_code_is_taken_once_and_each_sending_wants_a_fresh_one(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    used = pyotp.TOTP(room.keys["sato"]).at(room.clock.seconds)
    refused = seat.decide("approve", room.drafts["feed"].draft_id, code=used)
    assert refused.status_code == 403
    assert ("sato", "approve-refused", SignInRefused.USED.value) in room.topics.acts()
    wrong = seat.decide("approve", room.drafts["feed"].draft_id, code="12345a")
    assert wrong.status_code == 403
    assert room.topics.of(COMMANDS.name) == []


def test_what_cannot_be_written_down_is_not_done(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    room.topics.away = frozenset({AUDIT.name})
    answer = seat.decide("approve", room.drafts["feed"].draft_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "not-written-down")
    assert room.topics.of(COMMANDS.name) == []


def test_a_broker_that_is_away_says_that_nothing_was_sent(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    room.topics.away = frozenset({COMMANDS.name})
    answer = seat.decide("approve", room.drafts["feed"].draft_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "not-stored")
    assert "NOT SENT" in answer.json()["title"]
    assert "SAFE TO RETRY" in answer.json()["detail"]


def test_a_command_of_which_nothing_is_heard_is_unknown_and_once_more_is_safe(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.console.office._STORED_WITHIN_SECONDS", 0.0)
    room.add("sato")
    seat = room.sign_in("sato")
    room.topics.silent = frozenset({COMMANDS.name})
    draft = room.drafts["feed"].draft_id
    answer = seat.decide("approve", draft)
    assert (answer.status_code, answer.json()["code"]) == (503, "stored-unknown")
    assert "UNKNOWN" in answer.json()["title"]
    assert "SAFE TO RETRY" in answer.json()["detail"]
    room.topics.silent = frozenset()
    again = seat.decide("approve", draft)
    assert again.headers["location"] == f"/?did={draft}"
    assert [decode(Command, one).draft_id for one in room.topics.of(COMMANDS.name)] == [draft]


def test_an_entry_that_is_stored_after_nobody_waits_any_more_does_not_break_the_chain(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.officers.audit._STORED_WITHIN_SECONDS", 0.0)
    room.add("sato")
    seat = room.sign_in("sato")
    room.topics.silent = frozenset({AUDIT.name})
    draft = room.drafts["feed"].draft_id
    answer = seat.decide("approve", draft)
    assert (answer.status_code, answer.json()["code"]) == (503, "not-written-down")
    assert "SAFE TO RETRY" in answer.json()["detail"]
    # While it is not known, no second entry of its number is written.
    assert seat.decide("void", draft).json()["code"] == "not-written-down"
    assert len(room.topics.waiting) == 1
    room.topics.silent = frozenset()
    room.topics.come_through()
    assert seat.decide("approve", draft).headers["location"] == f"/?did={draft}"
    assert broken_at(room.topics.of(AUDIT.name)) == ""
    assert len(room.topics.of(COMMANDS.name)) == 1


def test_what_nobody_foresaw_is_unknown_too(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.add("sato")
    seat = room.sign_in("sato")

    def broken(*_: object) -> bool:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(Office, "command", broken)
    answer = seat.decide("approve", room.drafts["feed"].draft_id)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "UNKNOWN" in answer.json()["detail"]
    assert "SAFE TO RETRY" in answer.json()["detail"]
    assert "disk" not in answer.text


def test_parts_of_one_level_and_danger_say_for_whom_each_is(room: Room) -> None:
    record = room.drafts["feed"]
    assert record.draft is not None
    (part, *_), of = record.draft.notice.parts, record.draft.notice
    edge = replace(part, texts=tuple(replace(text, body=f"{text.body}{EDGE_JA}") for text in part.texts))
    two = replace(record, draft=replace(record.draft, notice=replace(of, parts=(part, edge))))
    room.desk.apply(Record(DRAFTS.name, 0, 9, record.draft_id.encode(), encode(two), {}, 0))
    room.add("sato")
    page = room.sign_in("sato").get(f"/drafts/{record.draft_id}").text
    first, second = re.findall(r"<h2>[12]\. .*?</h2>", page)
    assert f"：範囲の中の人（{count(part.cells):,}区画）" in first
    assert f"：境の近くの人（{count(part.cells):,}区画）" in second


def test_a_form_of_another_site_or_session_does_nothing(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    draft = room.drafts["feed"].draft_id
    assert seat.decide("approve", draft, csrf="another").status_code == 403
    fields = {"code": room.code("sato"), "csrf": "", "digest": ""}
    elsewhere = room.form(f"/drafts/{draft}/approve", fields, {"cookie": seat.cookie, "origin": "https://evil.example"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "other-origin")
    assert room.topics.of(COMMANDS.name) == []


def test_a_draft_that_somebody_has_decided_is_gone(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    draft = room.drafts["feed"].draft_id
    room.desk.apply(Record(DRAFTS.name, 0, 1, draft.encode(), None, {}, 0))
    answer = seat.get(f"/drafts/{draft}")
    assert (answer.status_code, answer.json()["code"]) == (404, "draft-gone")


def test_discarding_sends_to_nobody_and_is_written_down(room: Room) -> None:
    room.add("sato")
    assert room.sign_in("sato").decide("void", room.drafts["feed"].draft_id).status_code == 303
    command = decode(Command, room.topics.of(COMMANDS.name)[0])
    assert command.verb is Verb.VOID
    assert [act for _, act, _ in room.topics.acts()] == ["sign-in", "void"]


def test_who_guesses_learns_nothing_and_is_slowed(room: Room, tmp_path: Path) -> None:
    room.add("sato")
    attempts = (("nobody", PASSWORD), ("sato", "wrong password!"), ("sato", PASSWORD))
    answers = [room.form("/sign-in", {"name": name, "password": word, "code": "000000"}) for name, word in attempts]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert [act for _, act, _ in room.topics.acts()] == ["sign-in-refused"] * 3
    assert PASSWORD not in str(room.topics.records)


def test_a_session_ends_by_itself_and_with_its_account(tmp_path: Path) -> None:
    store = Accounts(tmp_path / "a.sqlite", QUICK)
    key = store.add("sato", Role.APPROVER, frozenset({KOTO_WARD}), PASSWORD)
    at = 1_790_000_000
    found = store.sign_in("sato", PASSWORD, pyotp.TOTP(key).at(at), at)
    assert not isinstance(found, SignInRefused)
    token, _ = found
    # Kept in steps, so an idle one ends too early rather than too late.
    assert store.session(token, at + 14) is not None
    assert store.session(token, at + IDLE_SECONDS) is not None
    assert store.session(token, at + 2 * IDLE_SECONDS + 1) is None
    found = store.sign_in("sato", PASSWORD, pyotp.TOTP(key).at(at + 60), at + 60)
    assert not isinstance(found, SignInRefused)
    token, _ = found
    for minutes in range(0, LONGEST_SECONDS // 60, 20):
        assert store.session(token, at + 60 + minutes * 60) is not None
    assert store.session(token, at + 60 + LONGEST_SECONDS + 1) is None
    found = store.sign_in("sato", PASSWORD, pyotp.TOTP(key).at(at + 120), at + 120)
    assert not isinstance(found, SignInRefused)
    assert store.disable("sato")
    assert store.session(found[0], at + 121) is None
    assert store.sign_in("sato", PASSWORD, pyotp.TOTP(key).at(at + 180), at + 180) is SignInRefused.DISABLED


def test_accounts_are_made_on_purpose_only(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    store = Accounts(path)
    assert store.listed() == ()
    assert path.stat().st_mode & 0o077 == 0
    store.add("sato", Role.APPROVER, frozenset({KOTO_WARD}), PASSWORD)
    with pytest.raises(AccountExists):
        store.add("sato", Role.DRAFTER, frozenset({KOTO_WARD}), PASSWORD)
    for name, wards, word in (("sa to", {"*"}, PASSWORD), ("ito", set(), PASSWORD), ("ito", {"*"}, "short")):
        with pytest.raises(ValueError, match=r"a name|a password|a ward"):
            store.add(name, Role.DRAFTER, frozenset(wards), word)
    assert PASSWORD.encode() not in path.read_bytes()


def test_the_trail_shows_an_edit_a_gap_and_a_swap() -> None:
    topics = Topics()
    trail = Trail(topics, [], lambda: "2026-09-12T21:00:00+09:00")  # type: ignore[arg-type]
    for number in range(5):
        trail.add("sato", Act.APPROVE, f"draft-{number}", "digest")
    kept = topics.of(AUDIT.name)
    assert broken_at(kept) == ""
    assert "changed" in broken_at([*kept[:2], kept[2].replace(b"draft-2", b"draft-9"), *kept[3:]])
    assert "missing" in broken_at([*kept[:2], *kept[3:]])
    assert broken_at([kept[0], kept[2], kept[1], *kept[3:]]) != ""
    edited = replace(read(kept[1])[0], by="baba")
    assert "does not follow" in broken_at([kept[0], write(edited), *kept[2:]])
    assert "no audit entry" in broken_at([*kept, b"{}"])
    with pytest.raises(ValueError, match="broken"):
        Trail(topics, kept[1:], lambda: "")  # type: ignore[arg-type]
    again = Trail(topics, kept, lambda: "later")  # type: ignore[arg-type]
    again.add("baba", Act.VOID)
    assert broken_at(topics.of(AUDIT.name)) == ""
    assert json.loads(kept[0])["number"] == 1


_WARDS = st.frozensets(st.sampled_from([KOTO_WARD, EDOGAWA_WARD, "1310100", "*"]), min_size=1)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    role=st.sampled_from(Role),
    wards=_WARDS,
    authors=st.frozensets(st.sampled_from(["sato", "aoki"])),
    lane=st.sampled_from(Lane),
    touched=st.frozensets(st.sampled_from([KOTO_WARD, EDOGAWA_WARD, "1310100"])),
    people=st.none() | st.integers(0, 200_000),
)
def test_nobody_approves_beyond_their_ward_or_their_own_danger(
    role: Role, wards: frozenset[str], authors: frozenset[str], lane: Lane, touched: frozenset[str], people: int | None
) -> None:
    account, proposal = Account("sato", role, wards), Proposal(authors, lane, touched, people)
    if may_not_approve(account, proposal) is None:
        assert role is not Role.DRAFTER
        assert account.everywhere or (touched and touched <= wards)
        if "sato" in authors and lane is not Lane.DRILL:
            assert lane is not Lane.LIFE_SAFETY
            assert len(touched) < 2
            assert people is None or people <= 50_000
    if may_void(account, proposal) is None:
        assert account.everywhere or touched & wards


def test_five_things_stop_a_send_and_all_else_is_a_warning() -> None:
    draft = drafted().draft
    assert draft is not None
    notice, at = draft.notice, NINE_PM + timedelta(minutes=1)
    config = DispatchSettings()
    assert [one for one in lint(notice, at=at, settings=config) if one.stops] == []
    (part, *_) = notice.parts

    def said(title: str, body: str) -> set[Finding]:
        worded = replace(
            part, texts=(Text("ja", title, body), Text("en", "Flood level 4", "Leave now. 21:00"), *part.texts[2:])
        )
        return {one.finding for one in lint(replace(notice, parts=(worded,)), at=at, settings=config)}

    good = ("洪水 レベル4 避難指示", "レベル4 全員避難 21:00 気象庁 江東区")
    assert said(*good) == set()
    assert Finding.NO_ACTION in said(good[0], " ")
    assert Finding.NO_TIME in said(good[0], "レベル4 全員避難")
    assert Finding.DRILL_WORDS in said(good[0], "【訓練】レベル4 全員避難 21:00")
    assert Finding.TOO_LONG in said(good[0], "レベル4 21:00 " + "あ" * 900)
    assert Finding.NO_AREA in {one.finding for one in lint(replace(notice, parts=()), at=at, settings=config)}
    late = lint(notice, at=notice.expires + timedelta(seconds=1), settings=config)
    assert Finding.EXPIRED in {one.finding for one in late if one.stops}
    assert Finding.LONG_TITLE in said("洪水の危険が非常に高まっています今すぐ避難してください", good[1])
    assert Finding.LATE_LEVEL in said("洪水", "あ" * 60 + "レベル4 21:00")
    for one in lint(replace(notice, parts=(replace(part, texts=(Text("ja", *good),)),)), at=at, settings=config):
        assert one.finding is Finding.LANGUAGE_MISSING
        assert not one.stops


def test_a_sealed_code_stands_in_once_and_is_never_quiet(room: Room) -> None:
    room.add("sato")
    sheet = room.accounts.seal("sato")
    assert sheet is not None
    assert len(set(sheet)) == 10
    assert room.accounts.seal("nobody") is None
    written = sheet[0].lower().replace("-", " ")
    answer = room.form("/sign-in", {"name": "sato", "password": PASSWORD, "code": written})
    assert answer.headers["location"] == "/"
    assert ("sato", "sealed-code", "9 left") in room.topics.acts()
    again = room.form("/sign-in", {"name": "sato", "password": PASSWORD, "code": sheet[0]})
    assert again.status_code == 403
    seat = Seat(room, "sato", answer.headers["set-cookie"].split(";")[0])
    assert seat.decide("approve", room.drafts["feed"].draft_id, code=sheet[1]).status_code == 303
    # A new sheet voids the one before, and nobody's sheet is another's.
    room.add("aoki")
    assert room.accounts.seal("sato") is not None
    for name in ("sato", "aoki"):
        refused = room.form("/sign-in", {"name": name, "password": PASSWORD, "code": sheet[2]})
        assert refused.status_code == 403


def test_a_lower_level_than_what_is_live_in_the_same_cells_is_said() -> None:
    draft = drafted().draft
    assert draft is not None
    notice, at, config = draft.notice, NINE_PM + timedelta(minutes=1), DispatchSettings()
    (part,) = notice.parts
    higher = replace(notice, lineage="other", issuer="気象庁", parts=(replace(part, level=Level.SECURE_LIFE),))

    def said(live: Notice) -> list[Finding]:
        return [one.finding for one in lint(notice, at=at, settings=config, live=[live])]

    assert said(higher) == [Finding.LOWER_THAN_LIVE]
    assert not lint(notice, at=at, settings=config, live=[higher])[0].stops
    assert said(replace(higher, lineage=notice.lineage)) == [], "it takes the place of its own"
    assert said(replace(higher, lane=Lane.DRILL)) == []
    assert said(replace(higher, parts=(replace(higher.parts[0], phase=Phase.LIFTED),))) == []
    assert said(replace(higher, parts=(replace(higher.parts[0], cells=around(36.5, 141.0)),))) == []
    assert said(replace(higher, parts=(replace(higher.parts[0], hazards=(HazardKind.TSUNAMI,)),))) == []
    assert said(replace(higher, parts=(part,))) == [], "the same level is no contradiction"


def test_a_check_of_reception_takes_two_and_is_neither_changed_nor_sent_by_one_alone(room: Room) -> None:
    days = CheckDays(frozenset({(9, 1)}), issuer="架空都", until_hour=21)
    made = check_draft(days, place="江東区", cells=around(*KOTO), day=date(2099, 9, 1), at=NINE_PM)
    ledger = Ledger()

    def decided(command: Command) -> DraftRecord:
        record = decide(ledger, command, at=room.clock()).record
        assert record is not None
        ledger.knows(record)
        room.desk.apply(Record(DRAFTS.name, 0, 0, record.draft_id.encode(), encode(record), {}, 0))
        return record

    decided(Command(Verb.CREATE, made.draft, "check", NINE_PM, draft=made))
    room.add("aoki")
    room.add("baba")
    first = room.sign_in("aoki")
    page = first.get(f"/drafts/{made.draft}").text
    assert "あなたは一人目です" in page
    assert "受信の確認です" in page
    assert f"/drafts/{made.draft}/edit" not in page
    answer = first.decide("approve", made.draft)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/drafts/{made.draft}")
    said = decode(Command, room.topics.of(COMMANDS.name)[-1])
    assert decided(said).state is DraftState.OPEN
    page = first.get(f"/drafts/{made.draft}").text
    assert "もう一人の承認者に回してください" in page
    assert "aokiが一人目として承認した" in page
    assert f"/drafts/{made.draft}/alone" not in page
    assert first.decide("approve", made.draft).status_code == 403
    assert first.decide("edit", made.draft).status_code == 409
    second = room.sign_in("baba")
    assert "一人目の承認は済んでいます" in second.get(f"/drafts/{made.draft}").text
    answer = second.decide("approve", made.draft)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?did={made.draft}")
    assert decided(decode(Command, room.topics.of(COMMANDS.name)[-1])).state is DraftState.APPROVED
