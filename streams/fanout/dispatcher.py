"""A dispatch worker: reads every notice, sends to its own buckets, and can be killed at any moment.

Before the first POST of a range of rows its frozen order is stored (`told`); while it goes out the ends are
stored (`progress`); at the notice's end the sums are (`receipts`). A worker that starts reads the three and goes
on where the last one stopped: what was open is sent again with the same bytes, nothing else is.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from alerts.claim import Lane
from alerts.notice import Notice
from alerts.reception_check import is_check
from dispatch import signs
from dispatch.batch import BatchSender
from dispatch.errors import DispatchError, PlanMissing
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.metrics import DispatchMetrics
from dispatch.native.library import Native, library_for
from dispatch.pool import Pool
from dispatch.pushes import Pushes
from dispatch.selection import Selection, select
from dispatch.settings import DispatchSettings
from dispatch.subscription import BUCKETS
from dispatch.vapid import FIRST_DRILL_KEY, Vapid
from streams.brokers.client import Consumer, Producer, Record
from streams.brokers.rolling import Rolling
from streams.dead_letters import Refused, dead_letter
from streams.fanout.approval import Mismatch, mismatch_of, plans_mismatch
from streams.fanout.checkpoint import Checkpoint
from streams.fanout.course import Course, chosen_at, complete, without
from streams.fanout.courses import Courses
from streams.fanout.fanout import FanOut
from streams.fanout.gathering import gathered
from streams.fanout.headcount import HeadCounts
from streams.fanout.late import heard_by_nobody_asleep
from streams.fanout.ledger import STORED_WITHIN_SECONDS, Ledger
from streams.fanout.newcomers import Newcomers
from streams.fanout.outbox import Outbox
from streams.fanout.ownership import Heartbeat, Ownership
from streams.fanout.planned import Planned
from streams.fanout.subscribers import Subscribers
from streams.fanout.tails import Tails
from streams.fanout.told_book import ToldBook
from streams.fanout.warming import warm
from streams.metrics import Hop, Role, StreamMetrics
from streams.notices.check import Threats
from streams.notices.drill import topic_of
from streams.topics import APPROVED, DEAD_LETTERS, NOTICES, SUBSCRIPTIONS
from streams.wire import decode

log = logging.getLogger(__name__)

# Of each of these push services, those of most people, a few connections are opened before they are needed.
_AHEAD_ORIGINS = 16
# Longer than any turn of the loop: whoever stood still this long may have been replaced meanwhile.
PAUSE_SECONDS = 5.0
# Who hands over waits this long for its last answers: well within the five seconds that its supervisor gives it.
LAST_ANSWERS_SECONDS = 2.0
_IDLE_SECONDS = 0.01
# The broker takes some milliseconds for the first range of a notice, which is sent as soon as it has it.
_STORING_SECONDS = 0.001
# Of a turn for rows whose envelopes are made one by one: by so much another notice waits at most.
FEW_SECONDS = 0.02
# Entries made in a turn with nothing to send: 7 ms, by which a notice that comes then waits at most.
ENTRIES_A_TURN = 64


def buckets_of(worker: int, workers: int) -> frozenset[int]:
    """Return the buckets of share *worker* of *workers*: fixed, uniform, whatever the disaster."""
    return frozenset(bucket for bucket in range(BUCKETS) if bucket % workers == worker)


class Dispatcher:
    """Fan notices out to the buckets of one share."""

    def __init__(
        self,
        bootstrap: str,
        *,
        worker: int,
        workers: int,
        subscribers: Subscribers,
        sender: BatchSender,
        vapid: Vapid,
        secret: bytes,
        settings: DispatchSettings,
        metrics: DispatchMetrics,
        stream_metrics: StreamMetrics,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """*heartbeat* is what *sender* asks before it writes; it is renewed in every turn."""
        self._subscribers = subscribers
        self._sender = sender
        self._vapid = vapid
        self._secret = secret
        self._settings = settings
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._buckets = buckets_of(worker, workers)
        self._producer = Producer(bootstrap)
        process = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._heartbeat = heartbeat or Heartbeat(PAUSE_SECONDS)
        self._ownership = Ownership(
            bootstrap, self._producer, self._heartbeat, worker=worker, workers=workers, process=process
        )
        self._owner = self._ownership.record
        self._told = ToldBook.recall(bootstrap, self._buckets)
        self._ledger = Ledger(bootstrap, self._producer, self._owner, self._buckets)
        origins = len(subscribers.people.origins)
        self._outbox = Outbox(sender, settings, self._ledger, self._forget, metrics, stream_metrics, origins)
        self._courses = Courses(self._told, self._producer, self._ledger, self._outbox, self._pushes)
        self._threats = Threats()
        self._newcomers = Newcomers(subscribers, self._told, self._buckets)
        mine = np.isin(np.arange(BUCKETS), list(self._buckets))
        library = library_for(Native(settings.native))
        together = None if library is None else library.entries
        self._pool = Pool(secret, subscribers.people, settings.pool_depth, mine, together)
        self._metrics.subscriptions.set(subscribers.people.living)
        self._metrics.native.set(library is not None)
        self._warm = False
        self._beat: Callable[[], None] = lambda: None
        self._headcounts = HeadCounts(self._producer, worker, workers, self._buckets)
        # One of all workers is enough; what it misses while it is away is made good at its start.
        self._rolling = Rolling(self._producer) if worker == 0 and subscribers.follows else None
        self._planned = Planned(bootstrap, settings)
        self._tails = Tails(subscribers, self._planned, self._told, self._ledger, self._courses, self._owner.epoch)
        self._notices = Consumer(bootstrap, patient=True)
        self._notices.assign_from_oldest(sorted(APPROVED))

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Send until told to stop; *beat* is called at every turn that may go on, and amid long ones."""
        self._beat = beat
        while not should_stop():
            self.step()
            beat()

    def step(self) -> None:
        """Take one turn: new notices, rows to the sender, answers, records."""
        self._ownership.confirm()
        filling = not self._courses and not self._pool.full
        for record in self._notices.poll_at_once(16, 0.0 if self._courses or filling else _IDLE_SECONDS):
            self._take(record)
        for record in self._planned.come():
            self._take(record)
        self._subscribers.follow()
        if self._rolling is not None:
            self._rolling.go_on()
        self._tell_newcomers()
        self._courses.go_on()
        self._exchange()
        self._close_finished()
        if not self._courses:
            self._while_idle()
        self._metrics.in_flight.set(self._sender.in_flight)
        self._stream_metrics.lag(Role.FANOUT, NOTICES.name, len(self._courses))
        self._stream_metrics.progressed(Role.FANOUT, time.time())

    def _exchange(self) -> None:
        """Hand rows to the sender, take answers, store what has ended."""
        more = self._outbox.fill_for(FEW_SECONDS, self._take_answers)
        wait = _IDLE_SECONDS if self._courses and not more else 0.0
        if wait and self._courses.begin_soon:
            wait = _STORING_SECONDS
        self._outbox.answers(gathered(self._sender, wait), time.time())
        if self._ledger.save(self._outbox.fanouts):
            for fanout in self._outbox.fanouts:
                self._meter(fanout)

    def _still_here(self) -> None:
        """Show amid a longer step that this worker is neither stuck nor replaced."""
        self._ownership.confirm()
        self._beat()

    def _take_answers(self) -> None:
        """Let the sender go on, above all with its handshakes, amid a longer step."""
        self._outbox.answers(self._sender.poll_batches(0.0), time.time())

    def close(self) -> None:
        """Wait a little for what is open, store what is known and leave; the next owner repeats what is still open."""
        until = time.monotonic() + LAST_ANSWERS_SECONDS
        while self._sender.in_flight and time.monotonic() < until:
            self._outbox.answers(self._sender.poll_batches(_IDLE_SECONDS), time.time())
        self._ledger.start_saving(self._outbox.fanouts)
        self._ledger.wait()
        self._sender.close()
        self._notices.close()
        self._planned.close()
        self._ownership.close()
        self._subscribers.close()
        self._producer.close()

    def _while_idle(self) -> None:
        self._subscribers.erase_outdated(time.monotonic())
        for identifier in self._subscribers.note_signs(time.monotonic()):
            self._producer.send(SUBSCRIPTIONS.name, signs.key_of(identifier), None)
        if not self._warm:
            # Not before what an owner before left has gone out, and before anybody is told that this worker is ready.
            self._warm = True
            warm(self._subscribers.people, self._settings, self._pushes)
        for age, count in self._headcounts.go_on(self._subscribers.people).items():
            self._metrics.people(age, count)
        old = self._subscribers.rebuild()
        if old is not None:
            self._pool.rebuilt(self._subscribers.people, old)
        if not self._pool.full:
            begun = time.thread_time()
            self._pool.fill(ENTRIES_A_TURN)
            self._metrics.pool_filling.inc(time.thread_time() - begun)
            self._metrics.pool_level.set(self._pool.level)

    # ── a notice begins ───────────────────────────────────────────────────────────────────────────

    def _take(self, record: Record) -> None:
        try:
            notice = decode(Notice, record.value)
        except Refused as error:
            key, value, headers = dead_letter(record, error)
            self._producer.send(DEAD_LETTERS.name, key, value, headers).result(STORED_WITHIN_SECONDS)
            self._stream_metrics.dead_letter(NOTICES.name, error.reason)
            return
        received_ms = int(record.headers.get("t-received", b"%d" % record.timestamp_ms))
        mismatch = self._lane_mismatch(record, notice) or mismatch_of(notice)
        if mismatch is Mismatch.LANE and (notice.expires <= datetime.now(UTC) or self._ledger.is_done(notice)):
            # A drill of before drills had a topic of their own: it is over, and wakes nobody at each start.
            return
        if mismatch is not None:
            self._stop(notice, mismatch)
            return
        if any(course.notice == notice for course in self._courses):
            return
        plans = self._planned.plans(notice)
        if plans is None:
            if notice.expires > datetime.now(UTC) and not self._ledger.is_done(notice):
                self._planned.wait(record)
            return
        mismatch = plans_mismatch(plans)
        if mismatch is not None:
            self._stop(notice, mismatch)
            return
        if self._threats.hear(notice):
            self._courses.withdraw_checks(self._threats.ground(datetime.now(UTC)))
        if not is_check(notice):
            # Who has just signed up has seen a push arrive a moment ago.
            self._newcomers.board.add(notice, received_ms)
        if not self._ledger.is_done(notice):
            self._begin(notice, received_ms)
        self._tails.resume(notice, received_ms)
        self._look_for_missed(notice)

    def _lane_mismatch(self, record: Record, notice: Notice) -> Mismatch | None:
        """Return why the lane of *notice* is not that of its topic, or has no key here."""
        if record.topic != topic_of(notice.lane).name:
            return Mismatch.LANE
        drill = notice.lane is Lane.DRILL
        return Mismatch.NO_KEY if drill and not self._vapid.has(FIRST_DRILL_KEY) else None

    def _stop(self, notice: Notice, mismatch: Mismatch) -> None:
        """Send nothing of what is not what was approved, and say so where people look (R14)."""
        log.error("notice stopped", extra={"lineage": notice.lineage, "reason": mismatch.value})
        self._metrics.hash_stops.inc()
        if mismatch in (Mismatch.LANE, Mismatch.NO_KEY):
            self._metrics.lane_stops.labels(mismatch.value).inc()

    def _begin(self, notice: Notice, received_ms: int) -> None:
        if notice.lane is Lane.LIFE_SAFETY and notice.expires > datetime.now(UTC):
            # Hands are shaken while it is found out whom to tell.
            self._sender.open_ahead(self._subscribers.people.main_origins(_AHEAD_ORIGINS))
        self._refresh()
        try:
            messages = self._planned.messages(notice)
            list(messages.check())
            self._take_answers()
        except PlanMissing:
            # It tells a cell of which its plan says nothing: that is no way that anybody approved.
            self._stop(notice, Mismatch.PLAN)
            return
        except DispatchError as error:
            # Nothing of it can go out: say so where people look, and do not try again at each start.
            log.error("notice cannot be written", extra={"lineage": notice.lineage, "reason": type(error).__name__})
            self._ledger.receipt(notice, {}, Checkpoint(), received_ms)
            return
        # A newer revision may speak to all whom an older one told: those in no range yet would miss it.
        self._courses.freeze_older(notice, self._still_here, self._exchange)
        frozen = self._told.of_revision(notice.lineage, notice.revision)
        chosen_s = chosen_at(frozen)
        begun = time.monotonic()
        people = self._subscribers.people
        chosen = self._select(notice, self._buckets - complete(frozen), datetime.fromtimestamp(chosen_s, UTC))
        if frozen:
            chosen = without(people, chosen, self._told.parts_of(notice.lineage, notice.revision)[0])
        self._take_answers()
        self._metrics.select_seconds.observe(time.monotonic() - begun)
        self._metrics.selected.labels(notice.lane.value).inc(len(chosen))
        self._metrics.quieted.inc(chosen.quieted)
        if notice.expires <= datetime.now(UTC) and not frozen:
            self._ledger.all_expired(notice, people, chosen, received_ms)
            return
        course = Course(
            notice,
            messages,
            people,
            chosen,
            received_ms=received_ms,
            chosen_ms=round(chosen_s * 1000),
            epoch=self._owner.epoch,
            generation=self._pool.take(len(chosen)) if len(chosen) else None,
            frozen=frozen,
            before=lambda: self._told.before(notice.lineage, notice.revision),
        )
        self._courses.start(course)
        if frozen:
            self._courses.resume(course, frozen)
        if is_check(notice):
            # The danger may have been read before it: they stand on other partitions.
            self._courses.withdraw_checks(self._threats.ground(datetime.now(UTC)))

    def _select(self, notice: Notice, buckets: frozenset[int], now: datetime) -> Selection:
        told = self._told.everyone_before(notice.lineage, notice.revision, buckets)
        return select(self._subscribers.people, notice, at=now, buckets=buckets, told=told)

    def _pushes(self, people: People, messages: Messages, notice: Notice, fanout: FanOut) -> Pushes:
        return Pushes(
            people,
            messages,
            notice.expires.timestamp(),
            self._vapid,
            self._settings,
            self._secret,
            languages=fanout.languages,
            sealings=fanout.sealings,
            on_wrong_key=lambda rows: self._metrics.wrong_keys.labels(notice.lane.value).inc(rows),
        )

    def _close_finished(self) -> None:
        for sending in self._outbox.finished():
            self._meter(sending.fanout)
            self._courses.ended(sending.course, sending.fanout)
        for course in self._courses.finished():
            notice = course.notice
            receipt = self._ledger.receipt(notice, course.origins, course.totals, course.received_ms, course.tail)
            if receipt.first_accepted_ms is not None and not course.tail:
                seconds = (receipt.first_accepted_ms - course.received_ms) / 1000
                self._stream_metrics.hop(Hop.RECEIVED_TO_FIRST_ACCEPTED, seconds)
                self._metrics.first_push_seconds.labels(notice.lane.value).observe(max(0.0, seconds))
            if not self._courses.of_lineage(notice.lineage):
                self._told.thin(self._producer, notice.lineage)

    def _meter(self, fanout: FanOut) -> None:
        for ward, accepted, size in fanout.take_ward_news():
            self._metrics.ward_accepted.labels(ward).inc(accepted)
            self._metrics.ward_bytes.labels(ward).inc(size)

    # ── people come and go ────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        joined = self._subscribers.refresh()
        self._newcomers.take(joined)
        if joined.left:
            # No push starts to who has left, however long a retry of hers has still to wait (promise 15).
            for course in self._courses:
                course.leave_out(joined.left)
            for fanout in self._outbox.fanouts:
                self._ledger.ended(fanout.leave_out(joined.left))
            self._subscribers.erase(joined.left)
        self._metrics.subscriptions.set(self._subscribers.people.living)

    def _forget(self, identifier: bytes) -> None:
        self._subscribers.forget(identifier)
        for key in (identifier, signs.key_of(identifier)):
            self._producer.send(SUBSCRIPTIONS.name, key, None)

    def _tell_newcomers(self) -> None:
        if self._newcomers.due:
            self._refresh()
            self._newcomers.tell(self._tails.coming, self._send_late)

    def _send_late(self, notice: Notice, received_ms: int, late: Selection) -> None:
        self._metrics.late.inc(len(late))
        self._tails.begin(notice, received_ms, late)

    def _look_for_missed(self, notice: Notice) -> None:
        """Once a start: whoever is in force and in no record signed up while nobody owned these buckets."""
        now = datetime.now(UTC)
        if notice.expires > now and self._ledger.is_done(notice) and heard_by_nobody_asleep(notice):
            self._newcomers.missed(self._select(notice, self._buckets, now), notice.lineage)
