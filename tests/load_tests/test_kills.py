"""How the scenarios of kills and corrections count; a small form of both runs in `tests/whole`."""

from collections import Counter
from dataclasses import replace

from dispatch.stub.log import Entry
from load_tests import correction
from load_tests.kills import Event, Result, Todo, recoveries, repeats

GOOD = Result(100, 2, 1, 1, 5.0, 5.0, 1, 0, 0, 9, 0, 8, 8, 14.0, (14.0,), 3, 4.0)


def entry(at_ms: int, token: str) -> Entry:
    return Entry(at_ms, 0, 201, "https://push.example", token, "topic", "60", "high", "sha", 1, "")


def test_a_push_that_came_again_was_open_at_the_event_after_it_came_first() -> None:
    pushes = [entry(at, token) for at, token in ((100, "a"), (900, "b"), (5000, "a"), (9000, "b"), (9100, "c"))]
    assert repeats(pushes, [Event("kill", 1000), Event("hand-over", 7000)]) == Counter({0: 2})
    assert repeats([*pushes, entry(9900, "a")], [Event("kill", 1000), Event("kill", 9000)]) == Counter({0: 2, 1: 1})


def test_recovery_is_counted_to_the_first_push_that_was_not_on_its_way_already() -> None:
    pushes = [entry(at, str(at)) for at in (900, 1200, 4000, 4100)]
    assert recoveries(pushes, [Event("kill", 1000)]) == [3.0]
    assert recoveries(pushes, [Event("kill", 4050)]) == []


def test_a_run_fails_by_what_was_promised() -> None:
    assert GOOD.failures == ()
    bad = replace(GOOD, lost=1, told_wrongly=1, repeated_most=9, changed_bodies=1, recovery_most_s=15.1, woken_exit=0)
    assert len(bad.failures) == 6
    good = correction.Result(100, 5, 2, 2, 60, 3, 1, 59, 0, 0, 8, 8, 200, 900)
    assert good.failures == ()
    assert len(replace(good, missed=1, not_alerted=1, twice=9, first_ms=10_001).failures) == 4


def test_half_of_the_kills_take_the_disk_and_the_order_is_the_seeds() -> None:
    todo = Todo(5, 3, 0.0, 0.0)
    assert Counter(todo.in_random_order()) == {"disk": 2, "kill": 3, "hand-over": 3}
    assert todo.in_random_order() == Todo(5, 3, 0.0, 0.0).in_random_order()
