"""Rows go out and answers come back: between the fan-outs of a worker and what speaks HTTP for it.

Repeats are bounded here: what is open and what has ended without its end being stored never exceed
`max_in_flight` together (promise 2).
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alerts.claim import Lane
from dispatch.batch import BatchAnswer, BatchSender
from dispatch.metrics import DispatchMetrics
from dispatch.outcomes import GoneGuard, PushOutcome, rule_of
from dispatch.pushes import Pushes
from dispatch.retry import RetryAt, next_attempt
from dispatch.settings import DispatchSettings
from dispatch.slots import Slots
from streams.fanout.course import Course
from streams.fanout.fanout import FanOut
from streams.fanout.ledger import SAVE_SECONDS, Ledger
from streams.metrics import Hop, StreamMetrics

log = logging.getLogger(__name__)

# A handful of rows costs as much to prepare as a hundred: room is gathered up to this before it is used.
LEAST_ROOM = 256
# So many rows for each that may be open are kept ready: about a second of sending, in which the next range is stored.
READY_PER_OPEN = 4
# While a life-safety notice has more rows than go in a turn, other lanes get this part of theirs, since its next rows
# wait for them. Not nothing: a canary is to tell how long it took, and not that we stopped.
BEHIND = 8


@dataclass(slots=True)
class Sending:
    """A range on its way, and what is needed beside it."""

    course: Course
    fanout: FanOut
    pushes: Pushes
    rows_a_turn: int
    short: set[int] = field(default_factory=set)  # rows that were called too large once


@dataclass(slots=True)
class _Open:
    """A batch whose answers are awaited."""

    sending: Sending
    retry: bool
    left: int


class Outbox:
    """The ranges that are on their way, the most urgent first."""

    def __init__(
        self,
        sender: BatchSender,
        settings: DispatchSettings,
        ledger: Ledger,
        forget: Callable[[bytes], None],
        metrics: DispatchMetrics,
        stream_metrics: StreamMetrics,
        origins: int,
    ) -> None:
        """*forget* is told the id of a subscription that its push service calls gone."""
        self.active: list[Sending] = []
        self._sender = sender
        self._settings = settings
        self._ledger = ledger
        self._forget = forget
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._open: dict[object, _Open] = {}
        self._slots = Slots(settings, origins)
        self._guard = GoneGuard()
        self._idle_room = False

    def add(self, sending: Sending) -> None:
        """Send a range, after what is more urgent."""
        self.active.append(sending)
        self.active.sort(key=lambda one: one.fanout.urgency)

    @property
    def fanouts(self) -> Iterable[FanOut]:
        """Return what is on its way."""
        return (one.fanout for one in self.active)

    def wants_more(self, course: Course) -> bool:
        """Say whether the next range of *course* should be made ready: nothing may wait for it."""
        own = [one.fanout for one in self.active if one.course is course]
        ready = sum(fanout.untried_at_most for fanout in own)
        if ready <= READY_PER_OPEN * self._settings.max_in_flight:
            return True
        # All that is left may be for a push service that hangs: the others must not wait for it.
        return self._idle_room

    def finished(self) -> list[Sending]:
        """Take out the ranges of which every row has its end."""
        done = [one for one in self.active if one.fanout.done]
        for one in done:
            self.active.remove(one)
        return done

    # ── rows go out ───────────────────────────────────────────────────────────────────────────────

    def fill(self, now: float) -> bool:
        """Hand a turn's rows to the sender while there is room, and return whether more could go at once."""
        most = self._settings.max_in_flight
        room = min(self._sender.free, most - self._sender.in_flight - self._ledger.unsaved)
        least = min(LEAST_ROOM, most // 8)
        if room < least:
            self._idle_room = False
            return False
        cut = pressing = False
        for sending in self.active:
            if room <= 0:
                break
            fanout, lane = sending.fanout, sending.fanout.notice.lane
            urgent = lane is Lane.LIFE_SAFETY
            turn = min(room, sending.rows_a_turn if urgent or not pressing else sending.rows_a_turn // BEHIND)
            handed = self._hand_over_retries(sending, turn, now)
            origins = {origin: self._room(origin, lane, now) for origin in fanout.origins}
            # Between push services by danger, and no more than the worker and the lane have room for.
            orders = fanout.fresh(origins, min(turn - handed, max(origins.values(), default=0)))
            if len(orders):
                self._hand_over(sending, orders, now, retry=False)
                handed += len(orders)
            room -= handed
            cut = cut or handed == sending.rows_a_turn
            pressing = pressing or (urgent and handed == sending.rows_a_turn)
        self._idle_room = not cut and room >= least and self._some_origin_waits_for_rows(now)
        return cut and room > 0

    def fill_for(self, seconds: float, meanwhile: Callable[[], None], clock: Callable[[], float] = time.time) -> bool:
        """Hand rows over as `fill` does, and where a turn has few of them again and again for so long.

        Few they are where each envelope is made now. All else in a turn costs more than such a handful, and while many
        sign up it would be nearly all that is done; *meanwhile* lets the socket have its turn between.
        """
        until = clock() + seconds
        more = self.fill(clock())
        while more and clock() < until and any(sending.rows_a_turn < LEAST_ROOM for sending in self.active):
            meanwhile()
            more = self.fill(clock())
        return more

    def _some_origin_waits_for_rows(self, now: float) -> bool:
        waiting = {origin for fanout in self.fanouts for origin in fanout.untried()}
        return any(
            origin not in waiting and self._room(origin, fanout.notice.lane, now) > 0
            for fanout in self.fanouts
            for origin in fanout.origins
        )

    def _room(self, origin: str, lane: Lane, now: float) -> int:
        """Return how many rows may go to *origin*: none while a few more answers would make it many."""
        room = self._slots.room(origin, lane, now)
        return room if room >= min(LEAST_ROOM, self._slots.window(origin)) // 4 else 0

    def _hand_over_retries(self, sending: Sending, most: int, now: float) -> int:
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
            for fanout in self.fanouts
            if fanout.notice.lane in (Lane.LIFE_SAFETY, lane)
            for origin in fanout.untried()
        )

    def _hand_over(
        self, sending: Sending, orders: NDArray[np.int64], now: float, *, retry: bool, short: bool = False
    ) -> None:
        # Made anew for a retry: the envelope is a function of what is stored, so that the bytes are the same each time.
        fanout, course = sending.fanout, sending.course
        batches, refused = sending.pushes.batches(fanout.rows(orders, orders.tolist()), now, short=short)
        for batch in batches:
            self._slots.take_many(batch.origin, fanout.notice.lane, len(batch.keys), retry=retry)
            self._open[batch] = _Open(sending, retry, len(batch.keys))
            self._sender.submit_batch(batch)
        if refused:
            self._end(fanout, refused, PushOutcome.FAILED, now)
        if not course.begun:
            course.begun = True
            self._stream_metrics.hop(Hop.APPROVED_TO_FIRST_POST, now - fanout.notice.approved_at.timestamp())

    # ── answers come back ─────────────────────────────────────────────────────────────────────────

    def answers(self, answers: Sequence[BatchAnswer], now: float) -> None:
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
        for other in self.fanouts:
            if other.holds and other is not fanout and other.notice.lineage == fanout.notice.lineage:
                for order in orders:
                    other.release(fanout.unit(order))

    def _not_accepted(self, sending: Sending, answer: BatchAnswer, now: float) -> None:
        fanout = sending.fanout
        origin, outcome = answer.batch.origin, answer.outcome
        rule = rule_of(outcome)
        if rule.forget and self._guard.alarm(origin) is None:
            for order in answer.keys:
                self._forget(fanout.id_of(order))
                self._metrics.forgotten.inc()
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

    def _shortens(self, sending: Sending, order: int, now: float) -> bool:
        """Keep a row for its one try with the short form, or return False when it has had that."""
        if order in sending.short or sending.fanout.has_given_way(order):
            return False
        sending.short.add(order)
        sending.fanout.wait(order, RetryAt(now))
        return True

    def _end(self, fanout: FanOut, orders: Sequence[int], outcome: PushOutcome, now: float, size: int = 0) -> None:
        fanout.end(orders, outcome, at_ms=round(now * 1000), body_bytes=size)
        self._ledger.ended(len(orders))
