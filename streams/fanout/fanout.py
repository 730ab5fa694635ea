"""The fan-out of one notice over the buckets of one worker, without a broker.

The order is frozen bucket by bucket in the `told` record before the first POST, so that a worker that
takes over sends the same rows in the same order whatever its own registry looks like by then. What is
final is in `progress`; what is not is sent again. Rows whose end is not yet durable count as open:
together with the requests in flight they never exceed `max_in_flight`, which is the promised bound on
repeats (promise 2).

A row on its way is a number, its place in the order over all buckets: what is known of it stands in
columns, because an object for each of millions would cost more than the pushes.
"""

import heapq
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.notice import Notice
from dispatch.columns import U32, U64
from dispatch.layers import People
from dispatch.outcomes import PushOutcome
from dispatch.progress import Progress
from dispatch.pushes import Rows, Sealing
from dispatch.retry import RetryAt
from dispatch.terms import NUMBER_MASK
from dispatch.told import Told, are_among, unit_of
from streams.fanout.checkpoint import Checkpoint
from streams.fanout.row_ends import RowEnds, Unsent
from streams.fanout.row_queue import RowQueue, State
from streams.fanout.urgency import urgency_of

Orders = NDArray[np.int64]


# Where nothing is under way: a row that is not to be sent ends here and now.
_IDLE = (State.FRESH, State.WAITING, State.HELD, State.YIELDING)


class FanOut:
    """Hand out the rows of a notice, worst danger first, and keep the account of each."""

    def __init__(
        self,
        notice: Notice,
        people: People,
        frozen: Mapping[int, Told],
        resumed: Mapping[int, Checkpoint],
        sealings: Mapping[int, Sealing] | None = None,
        ordinals: Mapping[int, U32] | None = None,
    ) -> None:
        """*frozen* has one `Told` for each record of the order; *resumed* what is known to be final of each.

        *ordinals* are its rows in *people* where they are known: looking a million up takes a second.
        """
        self.notice = notice
        self._people = people
        self.buckets = tuple(sorted(frozen))
        told = [frozen[bucket] for bucket in self.buckets]
        self._told = told
        self._before = [resumed.get(bucket) or Checkpoint() for bucket in self.buckets]
        self.origins = tuple(sorted({origin for one in told for origin in one.origins}))
        self.languages = tuple(sorted({language for one in told for language in one.languages}))
        self.sealings = _distinct((sealings or {}).get(bucket, Sealing(b"")) for bucket in self.buckets)
        self._sealing_of = np.array(
            [self.sealings.index((sealings or {}).get(bucket, Sealing(b""))) for bucket in self.buckets], dtype=np.int64
        )
        self._ends = RowEnds(self._before, (part.rank for part in notice.parts), people.wards)
        self._dirty = np.zeros(len(told), dtype=np.bool_)
        self._retries: list[tuple[float, int, int]] = []
        self._sequence = 0
        self._held: dict[int, int] = {}
        self._lay_out(told, [ordinals[bucket] for bucket in self.buckets] if ordinals else None)

    def _lay_out(self, told: list[Told], ordinals: list[U32] | None) -> None:
        """Lay the columns out: `_final` and `_tries` bucket by bucket and origin by origin, the others in order."""
        lengths = [len(one.rows) for one in told]
        bucket = np.repeat(np.arange(len(told), dtype=np.uint32), lengths)
        ranks = np.array([part.rank for part in self.notice.parts] or [0], dtype=np.int64)
        parts = _joined([one.parts for one in told], np.uint16)
        ring = np.searchsorted(self._ends.rings, ranks)[parts]
        self._ends.select(bucket, ring)
        origin = _translated([one.origin for one in told], [one.origins for one in told], self.origins, np.uint16)
        self.selected = len(bucket)
        segment = bucket.astype(np.int64) * max(1, len(self.origins)) + origin
        by_segment = np.argsort(segment, kind="stable")
        at = np.empty(len(bucket), dtype=np.uint32)
        at[by_segment] = np.arange(len(bucket), dtype=np.uint32)
        sizes = np.bincount(segment, minlength=len(told) * len(self.origins))
        self._ends_at = np.cumsum(sizes)
        self._sizes = sizes
        self._final = np.zeros(len(bucket), dtype=np.uint8)
        self._tries = np.zeros(len(bucket), dtype=np.uint8)
        for local, checkpoint in enumerate(self._before):
            self._restore(local, checkpoint)
        numbers = _joined([one.rows for one in told], np.uint64)
        rows = self._people.rows_of(numbers) if ordinals is None else _joined(ordinals, np.uint32).astype(np.int64)
        gone = (rows < 0) & (self._final[at] == 0)
        if gone.any():
            # Unsubscribed since the order was frozen: nobody to send to, and nothing open.
            self._final[at[gone]] = 1
            self._count(bucket[gone], ring[gone], Unsent.UNSUBSCRIBED)
        places = _joined([one.places for one in told], np.uint8)
        if ordinals is None:
            # A record of an owner before that came late: what it stored and never sent was chosen anew since.
            twice = _but_last(unit_of(numbers, places)) & (self._final[at] == 0)
            self._final[at[twice]] = 1
            self._count(bucket[twice], ring[twice], Unsent.SUPERSEDED)
        # By danger, then bucket by bucket: what is saved together stands together. Within, as it was frozen.
        open_now = np.flatnonzero(self._final[at] == 0)
        order = open_now[np.argsort(ranks[parts[open_now]] * len(told) + bucket[open_now], kind="stable")]
        language = _translated(
            [one.language for one in told], [one.languages for one in told], self.languages, np.uint8
        )
        self._bucket, self._origin, self._at = bucket[order], origin[order], at[order]
        self._ring = ring[order].astype(np.uint16)
        self._row = rows[order].astype(np.uint32)
        self._part, self._place, self._language = parts[order], places[order], language[order]
        self._unit: U64 = unit_of(numbers[order], self._place)
        nths = [np.zeros(len(one.rows), dtype=np.uint8) if one.nths is None else one.nths for one in told]
        self._nth = _joined(nths, np.uint8)[order] if (places & NUMBER_MASK).any() else np.zeros(0, dtype=np.uint8)
        self._state = np.zeros(len(order), dtype=np.uint8)
        self._gives_way = np.zeros(len(order), dtype=np.bool_)
        self._queues = [
            RowQueue(np.flatnonzero(self._origin == code).astype(np.uint32), self._state)
            for code in range(len(self.origins))
        ]
        self.left = len(order)

    # ── rows go out ───────────────────────────────────────────────────────────────────────────────

    @property
    def urgency(self) -> tuple[int, int, str, int]:
        """Return what fan-outs are ordered by; see `urgency_of`."""
        return urgency_of(self.notice)

    @property
    def done(self) -> bool:
        """Say whether every row of every bucket has its end."""
        return self.left == 0

    def fresh(self, room: Mapping[str, int], most: int) -> Orders:
        """Take up to *most* rows that were never tried, the most endangered first, *room* for each push service."""
        found = []
        for code, queue in enumerate(self._queues):
            allowed = min(most, room.get(self.origins[code], 0))
            if allowed > 0 and queue.at_most:
                found.append(queue.take(allowed))
        if not found:
            return np.zeros(0, dtype=np.int64)
        orders: Orders = found[0] if len(found) == 1 else np.sort(np.concatenate(found))[:most]
        self._state[orders] = State.OPEN
        for code in np.unique(self._origin[orders]).tolist() if len(found) > 1 else ():
            self._queues[code].advance()
        return orders

    @property
    def untried_at_most(self) -> int:
        """Return how many rows may be left that were never tried: cheap, and never too few."""
        return sum(queue.at_most for queue in self._queues)

    def untried(self) -> tuple[str, ...]:
        """Return the push services for which rows wait that were never tried."""
        for queue in self._queues:
            queue.advance()
        return tuple(self.origins[code] for code, queue in enumerate(self._queues) if queue.at_most)

    def due(self, now: float, most: int) -> list[int]:
        """Take up to *most* rows whose waiting time is over at *now* (epoch seconds)."""
        found: list[int] = []
        while self._retries and len(found) < most and self._retries[0][0] <= now:
            order = heapq.heappop(self._retries)[2]
            if self._state[order] == State.WAITING:
                self._state[order] = State.OPEN
                found.append(order)
        return found

    def put_back(self, orders: Iterable[int]) -> None:
        """Take back rows that could not be handed over now; they are the next of their origin again."""
        for order in orders:
            self._state[order] = State.FRESH
            self._queues[int(self._origin[order])].rewind(order)

    def defer(self, order: int, at: float) -> None:
        """Take back a retry for which there is no room before *at*; nothing was tried, nothing is counted."""
        self._state[order] = State.WAITING
        self._sequence += 1
        heapq.heappush(self._retries, (at, self._sequence, order))

    def wait(self, order: int, retry: RetryAt) -> None:
        """Keep a row for another attempt."""
        self._tries[self._at[order]] = min(255, self.attempts(order) + 1)
        self._dirty[self._bucket[order]] = True
        self.defer(order, retry.at)

    def attempts(self, order: int) -> int:
        """Return how often a row was tried, as far as is known."""
        return int(self._tries[self._at[order]])

    def end(self, orders: Iterable[int], outcome: PushOutcome | Unsent, *, at_ms: int, body_bytes: int = 0) -> None:
        """Record the end of rows; *body_bytes* is the size of each body, where one was accepted."""
        ended: Orders = np.fromiter(orders, dtype=np.int64)
        buckets = self._bucket[ended]
        self._state[ended] = State.ENDED
        self._final[self._at[ended]] = 1
        self.left -= len(ended)
        self._count(buckets, self._ring[ended], outcome)
        if outcome is PushOutcome.ACCEPTED:
            wards = self._people.ward(self._row[ended])
            self._ends.accepted(buckets, wards, at_ms=at_ms, body_bytes=body_bytes)

    def _count(self, buckets: NDArray[Any], rings: NDArray[Any], end: PushOutcome | Unsent) -> None:
        self._ends.count(buckets, rings, end)
        self._dirty[buckets] = True

    # ── what is known of a row ────────────────────────────────────────────────────────────────────

    def rows(self, orders: Orders, keys: list[int]) -> Rows:
        """Return what makes the requests for *orders*; *keys* come back with the answers."""
        nths = self._nth[orders] if len(self._nth) else np.zeros(len(orders), dtype=np.uint8)
        return Rows(
            keys,
            self._row[orders].astype(np.int64),
            self._part[orders],
            self._language[orders],
            self._place[orders],
            nths,
            self._sealing_of[self._bucket[orders]],
        )

    def origin_of(self, order: int) -> str:
        """Return the push service of a row."""
        return self.origins[int(self._origin[order])]

    def take_ward_news(self) -> list[tuple[str, int, int]]:
        """Return ward, accepted pushes and their bytes since the last time, for metering (R25)."""
        return self._ends.take_ward_news()

    def id_of(self, order: int) -> bytes:
        """Return the subscription id of a row."""
        return self._people.id_of(int(self._row[order]))

    def unit(self, order: int) -> int:
        """Return the number of a row and its place, the same in every registry and revision."""
        return int(self._unit[order])

    # ── revisions of one lineage ──────────────────────────────────────────────────────────────────

    def units(self) -> U64:
        """Return the units that this fan-out is for, whatever became of them, sorted."""
        return np.sort(_joined([one.units() for one in self._told], np.uint64))

    def give_way(self, newer: U64) -> U64:
        """End the rows that a *newer* revision speaks to (sorted units); return those whose request is open now.

        Only these: a revision tells what changed, and whom it does not select still needs this one.
        """
        spoken, states = self._spoken_to(newer)
        self._give_up(spoken, Unsent.SUPERSEDED)
        still_open: U64 = self._unit[spoken[states == State.OPEN]]
        return still_open

    def yield_to(self, coming: U64) -> None:
        """Send nothing to rows that a newer revision is about to speak to; `give_way` ends them when it does.

        Not before: were this process to die meanwhile, only what is stored would speak to them. *coming* is sorted.
        """
        spoken, states = self._spoken_to(coming)
        self._let_go(spoken[states == State.HELD])
        self._state[spoken[np.isin(states, _IDLE)]] = State.YIELDING

    def _spoken_to(self, units: U64) -> tuple[Orders, NDArray[np.uint8]]:
        """Return the rows without an end that are among *units* (sorted), and where each of them stands."""
        left = np.flatnonzero(self._state != State.ENDED)
        spoken: Orders = left[are_among(self._unit[left], units)]
        return spoken, self._state[spoken]

    def _let_go(self, held: Orders) -> None:
        for unit in self._unit[held].tolist():
            self._held.pop(unit, None)

    def withdraw(self) -> None:
        """End all that has not gone out: what is open now is answered, and not tried again."""
        self._give_up(np.flatnonzero(self._state != State.ENDED), Unsent.WITHDRAWN)

    def _give_up(self, rows: Orders, why: Unsent) -> int:
        """Begin none of *rows* any more and try none again; return how many end at once."""
        self._gives_way[rows] = True
        states = self._state[rows]
        self._let_go(rows[states == State.HELD])
        idle = rows[np.isin(states, _IDLE)]
        if len(idle):
            self.end(idle, why, at_ms=0)
        return len(idle)

    def has_given_way(self, order: int) -> bool:
        """Say whether a newer revision speaks to this row: then it gets no further attempt."""
        return bool(self._gives_way[order])

    def hold(self, units: U64) -> None:
        """Keep rows back whose older request is open: were it the later one to arrive, it would replace this."""
        if not len(units):
            return
        spoken, states = self._spoken_to(np.sort(units))
        held = spoken[states == State.FRESH]
        self._state[held] = State.HELD
        self._held.update(zip(self._unit[held].tolist(), held.tolist(), strict=True))

    @property
    def holds(self) -> bool:
        """Say whether any row is held back."""
        return bool(self._held)

    def release(self, unit: int) -> None:
        """Let a row go that was held back; it is the next of its origin."""
        order = self._held.pop(unit, None)
        if order is not None:
            self.put_back((order,))

    def leave_out(self, ids: frozenset[bytes]) -> int:
        """End the rows of people who have unsubscribed meanwhile, but for open requests; return how many."""
        gone = np.flatnonzero(np.isin(self._row, self._people.rows_with_ids(ids)))
        return self._give_up(gone, Unsent.UNSUBSCRIBED)

    # ── the account ───────────────────────────────────────────────────────────────────────────────

    def take_dirty(self) -> tuple[tuple[int, Checkpoint], ...]:
        """Return the buckets whose progress is ahead of its record, once."""
        dirty = np.flatnonzero(self._dirty).tolist()
        self._dirty[:] = False
        return tuple((self.buckets[local], self._checkpoint(local)) for local in dirty)

    def totals(self) -> tuple[int, Checkpoint]:
        """Return how many rows were selected, and what became of them, over all buckets."""
        return self.selected, self._ends.total()

    def rows_by_origin(self) -> dict[str, int]:
        """Return how many rows each push service has, over all buckets."""
        rows = self._sizes.reshape(len(self.buckets), len(self.origins)).sum(axis=0)
        return dict(zip(self.origins, rows.tolist(), strict=True))

    def _checkpoint(self, local: int) -> Checkpoint:
        found = self._ends.of_bucket(local)
        for code, origin in enumerate(self.origins):
            first, last = self._segment(local, code)
            if last > first:
                tries = self._tries[first:last]
                found.positions[origin] = Progress.of_maps(self._final[first:last].tobytes(), tries)
        return found

    def _restore(self, local: int, checkpoint: Checkpoint) -> None:
        for code, origin in enumerate(self.origins):
            progress = checkpoint.positions.get(origin)
            first, last = self._segment(local, code)
            if progress is None or last == first:
                continue
            final = np.frombuffer(progress.finals_map(), dtype=np.uint8)
            self._final[first : first + len(final)] = final[: last - first]
            for position, attempts in progress.retries().items():
                self._tries[first + position] = attempts

    def _segment(self, local: int, code: int) -> tuple[int, int]:
        at = local * len(self.origins) + code
        last = int(self._ends_at[at])
        return last - int(self._sizes[at]), last


def _distinct(sealings: Iterable[Sealing]) -> tuple[Sealing, ...]:
    found: list[Sealing] = []
    for one in sealings:
        if one not in found:
            found.append(one)
    return tuple(found)


def _but_last(units: U64) -> NDArray[np.bool_]:
    """Return which of *units* come again further on."""
    _, last = np.unique(units[::-1], return_index=True)
    again = np.ones(len(units), dtype=np.bool_)
    again[len(units) - 1 - last] = False
    return again


def _joined(arrays: list[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=kind)


def _translated(
    codes: list[NDArray[Any]], tables: list[tuple[str, ...]], table: tuple[str, ...], kind: type[Any]
) -> NDArray[Any]:
    """Return *codes*, each in its own of *tables*, as codes in *table*."""
    where = {name: code for code, name in enumerate(table)}
    return _joined(
        [
            np.array([where[name] for name in own], dtype=kind)[some] if len(own) else some.astype(kind)
            for some, own in zip(codes, tables, strict=True)
        ],
        kind,
    )
