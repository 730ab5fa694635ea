"""What a push service keeps under a Topic in the end is the newest revision, whatever order things happened in.

Ten thousand people, each with a fate of her own: when a request arrives, whether its answer is lost, how often it is
put off. Revisions of a warning, pictures of the same danger, and ways of another lineage come meanwhile.
"""

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

import h3.api.basic_int as h3
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase
from alerts.place import Cell
from dispatch.batch import Batch, BatchAnswer
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages, topic_and_tag
from dispatch.metrics import DispatchMetrics
from dispatch.outcomes import PushOutcome
from dispatch.pool import Generation
from dispatch.pushes import Pushes, Rows
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place
from dispatch.told import unit_of
from streams.brokers.client import Producer, Stored
from streams.fanout.checkpoint import Checkpoint
from streams.fanout.course import Course
from streams.fanout.courses import Courses
from streams.fanout.fanout import FanOut
from streams.fanout.ledger import Ledger
from streams.fanout.outbox import Outbox
from streams.fanout.told_book import ToldBook
from streams.metrics import StreamMetrics
from tests.dispatch.people import KOTO, NOON, notice, part, resident

PEOPLE = 2_500
CELLS = tuple(Cell(cell) for cell in sorted(h3.grid_disk(KOTO, 2)))
SETTINGS = DispatchSettings(max_in_flight=400, retry_first_seconds=0.05, retry_cap_seconds=0.4)
TURN_SECONDS = 0.05


@dataclass
class Request:
    """One POST on its way: what it is about, when it arrives, and how it will end."""

    batch: Batch
    key: int
    arrives: float
    answered: float
    outcome: PushOutcome
    stored: bool


class PushService:
    """Keeps the last message of each address and Topic; requests overtake each other."""

    def __init__(self, chance: random.Random) -> None:
        self.store: dict[tuple[bytes, str], int] = {}
        self.kind = True  # until told otherwise, answers get lost and requests are put off
        self._chance = chance
        self._open: list[Request] = []
        self.now = 0.0
        self.unkind()

    def unkind(self) -> None:
        self.kind = False

    @property
    def in_flight(self) -> int:
        return len(self._open)

    @property
    def free(self) -> int:
        return SETTINGS.max_in_flight - len(self._open)

    def open_ahead(self, origins: Sequence[str]) -> None:
        """Nothing to do in memory."""

    def submit_batch(self, batch: Batch) -> None:
        for key in batch.keys:
            arrives = self.now + self._chance.choice((0.0, 0.02, 0.1, 0.6))
            outcome, stored = (PushOutcome.ACCEPTED, True) if self.kind else self._fate()
            answered = arrives + self._chance.choice((0.0, 0.05, 0.5))
            self._open.append(Request(batch, key, arrives, answered, outcome, stored))

    def _fate(self) -> tuple[PushOutcome, bool]:
        draw = self._chance.random()
        if draw < 0.5:
            return PushOutcome.ACCEPTED, True
        if draw < 0.65:
            return PushOutcome.UNKNOWN, True  # it arrived, and nobody knows
        if draw < 0.75:
            return PushOutcome.TIMEOUT, draw < 0.7
        return (PushOutcome.NOT_SENT if draw < 0.85 else PushOutcome.RETRY), False

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        del timeout_seconds
        for one in sorted((one for one in self._open if one.arrives <= self.now), key=lambda one: one.arrives):
            if one.stored:
                one.stored = False
                headers = dict(one.batch.headers)
                path = one.batch.paths[list(one.batch.keys).index(one.key)]
                self.store[path, headers["Topic"]] = int(headers["Revision"])
        done = [one for one in self._open if one.answered <= self.now]
        self._open = [one for one in self._open if one.answered > self.now]
        return [BatchAnswer(one.batch, one.outcome, 0, None, 0.0, 0.0, (one.key,)) for one in done]

    def close(self) -> None:
        self._open.clear()


class PlainPushes:
    """Requests with a revision instead of words."""

    def __init__(self, people: People, notice: Notice) -> None:
        self._people = people
        self._notice = notice

    def batches(self, wanted: Rows, now: float, *, short: bool = False) -> tuple[list[Batch], list[int]]:
        del now, short
        found = []
        kind3 = self._notice.kind is NoticeKind.GO_THERE
        for key, row, place in zip(wanted.keys, wanted.rows.tolist(), wanted.places.tolist(), strict=True):
            topic = topic_and_tag(self._notice.lineage, place, kind3=kind3)
            headers = (("Topic", topic), ("Revision", str(self._notice.revision)))
            origin = self._people.origins[int(self._people.origin(np.array([row]))[0])]
            found.append(Batch(origin, headers, 1e12, [key], [self._people.id_of(row)], [b""]))
        return found, []


class Book:
    """A producer and a ledger that have stored everything at once."""

    unsaved = 0

    def send(self, *_: object) -> "Future[Stored]":
        stored: Future[Stored] = Future()
        stored.set_result(Stored("told", 0, 0))
        return stored

    def ended(self, count: int) -> None: ...

    def settle(self, fanout: FanOut) -> None: ...

    def resumed(self, notice: Notice, numbers: Iterable[int]) -> dict[int, Checkpoint]:
        del notice, numbers
        return {}


class Words:
    """Words that are the same for everybody."""

    def digest(self, languages: tuple[str, ...], places: tuple[int, ...]) -> bytes:
        return bytes([len(languages) + len(places)] * 32)


def evening(chance: random.Random) -> list[tuple[float, Notice]]:
    """Return notices with the time at which each comes: three lineages, revisions of each in order."""
    found: list[tuple[float, Notice]] = []
    for lineage, kinds in (
        ("river", (NoticeKind.DANGER_IS_COMING, NoticeKind.HOW_IT_IS_GOING)),
        ("slope", (NoticeKind.DANGER_IS_COMING,)),
        ("ways", (NoticeKind.GO_THERE,)),
    ):
        at = 0.0
        for revision in range(1, chance.randrange(4, 7)):
            at += chance.uniform(0.0, 1.5)
            found.append((at, _notice(lineage, revision, chance.choice(kinds), chance)))
    return sorted(found, key=lambda pair: pair[0])


def _notice(lineage: str, revision: int, kind: NoticeKind, chance: random.Random) -> Notice:
    cells = chance.sample(CELLS, chance.randrange(3, len(CELLS)))
    groups = [[cell] for cell in cells] if kind is NoticeKind.GO_THERE else [cells[::2], cells[1::2]]
    parts = tuple(
        part(tuple(group), rank=rank, level=Level.ALL_LEAVE, phase=Phase.CHANGED if revision > 1 else Phase.ISSUED)
        for rank, group in enumerate(groups)
    )
    return notice(*parts, lineage=lineage, revision=revision, kind=kind)


class Worker:
    """The parts of a dispatcher that put things in order, by a clock of the test's."""

    def __init__(self, people: People, service: PushService) -> None:
        self._people = people
        self._service = service
        self._told = ToldBook()
        book = Book()
        ledger, producer = cast("Ledger", book), cast("Producer", book)
        metrics, stream_metrics = DispatchMetrics(CollectorRegistry()), StreamMetrics(CollectorRegistry())
        self._outbox = Outbox(service, SETTINGS, ledger, lambda _: None, metrics, stream_metrics, 2)
        self._courses = Courses(self._told, producer, ledger, self._outbox, self._pushes)
        self.shown_alive = 0
        self.newest: dict[tuple[int, str], int] = {}  # unit and lineage -> the newest revision that speaks to it

    def _pushes(self, people: People, messages: Messages, notice: Notice, fanout: FanOut) -> Pushes:
        del messages, fanout
        return cast("Pushes", PlainPushes(people, notice))

    def begin(self, one: Notice) -> None:
        self._courses.freeze_older(one, self._still_here, self._exchange)
        told = self._told.everyone_before(one.lineage, one.revision, range(256))
        chosen = select(self._people, one, at=NOON, told=told)
        for unit in unit_of(self._people.row_numbers(chosen.rows), chosen.places).tolist():
            self.newest[unit, one.lineage] = one.revision
        self._courses.start(
            Course(
                one,
                cast("Messages", Words()),
                self._people,
                chosen,
                received_ms=0,
                chosen_ms=0,
                epoch=1,
                generation=Generation.empty(0),
                before=lambda: self._told.before(one.lineage, one.revision),
            )
        )

    def turn(self) -> None:
        self._courses.go_on()
        self._exchange()
        for sending in self._outbox.finished():
            self._courses.ended(sending.course, sending.fanout)
        self._courses.finished()

    def _exchange(self) -> None:
        self._outbox.fill(self._service.now)
        self._outbox.answers(self._service.poll_batches(0.0), self._service.now)

    def _still_here(self) -> None:
        self.shown_alive += 1

    @property
    def busy(self) -> bool:
        return len(self._courses) > 0

    @property
    def ranges(self) -> int:
        return len(self._outbox.active)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_ten_thousand_fates_end_with_the_newest_revision(seed: int) -> None:
    chance = random.Random(seed)
    residents = [
        resident(chance, tuple(Place(cell) for cell in chance.sample(CELLS, chance.choice((1, 2, 3)))))
        for _ in range(PEOPLE)
    ]
    people = People(Registry.of(columns_of(residents)))
    service = PushService(chance)
    worker, coming, turns = Worker(people, service), evening(chance), 0
    while coming or worker.busy:
        while coming and coming[0][0] <= service.now:
            worker.begin(coming.pop(0)[1])
        worker.turn()
        service.now += TURN_SECONDS
        turns += 1
        service.kind = turns > 400
        assert turns < 5_000, "it never ends"
    service.now += 10.0
    service.poll_batches(0.0)
    assert len({row for row, _ in worker.newest}) >= PEOPLE
    for topic_of, expected in _expected(people, worker.newest).items():
        assert service.store[topic_of] == expected


@pytest.mark.parametrize(("phase", "sends"), [(Phase.RAISED, True), (Phase.CHANGED, False)])
def test_while_the_older_order_is_stored_a_worker_shows_that_it_lives(phase: Phase, sends: bool) -> None:
    chance = random.Random(1)
    people = People(Registry.of(columns_of([resident(chance, (Place(CELLS[0]),)) for _ in range(PEOPLE)])))
    service = PushService(chance)
    worker = Worker(people, service)
    worker.begin(notice(part((CELLS[0],), level=Level.ALL_LEAVE), lineage="river", revision=1))
    worker.begin(notice(part((CELLS[0],), level=Level.ALL_LEAVE, phase=phase), lineage="river", revision=2))
    assert worker.shown_alive == worker.ranges == 2, "a thousand rows and the rest, each stored before the second"
    assert (service.in_flight > 0) == sends, "what a newer one takes back does not go out meanwhile"


def _expected(people: People, newest: dict[tuple[int, str], int]) -> dict[tuple[bytes, str], int]:
    """Return for each address and Topic the newest revision, from the units that were chosen."""
    rows: Sequence[int] = range(people.count)
    numbers = people.row_numbers(np.arange(people.count))
    found: dict[tuple[bytes, str], int] = {}
    for place in range(6):
        units: Any = unit_of(numbers, np.full(len(numbers), place, dtype=np.uint8)).tolist()
        for row, unit in zip(rows, units, strict=True):
            for lineage in ("river", "slope", "ways"):
                if (unit, lineage) in newest:
                    topic = topic_and_tag(lineage, place, kind3=lineage == "ways")
                    found[people.id_of(row), topic] = newest[unit, lineage]
    return found
