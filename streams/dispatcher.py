"""A dispatch worker: reads every notice, sends to its own buckets, and can be killed at any moment.

Before the first POST of a notice the frozen order is stored (`told`); while it goes out the ends are
stored (`progress`); at its end the sums are (`receipts`). A worker that starts reads the three and goes
on where the last one stopped: what was open is sent again with the same bytes, nothing else is.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

from alerts.notice import Notice
from dispatch.errors import DispatchError, EndpointRefused
from dispatch.message import Messages
from dispatch.metrics import DispatchMetrics
from dispatch.outcomes import GoneGuard, PushOutcome, rule_of
from dispatch.pushes import Pushes
from dispatch.retry import RetryAt, next_attempt
from dispatch.selection import Selection, select
from dispatch.sender import Answer, Sender
from dispatch.settings import DispatchSettings
from dispatch.slots import SlotRefusal, Slots
from dispatch.subscription import BUCKETS
from dispatch.told import freeze
from dispatch.vapid import Vapid
from streams.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    parse_progress_key,
    progress_key,
)
from streams.client import Consumer, Producer, Record, Stored, read_to_end
from streams.dead_letters import Refused, dead_letter
from streams.fanout import FanOut, Ticket
from streams.metrics import Hop, Role, StreamMetrics
from streams.ownership import Heartbeat, check, claim
from streams.payloads import OwnerRecord, ReceiptRecord
from streams.subscribers import Subscribers
from streams.told_book import ToldBook
from streams.topics import DEAD_LETTERS, NOTICES, PROGRESS, RECEIPTS, SUBSCRIPTIONS
from streams.wire import decode, encode

log = logging.getLogger(__name__)

# A record each 1,000 ends or 50 ms, whichever is first: what a kill makes us repeat stays small.
SAVE_ENDS = 1000
SAVE_SECONDS = 0.05
STORED_WITHIN_SECONDS = 30.0
# Longer than any turn of the loop: whoever stood still this long may have been replaced meanwhile.
PAUSE_SECONDS = 5.0
# How long a push service rests that said it is busy and not for how long.
PAUSED_SECONDS = 1.0
_IDLE_SECONDS = 0.01
# Encrypting a row takes a third of a millisecond: the first request must be on its way before the
# thousandth is made, so the socket gets its turn after these.
ROWS_A_TURN = 32

Place = tuple[str, int, int]  # lineage, revision, bucket


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
        sender: Sender,
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
        self._saved: dict[Place, tuple[int, bytes]] = {}
        self._done: set[tuple[str, int]] = set()
        self._active: list[FanOut] = []
        self._pushes: dict[FanOut, Pushes] = {}
        self._received_ms: dict[FanOut, int] = {}
        self._not_begun: set[FanOut] = set()
        self._slots = Slots(settings, len(subscribers.registry.columns.origins))
        self._guard = GoneGuard()
        self._ends_not_saved = 0
        self._ends_being_saved = 0
        self._saving: list[Future[Stored]] = []
        self._saved_at = 0.0
        self._recall()
        self._metrics.subscriptions.set(subscribers.registry.count)
        self._notices = Consumer(bootstrap)
        self._notices.assign_from_oldest([NOTICES.name])

    # ── the logs ──────────────────────────────────────────────────────────────────────────────────

    def _recall(self) -> None:
        for record in read_to_end(self._bootstrap, PROGRESS.name):
            lineage, revision, bucket_number, epoch = parse_progress_key(record.key)
            if record.value is None or bucket_number not in self._buckets:
                continue
            place = lineage, revision, bucket_number
            if epoch >= self._saved.get(place, (0, b""))[0]:
                self._saved[place] = epoch, record.value
        for record in read_to_end(self._bootstrap, RECEIPTS.name):
            if record.value is not None:
                receipt = decode(ReceiptRecord, record.value)
                if (receipt.worker, receipt.workers) == (self._owner.worker, self._owner.workers):
                    self._done.add((receipt.lineage, receipt.revision))

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
        for record in self._notices.poll_many(16, 0.0 if self._active else _IDLE_SECONDS):
            self._take(record)
        self._subscribers.follow()
        now = time.time()
        more = self._fill(now)
        for answer in self._sender.poll(_IDLE_SECONDS if self._active and not more else 0.0):
            self._answered(answer, time.time())
        self._save()
        self._close_finished()
        self._metrics.in_flight.set(self._sender.in_flight)
        self._stream_metrics.lag(Role.FANOUT, NOTICES.name, len(self._active))
        self._stream_metrics.progressed(Role.FANOUT, now)

    def close(self) -> None:
        """Store what is known and leave; requests that are still open will be repeated by the next owner."""
        self._start_saving()
        self._await_saved()
        self._sender.close()
        self._notices.close()
        self._subscribers.close()
        self._producer.close()

    # ── a notice begins ───────────────────────────────────────────────────────────────────────────

    def _take(self, record: Record) -> None:
        try:
            notice = decode(Notice, record.value)
        except Refused as error:
            key, value, headers = dead_letter(record, error)
            self._producer.send(DEAD_LETTERS.name, key, value, headers).result(STORED_WITHIN_SECONDS)
            self._stream_metrics.dead_letter(NOTICES.name, error.reason)
            return
        this = notice.lineage, notice.revision
        if this in self._done or any((one.notice.lineage, one.notice.revision) == this for one in self._active):
            return
        self._begin(notice, int(record.headers.get("t-received", b"%d" % record.timestamp_ms)))

    def _begin(self, notice: Notice, received_ms: int) -> None:
        registry = self._subscribers.refresh()
        self._metrics.subscriptions.set(registry.count)
        try:
            messages = Messages(notice, self._settings)
            list(messages.check())
        except DispatchError as error:
            # Nothing of it can go out: say so where people look, and do not try again at each start.
            log.error("notice cannot be written", extra={"lineage": notice.lineage, "reason": type(error).__name__})
            self._receipt(notice, 0, Checkpoint(), received_ms)
            return
        frozen = {
            bucket: told
            for bucket in self._buckets
            if (told := self._told.at(notice.lineage, notice.revision, bucket)) is not None
        }
        now = datetime.now(UTC)
        chosen = self._select(notice, self._buckets - frozen.keys(), now)
        self._metrics.selected.labels(notice.lane.value).inc(len(chosen))
        self._metrics.quieted.inc(chosen.quieted)
        if notice.expires <= now and not frozen:
            self._receipt(notice, len(chosen), _all_expired(len(chosen)), received_ms)
            return
        fresh = {
            bucket: freeze(
                registry, notice.revision, selection, self._told.before(notice.lineage, notice.revision, bucket)
            )
            for bucket, selection in chosen.by_bucket(registry).items()
        }
        # The frozen order first: a worker that takes over finds it, whatever its own registry looks like.
        self._told.store(self._producer, notice.lineage, notice.revision, fresh)
        resumed = {
            bucket: decode_checkpoint(saved[1])
            for bucket in frozen
            if (saved := self._saved.get((notice.lineage, notice.revision, bucket))) is not None
        }
        fanout = FanOut(notice, registry, {**frozen, **fresh}, resumed)
        self._put_in_order(fanout)
        self._active.append(fanout)
        self._active.sort(key=lambda active: active.urgency)
        self._pushes[fanout] = Pushes(
            registry, messages, notice.expires.timestamp(), self._vapid, self._settings, self._secret
        )
        self._received_ms[fanout] = received_ms
        if not frozen:
            self._not_begun.add(fanout)

    def _put_in_order(self, fanout: FanOut) -> None:
        """Let every row hear the newest revision last, and no row wait for another's push service.

        Also after a restart, when a newer revision may have gone out already: its `told` says to whom.
        """
        notice = fanout.notice
        fanout.give_way(self._told.numbers_after(notice.lineage, notice.revision))
        for older in self._active:
            if older.notice.lineage == notice.lineage and older.notice.revision < notice.revision:
                fanout.hold(older.give_way(fanout.numbers()))

    def _select(self, notice: Notice, buckets: frozenset[int], now: datetime) -> Selection:
        told = self._told.everyone_before(notice.lineage, notice.revision, buckets)
        return select(self._subscribers.registry, notice, at=now, buckets=buckets, told=told)

    # ── rows go out ───────────────────────────────────────────────────────────────────────────────

    def _fill(self, now: float) -> bool:
        """Hand a turn's rows to the sender while there is room, and return whether more could go at once.

        Repeats are bounded by what is not durably ended.
        """
        room = min(self._sender.free, self._settings.max_in_flight - self._sender.in_flight - self._ends_not_saved)
        cut = room > ROWS_A_TURN
        room = min(room, ROWS_A_TURN)
        for fanout in self._active:
            blocked: set[str] = set()
            retries = True
            while room > 0:
                ticket = fanout.next_retry(now) if retries else None
                retry = ticket is not None
                if ticket is None:
                    ticket = fanout.next_fresh(blocked)
                if ticket is None:
                    break
                refusal = self._slots.take(ticket.origin, fanout.notice.lane, now, retry=retry)
                if refusal is None:
                    self._hand_over(fanout, ticket, now)
                    room -= 1
                elif retry:
                    # Rows that were never tried go on: a push service that is away must not hold them up.
                    fanout.defer(ticket, max(now + SAVE_SECONDS, self._slots.paused_until(ticket.origin)))
                    retries = refusal is SlotRefusal.ORIGIN_PAUSED
                else:
                    fanout.put_back(ticket)
                    blocked.add(ticket.origin)
        return cut and room == 0

    def _hand_over(self, fanout: FanOut, ticket: Ticket, now: float) -> None:
        # Made anew for a retry: the envelope is derived, so that the bytes are the same each time.
        try:
            push = self._pushes[fanout].push(ticket.row, ticket.part, ticket, now)
        except EndpointRefused:
            self._slots.give_back(ticket.origin, fanout.notice.lane, retry=ticket.attempts > 0)
            self._end(fanout, ticket, PushOutcome.FAILED, now)
            return
        self._sender.submit(push)
        if fanout in self._not_begun:
            self._not_begun.discard(fanout)
            self._stream_metrics.hop(Hop.APPROVED_TO_FIRST_POST, now - fanout.notice.approved_at.timestamp())

    def _answered(self, answer: Answer, now: float) -> None:
        ticket = answer.push.key
        assert isinstance(ticket, Ticket)
        fanout = ticket.fanout
        lane = fanout.notice.lane
        self._slots.give_back(ticket.origin, lane, retry=ticket.attempts > 0)
        self._metrics.pushes.labels(answer.outcome.value, lane.value).inc()
        self._metrics.push_seconds.observe(answer.ended_at - answer.started_at)
        rule = rule_of(answer.outcome)
        if self._guard.seen(ticket.origin, answer.outcome, now) is not None:
            self._metrics.gone_alarms.inc()
            log.error("too many subscriptions called gone: none is forgotten until a person looks")
        if rule.forget and self._guard.alarm(ticket.origin) is None:
            self._forget(fanout, ticket)
        if rule.pauses_origin:
            self._slots.pause(ticket.origin, now + (answer.retry_after_seconds or PAUSED_SECONDS))
        for other in self._active:
            if other.notice.lineage == fanout.notice.lineage and other is not fanout:
                other.release(ticket.number)
        if rule.retry and not fanout.has_given_way(ticket):
            again = next_attempt(
                answer.outcome,
                ticket.attempts + 1,
                now=now,
                expires_at=answer.push.expires_at,
                jitter=(ticket.order % 97) / 97,
                settings=self._settings,
                retry_after_seconds=answer.retry_after_seconds,
            )
            if isinstance(again, RetryAt):
                fanout.wait(ticket, again)
                return
        if answer.outcome is PushOutcome.ACCEPTED:
            ward = fanout.ward_of(ticket)
            self._metrics.ward_accepted.labels(ward).inc()
            self._metrics.ward_bytes.labels(ward).inc(len(answer.push.body))
        self._end(fanout, ticket, answer.outcome, now)

    def _end(self, fanout: FanOut, ticket: Ticket, outcome: PushOutcome, now: float) -> None:
        fanout.end(ticket, outcome, at_ms=round(now * 1000))
        self._ends_not_saved += 1

    def _forget(self, fanout: FanOut, ticket: Ticket) -> None:
        identifier = fanout.id_of(ticket)
        self._subscribers.forget(identifier)
        self._metrics.forgotten.inc()
        self._producer.send(SUBSCRIPTIONS.name, identifier, None)

    # ── records ───────────────────────────────────────────────────────────────────────────────────

    def _save(self) -> None:
        if self._saving:
            if not all(future.done() for future in self._saving):
                return
            self._await_saved()
        due = self._ends_not_saved >= SAVE_ENDS or time.monotonic() - self._saved_at >= SAVE_SECONDS
        if self._ends_not_saved and due:
            self._start_saving()

    def _start_saving(self) -> None:
        self._await_saved()
        for fanout in self._active:
            notice = fanout.notice
            for bucket, checkpoint in fanout.take_dirty():
                key = progress_key(notice.lineage, notice.revision, bucket, self._owner.epoch)
                self._saving.append(self._producer.send(PROGRESS.name, key, encode_checkpoint(checkpoint)))
        self._ends_being_saved = self._ends_not_saved
        self._saved_at = time.monotonic()

    def _await_saved(self) -> None:
        """Read the delivery reports; a record that could not be stored ends the process."""
        for future in self._saving:
            future.result(STORED_WITHIN_SECONDS)
        self._saving = []
        self._ends_not_saved -= self._ends_being_saved
        self._ends_being_saved = 0

    def _close_finished(self) -> None:
        for fanout in [active for active in self._active if active.done]:
            selected, totals = fanout.totals()
            self._active.remove(fanout)
            self._not_begun.discard(fanout)
            self._receipt(fanout.notice, selected, totals, self._received_ms.pop(fanout))
            del self._pushes[fanout]
            if not any(active.notice.lineage == fanout.notice.lineage for active in self._active):
                self._told.thin(self._producer, fanout.notice.lineage)

    def _receipt(self, notice: Notice, selected: int, totals: Checkpoint, received_ms: int) -> None:
        receipt = ReceiptRecord(
            lineage=notice.lineage,
            revision=notice.revision,
            document=notice.document,
            worker=self._owner.worker,
            workers=self._owner.workers,
            epoch=self._owner.epoch,
            selected=selected,
            outcomes=dict(totals.outcomes),
            wards=dict(totals.wards),
            received_ms=received_ms,
            first_accepted_ms=totals.first_accepted_ms,
            last_accepted_ms=totals.last_accepted_ms,
        )
        key = f"{notice.lineage}|{notice.revision}|{self._owner.worker}".encode()
        self._producer.send(RECEIPTS.name, key, encode(receipt)).result(STORED_WITHIN_SECONDS)
        self._done.add((notice.lineage, notice.revision))
        if totals.first_accepted_ms is not None:
            seconds = (totals.first_accepted_ms - received_ms) / 1000
            self._stream_metrics.hop(Hop.RECEIVED_TO_FIRST_ACCEPTED, seconds)
            self._metrics.first_push_seconds.labels(notice.lane.value).observe(max(0.0, seconds))


def _all_expired(count: int) -> Checkpoint:
    checkpoint = Checkpoint()
    if count:
        checkpoint.outcomes[PushOutcome.EXPIRED.value] = count
    return checkpoint
