"""Where a telegram's milliseconds go is read from the stamps of its records."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.place import Cell
from dispatch.unapproved import unapproved
from load_tests.passage import Passage, Step, passage, slowest, steps_of, with_choice
from streams.payloads import ReceiptRecord

ARRIVED = 1_795_000_000_000.0
APPROVED = datetime.fromtimestamp(ARRIVED / 1000 + 0.057, UTC)
HEADERS = {"t-received": b"1795000000001", "t-report": b"1795000000012", "t-hazard": b"1795000000030"}


def receipt(worker: int, accepted: int, first: int | None, last: int | None) -> ReceiptRecord:
    return ReceiptRecord(
        "l", 1, "d", worker, 2, 1, accepted, {"accepted": accepted, "gone": 1}, {}, int(ARRIVED), first, last
    )


def passed(*receipts: ReceiptRecord) -> Passage:
    notice = replace(unapproved((Cell(1),), APPROVED), lineage="l", approved_at=APPROVED)
    return passage(ARRIVED, notice, HEADERS, receipts)


def test_each_step_counts_from_the_one_before() -> None:
    one = passed(receipt(0, 100, int(ARRIVED) + 110, int(ARRIVED) + 160))
    assert one.took_ms() == pytest.approx(
        {Step.SETTLED: 12, Step.MAPPED: 18, Step.APPROVED: 27, Step.FIRST_ACCEPTED: 53, Step.LAST_ACCEPTED: 50}
    )
    chosen = with_choice(one, {("l", 1): int(ARRIVED) + 90, ("l", 2): 0})
    assert chosen.took_ms()[Step.CHOSEN] == pytest.approx(33)
    assert chosen.took_ms()[Step.FIRST_ACCEPTED] == pytest.approx(20)
    assert sum(chosen.took_ms().values()) == pytest.approx(chosen.after_ms(Step.LAST_ACCEPTED))
    assert with_choice(one, {("another", 1): 0}) == one


def test_of_several_workers_the_first_and_the_last_push_count() -> None:
    one = passed(
        receipt(0, 100, int(ARRIVED) + 110, int(ARRIVED) + 120),
        receipt(1, 50, int(ARRIVED) + 90, int(ARRIVED) + 300),
        receipt(2, 0, None, None),
    )
    assert (one.after_ms(Step.FIRST_ACCEPTED), one.after_ms(Step.LAST_ACCEPTED), one.pushes) == (90, 300, 150)


def test_the_slowest_come_first_and_say_which_step_it_was() -> None:
    passages = [passed(receipt(0, 1, int(ARRIVED) + 90, int(ARRIVED) + last)) for last in (100, 900, 200)]
    found = slowest(passages, 2)
    assert [(one["number"], one["accepted_ms"]) for one in found] == [(1, 900.0), (2, 200.0)]
    assert found[0]["took_ms"]["last accepted"] == 810.0
    (last,) = (one for one in steps_of(passages) if one["step"] == Step.LAST_ACCEPTED)
    assert (last["p50_ms"], last["most_ms"]) == (110.0, 810.0)
    assert Step.CHOSEN not in {one["step"] for one in steps_of(passages)}
