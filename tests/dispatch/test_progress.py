"""Whatever happened before a crash: what is final is never sent again, all else is."""

import base64
import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import ProgressUnreadable
from dispatch.progress import Progress, decode, encode
from streams.topics import PROGRESS

ORIGIN = "https://fcm.googleapis.com"
TWOS = base64.b64encode(zlib.compress(b"\x02" * 4)).decode()
EVENTS = st.integers(0, 60).flatmap(
    lambda total: st.tuples(
        st.just(total),
        st.lists(st.tuples(st.integers(0, max(0, total - 1)), st.integers(0, 5)), max_size=0 if total == 0 else 150),
    )
)


@given(EVENTS, st.integers(0, 150))
def test_after_any_events_and_a_crash_exactly_the_rows_that_are_not_final_are_open(
    events: tuple[int, list[tuple[int, int]]], crash_at: int
) -> None:
    total, happened = events
    progress, finals, tried = Progress(total), set[int](), dict[int, int]()
    for position, attempts in happened[:crash_at]:
        if attempts:
            progress.mark_retry(position, attempts)
            if position not in finals:
                tried[position] = attempts
        else:
            progress.mark_final(position)
            finals.add(position)
            tried.pop(position, None)
    for one in (progress, decode(encode({ORIGIN: progress}))[ORIGIN]):
        assert set(one.open_rows()) == set(range(total)) - finals
        assert all(one.is_final(position) == (position in finals) for position in range(total))
        assert (one.finals, one.done, one.retries()) == (len(finals), len(finals) == total, tried)
        assert one.leading == next((n for n in range(total) if n not in finals), total)


def test_a_record_stays_small_when_one_early_row_waits() -> None:
    progress = Progress(40_000)
    for position in range(1, 40_000):
        progress.mark_final(position)
    raw = encode({ORIGIN: progress})
    assert len(raw) < 1000
    assert list(decode(raw)[ORIGIN].open_rows()) == [0]


def test_a_record_fits_its_topic_when_a_whole_push_service_is_away() -> None:
    rng = random.Random(1)
    progress = Progress(40_000)
    for position in range(40_000):
        if rng.random() < 0.5:
            progress.mark_final(position)
        else:
            progress.mark_retry(position, rng.randint(1, 8))
    raw = encode({ORIGIN: progress})
    assert len(raw) < PROGRESS.max_message_bytes / 4
    assert decode(raw)[ORIGIN].retries() == progress.retries()


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {"v": 2, "origins": {}},
        {"v": 1},
        {"v": 1, "origins": {ORIGIN: {"total": -1, "leading": 0}}},
        {"v": 1, "origins": {ORIGIN: {"total": 1, "leading": 2}}},
        {"v": 1, "origins": {ORIGIN: {"total": 10**12, "leading": 0}}},
        {"v": 1, "origins": {ORIGIN: {"total": 5, "leading": True}}},
        {"v": 1, "origins": {ORIGIN: {"total": 5, "leading": 0, "later": "%%"}}},
        {"v": 1, "origins": {ORIGIN: {"total": 5, "leading": 0, "tries": [[5, 1]]}}},
        {"v": 1, "origins": {ORIGIN: {"total": 5, "leading": 0, "later": TWOS}}},
        {"v": 1, "origins": {ORIGIN: {"total": 3, "leading": 0, "tries": TWOS}}},
    ],
)
def test_records_of_another_form_are_refused(plain: object) -> None:
    with pytest.raises(ProgressUnreadable):
        decode(json.dumps(plain).encode())


@given(st.binary(max_size=60))
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ProgressUnreadable):
        decode(raw)
