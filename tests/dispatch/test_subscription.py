"""What a subscription may hold, and how it is kept."""

import os
import random
from dataclasses import replace
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.place import Cell
from dispatch.errors import EndpointRefused, KeyFileUnsafe, SubscriptionRefused, SubscriptionUnreadable
from dispatch.settings import DispatchSettings
from dispatch.subscription import (
    BUCKETS,
    Place,
    QuietHours,
    SealKeys,
    Subscription,
    bucket_of,
    check,
    from_json,
    new_id,
    new_row_number,
    to_json,
)
from tests.dispatch.people import KOTO, resident

SETTINGS = DispatchSettings()
GOOD = resident(random.Random(1), quiet_hours=QuietHours(22, 6))
OFF_CURVE = GOOD.p256dh[:-1] + bytes([GOOD.p256dh[-1] ^ 1])


def test_a_good_subscription_is_returned_as_it_is() -> None:
    assert check(GOOD, SETTINGS) == GOOD


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (replace(GOOD, auth=b"x" * 15), "auth-length"),
        (replace(GOOD, auth=b"x" * 17), "auth-length"),
        (replace(GOOD, p256dh=GOOD.p256dh[:64]), "p256dh"),
        (replace(GOOD, p256dh=b"\x02" + GOOD.p256dh[1:33]), "p256dh"),
        (replace(GOOD, p256dh=OFF_CURVE), "p256dh"),
        (replace(GOOD, p256dh=b"\x04" + bytes(64)), "p256dh"),
        (replace(GOOD, places=()), "number-of-places"),
        (replace(GOOD, places=GOOD.places * 6), "number-of-places"),
        (replace(GOOD, places=(Place(Cell(h3.cell_to_parent(KOTO, 8))),)), "place"),
        (replace(GOOD, places=(Place(Cell(h3.cell_to_center_child(KOTO, 10))),)), "place"),
        (replace(GOOD, places=(Place(Cell(12345)),)), "place"),
        (replace(GOOD, places=(Place(Cell(2**64)),)), "place"),
        (replace(GOOD, places=(Place(Cell(KOTO), min_level=6),)), "place"),
        (replace(GOOD, quiet_hours=QuietHours(22, 24)), "quiet-hours"),
        (replace(GOOD, language=""), "language"),
        (replace(GOOD, language="ja\r\n"), "language"),
        (replace(GOOD, id=b"short"), "id-length"),
        (replace(GOOD, row=2**64), "row-number"),
    ],
)
def test_what_cannot_be_right_is_refused(broken: Subscription, reason: str) -> None:
    with pytest.raises(SubscriptionRefused) as raised:
        check(broken, SETTINGS)
    assert raised.value.reason == reason


def test_an_endpoint_outside_the_list_is_refused() -> None:
    with pytest.raises(EndpointRefused):
        check(replace(GOOD, endpoint="https://evil.example/x"), SETTINGS)


def test_json_and_seal_return_what_went_in() -> None:
    keys = SealKeys({1: os.urandom(32)}, 1)
    assert from_json(to_json(GOOD)) == GOOD
    assert keys.unseal(GOOD.id, keys.seal(GOOD)) == GOOD
    assert keys.seal(GOOD) != keys.seal(GOOD)


def test_a_sealed_value_opens_for_its_own_id_and_unedited_only() -> None:
    keys = SealKeys({1: os.urandom(32)}, 1)
    sealed = keys.seal(GOOD)
    for subscription_id, value, reason in (
        (new_id(), sealed, "sealed-tag"),
        (GOOD.id, sealed[:-1] + bytes([sealed[-1] ^ 1]), "sealed-tag"),
        (GOOD.id, b"\x07" + sealed[1:], "sealed-key-unknown"),
        (GOOD.id, sealed[:20], "sealed-length"),
        (GOOD.id, b"", "sealed-length"),
    ):
        with pytest.raises(SubscriptionUnreadable) as raised:
            keys.unseal(subscription_id, value)
        assert raised.value.reason == reason


def test_an_older_key_still_opens_after_a_rotation() -> None:
    old, new = os.urandom(32), os.urandom(32)
    sealed = SealKeys({1: old}, 1).seal(GOOD)
    rotated = SealKeys({1: old, 2: new}, 2)
    assert rotated.unseal(GOOD.id, sealed) == GOOD
    assert rotated.seal(GOOD)[0] == 2


@given(
    st.one_of(
        st.binary(max_size=200), st.just(b"[" * 100_000), st.just(b'{"v":1,"id":"\\ud800"}'), st.just(b'{"v":NaN}')
    )
)
def test_other_bytes_are_unreadable_and_say_nothing_of_their_content(raw: bytes) -> None:
    with pytest.raises(SubscriptionUnreadable) as raised:
        from_json(raw)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, auth=b"x"),
        replace(GOOD, p256dh=b"x"),
        replace(GOOD, places=()),
        replace(GOOD, places=GOOD.places * 6),
        replace(GOOD, places=(Place(Cell(KOTO), min_level=-1),)),
        replace(GOOD, places=(Place(Cell(2**64)),)),
        replace(GOOD, row=-1),
        replace(GOOD, quiet_hours=QuietHours(25, 6)),
        replace(GOOD, vapid_key=256),
        replace(GOOD, endpoint="https://fcm.googleapis.com"),
        replace(GOOD, endpoint="https://fcm。googleapis.com/x"),
    ],
)
def test_a_stored_subscription_that_would_break_the_registry_is_put_aside(broken: Subscription) -> None:
    keys = SealKeys({1: os.urandom(32)}, 1)
    with pytest.raises(SubscriptionUnreadable, match="subscription-form"):
        keys.unseal(broken.id, keys.seal(broken))


def test_key_files_are_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "seal.json"
    keys = SealKeys.generate_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SealKeys.load(path).unseal(GOOD.id, keys.seal(GOOD)) == GOOD
    with pytest.raises(KeyFileUnsafe, match="already there"):
        SealKeys.generate_file(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileUnsafe, match="chmod 600"):
        SealKeys.load(path)
    with pytest.raises(KeyFileUnsafe, match="not there"):
        SealKeys.load(tmp_path / "none")


def test_buckets_are_evenly_filled_and_stable() -> None:
    counts = [0] * BUCKETS
    rng = random.Random(7)
    for _ in range(25_600):
        counts[bucket_of(rng.randbytes(16))] += 1
    assert min(counts) > 50
    assert max(counts) < 160
    assert bucket_of(bytes(16)) == bucket_of(bytes(16))
    assert 0 <= new_row_number() < 2**64
