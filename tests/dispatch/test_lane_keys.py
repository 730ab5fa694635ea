"""No push of one lane by the key of the other, whatever selected its rows (promise 10)."""

import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from dispatch.columns import columns_of
from dispatch.errors import KeyFileUnsafe, SubscriptionRefused
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pushes import Pushes, Rows, Sealing
from dispatch.registry import Registry
from dispatch.settings import DispatchSettings
from dispatch.subscription import check, from_json, to_json
from dispatch.vapid import FIRST_DRILL_KEY, Vapid, VapidKey, generate_key_file, is_drill_key, keys_of_lanes
from geo.cells import compact
from tests.dispatch.people import KOTO, notice, part, resident

SUBJECT = "mailto:operations@shirase.example"
LIVE, DRILL = VapidKey.generate(), VapidKey.generate()
SETTINGS = DispatchSettings()


@settings(deadline=None, derandomize=True, max_examples=25)
@given(lane=st.sampled_from(list(Lane)), keys=st.lists(st.sampled_from([0, FIRST_DRILL_KEY]), min_size=1, max_size=12))
def test_a_push_is_signed_by_its_own_lane_or_not_made(lane: Lane, keys: list[int]) -> None:
    rng = random.Random(1)
    people = People(Registry.of(columns_of([replace(resident(rng), vapid_key=key) for key in keys])))
    of = replace(notice(part(compact((KOTO,)))), lane=lane)
    counted: list[int] = []
    made = Pushes(
        people,
        Messages(of, SETTINGS),
        time.time() + 600,
        Vapid({0: LIVE, FIRST_DRILL_KEY: DRILL}, SUBJECT),
        SETTINGS,
        b"s" * 32,
        languages=people.languages,
        sealings=(Sealing(b""),),
        on_wrong_key=counted.append,
    )
    batches, refused = made.batches(rows_of(len(keys)), time.time())
    own = DRILL if lane is Lane.DRILL else LIVE
    assert {dict(one.headers)["Authorization"].rpartition("k=")[2] for one in batches} <= {own.public_text}
    suits = [is_drill_key(int(key)) is (lane is Lane.DRILL) for key in people.base.columns.vapid_key]
    assert sum(len(one.keys) for one in batches) == sum(suits)
    assert len(refused) == sum(counted) == len(keys) - sum(suits)


def rows_of(count: int) -> Rows:
    nothing = np.zeros(count, dtype=np.uint8)
    return Rows(
        list(range(count)),
        np.arange(count),
        nothing.astype(np.uint16),
        nothing,
        nothing,
        nothing,
        nothing.astype(np.int64),
    )


def test_one_key_for_both_lanes_is_refused_at_the_start(tmp_path: Path) -> None:
    live, drill = tmp_path / "live.pem", tmp_path / "drill.pem"
    generate_key_file(live)
    generate_key_file(drill)
    assert set(keys_of_lanes(live, None)) == {0}
    keys = keys_of_lanes(live, drill)
    assert Vapid(keys, SUBJECT).has(FIRST_DRILL_KEY)
    with pytest.raises(KeyFileUnsafe, match="live key"):
        Vapid(keys_of_lanes(live, live), SUBJECT)


@pytest.mark.parametrize(("drill", "key"), [(True, 0), (False, FIRST_DRILL_KEY)])
def test_the_wish_for_drills_and_the_key_go_together_at_sign_up_and_old_ones_are_still_read(
    drill: bool, key: int
) -> None:
    person = replace(resident(random.Random(2), drill=drill), vapid_key=key)
    with pytest.raises(SubscriptionRefused, match="key-of-another-lane"):
        check(person, SETTINGS)
    assert from_json(to_json(person)) == person, "an old one costs nobody the registry"
