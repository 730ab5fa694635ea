"""What goes aside, with which reason, and when there is too much of it."""

from streams.brokers.record import Record
from streams.dead_letters import Limit, Recent, Refused, dead_letter, reason_of
from streams.topics import SUBSCRIPTIONS

LIMIT = Limit(share=0.5, at_least=3, window_seconds=60.0)


def test_the_original_goes_along_under_its_place() -> None:
    record = Record("telegrams", 3, 41, b"jma:series", b"<broken", {"feed": b"jma"})
    key, value, headers = dead_letter(record, Refused("xml-forbidden-dtd", "line 1"))
    assert (key, value) == (b"telegrams-3-41", b"<broken")
    assert headers == {
        "feed": b"jma", "original-key": b"jma:series", "reason": b"xml-forbidden-dtd", "detail": b"line 1",
    }  # fmt: skip


def test_of_a_subscription_only_reason_and_length_go_along() -> None:
    record = Record(SUBSCRIPTIONS.name, 3, 41, b"an-id", b"sealed endpoint", {"trace": b"x"})
    key, value, headers = dead_letter(record, ValueError("https://push.example/secret"))
    assert (key, value) == (b"subscriptions-3-41", b"")
    assert headers == {"length": b"15", "reason": b"unexpected-ValueError", "detail": b""}


def test_an_unexpected_exception_never_carries_its_text() -> None:
    assert reason_of(KeyError("a place of a person")) == "unexpected-KeyError"


def test_a_few_failures_do_not_stop_a_worker() -> None:
    recent = Recent(LIMIT)
    assert [recent.add(wrong=True, at=0.0), recent.add(wrong=True, at=1.0)] == [None, None]


def test_more_than_the_share_stops_it_with_what_to_do() -> None:
    recent = Recent(LIMIT)
    verdicts = [recent.add(wrong=True, at=float(second)) for second in range(3)]
    assert verdicts[:2] == [None, None]
    assert verdicts[2] is not None
    assert "roll back" in verdicts[2]


def test_failures_among_enough_successes_do_not_stop_it() -> None:
    recent = Recent(LIMIT)
    assert all(recent.add(wrong=number % 3 == 0, at=float(number)) is None for number in range(50))


def test_what_is_older_than_the_window_no_longer_counts() -> None:
    recent = Recent(LIMIT)
    recent.add(wrong=True, at=0.0)
    recent.add(wrong=True, at=1.0)
    assert recent.add(wrong=True, at=61.5) is None
