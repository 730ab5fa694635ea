"""Every answer has an outcome, every outcome a rule, every retry an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.claim import Lane
from dispatch.outcomes import GoneGuard, PushOutcome, outcome_of_status, rule_of
from dispatch.retry import GiveUp, GiveUpReason, RetryAt, next_attempt
from dispatch.settings import DispatchSettings
from dispatch.slots import SlotRefusal, Slots

SETTINGS = DispatchSettings()
FCM = "https://fcm.googleapis.com"
APPLE = "https://web.push.apple.com"

SPECIAL = {
    401: PushOutcome.REFUSED, 403: PushOutcome.REFUSED, 404: PushOutcome.GONE, 406: PushOutcome.BUSY,
    408: PushOutcome.RETRY, 410: PushOutcome.GONE, 413: PushOutcome.TOO_LARGE, 425: PushOutcome.RETRY,
    429: PushOutcome.BUSY, 503: PushOutcome.BUSY,
}  # fmt: skip
BY_CLASS = {
    1: PushOutcome.UNKNOWN, 2: PushOutcome.ACCEPTED, 3: PushOutcome.REDIRECT,
    4: PushOutcome.FAILED, 5: PushOutcome.RETRY,
}  # fmt: skip


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_its_outcome_and_only_404_and_410_forget(status: int) -> None:
    outcome = outcome_of_status(status)
    assert outcome is SPECIAL.get(status, BY_CLASS[status // 100])
    rule = rule_of(outcome)
    assert rule.forget == (status in (404, 410))
    retried = status // 100 in (1, 5) or status in (401, 403, 406, 408, 425, 429)
    assert rule.retry == retried == (not rule.final)


@pytest.mark.parametrize("status", [-1, 0, 99, 600, 999])
def test_a_status_outside_http_is_unknown(status: int) -> None:
    assert outcome_of_status(status) is PushOutcome.UNKNOWN


def test_every_outcome_has_a_rule() -> None:
    assert {outcome for outcome in PushOutcome if rule_of(outcome).forget} == {PushOutcome.GONE}
    assert {outcome for outcome in PushOutcome if rule_of(outcome).may_have_arrived} == {
        PushOutcome.UNKNOWN,
        PushOutcome.TIMEOUT,
    }


def test_waits_double_and_are_never_shorter_than_the_service_asked_for() -> None:
    def wait(outcome: PushOutcome, attempts: int, asked: float | None = None, jitter: float = 0.0) -> float:
        decision = next_attempt(
            outcome, attempts, now=100.0, expires_at=1e6, jitter=jitter, settings=SETTINGS, retry_after_seconds=asked
        )
        assert isinstance(decision, RetryAt)
        return decision.at - 100.0

    assert [wait(PushOutcome.RETRY, n) for n in (1, 2, 3, 4, 7, 8, 5000)] == [1, 2, 4, 8, 60, 60, 60]
    assert wait(PushOutcome.BUSY, 1, asked=17.0, jitter=1.0) == 17
    assert wait(PushOutcome.RETRY, 3, jitter=1.0) == 2


@given(
    st.sampled_from(PushOutcome), st.integers(1, 100), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 1e5)),
)  # fmt: skip
def test_no_retry_is_set_for_after_expiry(
    outcome: PushOutcome, attempts: int, now: float, expires_at: float, jitter: float, asked: float | None
) -> None:
    decision = next_attempt(
        outcome, attempts, now=now, expires_at=expires_at, jitter=jitter, settings=SETTINGS, retry_after_seconds=asked
    )
    if isinstance(decision, RetryAt):
        assert rule_of(outcome).retry
        assert now <= decision.at <= expires_at - 1
    else:
        assert (decision.reason is GiveUpReason.FINAL) == rule_of(outcome).final


def test_a_wrong_key_is_tried_three_times() -> None:
    for attempts, gives_up in ((1, False), (2, False), (3, True)):
        decision = next_attempt(PushOutcome.REFUSED, attempts, now=0, expires_at=1e6, jitter=0, settings=SETTINGS)
        assert (decision == GiveUp(GiveUpReason.ATTEMPTS)) == gives_up


def test_a_service_that_calls_too_many_gone_is_not_believed_until_a_person_looked() -> None:
    guard = GoneGuard()
    for number in range(400):
        guard.seen(FCM, PushOutcome.GONE if number % 20 == 19 else PushOutcome.ACCEPTED, now=number / 100)
    assert guard.alarm(FCM) is None  # 5 % is not more than 5 %
    raised = [guard.seen(FCM, PushOutcome.GONE, now=4.0) for _ in range(30)]
    assert [alarm for alarm in raised if alarm] == [guard.alarm(FCM)]
    assert guard.alarm(APPLE) is None
    for number in range(1000):
        guard.seen(FCM, PushOutcome.ACCEPTED, now=200.0 + number)
    assert guard.alarm(FCM) is not None
    guard.reopen(FCM)
    assert guard.alarm(FCM) is None


def test_a_few_gone_over_hours_raise_no_alarm() -> None:
    guard = GoneGuard()
    for minute in range(300):
        for _ in range(19):
            assert guard.seen(FCM, PushOutcome.GONE, now=minute * 60.0) is None


def test_slots_keep_room_for_life_safety_other_services_and_first_tries() -> None:
    settings = DispatchSettings(max_in_flight=100)
    slots = Slots(settings, origins=2)
    routine = [slots.take(FCM, Lane.ROUTINE, 0.0) for _ in range(60)]
    assert routine.count(None) == 50
    assert routine[-1] is SlotRefusal.LANE_FULL
    urgent = [slots.take(FCM, Lane.LIFE_SAFETY, 0.0) for _ in range(40)]
    assert urgent.count(None) == 25
    assert urgent[-1] is SlotRefusal.ORIGIN_FULL
    retries = [slots.take(APPLE, Lane.LIFE_SAFETY, 0.0, retry=True) for _ in range(10)]
    assert retries.count(None) == 5
    assert retries[-1] is SlotRefusal.RETRIES_FULL
    firsts = [slots.take(APPLE, Lane.LIFE_SAFETY, 0.0) for _ in range(30)]
    assert firsts.count(None) == 20
    assert firsts[-1] is SlotRefusal.FULL
    slots.give_back(APPLE, Lane.LIFE_SAFETY, retry=True)
    assert slots.open == 99
    assert slots.take(APPLE, Lane.LIFE_SAFETY, 0.0, retry=True) is None


def test_a_busy_service_pauses_itself_only() -> None:
    slots = Slots(SETTINGS, origins=2)
    slots.pause(FCM, until=10.0)
    slots.pause(FCM, until=5.0)
    assert slots.take(FCM, Lane.LIFE_SAFETY, 9.9) is SlotRefusal.ORIGIN_PAUSED
    assert slots.take(APPLE, Lane.LIFE_SAFETY, 9.9) is None
    assert slots.take(FCM, Lane.LIFE_SAFETY, 10.0) is None
