"""Several officers at once, a broker that stalls: who is answered meanwhile, and that each act is done once."""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.duty import AloneRule
from api.console.office import Office
from api.officers.alone import NotAlone
from api.officers.audit import Act, Trail, broken_at, read
from api.officers.under_way import HEARD_SECONDS
from api.practice.rehearsal import Rehearsal, Rehearsals, Step
from streams.brokers.client import Record, Stored
from streams.brokers.errors import SendError
from streams.payloads import Command
from streams.topics import AUDIT, COMMANDS, DRAFTS, TELEGRAMS
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_office import Room, Seat, Topics, drafted, room_in
from tests.api.test_posting import CLOSED, filled
from tests.streams.evening import wards_table

# Never waited for to its end: a test that hangs is ended by it.
PATIENCE_SECONDS = 20.0


@dataclass
class Slow(Topics):
    """A broker that takes records of one topic and key and says nothing of them until it is let go."""

    stalled: tuple[str, bytes] = ("", b"")
    reached: threading.Event = field(default_factory=threading.Event)

    def send(
        self, topic: str, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> "Future[Stored]":
        if (topic, key) != self.stalled:
            return super().send(topic, key, value, headers)
        done: Future[Stored] = Future()
        self.waiting.append((topic, key, value, done))
        self.reached.set()
        return done


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = room_in(tmp_path)
    room.add("sato")
    room.add("baba")
    return room


def slow(room: Room, topic: str, key: bytes, **within: float) -> Slow:
    """Put a broker that stalls in the place of *room*'s, with a trail that continues the one there is."""
    broker = Slow(records=room.topics.records, headers=room.topics.headers, stalled=(topic, key))
    trail = Trail(broker, broker.of(AUDIT.name), lambda: room.clock().isoformat(), **within)  # type: ignore[arg-type]
    object.__setattr__(room.office, "producer", broker)
    object.__setattr__(room.office, "trail", trail)
    return broker


class Tabs:
    """Browsers that ask at the same time."""

    def __init__(self, room: Room) -> None:
        transport = httpx.ASGITransport(room.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://residents.test")

    async def get(self, seat: Seat, path: str) -> httpx.Response:
        return await self._client.get(path, headers={"cookie": seat.cookie})

    async def post(self, seat: Seat, path: str, fields: dict[str, str]) -> httpx.Response:
        return await self._client.post(path, headers={"cookie": seat.cookie}, data=fields)


def at_once(room: Room, story: Callable[[Tabs], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story(Tabs(room)))


Pressed = tuple[Seat, str, dict[str, str]]


def pressed(room: Room, *who: tuple[str, str]) -> list[Pressed]:
    """Return what each would send to approve a draft, all forms filled in before any is sent."""
    seats = [(room.sign_in(name), f"/drafts/{room.drafts[draft].draft_id}") for name, draft in who]
    pages = [dict(re.findall(r'name="(csrf|digest)" value="([^"]*)"', seat.get(path).text)) for seat, path in seats]
    # The first code is half a minute old by then: a telephone's clock may be that far off.
    return [
        (seat, f"{path}/approve", {**found, "code": room.code(seat.name)})
        for (seat, path), found in zip(seats, pages, strict=True)
    ]


def press(room: Room, form: Pressed) -> httpx.Response:
    seat, path, fields = form
    return room.form(path, fields, {"cookie": seat.cookie})


def test_while_a_command_is_held_others_read_and_another_draft_is_approved(room: Room) -> None:
    first, other = pressed(room, ("sato", "feed"), ("baba", "own"))
    broker = slow(room, COMMANDS.name, room.drafts["feed"].lineage.encode())

    async def story(tabs: Tabs) -> None:
        held = asyncio.create_task(tabs.post(*first))
        assert await asyncio.to_thread(broker.reached.wait, PATIENCE_SECONDS)
        for path in ("/", f"/drafts/{room.drafts['feed'].draft_id}", "/post", "/sending/x", "/health"):
            assert (await tabs.get(other[0], path)).status_code == 200, path
        assert (await tabs.post(*other)).status_code == 303
        assert not held.done(), "nothing is said of what nobody knows"
        broker.come_through()
        assert (await held).status_code == 303

    at_once(room, story)
    by = [decode(Command, raw).by for raw in room.topics.of(COMMANDS.name)]
    assert by == ["baba", "sato"]
    assert broken_at(room.topics.of(AUDIT.name)) == ""


def test_while_the_trail_is_held_others_read_and_whoever_acts_hears_that_nothing_was_done(room: Room) -> None:
    object.__setattr__(room.office, "alone_rule", AloneRule(on=True))
    first, other = pressed(room, ("sato", "feed"), ("baba", "own"))
    broker = slow(room, AUDIT.name, b"audit", turn_within_seconds=0.01)

    async def story(tabs: Tabs) -> None:
        held = asyncio.create_task(tabs.post(*first))
        assert await asyncio.to_thread(broker.reached.wait, PATIENCE_SECONDS)
        assert (await tabs.get(other[0], f"/drafts/{room.drafts['own'].draft_id}")).status_code == 200
        refused = await tabs.post(*other)
        assert (refused.status_code, refused.json()["code"]) == (503, "not-written-down")
        assert "NOT SENT" in refused.json()["title"]
        assert "SAFE TO RETRY" in refused.json()["detail"]
        broker.stalled = ("", b"")
        broker.come_through()
        assert (await held).status_code == 303

    at_once(room, story)
    assert [decode(Command, raw).by for raw in room.topics.of(COMMANDS.name)] == ["sato"]
    assert broken_at(room.topics.of(AUDIT.name)) == ""


def test_of_two_who_approve_one_draft_at_once_one_is_told_who_was_first(room: Room) -> None:
    forms = pressed(room, ("sato", "feed"), ("baba", "feed"))
    answers: list[httpx.Response] = []

    async def story(tabs: Tabs) -> None:
        answers.extend(await asyncio.gather(*(tabs.post(*form) for form in forms)))

    at_once(room, story)
    assert sorted(one.status_code for one in answers) == [303, 409]
    (winner,) = [decode(Command, raw).by for raw in room.topics.of(COMMANDS.name)]
    refused = next(one.text for one in answers if one.status_code == 409)
    assert f"{winner}さんが先に決めました" in refused
    assert "UNKNOWN" in refused
    acts = [act for _, act, _ in room.topics.acts() if act.startswith("approve")]
    assert acts == ["approve", "approve-refused"]


def test_the_same_form_twice_at_once_is_one_approval(room: Room) -> None:
    (form,) = pressed(room, ("sato", "feed"))
    answers: list[httpx.Response] = []

    async def story(tabs: Tabs) -> None:
        answers.extend(await asyncio.gather(*(tabs.post(*form) for _ in range(4))))

    at_once(room, story)
    assert {(one.status_code, one.headers.get("location")) for one in answers} == {
        (303, f"/?did={room.drafts['feed'].draft_id}")
    }
    # The same command again is what the decider takes once; its code was used up once, and it is written down once.
    assert len({decode(Command, raw).digest for raw in room.topics.of(COMMANDS.name)}) == 1
    assert [act for _, act, _ in room.topics.acts() if act.startswith("approve")] == ["approve"]


def test_a_verdict_that_was_refused_or_is_not_heard_keeps_nobody_from_deciding(room: Room) -> None:
    first, second = pressed(room, ("sato", "feed"), ("baba", "feed"))
    room.topics.away = frozenset({COMMANDS.name})
    assert press(room, first).json()["code"] == "not-stored"
    room.topics.away = frozenset()
    assert press(room, second).status_code == 303, "nothing stands"
    room.clock.now += timedelta(seconds=HEARD_SECONDS)
    assert press(room, first).status_code == 409, "the decider is being asked"
    room.clock.now += timedelta(seconds=1)
    assert press(room, first).status_code == 303, "and says nothing"


def test_to_discard_waits_for_nobody_s_approval(room: Room) -> None:
    first, (seat, path, fields) = pressed(room, ("sato", "feed"), ("baba", "feed"))
    assert press(room, first).status_code == 303
    assert press(room, (seat, path.replace("approve", "void"), fields)).status_code == 303


def test_the_same_posting_twice_at_once_is_one_document_and_one_act(tmp_path: Path) -> None:
    room = room_in(tmp_path, wards_table())
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    answers: list[httpx.Response] = []

    async def story(tabs: Tabs) -> None:
        answers.extend(await asyncio.gather(*(tabs.post(seat, "/post/closure", form) for _ in range(4))))

    at_once(room, story)
    assert {one.status_code for one in answers} == {303}
    assert len({one.headers["location"] for one in answers}) == 1
    assert len(room.topics.of(TELEGRAMS.name)) == 1
    assert [act for _, act, _ in room.topics.acts()] == ["sign-in", "post"]


def test_what_two_let_go_alone_at_once_is_counted_together(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    second = drafted("own-2", author="aoki")
    room.desk.apply(Record(DRAFTS.name, 0, 0, second.draft_id.encode(), encode(second), {}, 0))
    room.drafts["own-2"] = second
    looked: list[int] = []

    def one_is_enough(office: Office, *_: object) -> NotAlone | None:
        if not office.alone.looking.locked():
            return None  # a page is looked at, and nobody lets go
        looked.append(len(office.alone.earlier()))
        return NotAlone.PEOPLE if looked[-1] else None

    monkeypatch.setattr(Office, "why_not_alone", one_is_enough)
    room.add("aoki")
    forms = pressed(room, ("aoki", "own"), ("aoki", "own-2"))
    answers: list[httpx.Response] = []

    async def story(tabs: Tabs) -> None:
        asked = [(seat, path.replace("approve", "alone"), {**form, "reason": "停電"}) for seat, path, form in forms]
        answers.extend(await asyncio.gather(*(tabs.post(*one) for one in asked)))

    at_once(room, story)
    assert sorted(one.status_code for one in answers) == [303, 403]
    assert looked == [0, 1]
    assert len(room.topics.of(COMMANDS.name)) == 1


class Fickle:
    """A broker that stores in a thread of its own, and refuses every fifth record."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.asked = 0
        self._thread = ThreadPoolExecutor(1)

    def send(self, _topic: str, _key: bytes, value: bytes) -> "Future[Stored]":
        self.asked += 1
        return self._thread.submit(self._store, value, self.asked)

    def _store(self, value: bytes, number: int) -> Stored:
        if number % 5 == 0:
            raise SendError("refused")
        self.kept.append(value)
        return Stored(AUDIT.name, 0, number)


def test_the_chain_is_whole_whoever_writes_at_once_and_whatever_is_refused() -> None:
    broker, many, each = Fickle(), 8, 40
    trail = Trail(broker, [], lambda: NINE_PM.isoformat(), turn_within_seconds=PATIENCE_SECONDS)  # type: ignore[arg-type]
    start = threading.Barrier(many)

    def writes(writer: int) -> list[str]:
        start.wait(PATIENCE_SECONDS)
        done = []
        for number in range(each):
            name = f"{writer}-{number}"
            assert trail.done_at("sato", Act.APPROVE, name, "") == ""
            try:
                trail.add("sato", Act.APPROVE, name)
            except SendError:
                assert trail.done_at("sato", Act.APPROVE, name, "") == "", "what was refused was not done"
                continue
            assert trail.done_at("sato", Act.APPROVE, name, "") == NINE_PM.isoformat()
            done.append(name)
        return done

    with ThreadPoolExecutor(many) as writers:
        done = [name for names in writers.map(writes, range(many)) for name in names]
    entries = [read(raw)[0] for raw in broker.kept]
    assert broken_at(broker.kept) == ""
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert sorted(entry.on for entry in entries) == sorted(done)
    assert len(done) == many * each * 4 // 5
    assert len(trail.latest(Act.APPROVE)) == len(done)


def test_what_was_given_up_and_came_through_counts_while_another_waits_to_write() -> None:
    broker = Slow(stalled=(AUDIT.name, b"audit"))
    trail = Trail(broker, [], lambda: NINE_PM.isoformat(), turn_within_seconds=0.01, stored_within_seconds=0.01)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        trail.add("sato", Act.APPROVE, "a")
    assert trail.done_at("sato", Act.APPROVE, "a", "") == ""
    with pytest.raises(TimeoutError):
        trail.add("baba", Act.APPROVE, "b")
    assert len(broker.waiting) == 1, "one of a number is under way, never two"
    broker.stalled = ("", b"")
    broker.come_through()
    assert trail.done_at("sato", Act.APPROVE, "a", "") == NINE_PM.isoformat()
    assert trail.add("baba", Act.APPROVE, "b").number == 2
    assert broken_at(broker.of(AUDIT.name)) == ""


def test_a_page_that_is_late_takes_no_step_of_a_rehearsal_back() -> None:
    kept = Rehearsals()
    began = Rehearsal("sato", "13108", NINE_PM, (("a", "la"), ("b", "lb")))
    kept.keep(began)
    further = began.did(Step.GAUGE, NINE_PM)
    kept.keep(further)
    kept.keep(began.met(stops=["x"]), instead_of=began)
    assert kept.of("sato") is further
    kept.end("sato")
    kept.keep(further.met(stops=["x"]), instead_of=further)
    assert kept.of("sato") is None, "what has ended does not come back"
