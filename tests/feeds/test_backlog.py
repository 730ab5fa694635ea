"""Repeats and reordering are harmless; what was never stored is asked for again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import backlog as module
from feeds.backlog import MAX_REFUSALS, Backlog, Gap
from feeds.feed_entries import Entry, Index

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
REACH = timedelta(minutes=10)


def entry(number: int, minutes: float = 0.0) -> Entry:
    return Entry(f"urn:{number}", f"https://feed.example/{number}", NOON + timedelta(minutes=minutes))


entries = st.integers(0, 30).map(lambda number: entry(number, number % 7))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(entries, max_size=20), max_size=8), st.randoms(use_true_random=False))
def test_each_entry_is_fetched_once_however_often_and_in_whatever_order_it_is_listed(
    looks: list[list[Entry]], random: object
) -> None:
    backlog, fetched = Backlog(), []
    for look in looks:
        backlog.learn(look)
        backlog = Backlog.from_plain(backlog.to_plain())
        for waiting in backlog.waiting():
            fetched.append(waiting.key)
            backlog.done(waiting)
    assert sorted(fetched) == sorted({each.key for look in looks for each in look})


def test_the_newest_is_fetched_first_and_what_failed_last() -> None:
    backlog = Backlog()
    unknown = Entry("urn:?", "https://feed.example/x", None)
    backlog.learn([entry(1, 1), entry(3, 3), unknown, entry(2, 2)])
    assert [each.key for each in backlog.waiting()] == ["urn:?", "urn:3", "urn:2", "urn:1"]
    backlog.failed(entry(3, 3), refused=False)
    assert [each.key for each in backlog.waiting()] == ["urn:?", "urn:2", "urn:1", "urn:3"]


def test_a_document_is_given_up_after_refusals_and_never_because_its_server_is_away() -> None:
    backlog = Backlog()
    backlog.learn([entry(1)])
    assert not any(backlog.failed(entry(1), refused=False) for _ in range(1000))
    assert [backlog.failed(entry(1), refused=True) for _ in range(MAX_REFUSALS)] == [False] * (MAX_REFUSALS - 1) + [
        True
    ]
    assert backlog.waiting() == ()
    assert backlog.learn([entry(1)]) == 0


def test_what_is_too_old_is_given_up_and_what_says_no_time_is_not() -> None:
    backlog = Backlog()
    unknown = Entry("urn:?", "https://feed.example/x", None)
    backlog.learn([entry(1, -60), entry(2), unknown])
    assert backlog.drop_older(NOON - timedelta(minutes=1)) == (entry(1, -60),)
    assert {each.key for each in backlog.waiting()} == {"urn:2", "urn:?"}
    assert backlog.learn([entry(3, -60)], not_before=NOON) == 0


@pytest.mark.parametrize(
    ("looked_minutes_ago", "listed", "gap"),
    [
        (None, [entry(1)], Gap.FIRST_LOOK),
        (1, [entry(1), entry(2)], None),
        (1, [entry(2), entry(3)], Gap.NOTHING_KNOWN),
        (1, [], None),
        (11, [entry(1)], Gap.LONG_SILENCE),
        (11, [], Gap.LONG_SILENCE),
    ],
)
def test_a_gap_is_noticed(looked_minutes_ago: int | None, listed: list[Entry], gap: Gap | None) -> None:
    backlog = Backlog()
    if looked_minutes_ago is not None:
        backlog.learn([entry(1)])
        backlog.done(entry(1))
        backlog.looked(NOON - timedelta(minutes=looked_minutes_ago))
    assert backlog.gap(Index(NOON, tuple(listed)), NOON, REACH) is gap


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SEEN", 10)
    backlog = Backlog()
    for number in range(100):
        backlog.learn([entry(number)])
        backlog.done(entry(number))
    assert backlog.to_plain()["seen"] == [f"urn:{number}" for number in range(90, 100)]


def test_old_entries_of_a_long_index_do_not_push_out_what_was_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SEEN", 10)
    backlog = Backlog()
    backlog.learn([entry(1)])
    backlog.done(entry(1))
    old = [entry(number, -60) for number in range(100, 200)]
    for _ in range(3):
        assert backlog.learn([*old, entry(1)], not_before=NOON) == 0
