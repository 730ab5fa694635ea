"""The account of a run adds up."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.claim import Release
from alerts.report import OutcomeKind
from shirase.demo.observer import Account
from shirase.demo.summary import Percentiles, summary, usage
from streams.payloads import DraftRecord, DraftState, ReceiptRecord, ReportRecord
from tests.dispatch.people import notice

AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


def report(name: str, outcome: OutcomeKind = OutcomeKind.NOTICE, claims: int = 2) -> ReportRecord:
    return ReportRecord(
        name, name, "jma", "VPWW54", f"doc-{name}", "series", outcome, "new", "", 3, (), (), "lineage-1", 1, claims,
        Release.AUTOMATIC, "rule", AT, AT, None,
    )  # fmt: skip


def verdict(
    name: str, state: DraftState = DraftState.APPROVED, *, revision: int = 1, complete: bool = True
) -> DraftRecord:
    return DraftRecord(f"draft-{name}", "lineage-1", revision, f"doc-{name}", state, "", complete, AT, None)


def receipt(worker: int, first: int | None, last: int | None, *, revision: int = 1, **outcomes: int) -> ReceiptRecord:
    return ReceiptRecord(
        "lineage-1", revision, "doc-a", worker, 2, 1, sum(outcomes.values()), outcomes,
        {"13108": outcomes.get("accepted", 0)}, 1000, first, last,
    )  # fmt: skip


def account_of(*receipts: ReceiptRecord) -> Account:
    account = Account()
    for one in receipts:
        account.receipts[one.lineage, one.revision, one.worker] = one
    return account


@pytest.mark.parametrize(
    ("values", "p50", "p99"),
    [
        ((), None, None),
        ((7,), 7, 7),
        ((2, 1), 1, 2),
        ((3, 1, 2), 2, 3),
        (tuple(range(1, 101)), 50, 99),
        (tuple(range(1, 201)), 100, 198),
    ],
)
def test_percentiles_are_values_that_occurred(values: tuple[int, ...], p50: float | None, p99: float | None) -> None:
    found = Percentiles.of(values)
    assert (found.p50, found.p99) == (p50, p99)


def test_every_selected_row_is_in_one_column_of_the_summary() -> None:
    found = summary(
        account_of(
            receipt(0, 1100, 1900, accepted=8, gone=1),
            receipt(1, 1050, 1500, accepted=5, expired=2, superseded=3, unsubscribed=1, withdrawn=4),
        )
    )
    pushes = found["pushes"]
    assert pushes == {
        "selected": 24,
        "accepted": 13,
        "expired": 2,
        "superseded": 3,
        "withdrawn": 4,
        "failed": 1,
        "by_outcome": {"accepted": 13, "gone": 1, "expired": 2, "superseded": 3, "unsubscribed": 1, "withdrawn": 4},
    }
    gone_before = pushes["by_outcome"]["unsubscribed"]
    ended = sum(pushes[name] for name in ("accepted", "expired", "superseded", "withdrawn", "failed")) + gone_before
    assert pushes["selected"] == ended


def test_a_notice_is_as_quick_as_its_first_worker_and_as_slow_as_its_last() -> None:
    found = summary(account_of(receipt(0, 1100, 1900, accepted=8), receipt(1, 1050, 1500, accepted=5)))
    latency = found["latency_ms"]
    assert latency["received_to_first_accepted"] == {"p50": 50.0, "p99": 50.0}
    assert latency["received_to_last_accepted"] == {"p50": 900.0, "p99": 900.0}


def test_where_nobody_was_accepted_nothing_is_measured() -> None:
    found = summary(account_of(receipt(0, None, None, gone=3)))
    assert found["latency_ms"]["received_to_first_accepted"] == {"p50": None, "p99": None}


def test_the_pushes_of_the_wards_sum_to_the_total() -> None:
    one, two = receipt(0, 1, 2, accepted=8), replace(receipt(1, 1, 2, accepted=5), wards={"13107": 5})
    assert usage([one, two, receipt(0, 1, 2, revision=2, accepted=1)]) == {"13107": 5, "13108": 9}


# ── what is still open ────────────────────────────────────────────────────────────────────────────


def test_a_document_is_open_until_its_draft_of_all_shards_is_decided() -> None:
    account = Account()
    for one in (report("a"), report("b", OutcomeKind.DRILL, claims=0)):
        account.settled(one)
    assert account.open_documents() == 1, "what touched no shard leads to nothing"
    account.drafts["draft-a"] = verdict("a", complete=False)
    assert account.open_documents() == 1
    account.decided("doc-a")
    assert account.open_documents() == 0
    assert account.outcomes() == {"notice": 1, "drill": 1}


def test_a_notice_is_open_until_every_worker_has_its_receipt() -> None:
    account = account_of(receipt(0, None, None))
    assert account.open_fanouts(2) == 0
    account.drafts["draft-a"] = verdict("a")
    account.notices["lineage-1", 1] = notice(lineage="lineage-1")
    assert account.open_fanouts(2) == 1
    account.receipts["lineage-1", 1, 1] = receipt(1, None, None)
    assert account.open_fanouts(2) == 0


@pytest.mark.parametrize("state", [state for state in DraftState if state is not DraftState.APPROVED])
def test_a_draft_that_was_not_approved_leads_to_no_fan_out(state: DraftState) -> None:
    account = Account()
    account.drafts["draft-a"] = verdict("a", state)
    assert account.open_fanouts(2) == 0


def test_a_verdict_that_came_before_its_notice_already_counts() -> None:
    account = Account()
    account.drafts["draft-a"] = verdict("a")
    assert account.open_fanouts(3) == 3
