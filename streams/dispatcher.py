"""A dispatch worker: reads every notice, sends to its own buckets, and can be killed at any moment.

Before the first POST of a notice the frozen order is stored (`told`); while it goes out the ends are
stored (`progress`); at its end the sums are (`receipts`). A worker that starts reads the three and goes
on where the last one stopped: what was open is sent again with the same bytes, nothing else is.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from alerts.claim import Lane
from alerts.notice import Notice
from dispatch.batch import BatchAnswer, BatchSender
from dispatch.errors import DispatchError
from dispatch.message import Messages
from dispatch.metrics import DispatchMetrics
from dispatch.outcomes import GoneGuard, PushOutcome, rule_of
from dispatch.pool import Pool
from dispatch.pushes import Pushes, Sealing
from dispatch.retry import RetryAt, next_attempt
from dispatch.selection import Selection, select
from dispatch.settings import DispatchSettings
from dispatch.slots import Slots
from dispatch.subscription import BUCKETS
from dispatch.told import Told, freeze
from dispatch.vapid import Vapid
from dispatch.ways import with_ways
from streams.checkpoint import Checkpoint
from streams.client import Consumer, Producer, Record
from streams.dead_letters import Refused, dead_letter
from streams.fanout import FanOut
from streams.late import Board, for_late, heard_by_nobody_asleep, unheard
from streams.ledger import SAVE_SECONDS, STORED_WITHIN_SECONDS, Ledger
from streams.metrics import Hop, Role, StreamMetrics
from streams.notice_board import approval_digest
from streams.ownership import Heartbeat, check, claim
from streams.payloads import OwnerRecord
from streams.plan_book import PlanBook
from streams.subscribers import Subscribers
from streams.told_book import ToldBook
from streams.topics import DEAD_LETTERS, NOTICES, SUBSCRIPTIONS
from streams.wire import decode

log = logging.getLogger(__name__)

# Longer than any turn of the loop: whoever stood still this long may have been replaced meanwhile.
PAUSE_SECONDS = 5.0
# Newcomers are gathered for this long: a record for each bucket and wave, and ten seconds are promised (R4).
LATE_SECONDS = 2.0
_IDLE_SECONDS = 0.01
# The first request must be on its way before the thousandth is made, so the socket gets its turn after these:
# an entry from the pool leaves 3 us of work for a row, one made now costs 110.
ROWS_A_TURN = 512
UNPOOLED_ROWS_A_TURN = 32
# A handful of rows costs as much to prepare as a hundred: room is gathered up to this before it is used.
LEAST_ROOM = 256
# Entries made in a turn with nothing to send: 7 ms, by which a notice that comes then waits at most.
ENTRIES_A_TURN = 64


def buckets_of(worker: int, workers: int) -> frozenset[int]:
    """Return the buckets of share *worker* of *workers*: fixed, uniform, whatever the disaster."""
    return frozenset(bucket for bucket in range(BUCKETS) if bucket % workers == worker)


@dataclass(slots=True)
class _Sending:
    """A fan-out on its way, and what is needed beside it."""

    fanout: FanOut
    pushes: Pushes
    received_ms: int
    rows_a_turn: int
    tail: int = 0
    begun: bool = False
    short: set[int] = field(default_factory=set)  # rows that were called too large once


@dataclass(slots=True)
class _Open:
    """A batch whose answers are awaited."""

    sending: _Sending
    retry: bool
    left: int


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
    ) -> None:
        self._bootstrap = bootstrap
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
        epoch = claim(bootstrap, self._producer, worker=worker, workers=workers, process=process)
        self._owner = OwnerRecord(worker, workers, epoch, process, datetime.now(UTC))
        self._heartbeat = Heartbeat(PAUSE_SECONDS)
        self._told = ToldBook.recall(bootstrap, self._buckets)
        self._ledger = Ledger(bootstrap, self._producer, self._owner, self._buckets)
        self._active: list[_Sending] = []
        self._open: dict[object, _Open] = {}
        self._slots = Slots(settings, len(subscribers.people.origins))
        self._guard = GoneGuard()
        self._board = Board()
        self._joined: set[int] = set()
        self._renewed: set[int] = set()
        self._looked_at = time.monotonic()
        mine = np.isin(np.arange(BUCKETS), list(self._buckets))
        self._pool = Pool(secret, subscribers.people, settings.pool_depth, mine)
        self._metrics.subscriptions.set(subscribers.people.living)
        self._plans = PlanBook(bootstrap)
        self._without_plan: list[Record] = []
        self._notices = Consumer(bootstrap)
        self._notices.assign_from_oldest([NOTICES.name])

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Send until told to stop; *beat* is called at every turn that may go on."""
        while not should_stop():
            self.step()
            beat()

    def step(self) -> None:
        """Take one turn: new notices, rows to the sender, answers, records."""
        if self._heartbeat.stood_still():
            check(self._bootstrap, self._owner)
        filling = not self._active and not self._pool.full
        for record in self._notices.poll_many(16, 0.0 if self._active or filling else _IDLE_SECONDS):
            self._take(record)
        self._take_again()
        self._subscribers.follow()
        self._tell_newcomers()
        now = time.time()
        more = self._fill(now)
        self._answers(self._sender.poll_batches(_IDLE_SECONDS if self._active and not more else 0.0), time.time())
        if self._ledger.save(one.fanout for one in self._active):
            for sending in self._active:
                self._meter(sending.fanout)
        self._close_finished()
        if not self._active:
            self._while_idle()
        self._metrics.in_flight.set(self._sender.in_flight)
        self._stream_metrics.lag(Role.FANOUT, NOTICES.name, len(self._active))
        self._stream_metrics.progressed(Role.FANOUT, now)

    def close(self) -> None:
        """Store what is known and leave; requests that are still open will be repeated by the next owner."""
        self._ledger.start_saving(one.fanout for one in self._active)
        self._ledger.wait()
        self._sender.close()
        self._notices.close()
        self._plans.close()
        self._subscribers.close()
        self._producer.close()

    def _while_idle(self) -> None:
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
        if approval_digest(notice) != notice.digest:
            self._stop(notice)
            return
        if any(one.fanout.notice == notice for one in self._active):
            return
        if self._plans.for_notice(notice) is None:
            self._wait_for_plan(record, notice)
            return
        self._board.add(notice, received_ms)
        if not self._ledger.is_done(notice):
            self._begin(notice, received_ms)
        self._resume_tails(notice, received_ms)

    def _wait_for_plan(self, record: Record, notice: Notice) -> None:
        """Keep a notice of ways until its plan has come: it is stored before the notice, on another topic."""
        if notice.expires > datetime.now(UTC) and not self._ledger.is_done(notice):
            self._without_plan.append(record)

    def _take_again(self) -> None:
        if self._without_plan and self._plans.follow():
            waiting, self._without_plan = self._without_plan, []
            for record in waiting:
                self._take(record)

    def _messages(self, notice: Notice) -> Messages:
        """Return the words of *notice*; those of ways are made from the plans that it names."""
        told, ways = with_ways(notice, self._plans.for_notice(notice) or {})
        return Messages(told, self._settings, ways)

    def _stop(self, notice: Notice) -> None:
        """Send nothing of what is not what was approved, and say so where people look (R14)."""
        log.error("notice stopped", extra={"lineage": notice.lineage, "reason": "digest-mismatch"})
        self._metrics.hash_stops.inc()

    def _begin(self, notice: Notice, received_ms: int) -> None:
        self._refresh()
        try:
            messages = self._messages(notice)
            list(messages.check())
        except DispatchError as error:
            # Nothing of it can go out: say so where people look, and do not try again at each start.
            log.error("notice cannot be written", extra={"lineage": notice.lineage, "reason": type(error).__name__})
            self._ledger.receipt(notice, 0, Checkpoint(), received_ms)
            return
        frozen = self._told.of_revision(notice.lineage, notice.revision)
        now = datetime.now(UTC)
        begun = time.monotonic()
        chosen = self._select(notice, self._buckets - frozen.keys(), now)
        self._metrics.select_seconds.observe(time.monotonic() - begun)
        self._metrics.selected.labels(notice.lane.value).inc(len(chosen))
        self._metrics.quieted.inc(chosen.quieted)
        if notice.expires <= now and not frozen:
            self._ledger.receipt(notice, len(chosen), _all_expired(len(chosen)), received_ms)
            return
        self._send(notice, messages, chosen, frozen, received_ms)

    def _send(
        self,
        notice: Notice,
        messages: Messages,
        chosen: Selection,
        frozen: Mapping[int, Told],
        received_ms: int,
        tail: int = 0,
    ) -> None:
        """Freeze the order of *chosen*, and send to it and to what was *frozen* before."""
        people = self._subscribers.people
        generation = self._pool.take()
        fresh = {
            bucket + tail * BUCKETS: freeze(
                people,
                notice.revision,
                selection,
                self._told.before(notice.lineage, notice.revision, bucket),
                generation=generation.name,
                said=messages.digest,
            )
            for bucket, selection in chosen.by_bucket(people).items()
        }
        # The frozen order first: a worker that takes over finds it, whatever its own registry looks like.
        self._told.store(self._producer, notice.lineage, notice.revision, fresh)
        sealings = {bucket: Sealing(generation.name, generation) for bucket in fresh}
        for bucket, told in frozen.items():
            # Keys that were promised to other words stay unused: what is sealed then depends on the words.
            keeps_its_word = bool(told.generation) and messages.digest(told.languages) == told.said
            sealings[bucket] = Sealing(told.generation if keeps_its_word else b"")
        resumed = self._ledger.resumed(notice, frozen)
        fanout = FanOut(notice, people, {**frozen, **fresh}, resumed, sealings)
        # Who joins late was looked for among all revisions: the newest that speaks to her place is this one.
        if frozen or not tail:
            fanout.give_way(self._told.units_after(notice.lineage, notice.revision))
        self._put_in_order(fanout)
        pushes = Pushes(
            people,
            messages,
            notice.expires.timestamp(),
            self._vapid,
            self._settings,
            self._secret,
            languages=fanout.languages,
            sealings=fanout.sealings,
        )
        pooled = generation.filled > 0 and not frozen
        sending = _Sending(fanout, pushes, received_ms, ROWS_A_TURN if pooled else UNPOOLED_ROWS_A_TURN, tail)
        sending.begun = bool(frozen)
        self._active.append(sending)
        self._active.sort(key=lambda one: one.fanout.urgency)

    def _put_in_order(self, fanout: FanOut) -> None:
        """Let every row hear the newest revision last, and no row wait for another's push service.

        Also after a restart, when a newer revision may have gone out already: its `told` says to whom.
        """
        notice = fanout.notice
        units = fanout.units()
        for older in (one.fanout for one in self._active):
            if older.notice.lineage == notice.lineage and older.notice.revision < notice.revision:
                fanout.hold(older.give_way(units))

    def _select(self, notice: Notice, buckets: frozenset[int], now: datetime) -> Selection:
        told = self._told.everyone_before(notice.lineage, notice.revision, buckets)
        return select(self._subscribers.people, notice, at=now, buckets=buckets, told=told)

    # ── who joins late ────────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        joined = self._subscribers.refresh()
        self._joined |= joined.all
        self._renewed |= joined.renewed
        if joined.left:
            # No push starts to who has left, however long a retry of hers has still to wait (promise 15).
            for sending in self._active:
                self._ledger.ended(sending.fanout.leave_out(joined.left))
        self._metrics.subscriptions.set(self._subscribers.people.living)

    def _tell_newcomers(self) -> None:
        if time.monotonic() - self._looked_at < LATE_SECONDS:
            return
        self._looked_at = time.monotonic()
        if self._board.empty and self._subscribers.changes == 0 and not self._joined:
            return
        self._refresh()
        joined, self._joined = self._joined, set()
        again, self._renewed = frozenset(self._renewed), set()
        if not joined:
            return
        people = self._subscribers.people
        rows = people.rows_of(np.fromiter(joined, dtype=np.uint64))
        self._tell_late(rows[rows >= 0], again)

    def _tell_late(self, rows: NDArray[np.int64], again: frozenset[int]) -> None:
        now = datetime.now(UTC)
        for revisions in self._board.in_force(now):
            for one, chosen in for_late(self._subscribers.people, revisions, rows, now=now, buckets=self._buckets):
                self._send_late(one.notice, one.received_ms, chosen, again)

    def _send_late(self, notice: Notice, received_ms: int, chosen: Selection, again: frozenset[int]) -> None:
        told = self._told.parts_of(notice.lineage, notice.revision)
        late = unheard(self._subscribers.people, chosen, told, again)
        if not len(late):
            return
        self._metrics.late.inc(len(late))
        tail = 1 + max(self._told.tails(notice.lineage, notice.revision), default=0)
        self._send(notice, self._messages(notice), late, {}, received_ms, tail)

    def _resume_tails(self, notice: Notice, received_ms: int) -> None:
        """Go on with those who joined late at the owner before, and look for whom it did not get to."""
        now = datetime.now(UTC)
        for tail, frozen in self._told.tails(notice.lineage, notice.revision).items():
            if not self._ledger.is_done(notice, tail):
                messages = self._messages(notice)
                self._send(notice, messages, Selection.nobody(), frozen, received_ms, tail)
        if notice.expires > now and self._ledger.is_done(notice) and heard_by_nobody_asleep(notice):
            # Once a start: whoever is in force and in no record signed up while nobody owned these buckets.
            self._joined.update(self._subscribers.people.row_numbers(self._everyone_of(notice, now)).tolist())

    def _everyone_of(self, notice: Notice, now: datetime) -> NDArray[np.int64]:
        people = self._subscribers.people
        chosen = unheard(
            people,
            self._select(notice, self._buckets, now),
            self._told.parts_of(notice.lineage, notice.revision),
            frozenset(),
        )
        rows: NDArray[np.int64] = chosen.rows.astype(np.int64)
        return rows

    # ── rows go out ───────────────────────────────────────────────────────────────────────────────

    def _fill(self, now: float) -> bool:
        """Hand a turn's rows to the sender while there is room, and return whether more could go at once.

        Repeats are bounded by what is not durably ended.
        """
        most = self._settings.max_in_flight
        room = min(self._sender.free, most - self._sender.in_flight - self._ledger.unsaved)
        if room < min(LEAST_ROOM, most // 8):
            return False
        cut = False
        for sending in self._active:
            if room <= 0:
                break
            turn = min(room, sending.rows_a_turn)
            handed = self._hand_over_retries(sending, turn, now)
            fanout, lane = sending.fanout, sending.fanout.notice.lane
            origins = {origin: self._room(origin, lane, now) for origin in fanout.origins}
            # Between push services by danger, and no more than the worker and the lane have room for.
            orders = fanout.fresh(origins, min(turn - handed, max(origins.values(), default=0)))
            if len(orders):
                self._hand_over(sending, orders, now, retry=False)
                handed += len(orders)
            room -= handed
            cut = cut or handed == sending.rows_a_turn
        return cut and room > 0

    def _room(self, origin: str, lane: Lane, now: float) -> int:
        """Return how many rows may go to *origin*: none while a few more answers would make it many."""
        room = self._slots.room(origin, lane, now)
        return room if room >= min(LEAST_ROOM, self._slots.window(origin)) // 4 else 0

    def _hand_over_retries(self, sending: _Sending, most: int, now: float) -> int:
        fanout, lane = sending.fanout, sending.fanout.notice.lane
        by_origin: dict[str, list[int]] = {}
        for order in fanout.due(now, most):
            by_origin.setdefault(fanout.origin_of(order), []).append(order)
        if not by_origin:
            return 0
        handed, bounded = 0, self._first_tries_wait(lane, now)
        for origin, orders in by_origin.items():
            room = self._slots.room(origin, lane, now, retry=bounded)
            for order in orders[room:]:
                # Rows that were never tried go on: a push service that is away must not hold them up.
                fanout.defer(order, max(now + SAVE_SECONDS, self._slots.paused_until(origin)))
            for short in (False, True):
                some = [order for order in orders[:room] if (order in sending.short) == short]
                if some:
                    self._hand_over(sending, np.array(some, dtype=np.int64), now, retry=True, short=short)
            handed += len(orders[:room])
        return handed

    def _first_tries_wait(self, lane: Lane, now: float) -> bool:
        """Tell whether retries of *lane* could hold up a row that was never tried.

        Where none waits, or only for push services that are left alone, their share would hold up the retries
        themselves: a burst of lost requests would drain at a twentieth of the rate with everything else idle.
        """
        return any(
            not self._slots.left_alone(origin, now)
            for fanout in (one.fanout for one in self._active)
            if fanout.notice.lane in (Lane.LIFE_SAFETY, lane)
            for origin in fanout.untried()
        )

    def _hand_over(
        self, sending: _Sending, orders: NDArray[np.int64], now: float, *, retry: bool, short: bool = False
    ) -> None:
        # Made anew for a retry: the envelope is a function of what is stored, so that the bytes are the same each time.
        fanout = sending.fanout
        batches, refused = sending.pushes.batches(fanout.rows(orders, orders.tolist()), now, short=short)
        for batch in batches:
            self._slots.take_many(batch.origin, fanout.notice.lane, len(batch.keys), retry=retry)
            self._open[batch] = _Open(sending, retry, len(batch.keys))
            self._sender.submit_batch(batch)
        if refused:
            self._end(fanout, refused, PushOutcome.FAILED, now)
        if not sending.begun:
            sending.begun = True
            self._stream_metrics.hop(Hop.APPROVED_TO_FIRST_POST, now - fanout.notice.approved_at.timestamp())

    def _answers(self, answers: Sequence[BatchAnswer], now: float) -> None:
        """Account for what has come back; who was accepted is written down in one go."""
        accepted: dict[tuple[int, int], tuple[FanOut, list[int]]] = {}
        for answer in answers:
            opened = self._open[answer.batch]
            count = len(answer.keys)
            opened.left -= count
            if not opened.left:
                del self._open[answer.batch]
            fanout, origin, outcome = opened.sending.fanout, answer.batch.origin, answer.outcome
            self._slots.give_back(origin, fanout.notice.lane, retry=opened.retry, count=count)
            self._slots.answered(origin, outcome, count, now, answer.retry_after_seconds)
            self._metrics.answered_within(answer.ended_at - answer.started_at, count)
            if self._guard.seen(origin, outcome, now, count) is not None:
                self._metrics.gone_alarms.inc()
                log.error("too many subscriptions called gone: none is forgotten until a person looks")
            self._release(fanout, answer.keys)
            if outcome is PushOutcome.ACCEPTED:
                size = len(answer.batch.bodies[0])
                accepted.setdefault((id(fanout), size), (fanout, []))[1].extend(answer.keys)
            else:
                self._metrics.pushes.labels(outcome.value, fanout.notice.lane.value).inc(count)
                self._not_accepted(opened.sending, answer, now)
        for (_, size), (fanout, orders) in accepted.items():
            self._metrics.pushes.labels(PushOutcome.ACCEPTED.value, fanout.notice.lane.value).inc(len(orders))
            self._end(fanout, orders, PushOutcome.ACCEPTED, now, size)

    def _release(self, fanout: FanOut, orders: Sequence[int]) -> None:
        for other in (one.fanout for one in self._active):
            if other.holds and other is not fanout and other.notice.lineage == fanout.notice.lineage:
                for order in orders:
                    other.release(fanout.unit(order))

    def _not_accepted(self, sending: _Sending, answer: BatchAnswer, now: float) -> None:
        fanout = sending.fanout
        origin, outcome = answer.batch.origin, answer.outcome
        rule = rule_of(outcome)
        if rule.forget and self._guard.alarm(origin) is None:
            for order in answer.keys:
                self._forget(fanout, order)
        ended = answer.keys
        if rule.retry:
            ended = [order for order in answer.keys if not self._waits(fanout, order, answer, now)]
        if rule.shorten:
            ended = [order for order in answer.keys if not self._shortens(sending, order, now)]
        if ended:
            self._end(fanout, ended, outcome, now)

    def _waits(self, fanout: FanOut, order: int, answer: BatchAnswer, now: float) -> bool:
        """Keep a row for another attempt, or return False when it has had its last."""
        if fanout.has_given_way(order):
            return False
        again = next_attempt(
            answer.outcome,
            fanout.attempts(order) + 1,
            now=now,
            expires_at=answer.batch.expires_at,
            jitter=(order % 97) / 97,
            settings=self._settings,
            retry_after_seconds=answer.retry_after_seconds,
        )
        if not isinstance(again, RetryAt):
            return False
        fanout.wait(order, again)
        return True

    def _shortens(self, sending: _Sending, order: int, now: float) -> bool:
        """Keep a row for its one try with the short form, or return False when it has had that."""
        if order in sending.short or sending.fanout.has_given_way(order):
            return False
        sending.short.add(order)
        sending.fanout.wait(order, RetryAt(now))
        return True

    def _end(self, fanout: FanOut, orders: Sequence[int], outcome: PushOutcome, now: float, size: int = 0) -> None:
        fanout.end(orders, outcome, at_ms=round(now * 1000), body_bytes=size)
        self._ledger.ended(len(orders))

    def _meter(self, fanout: FanOut) -> None:
        for ward, accepted, size in fanout.take_ward_news():
            self._metrics.ward_accepted.labels(ward).inc(accepted)
            self._metrics.ward_bytes.labels(ward).inc(size)

    def _forget(self, fanout: FanOut, order: int) -> None:
        identifier = fanout.id_of(order)
        self._subscribers.forget(identifier)
        self._metrics.forgotten.inc()
        self._producer.send(SUBSCRIPTIONS.name, identifier, None)

    def _close_finished(self) -> None:
        for sending in [one for one in self._active if one.fanout.done]:
            fanout = sending.fanout
            self._active.remove(sending)
            self._meter(fanout)
            selected, totals = fanout.totals()
            receipt = self._ledger.receipt(fanout.notice, selected, totals, sending.received_ms, sending.tail)
            if receipt.first_accepted_ms is not None and not sending.tail:
                seconds = (receipt.first_accepted_ms - sending.received_ms) / 1000
                self._stream_metrics.hop(Hop.RECEIVED_TO_FIRST_ACCEPTED, seconds)
                self._metrics.first_push_seconds.labels(fanout.notice.lane.value).observe(max(0.0, seconds))
            if not any(one.fanout.notice.lineage == fanout.notice.lineage for one in self._active):
                self._told.thin(self._producer, fanout.notice.lineage)


def _all_expired(count: int) -> Checkpoint:
    checkpoint = Checkpoint()
    if count:
        checkpoint.outcomes[PushOutcome.EXPIRED.value] = count
    return checkpoint
