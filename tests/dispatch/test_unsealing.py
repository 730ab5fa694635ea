"""Thousands of sealed subscriptions at once come out as one by one: the same columns, the same reasons."""

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.columns import ARRAYS, TABLES, Columns, columns_of
from dispatch.errors import SubscriptionUnreadable
from dispatch.subscription import Consent, SealKeys, Subscription, to_json
from dispatch.terms import Terms, Whose
from dispatch.unsealing import _read, unseal_many
from tests.dispatch.people import KOTO, crowd

KEYS = SealKeys({1: bytes(32), 2: bytes([2]) * 32}, 1)
TERMS = (
    Terms(),
    Terms(Whose.SOMEONE_ELSES),
    Terms(Whose.MINE_AT_HOURS, 22, 6),
    Terms(Whose.HERE_UNTIL, until=1_790_000_000),
)


def residents(count: int, seed: int = 1) -> list[Subscription]:
    rng = random.Random(seed)
    found = []
    for person in crowd(rng, count, [KOTO, KOTO + 8]):
        places = tuple(replace(place, terms=rng.choice(TERMS)) for place in person.places)
        consents = tuple(
            Consent("area-alerts", 1, 1_700_000_000 + rng.randrange(10**8)) for _ in range(rng.randrange(3))
        )
        seen = rng.randrange(300) if rng.random() < 0.5 else 0
        ward = rng.choice(("", "1310800", "1312300"))
        found.append(replace(person, places=places, consents=consents, seen=seen, ward=ward, staff=rng.random() < 0.1))
    return found


def one_by_one(ids: list[bytes], values: list[bytes]) -> tuple[Columns, list[int], list[tuple[int, str]]]:
    people, at, refused = [], [], []
    for number, (identifier, value) in enumerate(zip(ids, values, strict=True)):
        try:
            people.append(KEYS.unseal(identifier, value))
            at.append(number)
        except SubscriptionUnreadable as error:
            refused.append((number, error.reason))
    return columns_of(people), at, refused


def assert_same(ids: list[bytes], values: list[bytes]) -> int:
    """Compare, and return how many were refused."""
    fast = unseal_many(KEYS, ids, values)
    columns, at, refused = one_by_one(ids, values)
    assert (fast.at.tolist(), list(fast.refused)) == (at, refused)
    for name in TABLES:
        assert getattr(fast.columns, name) == getattr(columns, name), name
    for name in ARRAYS:
        one, other = getattr(fast.columns, name), getattr(columns, name)
        assert one.dtype == other.dtype, name
        assert np.array_equal(one, other), name
    return len(refused)


def sealed(identifier: bytes, raw: bytes) -> bytes:
    return bytes([KEYS.current]) + bytes(12) + KEYS._ciphers[KEYS.current].encrypt(bytes(12), raw, identifier)


@pytest.mark.parametrize("count", [0, 1, 1200])
def test_all_that_was_sealed_comes_out_in_its_order(count: int) -> None:
    people = residents(count)
    assert assert_same([one.id for one in people], [KEYS.seal(one) for one in people]) == 0


def test_usual_people_are_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.unsealing.from_json", lambda _: pytest.fail("one by one"))
    people = residents(600, seed=2)
    assert unseal_many(KEYS, [one.id for one in people], [KEYS.seal(one) for one in people]).columns.count == 600


def test_of_many_bad_ones_each_has_its_reason_and_nobody_else_is_lost() -> None:
    people = residents(700, seed=3)
    ids, values = [one.id for one in people], [KEYS.seal(one) for one in people]
    values[0] = b""
    values[7] = b"\x09" + values[7][1:]
    values[8] = values[8][:-1] + bytes([values[8][-1] ^ 1])
    values[9] = values[10]
    values[650] = sealed(ids[650], to_json(people[651]))
    values[651] = sealed(ids[651], b"\xff" * 40)
    values[652] = sealed(ids[652], to_json(people[652]).replace(b'"v":1', b'"v":2'))
    found = unseal_many(KEYS, ids, values)
    assert dict(found.refused) == {
        0: "sealed-length",
        7: "sealed-key-unknown",
        8: "sealed-tag",
        9: "sealed-tag",
        650: "sealed-id",
        651: "subscription-form",
        652: "subscription-version",
    }
    assert found.columns.count == 693
    assert assert_same(ids, values) == 7


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 300),
    st.sampled_from([2**16, 2**32, 2**63, 2**64, 1.0, 2.5, -1.0]),
    st.sampled_from(
        ["", "1", "+5", " 7 ", "1_0", "-1", "x", "京", "=", "a/b", "https://", "https://a/b", "a" * 87, "A" * 22]
    ),
    st.just([]),
    st.just({}),
)
FIELDS = (
    "v", "id", "row", "endpoint", "p256dh", "auth", "language", "places", "drill", "canary", "ward", "vapid_key",
    "staff", "seen", "consents", "quiet",
)  # fmt: skip
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4), st.lists(st.lists(SCALARS, max_size=5), max_size=6))
DAMAGE = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(FIELDS), VALUES),
    st.tuples(st.just("drop"), st.sampled_from(FIELDS), st.none()),
    st.tuples(st.just("place"), st.integers(0, 3), SCALARS),
    st.tuples(st.just("text"), st.sampled_from(("id", "p256dh", "auth", "row", "endpoint")), st.text(max_size=2)),
)


def damaged(plain: dict[str, Any], damage: tuple[str, Any, Any]) -> dict[str, Any]:
    how, where, what = damage
    if how == "set":
        return plain | {where: what}
    if how == "drop":
        return {name: value for name, value in plain.items() if name != where}
    if how == "text":
        return plain | {where: plain[where][: len(plain[where]) - len(what)] + what}
    first = [*plain["places"][0], 0][:4]
    first[where] = what
    return plain | {"places": [first, *plain["places"][1:]]}


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.dictionaries(st.integers(0, 11), DAMAGE, max_size=3))
def test_whatever_is_wrong_with_some_the_outcome_is_that_of_one_by_one(damages: dict[int, Any]) -> None:
    people = residents(12, seed=4)
    values = []
    for number, person in enumerate(people):
        raw = to_json(person)
        if number in damages:
            raw = json.dumps(damaged(json.loads(raw), damages[number])).encode()
        values.append(sealed(person.id, raw))
    assert_same([one.id for one in people], values)


def test_each_half_is_read_together_again_where_one_is_unusual() -> None:
    people = residents(64, seed=5)
    raws = [to_json(one) for one in people]
    raws[5] = b"{}"
    pieces = _read([one.id for one in people], raws, list(range(64)))
    assert [piece[0].count for piece in pieces] == [7, 8, 16, 32]
