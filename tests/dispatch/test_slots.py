"""Slots by the number: what a batch may take, and what answers teach."""

from alerts.claim import Lane
from dispatch.outcomes import PushOutcome
from dispatch.pace import FAILURES_THAT_OPEN, FIRST_WINDOW, LEAST_WINDOW
from dispatch.settings import DispatchSettings
from dispatch.slots import SlotRefusal, Slots

FCM, MOZILLA = "https://fcm.googleapis.com", "https://updates.push.services.mozilla.com"
NOW = 1_800_000_000.0
LIFE = Lane.LIFE_SAFETY


def test_a_push_service_earns_its_slots_by_answering() -> None:
    slots = Slots(DispatchSettings(), origins=2)
    assert slots.room(FCM, LIFE, NOW) == FIRST_WINDOW
    for _ in range(10):
        room = slots.room(FCM, LIFE, NOW)
        slots.take_many(FCM, LIFE, room)
        slots.give_back(FCM, LIFE, count=room)
        slots.answered(FCM, PushOutcome.ACCEPTED, room, NOW)
    assert slots.room(FCM, LIFE, NOW) == 3072  # its share of 4,096
    assert slots.room(MOZILLA, LIFE, NOW) == FIRST_WINDOW


def test_one_that_hangs_holds_only_its_first_window() -> None:
    slots = Slots(DispatchSettings(), origins=2)
    slots.take_many(MOZILLA, LIFE, slots.room(MOZILLA, LIFE, NOW))
    assert slots.room(MOZILLA, LIFE, NOW) == 0
    assert slots.room(FCM, LIFE, NOW) == FIRST_WINDOW


def test_a_burst_of_429_halves_once_and_pauses_as_long_as_asked() -> None:
    slots = Slots(DispatchSettings(), origins=2)
    slots.answered(FCM, PushOutcome.ACCEPTED, 1000, NOW)
    grown = slots.window(FCM)
    slots.answered(FCM, PushOutcome.BUSY, 300, NOW, retry_after_seconds=17.0)
    slots.answered(FCM, PushOutcome.BUSY, 300, NOW + 0.5)
    assert slots.window(FCM) == grown // 2
    assert slots.room(FCM, LIFE, NOW + 16.9) == 0
    assert slots.room(FCM, LIFE, NOW + 17.0) == grown // 2
    # Back at what it had, it grows by rounds, not by answers.
    slots.answered(FCM, PushOutcome.ACCEPTED, grown // 2, NOW + 10.0)
    assert slots.window(FCM) == grown
    slots.answered(FCM, PushOutcome.ACCEPTED, grown, NOW + 11.0)
    assert slots.window(FCM) == grown + LEAST_WINDOW


def test_failures_in_a_row_open_the_breaker_and_a_handful_closes_it() -> None:
    slots = Slots(DispatchSettings(), origins=2)
    slots.answered(FCM, PushOutcome.UNKNOWN, FAILURES_THAT_OPEN - 1, NOW)
    assert slots.room(FCM, LIFE, NOW) == FIRST_WINDOW
    slots.answered(FCM, PushOutcome.TIMEOUT, 1, NOW)
    assert slots.room(FCM, LIFE, NOW + 0.99) == 0
    assert slots.room(FCM, LIFE, NOW + 1.0) == LEAST_WINDOW
    # What was still open does not lengthen the rest; a failed handful does.
    slots.answered(FCM, PushOutcome.TIMEOUT, 50, NOW + 0.5)
    assert slots.room(FCM, LIFE, NOW + 1.0) == LEAST_WINDOW
    slots.answered(FCM, PushOutcome.NOT_SENT, LEAST_WINDOW, NOW + 1.0)
    assert slots.room(FCM, LIFE, NOW + 2.9) == 0
    slots.answered(FCM, PushOutcome.ACCEPTED, 1, NOW + 3.0)
    assert slots.room(FCM, LIFE, NOW + 3.0) >= FIRST_WINDOW


def test_routine_and_retries_have_their_shares_of_a_batch_too() -> None:
    slots = Slots(DispatchSettings(max_in_flight=1000), origins=1)
    slots.answered(FCM, PushOutcome.ACCEPTED, 10_000, NOW)
    assert slots.room(FCM, Lane.ROUTINE, NOW) == 500
    assert slots.room(FCM, LIFE, NOW, retry=True) == 50
    slots.take_many(FCM, Lane.ROUTINE, 500)
    slots.take_many(FCM, LIFE, 20, retry=True)
    assert slots.room(FCM, Lane.ROUTINE, NOW) == 0
    assert slots.room(FCM, LIFE, NOW, retry=True) == 30
    assert slots.room(FCM, LIFE, NOW) == 480
    assert slots.take(FCM, Lane.ROUTINE, NOW) is SlotRefusal.LANE_FULL
    slots.give_back(FCM, Lane.ROUTINE, count=500)
    slots.give_back(FCM, LIFE, retry=True, count=20)
    assert slots.open == 0
