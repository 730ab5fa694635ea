"""The fan-out of one notice over the buckets of one worker, without a broker.

The order is frozen bucket by bucket in the `told` record before the first POST, so that a worker that
takes over sends the same rows in the same order whatever its own registry looks like by then. What is
final is in `progress`; what is not is sent again. Rows whose end is not yet durable count as open:
together with the requests in flight they never exceed `max_in_flight`, which is the promised bound on
repeats (promise 2).
"""

import heapq
from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from alerts.claim import Lane
from alerts.notice import Notice
from dispatch.outcomes import PushOutcome
from dispatch.progress import Progress
from dispatch.registry import Registry
from dispatch.retry import RetryAt
from dispatch.told import Told
from streams.checkpoint import Checkpoint

# Life before routine; a drill waits for both.
Row = tuple[str, int, int, int, int]  # origin, place, row of the registry, part, row number
_LANE_ORDER = {Lane.LIFE_SAFETY: 0, Lane.CANARY: 1, Lane.ROUTINE: 2, Lane.DRILL: 3}


class Unsent(StrEnum):
    """Ends of a row that no push service had a part in; counted beside `PushOutcome`."""

    SUPERSEDED = "superseded"  # a newer revision speaks to this row
    UNSUBSCRIBED = "unsubscribed"  # gone since the order was frozen


@dataclass(frozen=True, slots=True)
class Ticket:
    """One row of one bucket on its way out: what a push carries as its key."""

    fanout: "FanOut"
    bucket: int
    origin: str
    place: int  # position among the bucket's rows of this origin: what Progress counts
    order: int  # position in the whole fan-out: the most endangered first
    row: int  # row of the registry
    part: int
    number: int  # the row's random number: the same in every registry and revision
    attempts: int = 0


@dataclass(slots=True)
class _Bucket:
    """One bucket's frozen order and how far it is."""

    told: Told
    checkpoint: Checkpoint
    left: int
    dirty: bool = False


class FanOut:
    """Hand out the rows of a notice, worst danger first, and keep the account of each."""

    def __init__(
        self,
        notice: Notice,
        registry: Registry,
        frozen: Mapping[int, Told],
        resumed: Mapping[int, Checkpoint],
    ) -> None:
        """*frozen* has one `Told` per bucket that selects somebody; *resumed* what is known to be final."""
        self.notice = notice
        self._registry = registry
        self._buckets: dict[int, _Bucket] = {}
        # A queue for each origin: one that hangs must not hold up the rows of the others.
        self._fresh: dict[str, deque[Ticket]] = {}
        self._retries: list[tuple[float, int, Ticket]] = []
        self._sequence = 0
        self._in_flight: set[int] = set()
        self._held: dict[int, Ticket] = {}
        self._given_way: set[int] = set()
        rows: list[tuple[int, int, Row]] = []
        for bucket, told in sorted(frozen.items()):
            rows.extend(self._open(bucket, told, resumed.get(bucket) or Checkpoint()))
        rows.sort(key=lambda entry: entry[:2])
        for order, (_, bucket, (origin, place, row, part, number)) in enumerate(rows):
            ticket = Ticket(self, bucket, origin, place, order, row, part, number)
            self._fresh.setdefault(origin, deque()).append(ticket)

    def _open(self, bucket: int, told: Told, checkpoint: Checkpoint) -> Iterator[tuple[int, int, Row]]:
        """Set up a bucket and yield (rank, bucket, row) for its rows that are not final."""
        places: dict[str, int] = {}
        progress = checkpoint.positions
        for origin, count in Counter(told.origins[index] for index in told.origin.tolist()).items():
            progress.setdefault(origin, Progress(count))
        state = _Bucket(told, checkpoint, left=0)
        self._buckets[bucket] = state
        ranks = [part.rank for part in self.notice.parts]
        here = self._registry.rows_of(told.rows).tolist()
        columns = zip(here, told.parts.tolist(), told.origin.tolist(), told.rows.tolist(), strict=True)
        for row, part, origin_index, number in columns:
            origin = told.origins[origin_index]
            place = places.get(origin, 0)
            places[origin] = place + 1
            if progress[origin].is_final(place):
                continue
            if row < 0:
                # Unsubscribed since the order was frozen: nobody to send to, and nothing open.
                progress[origin].mark_final(place)
                checkpoint.outcomes[Unsent.UNSUBSCRIBED.value] += 1
                state.dirty = True
                continue
            state.left += 1
            yield ranks[part], bucket, (origin, place, row, part, number)

    @property
    def urgency(self) -> tuple[int, int, str, int]:
        """Return what fan-outs are ordered by: lane, worst rank's danger, then lineage and revision."""
        level = max((int(part.level) for part in self.notice.parts if part.level is not None), default=0)
        return (_LANE_ORDER[self.notice.lane], -level, self.notice.lineage, self.notice.revision)

    @property
    def done(self) -> bool:
        """Say whether every row of every bucket has its end."""
        return not self._in_flight and not self._retries and not self._held and not any(self._fresh.values())

    def next_fresh(self, blocked: Container[str]) -> Ticket | None:
        """Return the next row that was never tried and whose origin is not *blocked*, or None."""
        best: deque[Ticket] | None = None
        for origin, queue in self._fresh.items():
            if queue and origin not in blocked and (best is None or queue[0].order < best[0].order):
                best = queue
        if best is None:
            return None
        ticket = best.popleft()
        self._in_flight.add(ticket.number)
        return ticket

    def next_retry(self, now: float) -> Ticket | None:
        """Return a row whose waiting time is over at *now* (epoch seconds), or None."""
        if not self._retries or self._retries[0][0] > now:
            return None
        ticket = heapq.heappop(self._retries)[2]
        self._in_flight.add(ticket.number)
        return ticket

    def put_back(self, ticket: Ticket) -> None:
        """Take back a row that could not be handed over now; it is the next of its origin again."""
        self._in_flight.discard(ticket.number)
        self._fresh.setdefault(ticket.origin, deque()).appendleft(ticket)

    def defer(self, ticket: Ticket, at: float) -> None:
        """Take back a retry for which there is no room before *at*; nothing was tried, nothing is counted."""
        self._in_flight.discard(ticket.number)
        self._sequence += 1
        heapq.heappush(self._retries, (at, self._sequence, ticket))

    def wait(self, ticket: Ticket, retry: RetryAt) -> None:
        """Keep a row for another attempt."""
        again = replace(ticket, attempts=ticket.attempts + 1)
        self.defer(again, retry.at)
        bucket = self._buckets[ticket.bucket]
        bucket.checkpoint.positions[ticket.origin].mark_retry(ticket.place, again.attempts)
        bucket.dirty = True

    def end(self, ticket: Ticket, outcome: PushOutcome | Unsent, *, at_ms: int) -> None:
        """Record the end of a row."""
        self._in_flight.discard(ticket.number)
        bucket = self._buckets[ticket.bucket]
        bucket.checkpoint.positions[ticket.origin].mark_final(ticket.place)
        bucket.checkpoint.outcomes[outcome.value] += 1
        if outcome is PushOutcome.ACCEPTED:
            bucket.checkpoint.accepted(self._registry.ward_of(ticket.row), at_ms)
        bucket.dirty = True
        bucket.left -= 1

    def ward_of(self, ticket: Ticket) -> str:
        """Return the ward label of a row, for counting only."""
        return self._registry.ward_of(ticket.row)

    def id_of(self, ticket: Ticket) -> bytes:
        """Return the subscription id of a row."""
        return self._registry.id_of(ticket.row)

    # ── revisions of one lineage ──────────────────────────────────────────────────────────────────

    def numbers(self) -> set[int]:
        """Return the row numbers that this fan-out is for, whatever became of them."""
        return {number for state in self._buckets.values() for number in state.told.rows.tolist()}

    def give_way(self, newer: Set[int]) -> frozenset[int]:
        """End the rows that a *newer* revision speaks to; return those whose request is open now.

        Only these: a revision tells what changed, and whom it does not select still needs this one.
        """
        for queue in self._fresh.values():
            self._pass([ticket for ticket in queue if ticket.number in newer])
            kept = [ticket for ticket in queue if ticket.number not in newer]
            queue.clear()
            queue.extend(kept)
        self._pass([ticket for _, _, ticket in self._retries if ticket.number in newer])
        self._retries = [entry for entry in self._retries if entry[2].number not in newer]
        heapq.heapify(self._retries)
        self._pass([self._held.pop(number) for number in newer & self._held.keys()])
        self._given_way |= newer
        return frozenset(newer & self._in_flight)

    def has_given_way(self, ticket: Ticket) -> bool:
        """Say whether a newer revision speaks to this row: then it gets no further attempt."""
        return ticket.number in self._given_way

    def hold(self, numbers: Set[int]) -> None:
        """Keep rows back whose older request is open: were it the later one to arrive, it would replace this."""
        if not numbers:
            return
        for queue in self._fresh.values():
            self._held.update({ticket.number: ticket for ticket in queue if ticket.number in numbers})
            kept = [ticket for ticket in queue if ticket.number not in numbers]
            queue.clear()
            queue.extend(kept)

    def release(self, number: int) -> None:
        """Let a row go that was held back; it is the next of its origin."""
        ticket = self._held.pop(number, None)
        if ticket is not None:
            self._fresh.setdefault(ticket.origin, deque()).appendleft(ticket)

    def _pass(self, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            self.end(ticket, Unsent.SUPERSEDED, at_ms=0)

    def take_dirty(self) -> tuple[tuple[int, Checkpoint], ...]:
        """Return the buckets whose progress is ahead of its record, once."""
        dirty = tuple((bucket, state.checkpoint) for bucket, state in self._buckets.items() if state.dirty)
        for bucket, _ in dirty:
            self._buckets[bucket].dirty = False
        return dirty

    def totals(self) -> tuple[int, Checkpoint]:
        """Return how many rows were selected, and what became of them, over all buckets."""
        total = Checkpoint()
        for state in self._buckets.values():
            seen = state.checkpoint
            total.outcomes.update(seen.outcomes)
            total.wards.update(seen.wards)
            firsts = [at for at in (total.first_accepted_ms, seen.first_accepted_ms) if at is not None]
            lasts = [at for at in (total.last_accepted_ms, seen.last_accepted_ms) if at is not None]
            total.first_accepted_ms = min(firsts, default=None)
            total.last_accepted_ms = max(lasts, default=None)
        return sum(len(state.told.rows) for state in self._buckets.values()), total
