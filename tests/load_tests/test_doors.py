"""What the load test of the two doors makes of its stretches."""

import os

import pytest

from load_tests.doors import Stretch, between, rate_of, result_of, share_of_others

SAID = """
finished in 2.50s, 1000.00 req/s, 9.77MB/s
requests: 2600 total, 2590 started, 2510 done, 2500 succeeded, 10 failed, 0 errored, 0 timeout
"""


def stretch(*milliseconds: float, bare: float = 1.0, rate: int = 0) -> Stretch:
    return Stretch({"console": milliseconds, "bare": [bare] * len(milliseconds)}, 0.02, rate)


def test_the_ratio_is_that_of_all_answers_and_the_machines_part_stands_beside_it() -> None:
    quiet = [stretch(*[2.0] * 99, 4.0), stretch(*[2.0] * 99, 3.0)]
    rush = [stretch(*[2.0] * 99, 4.5, bare=1.5, rate=900), stretch(*[2.5] * 99, 3.9, bare=1.5, rate=1100)]
    result = result_of(quiet, rush)
    assert (result.quiet_p99_ms, result.rush_p99_ms, result.ratio) == (2.0, 2.5, 1.25)
    assert (result.quiet_p50_ms, result.rush_p50_ms, result.asked) == (2.0, 2.5, 400)
    assert (result.bare_ratio, result.rush_per_second, result.others) == (1.5, 1000, 0.02)


def test_one_bad_stretch_shows_as_a_wide_range_and_not_as_a_sure_ratio() -> None:
    even, odd = [stretch(*[2.0] * 50)] * 6, [*[stretch(*[2.0] * 50)] * 5, stretch(*[8.0] * 50)]
    assert between(even, even) == (1.0, 1.0)
    low, high = between(even, odd)
    assert (low, high) == (1.0, 4.0)


@pytest.mark.parametrize(
    ("said", "rate"),
    [(SAID, 1000), (SAID.replace("2.50s", "500.00ms"), 5000), ("", 0), ("requests: 0 total, 0, 0, 0 succeeded", 0)],
)
def test_the_rush_is_as_fast_as_its_client_says(said: str, rate: int) -> None:
    assert rate_of(said) == rate


def test_what_others_worked_is_never_less_than_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before = {1: 100.0, 2: 50.0, 3: 8.0}
    # One went on, one ended meanwhile, one began; the end of a long one hides nobody's work.
    assert share_of_others(before, {1: 100.5, 3: 8.0, 4: 0.3}, 2.0) == pytest.approx(0.2)
    assert share_of_others(before, before, 2.0) == 0
