"""Reach decays: who was not there for half a year is not counted on, and is told all the same (R19)."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.known.census import Census
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.life import Age, ages, are_reachable, day_of, shown, span_of
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.subscription import BUCKETS, Consent, bucket_of, from_json, to_json
from streams.fanout.headcount import counted
from tests.dispatch.people import HERE, NOON, notice, part, resident

NOW = NOON.timestamp()
DAY = 86_400.0
ALL = frozenset(range(BUCKETS))


@given(st.integers(0, 1000), st.integers(0, 8_000))
def test_who_is_called_recent_is_and_nobody_called_reachable_was_away_for_180_days(days: int, later: int) -> None:
    there = NOW + later * DAY
    at = there + days * DAY
    (age,) = ages(np.array([span_of(there)], dtype=np.uint16), at).tolist()
    if age == Age.RECENT:
        assert days < 30
    if age != Age.OLDER:
        assert days < 180
    # And not much too old: a step and no more.
    assert age == Age.RECENT or days >= 20 - 10
    assert age != Age.OLDER or days >= 180 - 20
    assert day_of(span_of(there)) <= datetime.fromtimestamp(there, UTC).date().isoformat()


def test_of_whom_nothing_was_kept_yet_the_day_of_agreeing_is_known() -> None:
    person = replace(resident(random.Random(1)), consents=(Consent("area-alerts", 1, int(NOW)),))
    assert from_json(to_json(person)).seen == span_of(NOW)
    assert from_json(to_json(replace(person, seen=7))).seen == 7
    assert from_json(to_json(resident(random.Random(1)))).seen == 0
    assert are_reachable(np.zeros(1, dtype=np.uint16), NOW).tolist() == [True]


def test_aged_subscriptions_leave_the_count_of_the_preview_and_are_sent_to_all_the_same() -> None:
    rng = random.Random(2)
    away = [0, 10, 100, 179, 200, 400]
    people = [replace(resident(rng), seen=span_of(NOW - days * DAY)) for days in away for _ in range(10)]
    registry = Registry.of(columns_of(people))
    reach = Census(None, registry).reach(HERE, at=NOON)
    assert reach.subscribers == 60
    assert reach.reachable == int(are_reachable(registry.columns.seen, NOW).sum()) == 30
    assert len(select(People(registry), notice(part()), at=NOON)) == 60
    later = NOON + timedelta(days=400)
    assert Census(None, registry).reach(HERE, at=later).reachable == 0


def test_a_head_count_is_of_living_residents_of_the_worker_s_own_buckets() -> None:
    rng = random.Random(3)
    people = [
        replace(resident(rng, ward=rng.choice(("a", "b", ""))), seen=span_of(NOW - rng.randrange(400) * DAY))
        for _ in range(200)
    ]
    staff = [replace(resident(rng, ward="a", drill=True)), replace(resident(rng, ward="a"), staff=True)]
    joined, left = resident(rng, ward="b"), {person.id for person in people[:20]}
    who = People(Registry.of(columns_of([*people, *staff]))).changed_by([joined], left)
    halves = [frozenset(bucket for bucket in ALL if bucket % 2 == half) for half in (0, 1)]
    counts = [counted(who, half, NOW) for half in halves]
    for half, found in zip(halves, counts, strict=True):
        here = [one for one in (*people[20:], joined) if bucket_of(one.id) in half]
        assert {ward: count.people for ward, count in found.items()} == {
            ward: sum(one.ward == ward for one in here) for ward in {one.ward for one in here}
        }
        reachable = sum(count.reachable for count in found.values())
        assert reachable == int(are_reachable(np.array([one.seen for one in here], dtype=np.uint16), NOW).sum())
        assert all(count.stored_bytes > 100 * count.people for count in found.values())


@pytest.mark.parametrize(("count", "text"), [(0, "<20"), (19, "<20"), (20, "20"), (12_345, "12,345")])
def test_no_figure_under_20_is_shown(count: int, text: str) -> None:
    assert shown(count) == text
