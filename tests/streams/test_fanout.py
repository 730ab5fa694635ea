"""Every row has exactly one end, whatever happens on the way, and the most endangered come first."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.outcomes import PushOutcome
from dispatch.registry import Registry
from dispatch.retry import RetryAt
from dispatch.told import Told
from streams.fanout.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint, parse_progress_key, progress_key
from streams.fanout.fanout import FanOut
from streams.wire import WireError
from tests.dispatch.people import notice, part, resident

ORIGINS = ("https://fcm.example", "https://apple.example", "https://mozilla.example")
FCM, APPLE, MOZILLA = ORIGINS
NOTHING: frozenset[str] = frozenset()
NOTICE = notice(part(rank=0, level=Level.SECURE_LIFE), part(rank=1), part(rank=2, level=Level.CHECK_ACTION))


@cache
def people() -> People:
    rng = random.Random(3)
    return People(Registry.of(columns_of([resident(rng, ward=rng.choice(("13107", "13108"))) for _ in range(40)])))


def frozen(seed: int = 1, *, buckets: int = 3, each: int = 8, revision: int = 1) -> dict[int, Told]:
    """Return a frozen order of some rows in each bucket; within a bucket the worst parts come first."""
    rng = random.Random(seed)
    numbers = people().row_numbers(np.arange(40)).tolist()
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
            np.zeros(each, dtype=np.uint8),
            np.zeros(each, dtype=np.uint8),
            ("ja",),
            np.zeros(0, dtype=np.uint8),
        )
    return found


def fan_out(told: Mapping[int, Told], resumed: Mapping[int, Checkpoint] | None = None, what: Notice = NOTICE) -> FanOut:
    return FanOut(what, people(), told, resumed or {})


def next_fresh(fanout: FanOut, blocked: Collection[str] = NOTHING) -> int | None:
    room = {origin: 99 for origin in ORIGINS if origin not in blocked}
    orders = fanout.fresh(room, 1).tolist()
    return orders[0] if orders else None


def next_retry(fanout: FanOut, now: float) -> int | None:
    orders = fanout.due(now, 1)
    return orders[0] if orders else None


def fresh_ones(fanout: FanOut, blocked: frozenset[str] = NOTHING) -> list[int]:
    found = []
    while (order := next_fresh(fanout, blocked)) is not None:
        found.append(order)
    return found


def accept(fanout: FanOut, *orders: int, at_ms: int = 1) -> None:
    fanout.end(orders, PushOutcome.ACCEPTED, at_ms=at_ms)


def numbers(fanout: FanOut, orders: Iterable[int]) -> set[int]:
    return {fanout.unit(order) for order in orders}


def units(numbers: Iterable[int]) -> NDArray[np.uint64]:
    return np.array(sorted(numbers), dtype=np.uint64)


def rows(told: Mapping[int, Told]) -> set[int]:
    return {number for one in told.values() for number in one.rows.tolist()}


def test_the_most_endangered_of_all_buckets_come_first() -> None:
    tickets = fresh_ones(fan_out(frozen()))
    parts = fan_out(frozen()).rows(np.array(tickets), tickets).parts.tolist()
    assert parts == sorted(parts)
    assert numbers(fan_out(frozen()), tickets) == rows(frozen())


@given(st.integers(0, 9), st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_by_the_handful_the_order_is_the_same_as_one_by_one(
    seed: int, handfuls: list[int], data: st.DataObject
) -> None:
    fanout, one_by_one = fan_out(frozen(seed)), fan_out(frozen(seed))
    for most in handfuls:
        room = {origin: data.draw(st.integers(0, 4)) for origin in ORIGINS}
        taken = fanout.fresh(room, most).tolist()
        expected, left = [], dict(room)
        for _ in range(most):
            order = next_fresh(one_by_one, {origin for origin in ORIGINS if left[origin] == 0})
            if order is None:
                break
            left[one_by_one.origin_of(order)] -= 1
            expected.append(order)
        assert taken == expected


def test_it_knows_for_which_push_services_first_tries_wait() -> None:
    fanout = fan_out(frozen())
    assert set(fanout.untried()) == set(ORIGINS)
    orders = fresh_ones(fanout, frozenset({FCM}))
    assert fanout.untried() == (FCM,)
    fanout.wait(orders[0], RetryAt(1.0))
    assert fanout.untried() == (FCM,), "a retry is none"
    orders += fresh_ones(fanout)
    assert fanout.untried() == ()
    fanout.put_back((orders[-1],))
    assert fanout.untried() == (fanout.origin_of(orders[-1]),)


def test_the_order_is_the_same_for_whoever_takes_over() -> None:
    one, other = fan_out(frozen()), fan_out(frozen())
    assert list(map(one.unit, fresh_ones(one))) == list(map(other.unit, fresh_ones(other)))


def test_a_push_service_that_is_blocked_holds_up_nobody_elses_rows() -> None:
    fanout = fan_out(frozen())
    others = fresh_ones(fanout, frozenset({FCM}))
    assert others
    assert set(map(fanout.origin_of, others)) == {APPLE, MOZILLA}
    assert set(map(fanout.origin_of, fresh_ones(fanout))) == {FCM}


def test_a_row_that_could_not_be_handed_over_is_the_next_of_its_origin() -> None:
    fanout = fan_out(frozen())
    first = next_fresh(fanout)
    assert first is not None
    fanout.put_back((first,))
    assert next_fresh(fanout) == first


def test_a_retry_comes_when_its_time_has_come_and_counts_its_attempts() -> None:
    fanout = fan_out(frozen())
    first = next_fresh(fanout)
    assert first is not None
    fanout.wait(first, RetryAt(10.0))
    assert next_retry(fanout, 9.9) is None
    again = next_retry(fanout, 10.0)
    assert again is not None
    assert (again, fanout.attempts(again)) == (first, 1)
    fanout.defer(again, 20.0)
    assert next_retry(fanout, 20.0) == again
    assert fanout.attempts(again) == 1, "what was not tried is not counted"


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
    smaller = people().changed_by([], [people().id_of(row) for row in people().rows_of(one.rows[:3]).tolist()])
    fanout = FanOut(NOTICE, smaller, told, {})
    tickets = fresh_ones(fanout)
    assert numbers(fanout, tickets) == rows(told) - set(gone)
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
        fanout.end((ticket,), PushOutcome.ACCEPTED, at_ms=100 + at)
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
    newer = numbers(fanout, (tried[0], tried[3]))
    open_now = fanout.give_way(units(newer))
    assert open_now.tolist() == [fanout.unit(tried[3])]
    assert not fanout.has_given_way(tried[1])
    waiting = []
    while (due := next_retry(fanout, 1.0)) is not None:
        waiting.append(due)
    assert waiting == tried[1:3], "whom the newer one does not select still waits for this"
    assert fanout.has_given_way(tried[3])


def test_rows_that_were_never_tried_give_way_too() -> None:
    told = frozen()
    fanout = fan_out(told)
    newer = set(list(rows(told))[:5])
    assert not len(fanout.give_way(units(newer)))
    left = fresh_ones(fanout)
    assert numbers(fanout, left) == rows(told) - newer
    accept(fanout, *left)
    selected, totals = fanout.totals()
    assert fanout.done
    assert dict(totals.outcomes) == {"accepted": selected - 5, "superseded": 5}


def test_a_row_waits_until_its_older_request_has_come_back() -> None:
    told = frozen()
    older, newer = fan_out(told), fan_out(told)
    first = next_fresh(older)
    assert first is not None
    newer.hold(older.give_way(newer.units()))
    others = fresh_ones(newer)
    assert numbers(newer, others) == rows(told) - {older.unit(first)}
    accept(newer, *others)
    assert [fanout.done for fanout in (older, newer)] == [False, False]
    older.end((first,), PushOutcome.TIMEOUT, at_ms=1)
    newer.release(older.unit(first))
    newer.release(older.unit(first))
    last = next_fresh(newer)
    assert last is not None
    assert newer.unit(last) == older.unit(first)
    accept(newer, last)
    assert [fanout.done for fanout in (older, newer)] == [True, True]


def test_a_row_that_is_held_back_gives_way_to_a_third_revision() -> None:
    told = frozen(buckets=1, each=1)
    one, two, three = fan_out(told), fan_out(told), fan_out(told)
    first = next_fresh(one)
    assert first is not None
    two.hold(one.give_way(two.units()))
    three.hold(one.give_way(three.units()))
    three.hold(two.give_way(three.units()))
    assert two.done
    assert next_fresh(three) is None
    one.end((first,), PushOutcome.ACCEPTED, at_ms=1)
    three.release(one.unit(first))
    assert next_fresh(three) is not None


@given(
    st.lists(st.sampled_from(("fresh", "open", "waiting", "held", "ended")), min_size=24, max_size=24),
    st.sets(st.integers(0, 23)),
    st.sampled_from(("coming", "stored", "both")),
    st.integers(0, 5),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_rows_give_way_as_row_by_row(states: list[str], spoken: set[int], step: str, seed: int) -> None:
    fanout = fan_out(frozen(seed))
    everyone = fanout.units().tolist()
    state = dict(zip(everyone, states, strict=True))
    fanout.hold(units(unit for unit in everyone if state[unit] == "held"))
    order_of = {fanout.unit(order): order for order in fresh_ones(fanout)}
    assert order_of.keys() == {unit for unit in everyone if state[unit] != "held"}
    fanout.put_back(order_of[unit] for unit in everyone if state[unit] == "fresh")
    for unit in everyone:
        if state[unit] == "waiting":
            fanout.wait(order_of[unit], RetryAt(0.0))
    accept(fanout, *(order_of[unit] for unit in everyone if state[unit] == "ended"))
    newer = {everyone[nth] for nth in spoken} | {1, 2**64 - 1}  # and who is not in this one

    if step in ("coming", "both"):
        fanout.yield_to(units(newer))
    if step in ("stored", "both"):
        opened = fanout.give_way(units(newer)).tolist()
        assert sorted(opened) == sorted(unit for unit in newer & state.keys() if state[unit] == "open")
    for unit in everyone:
        fanout.release(unit)
    due = []
    while (order := next_retry(fanout, 1.0)) is not None:
        due.append(order)
    still = {"fresh": ("fresh", "held"), "waiting": ("waiting",)}
    assert numbers(fanout, fresh_ones(fanout)) == {u for u in everyone if state[u] in still["fresh"]} - newer
    assert numbers(fanout, due) == {u for u in everyone if state[u] in still["waiting"]} - newer
    superseded = {u for u in newer & state.keys() if state[u] not in ("open", "ended")} if step != "coming" else set()
    assert fanout.totals()[1].outcomes["superseded"] == len(superseded)
    assert fanout.left == 24 - states.count("ended") - len(superseded)
    given_way = [unit for unit in everyone if state[unit] == "open" and fanout.has_given_way(order_of[unit])]
    assert set(given_way) == ({u for u in newer & state.keys() if state[u] == "open"} if step != "coming" else set())


# ── crashes ───────────────────────────────────────────────────────────────────────────────────────

actions = st.lists(
    st.tuples(
        st.sampled_from(("fresh", "fresh", "fresh", "retry", "end", "end", "wait", "back", "save", "crash")),
        st.integers(0, 50),
    ),
    max_size=120,
)


@given(actions, st.integers(0, 5))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_row_ends_exactly_once_whatever_happens_on_the_way(done: list[tuple[str, int]], seed: int) -> None:
    told = frozen(seed)
    fanout = fan_out(told)
    stored: dict[int, bytes] = {}
    final: set[int] = set()  # what is final in the stored checkpoints
    ended: set[int] = set()  # what is final in this process
    open_now: list[int] = []

    def crash() -> FanOut:
        open_now.clear()
        ended.clear()
        ended.update(final)
        return fan_out(told, {bucket: decode_checkpoint(value) for bucket, value in stored.items()})

    def took(order: int | None) -> None:
        if order is not None:
            assert fanout.unit(order) not in ended, "handed out again after its end"
            assert order not in open_now, "handed out twice at once"
            open_now.append(order)

    for action, number in done:
        match action:
            case "fresh":
                took(next_fresh(fanout, ORIGINS[: number % 3]))
            case "retry":
                took(next_retry(fanout, float(number)))
            case "crash":
                fanout = crash()
            case "save":
                stored.update((bucket, encode_checkpoint(checkpoint)) for bucket, checkpoint in fanout.take_dirty())
                final |= ended
            case _ if open_now:
                ticket = open_now.pop(number % len(open_now))
                match action:
                    case "end":
                        fanout.end((ticket,), list(PushOutcome)[number % len(PushOutcome)], at_ms=number)
                        ended.add(fanout.unit(ticket))
                    case "wait":
                        fanout.wait(ticket, RetryAt(float(number)))
                    case "back" if fanout.attempts(ticket) == 0:
                        fanout.put_back((ticket,))
                    case _:
                        tried = fanout.attempts(ticket) > 0
                        fanout.defer(ticket, float(number)) if tried else fanout.put_back((ticket,))
    fanout = crash()
    while (left := next_fresh(fanout) if not fanout.done else None) is not None or (
        left := next_retry(fanout, 1e9)
    ) is not None:
        took(left)
        open_now.clear()
        accept(fanout, left)
        ended.add(fanout.unit(left))
    selected, totals = fanout.totals()
    assert fanout.done
    assert ended == rows(told)
    assert fanout.rows_by_origin() == Counter(
        one.origins[code] for one in told.values() for code in one.origin.tolist()
    )
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


@given(st.integers(0, 9), st.integers(0, 24), st.integers(0, 24))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_rings_are_counted_by_rank_of_danger_and_add_up_after_a_take_over(seed: int, first: int, more: int) -> None:
    told = frozen(seed)
    parts = [part for one in told.values() for part in one.parts.tolist()]
    fanout = fan_out(told)
    taken = fresh_ones(fanout)[:first]
    accept(fanout, *taken)
    saved = {number: decode_checkpoint(encode_checkpoint(one)) for number, one in fanout.take_dirty()}
    heir = fan_out(told, saved)
    fanout_rest = fresh_ones(heir)
    heir.end(fanout_rest[:more], PushOutcome.GONE, at_ms=2)
    rings = heir.totals()[1].rings
    assert {rank: ring.rows for rank, ring in rings.items()} == {rank: parts.count(rank) for rank in set(parts)}
    ended = sorted(parts)[: len(taken)]
    for rank, ring in rings.items():
        assert ring.outcomes["accepted"] == ended.count(rank), "the most endangered went first"
    assert sum(ring.outcomes["gone"] for ring in rings.values()) == len(fanout_rest[:more])
    totals = heir.totals()[1].outcomes
    assert sum((ring.outcomes for ring in rings.values()), Counter()) == totals
    by_bucket = Checkpoint()
    for local in range(len(told)):
        by_bucket.add(heir._ends.of_bucket(local))
    assert heir.totals()[1] == by_bucket
