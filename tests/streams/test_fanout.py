"""Every row has exactly one end, whatever happens on the way, and the most endangered come first."""

import random
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice
from dispatch.columns import columns_of
from dispatch.outcomes import PushOutcome
from dispatch.registry import Registry
from dispatch.retry import RetryAt
from dispatch.told import Told
from streams.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint, parse_progress_key, progress_key
from streams.fanout import FanOut, Ticket
from streams.wire import WireError
from tests.dispatch.people import notice, part, resident

ORIGINS = ("https://fcm.example", "https://apple.example", "https://mozilla.example")
FCM, APPLE, MOZILLA = ORIGINS
NOTHING: frozenset[str] = frozenset()
NOTICE = notice(part(rank=0, level=Level.SECURE_LIFE), part(rank=1), part(rank=2, level=Level.CHECK_ACTION))


@cache
def registry() -> Registry:
    rng = random.Random(3)
    return Registry.of(columns_of([resident(rng, ward=rng.choice(("13107", "13108"))) for _ in range(40)]))


def frozen(seed: int = 1, *, buckets: int = 3, each: int = 8, revision: int = 1) -> dict[int, Told]:
    """Return a frozen order of some rows in each bucket; within a bucket the worst parts come first."""
    rng = random.Random(seed)
    numbers = registry().columns.row_number.tolist()
    rng.shuffle(numbers)
    found = {}
    for bucket in range(buckets):
        rows = [numbers.pop() for _ in range(each)]
        parts = sorted(rng.randrange(3) for _ in rows)
        origin = [rng.randrange(len(ORIGINS)) for _ in rows]
        found[bucket * 17] = Told(
            revision,
            np.array(rows, dtype=np.uint64),
            np.array(parts, dtype=np.uint16),
            np.array(origin, dtype=np.uint16),
            ORIGINS,
            np.zeros(0, dtype=np.uint64),
        )
    return found


def fan_out(told: Mapping[int, Told], resumed: Mapping[int, Checkpoint] | None = None, what: Notice = NOTICE) -> FanOut:
    return FanOut(what, registry(), told, resumed or {})


def fresh_ones(fanout: FanOut, blocked: frozenset[str] = NOTHING) -> list[Ticket]:
    found = []
    while (ticket := fanout.next_fresh(blocked)) is not None:
        found.append(ticket)
    return found


def accept(fanout: FanOut, *tickets: Ticket, at_ms: int = 1) -> None:
    for ticket in tickets:
        fanout.end(ticket, PushOutcome.ACCEPTED, at_ms=at_ms)


def rows(told: Mapping[int, Told]) -> set[int]:
    return {number for one in told.values() for number in one.rows.tolist()}


def test_the_most_endangered_of_all_buckets_come_first() -> None:
    tickets = fresh_ones(fan_out(frozen()))
    assert [ticket.part for ticket in tickets] == sorted(ticket.part for ticket in tickets)
    assert {ticket.number for ticket in tickets} == rows(frozen())


def test_the_order_is_the_same_for_whoever_takes_over() -> None:
    assert [t.number for t in fresh_ones(fan_out(frozen()))] == [t.number for t in fresh_ones(fan_out(frozen()))]


def test_a_push_service_that_is_blocked_holds_up_nobody_elses_rows() -> None:
    fanout = fan_out(frozen())
    others = fresh_ones(fanout, frozenset({FCM}))
    assert others
    assert {ticket.origin for ticket in others} == {APPLE, MOZILLA}
    assert {ticket.origin for ticket in fresh_ones(fanout)} == {FCM}


def test_a_row_that_could_not_be_handed_over_is_the_next_of_its_origin() -> None:
    fanout = fan_out(frozen())
    first = fanout.next_fresh(NOTHING)
    assert first is not None
    fanout.put_back(first)
    assert fanout.next_fresh(NOTHING) == first


def test_a_retry_comes_when_its_time_has_come_and_counts_its_attempts() -> None:
    fanout = fan_out(frozen())
    first = fanout.next_fresh(NOTHING)
    assert first is not None
    fanout.wait(first, RetryAt(10.0))
    assert fanout.next_retry(9.9) is None
    again = fanout.next_retry(10.0)
    assert again is not None
    assert (again.number, again.attempts) == (first.number, 1)
    fanout.defer(again, 20.0)
    later = fanout.next_retry(20.0)
    assert later == again, "what was not tried is not counted"


def test_life_goes_before_routine_and_the_worse_danger_first() -> None:
    def urgency(lane: Lane, level: Level | None) -> tuple[int, int, str, int]:
        return fan_out({}, what=notice(part(level=level), lane=lane)).urgency

    order = [
        urgency(Lane.LIFE_SAFETY, Level.SECURE_LIFE),
        urgency(Lane.LIFE_SAFETY, Level.ALL_LEAVE),
        urgency(Lane.LIFE_SAFETY, None),
        urgency(Lane.CANARY, None),
        urgency(Lane.ROUTINE, Level.SECURE_LIFE),
        urgency(Lane.DRILL, Level.SECURE_LIFE),
    ]
    assert order == sorted(order)


def test_who_unsubscribed_since_the_order_was_frozen_is_counted_and_not_sought() -> None:
    told = frozen(buckets=1)
    (one,) = told.values()
    gone = one.rows[:3].tolist()
    smaller = registry().with_changes([], [registry().id_of(row) for row in registry().rows_of(one.rows[:3]).tolist()])
    fanout = FanOut(NOTICE, smaller, told, {})
    tickets = fresh_ones(fanout)
    assert {ticket.number for ticket in tickets} == rows(told) - set(gone)
    accept(fanout, *tickets)
    selected, totals = fanout.totals()
    assert fanout.done
    assert (selected, dict(totals.outcomes)) == (8, {"unsubscribed": 3, "accepted": 5})


def test_a_notice_for_nobody_is_done_at_once() -> None:
    assert fan_out({}).done


def test_first_and_last_acceptance_are_those_of_all_buckets() -> None:
    fanout = fan_out(frozen())
    tickets = fresh_ones(fanout)
    for at, ticket in enumerate(tickets):
        fanout.end(ticket, PushOutcome.ACCEPTED, at_ms=100 + at)
    _, totals = fanout.totals()
    assert (totals.first_accepted_ms, totals.last_accepted_ms) == (100, 100 + len(tickets) - 1)
    assert sum(totals.wards.values()) == len(tickets)


# ── revisions of one lineage ──────────────────────────────────────────────────────────────────────


def test_a_newer_revision_ends_only_the_rows_that_it_speaks_to() -> None:
    told = frozen()
    fanout = fan_out(told)
    tried = fresh_ones(fanout)[:6]
    for ticket in tried[:3]:
        fanout.wait(ticket, RetryAt(0.0))
    newer = {tried[0].number, tried[3].number}
    open_now = fanout.give_way(newer)
    assert open_now == {tried[3].number}
    assert not fanout.has_given_way(tried[1])
    waiting = []
    while (due := fanout.next_retry(1.0)) is not None:
        waiting.append(due.number)
    assert set(waiting) == {tried[1].number, tried[2].number}, "whom the newer one does not select still waits for this"
    assert fanout.has_given_way(tried[3])


def test_rows_that_were_never_tried_give_way_too() -> None:
    told = frozen()
    fanout = fan_out(told)
    newer = set(list(rows(told))[:5])
    assert fanout.give_way(newer) == frozenset()
    left = fresh_ones(fanout)
    assert {ticket.number for ticket in left} == rows(told) - newer
    accept(fanout, *left)
    selected, totals = fanout.totals()
    assert fanout.done
    assert dict(totals.outcomes) == {"accepted": selected - 5, "superseded": 5}


def test_a_row_waits_until_its_older_request_has_come_back() -> None:
    told = frozen()
    older, newer = fan_out(told), fan_out(told)
    first = older.next_fresh(NOTHING)
    assert first is not None
    newer.hold(older.give_way(newer.numbers()))
    others = fresh_ones(newer)
    assert {ticket.number for ticket in others} == rows(told) - {first.number}
    accept(newer, *others)
    assert [fanout.done for fanout in (older, newer)] == [False, False]
    older.end(first, PushOutcome.TIMEOUT, at_ms=1)
    newer.release(first.number)
    newer.release(first.number)
    last = newer.next_fresh(NOTHING)
    assert last is not None
    assert last.number == first.number
    accept(newer, last)
    assert [fanout.done for fanout in (older, newer)] == [True, True]


def test_a_row_that_is_held_back_gives_way_to_a_third_revision() -> None:
    told = frozen(buckets=1, each=1)
    one, two, three = fan_out(told), fan_out(told), fan_out(told)
    first = one.next_fresh(NOTHING)
    assert first is not None
    two.hold(one.give_way(two.numbers()))
    three.hold(one.give_way(three.numbers()))
    three.hold(two.give_way(three.numbers()))
    assert two.done
    assert three.next_fresh(NOTHING) is None
    one.end(first, PushOutcome.ACCEPTED, at_ms=1)
    three.release(first.number)
    assert three.next_fresh(NOTHING) is not None


# ── crashes ───────────────────────────────────────────────────────────────────────────────────────

actions = st.lists(
    st.tuples(
        st.sampled_from(("fresh", "fresh", "fresh", "retry", "end", "end", "wait", "back", "save", "crash")),
        st.integers(0, 50),
    ),
    max_size=120,
)


@given(actions, st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_every_row_ends_exactly_once_whatever_happens_on_the_way(done: list[tuple[str, int]], seed: int) -> None:
    told = frozen(seed)
    fanout = fan_out(told)
    stored: dict[int, bytes] = {}
    final: set[int] = set()  # what is final in the stored checkpoints
    ended: set[int] = set()  # what is final in this process
    open_now: list[Ticket] = []

    def crash() -> FanOut:
        open_now.clear()
        ended.clear()
        ended.update(final)
        return fan_out(told, {bucket: decode_checkpoint(value) for bucket, value in stored.items()})

    def took(ticket: Ticket | None) -> None:
        if ticket is not None:
            assert ticket.number not in ended, "handed out again after its end"
            assert ticket.number not in {other.number for other in open_now}, "handed out twice at once"
            open_now.append(ticket)

    for action, number in done:
        match action:
            case "fresh":
                took(fanout.next_fresh(frozenset(ORIGINS[: number % 3])))
            case "retry":
                took(fanout.next_retry(float(number)))
            case "crash":
                fanout = crash()
            case "save":
                stored.update((bucket, encode_checkpoint(checkpoint)) for bucket, checkpoint in fanout.take_dirty())
                final |= ended
            case _ if open_now:
                ticket = open_now.pop(number % len(open_now))
                match action:
                    case "end":
                        fanout.end(ticket, list(PushOutcome)[number % len(PushOutcome)], at_ms=number)
                        ended.add(ticket.number)
                    case "wait":
                        fanout.wait(ticket, RetryAt(float(number)))
                    case "back" if ticket.attempts == 0:
                        fanout.put_back(ticket)
                    case _:
                        fanout.defer(ticket, float(number)) if ticket.attempts else fanout.put_back(ticket)
    fanout = crash()
    while (left := fanout.next_fresh(NOTHING) or fanout.next_retry(1e9)) is not None:
        took(left)
        open_now.clear()
        accept(fanout, left)
        ended.add(left.number)
    selected, totals = fanout.totals()
    assert fanout.done
    assert ended == rows(told)
    assert totals.outcomes.total() == selected == len(rows(told))
    assert totals.wards.total() == totals.outcomes[PushOutcome.ACCEPTED.value]
    assert all(progress.done for _, checkpoint in fanout.take_dirty() for progress in checkpoint.positions.values())


# ── the records ───────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_comes_back_as_it_was() -> None:
    fanout = fan_out(frozen())
    tickets = fresh_ones(fanout)
    accept(fanout, *tickets[:9], at_ms=7)
    fanout.wait(tickets[9], RetryAt(1.0))
    for _, checkpoint in fanout.take_dirty():
        again = decode_checkpoint(encode_checkpoint(checkpoint))
        assert (again.outcomes, again.wards) == (checkpoint.outcomes, checkpoint.wards)
        assert (again.first_accepted_ms, again.last_accepted_ms) == (
            checkpoint.first_accepted_ms,
            checkpoint.last_accepted_ms,
        )
        for origin, progress in checkpoint.positions.items():
            assert again.positions[origin].plain() == progress.plain()
    assert fanout.take_dirty() == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "wire-malformed"),
        (b"\xff\xff", "wire-malformed"),
        (b"null\n{}", "wire-version-unknown"),
        (b'{"v":2}\n{}', "wire-version-unknown"),
        (b'{"v":1}', "wire-version-unknown"),
        (b'{"v":1}\n{"v":1,"origins":{}}', "wire-field"),
        (b'{"v":1,"outcomes":7,"wards":{},"first":null,"last":null}\n{"v":1,"origins":{}}', "wire-field"),
        (b'{"v":1,"outcomes":{},"wards":{},"first":null,"last":null}\nrubbish', "wire-field"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        decode_checkpoint(value)
    assert refused.value.reason == reason


def test_a_progress_key_comes_back_also_from_a_lineage_with_strokes() -> None:
    assert parse_progress_key(progress_key("a|b", 3, 255, 9)) == ("a|b", 3, 255, 9)
    for wrong in (b"", b"a|1|2", b"a|x|2|3", b"\xff|1|2|3"):
        with pytest.raises(WireError):
            parse_progress_key(wrong)
