"""The planner's process: facts, dangers and orders in; plans, ways and effects out.

Global, one active instance with a standby behind the lease, and level-triggered. A plain loop and no
Faust app: planning takes a processor for as long as it takes, which must not stop a loop that also
keeps a group's membership; and there is nothing to commit, since each start reads the logs again.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from alerts.claim import HazardSnapshot
from alerts.fact import Heartbeat
from alerts.notice import Notice, NoticeKind
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from routing.plan import EvacuationPlan
from streams.brokers.client import Consumer, Producer, Record, read_to_end
from streams.dead_letters import Refused, dead_letter
from streams.evacuation.evacuation_board import Due, EvacuationBoard
from streams.evacuation.preview import asked_in, seen_key
from streams.evacuation.town import Town
from streams.evacuation.ward_lines import crossing_key
from streams.ingest.acceptance import HEADER_NOTICE_MS, HEADER_RECEIVED_MS
from streams.ingest.facts import is_heartbeat
from streams.metrics import Role, StreamMetrics
from streams.payloads import POSITION_KEY, Asked, Command, Crossing, FactEffect, PlanPosition, Verb
from streams.topics import (
    CAPS,
    CLOSURES,
    COMMANDS,
    CROSSINGS,
    DEAD_LETTERS,
    EFFECTS,
    HAZARDS,
    NOTICES,
    PLANNER_FOLLOWS,
    PLANS,
    PREVIEWS,
    SHELTERS,
    Topic,
)
from streams.wire import decode, encode

log = logging.getLogger(__name__)

AUTHOR = "evacuation"
_BATCH = 500
_POLL_SECONDS = 0.1
_STORED_WITHIN_SECONDS = 30.0
_DRAFTS_NAMED = 64
# Each costs a plan: what was posted must not wait behind many questions.
_QUESTIONS = 2
# A plan that did not change is as old as this at most: under a minute it is shown as it is (promise 6).
_SAY_AGAIN = timedelta(seconds=15)


class Evacuation:
    """The board and its broker."""

    def __init__(
        self,
        bootstrap: str,
        town: Town,
        metrics: StreamMetrics,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._metrics = metrics
        self._now = now
        self._board = EvacuationBoard(town)
        self._producer = Producer(bootstrap)
        self._drafts: deque[str] = deque(maxlen=_DRAFTS_NAMED)
        self._headers: Mapping[str, bytes] = {}
        self._said: dict[str, int] = {}
        self._say_again = now()
        self._heard = self._recall(bootstrap)
        self._consumer = Consumer(bootstrap)
        starts = {}
        for topic in PLANNER_FOLLOWS:
            for place, mark in self._consumer.watermarks(topic.name).items():
                starts[place] = self._heard.setdefault(_place(*place), mark.low)
        self._consumer.assign(starts)
        # Who asked before this process was here has stopped waiting.
        self._questions = Consumer(bootstrap)
        marks = self._questions.watermarks(PREVIEWS.name)
        self._questions.assign({place: mark.high for place, mark in marks.items()})

    # ── the logs ──────────────────────────────────────────────────────────────────────────────────

    def _recall(self, bootstrap: str) -> dict[str, int]:
        """Rebuild the board: what this stage published and proposed, then what holds."""
        heard: dict[str, int] = {}
        for record in read_to_end(bootstrap, PLANS.name):
            if record.value is not None:
                self._board.recall_plan(decode(EvacuationPlan, record.value))
        for record in read_to_end(bootstrap, COMMANDS.name):
            if record.value is not None and record.headers.get("author") == AUTHOR.encode():
                self._board.remember(decode(Command, record.value))
        for record in read_to_end(bootstrap, CROSSINGS.name):
            if record.value is not None:
                self._board.recall_crossing(decode(Crossing, record.value))
        for record in read_to_end(bootstrap, EFFECTS.name):
            if record.value is not None and record.key != POSITION_KEY:
                self._board.recall_effect(decode(FactEffect, record.value))
        for topic in PLANNER_FOLLOWS:
            for record in read_to_end(bootstrap, topic.name):
                self._hear(record)
                heard[_place(record.topic, record.partition)] = record.offset + 1
        return heard

    @property
    def heard(self) -> Mapping[str, int]:
        """Return the next offset of each partition, by "topic-partition"."""
        return self._heard

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Plan until told to stop; *beat* is called at every turn."""
        while not should_stop():
            self.step()
            beat()

    def step(self) -> Due:
        """Take in what has come and publish what is due."""
        records = self._consumer.poll_many(_BATCH, _POLL_SECONDS)
        for record in records:
            self._hear(record)
            self._heard[_place(record.topic, record.partition)] = record.offset + 1
        for topic in PLANNER_FOLLOWS:
            waiting = sum(record.topic == topic.name for record in records)
            self._metrics.lag(Role.EVACUATION, topic.name, waiting)
        began = time.monotonic()
        due = self._board.due(self._now())
        if due:
            self._metrics.planned(time.monotonic() - began, len(due.plans))
        self._publish(due)
        if not records:
            self._answer()
        for topic in PLANNER_FOLLOWS:
            self._metrics.lag(Role.EVACUATION, topic.name, 0)
        self._metrics.progressed(Role.EVACUATION, time.time())
        return due

    def close(self) -> None:
        """Leave; nothing is kept here that the logs do not have."""
        self._consumer.close()
        self._questions.close()
        self._producer.close()

    def _hear(self, record: Record) -> None:
        try:
            self._take(record)
        except Refused as error:
            key, value, headers = dead_letter(record, error)
            self._producer.send(DEAD_LETTERS.name, key, value, headers).result(_STORED_WITHIN_SECONDS)
            self._metrics.dead_letter(record.topic, error.reason)

    def _take(self, record: Record) -> None:
        if record.value is None:
            return
        match record.topic:
            case HAZARDS.name:
                self._board.hear_map(decode(HazardSnapshot, record.value))
            case NOTICES.name:
                notice = decode(Notice, record.value)
                self._board.hear_notice(notice)
                if notice.kind is NoticeKind.GO_THERE:
                    return  # our own: nothing follows from it, and no time is counted from it
            case CLOSURES.name if is_heartbeat(record.key):
                self._board.hear_heartbeat(decode(Heartbeat, record.value))
                return
            case CLOSURES.name:
                self._board.hear_road(decode(RoadReport, record.value))
            case CAPS.name if not is_heartbeat(record.key):
                self._board.hear_cap(decode(WardCap, record.value))
            case SHELTERS.name if not is_heartbeat(record.key):
                self._board.hear_shelter(decode(ShelterReport, record.value))
            case _:
                return
        # The first of a batch: what waited longest is what the latency is counted from.
        if not self._headers:
            self._headers = record.headers

    def _answer(self) -> None:
        """Say what closures that are not posted yet would do; after all that has been posted."""
        asked: list[Asked] = []
        for record in self._questions.poll_many(_QUESTIONS, 0.0):
            try:
                asked += asked_in(record)
            except Refused as error:
                log.warning("a question is left out", extra={"record": record.place, "reason": error.reason})
        for one in asked:
            answer = self._board.preview(one)
            self._producer.send(PREVIEWS.name, seen_key(one.id), encode(answer)).result(_STORED_WITHIN_SECONDS)

    # ── what goes out ─────────────────────────────────────────────────────────────────────────────

    def _publish(self, due: Due) -> None:
        """Store plans, who crosses ward lines, the drafts that name the plans, effects: a crash between heals."""
        self._store(PLANS, ((b"%x" % plan.shard, encode(plan), {}) for plan in due.plans))
        # Before the drafts: a ward sees who is coming before they are told to come (R17).
        self._store(CROSSINGS, ((crossing_key(one), encode(one), {}) for one in due.crossings))
        headers = {
            **{name: value for name, value in self._headers.items() if name in (HEADER_RECEIVED_MS, "receipt")},
            HEADER_NOTICE_MS: b"%d" % round(time.time() * 1000),
            "author": AUTHOR.encode(),
        }
        commands = []
        for draft in due.drafts:
            command = Command(Verb.CREATE, draft.draft, by=AUTHOR, at=self._now(), draft=draft)
            commands.append((draft.notice.lineage.encode(), encode(command), headers))
            self._drafts.append(draft.draft)
        self._store(COMMANDS, commands)
        if commands:
            self._metrics.rerouted(headers.get(HEADER_RECEIVED_MS), time.time())
        self._store(EFFECTS, ((f"fact|{effect.fact}".encode(), encode(effect), {}) for effect in due.effects))
        self._headers = {}
        now = self._now()
        if self._heard != self._said or now >= self._say_again:
            position = PlanPosition(dict(self._heard), tuple(self._drafts), now, self._board.facts_at(now))
            self._store(EFFECTS, [(POSITION_KEY, encode(position), {})])
            self._said, self._say_again = dict(self._heard), now + _SAY_AGAIN

    def _store(self, topic: Topic, records: Iterable[tuple[bytes, bytes, Mapping[str, bytes]]]) -> None:
        answers = [self._producer.send(topic.name, key, value, headers) for key, value, headers in records]
        for answer in answers:
            answer.result(_STORED_WITHIN_SECONDS)


def _place(topic: str, partition: int) -> str:
    return f"{topic}-{partition}"
