"""A push service over simulated round trips: what it loses at once, and how soon it has its rate again."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from alerts.claim import Lane
from dispatch.outcomes import PushOutcome
from dispatch.pace import LEAST_WINDOW, LONGEST_REST_SECONDS, Pace
from dispatch.settings import DispatchSettings
from dispatch.slots import Slots

MOST = 3072
ROUND_TRIP = 0.05
# What the sender tells at once of one connection.
RUN = 128

Fails = Callable[[float, int], int]
"""How many of the requests that were open at this time fail; the others are accepted."""


def rates(
    fails: Fails, seconds: float, *, round_trip: float = ROUND_TRIP, how: PushOutcome = PushOutcome.UNKNOWN
) -> list[tuple[float, int]]:
    """Return of each round trip its end and how many requests were begun in it."""
    pace, now, found = Pace(MOST), 0.0, list[tuple[float, int]]()
    while now < seconds:
        begun = pace.window if now >= pace.rests_until else 0
        now += round_trip
        failed = fails(now, begun)
        for first in range(0, failed, RUN):
            pace.seen(how, min(RUN, failed - first), now)
        if begun > failed:
            pace.seen(PushOutcome.ACCEPTED, begun - failed, now)
        found.append((now, begun))
    return found


def once(at: float, count: int) -> Fails:
    """Fail *count* of what is open at the first look after *at*, and never again."""
    left = [count]

    def fails(now: float, begun: int) -> int:
        if now < at or not left[0]:
            return 0
        left[0] = 0
        return min(count, begun)

    return fails


@pytest.mark.parametrize("round_trip", [0.05, 0.25])
@pytest.mark.parametrize("count", [1000, MOST])
def test_what_fails_at_one_moment_is_made_good_within_seconds(count: int, round_trip: float) -> None:
    found = rates(once(5.0, count), 20.0, round_trip=round_trip)
    assert max(begun for now, begun in found if now < 5.0) == MOST
    # A second's rest, a handful, and a window that doubles with each round trip.
    after = 5.0 + 1.0 + 8 * round_trip
    assert min(begun for now, begun in found if now > after) >= 0.9 * MOST


@pytest.mark.parametrize("how", [PushOutcome.RETRY, PushOutcome.BUSY])
@pytest.mark.parametrize("round_trip", [0.05, 0.25])
def test_after_one_5xx_a_service_soon_has_what_it_had(how: PushOutcome, round_trip: float) -> None:
    found = rates(once(5.0, 200), 8.0, round_trip=round_trip, how=how)
    assert max(begun for now, begun in found if now < 5.0) == MOST
    assert min(begun for now, begun in found if now > 5.0) == MOST // 2, "it does slow down"
    # A moment in which old answers come back, then a doubling.
    assert min(begun for now, begun in found if now > 5.3 + 3 * round_trip) == MOST


def test_one_that_is_busy_again_and_again_is_asked_less_each_time_and_more_by_small_steps() -> None:
    """What it takes is 1,000 in a round trip: it says 429 to all beyond."""
    found = rates(lambda _now, begun: max(0, begun - 1000), 30.0, how=PushOutcome.BUSY)
    settled = [begun for now, begun in found if now > 10.0]
    assert max(settled) < 1300
    assert sum(min(1000, begun) for begun in settled) / len(settled) > 700, "what it takes is used"
    assert sum(max(0, begun - 1000) for begun in settled) / sum(settled) < 0.1, "little is asked in vain"


def test_long_after_a_complaint_the_window_doubles_again() -> None:
    def fails(now: float, begun: int) -> int:
        return begun if 5.0 < now < 12.0 else 0

    found = rates(fails, 40.0, how=PushOutcome.RETRY)
    assert min(begun for now, begun in found if 11.0 < now < 12.0) < 100
    assert next(now for now, begun in found if now > 12.0 and begun == MOST) < 30.0


def test_one_event_is_one_reason_to_slow_down_however_many_requests_were_open() -> None:
    pace = Pace(MOST)
    pace.seen(PushOutcome.ACCEPTED, MOST, 0.0)
    for _ in range(1000):
        pace.seen(PushOutcome.RETRY, 1, 1.0)
    assert pace.window == MOST // 2
    rests = set()
    for _ in range(1000):
        pace.seen(PushOutcome.UNKNOWN, 1, 2.0)
        rests.add(pace.rests_until)
    assert max(rests) == 3.0, "a thousand lost at once are one rest, not a longer one for each"


def test_one_that_stays_broken_is_asked_with_a_handful_ever_more_rarely() -> None:
    found = rates(lambda now, begun: begun if now > 5.0 else 0, 125.0)
    asked = [(now, begun) for now, begun in found if now > 5.1 and begun]
    assert {begun for _, begun in asked} == {LEAST_WINDOW}
    gaps = [round(later - earlier, 3) for (earlier, _), (later, _) in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert LONGEST_REST_SECONDS <= gaps[-1] < LONGEST_REST_SECONDS + 3 * ROUND_TRIP


def test_lost_requests_drain_at_the_rate_of_the_service_once_nothing_else_waits() -> None:
    """The share of retries is a bound for the sake of others; left alone it is a twentieth of the rate."""

    def round_trips(*, others_wait: bool) -> int:
        slots, left, now, count = Slots(DispatchSettings(), origins=2), 4000, 0.0, 0
        slots.answered("a", PushOutcome.ACCEPTED, MOST, now)
        while left:
            some = min(left, slots.room("a", Lane.LIFE_SAFETY, now, retry=others_wait))
            slots.take_many("a", Lane.LIFE_SAFETY, some, retry=True)
            now, count, left = now + ROUND_TRIP, count + 1, left - some
            slots.give_back("a", Lane.LIFE_SAFETY, retry=True, count=some)
            slots.answered("a", PushOutcome.ACCEPTED, some, now)
        assert slots.open == 0
        return count

    assert round_trips(others_wait=False) == 2
    assert round_trips(others_wait=True) == 20


def test_who_is_away_or_asked_for_a_pause_is_left_alone_until_it_answers() -> None:
    slots = Slots(DispatchSettings(), origins=2)
    assert not slots.left_alone("a", 0.0)
    slots.answered("a", PushOutcome.TIMEOUT, 256, 0.0)
    assert slots.left_alone("a", 0.0)
    assert slots.left_alone("a", 100.0), "its rest is over, but the handful has not come back"
    slots.answered("a", PushOutcome.ACCEPTED, 1, 100.0)
    assert not slots.left_alone("a", 100.0)
    slots.answered("a", PushOutcome.BUSY, 1, 101.0, retry_after_seconds=9.0)
    assert slots.left_alone("a", 109.9)
    assert not slots.left_alone("a", 110.0)
