"""R25: per ward what was used; the rows sum exactly to the totals, also when wards join midway."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from shirase.cli import main
from shirase.commands.usage import COUNTERS, NO_WARD, WardUsage, month_of, table_of, usage_in
from streams.fanout.headcount import of_day
from streams.payloads import HeadCountRecord, ReceiptRecord, WardCount

NOVEMBER = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


def receipt(
    lineage: str, wards: dict[str, int], *, at: datetime = NOVEMBER, worker: int = 0, accepted: int | None = None
) -> ReceiptRecord:
    total = sum(wards.values()) if accepted is None else accepted
    return ReceiptRecord(
        lineage=lineage,
        revision=1,
        document="d",
        worker=worker,
        workers=2,
        epoch=1,
        selected=total,
        outcomes={"accepted": total, "expired": 3},
        wards=wards,
        received_ms=round(at.timestamp() * 1000),
        first_accepted_ms=None,
        last_accepted_ms=None,
    )


def test_rows_sum_to_the_totals_while_wards_join_midway() -> None:
    draw = random.Random(25)
    wards = ["江戸川区", "江東区", "墨田区", "葛飾区", "台東区"]
    receipts = []
    for day in range(30):
        joined = wards[: 1 + day // 6]  # one more every six days
        for worker in (0, 1):
            counts = {ward: draw.randrange(0, 5000) for ward in joined}
            receipts.append(receipt(f"l{day}", counts, at=NOVEMBER.replace(day=1 + day), worker=worker))
    usage = usage_in("2026-11", receipts)
    assert usage.total.pushes_accepted == sum(one.outcomes["accepted"] for one in receipts)
    assert [row.ward for row in usage.rows] == sorted(wards)
    by_ward = {row.ward: row for row in usage.rows}
    assert by_ward["台東区"].notices == 6
    assert by_ward["江戸川区"].notices == usage.distinct_notices == 30
    assert usage.total.notices == sum(row.notices for row in usage.rows)
    plain = usage.plain()
    assert plain["total"]["pushes_accepted"] == sum(row["pushes_accepted"] for row in plain["rows"])


def test_a_receipt_written_again_counts_once() -> None:
    first, again = receipt("l", {"江東区": 7}), receipt("l", {"江東区": 9})
    assert usage_in("2026-11", [first, again]).rows == (WardUsage("江東区", 9, 1),)


def headcount(day: int, worker: int, workers: int, wards: dict[str, WardCount], hour: int = 23) -> HeadCountRecord:
    at = NOVEMBER.replace(day=day, hour=hour)
    return HeadCountRecord(f"2026-11-{day:02d}", worker, workers, at, wards)


def test_every_counter_of_a_month_sums_exactly_to_its_total_while_wards_join_midway() -> None:
    draw = random.Random(26)
    wards = ["1310800", "1312300", "1310100", ""]
    receipts, headcounts = [], []
    people = bytes_sent = 0
    for day in range(1, 31):
        joined = wards[: 1 + day // 8]
        for worker in (0, 1):
            counts = {ward: WardCount(*(draw.randrange(1000) for _ in range(4))) for ward in joined}
            headcounts.append(headcount(day, worker, 2, counts))
            people += sum(one.people for one in counts.values())
            sent = {ward: draw.randrange(10**6) for ward in joined}
            bytes_sent += sum(sent.values())
            accepted = {ward: draw.randrange(5000) for ward in joined}
            at = NOVEMBER.replace(day=day)
            receipts.append(replace(receipt(f"l{day}", accepted, at=at, worker=worker), ward_bytes=sent))
    accounts = [("1310800",), ("1310800", "1312300"), ("*",), ()]
    usage = usage_in("2026-11", receipts, headcounts, accounts)
    assert usage.total.subscriber_days == people
    assert usage.total.push_bytes == bytes_sent
    last = [one for one in headcounts if one.day == "2026-11-30"]
    assert usage.total.stored_bytes == sum(count.stored_bytes for one in last for count in one.wards.values())
    assert {row.ward: row.console_users for row in usage.rows} == {"1310800": 2, "1312300": 1, "1310100": 0, NO_WARD: 2}
    plain = usage.plain()
    for name in COUNTERS:
        assert plain["total"][name] == sum(row[name] for row in plain["rows"]), name
    assert f"{usage.total.subscriber_days:,}" in table_of(usage).splitlines()[-1]


def test_a_day_counts_each_worker_once_by_its_newest_record_and_number_of_workers() -> None:
    of = WardCount(10, 5, 1, 1000)
    morning = [headcount(3, worker, 4, {"a": WardCount(9, 9, 9, 9)}, hour=1) for worker in range(4)]
    evening = [headcount(3, worker, 2, {"a": of}) for worker in range(2)]
    again = headcount(3, 0, 2, {"a": WardCount(20, 5, 1, 1000)}, hour=23)
    found = of_day([*morning, *evening, again], "2026-11-03")
    assert found == {"a": WardCount(30, 10, 2, 2000)}
    assert of_day(morning, "2026-11-04") == {}


def test_pushes_without_a_ward_have_a_row_of_their_own() -> None:
    usage = usage_in("2026-11", [receipt("l", {"江東区": 7, "": 1}, accepted=10)])
    assert {row.ward: row.pushes_accepted for row in usage.rows} == {"江東区": 7, NO_WARD: 3}
    assert usage.total.pushes_accepted == 10


def test_a_month_ends_at_midnight_in_tokyo() -> None:
    last = datetime(2026, 11, 30, 14, 59, 59, tzinfo=UTC)
    receipts = [receipt("a", {"江東区": 1}, at=last), receipt("b", {"江東区": 2}, at=last + timedelta(seconds=1))]
    assert usage_in("2026-11", receipts).total.pushes_accepted == 1
    assert usage_in("2026-12", receipts).total.pushes_accepted == 2


def test_a_month_in_which_nothing_happened_is_empty_and_no_error() -> None:
    usage = usage_in("2025-01", [receipt("l", {"江東区": 7})])
    assert (usage.rows, usage.total.pushes_accepted, usage.distinct_notices) == ((), 0, 0)
    assert "2025-01: 0 notices" in table_of(usage)
    named = table_of(replace(usage, rows=(WardUsage("1310800", notices=3),)), {"1310800": "江東区"})
    assert named.splitlines()[-2].endswith("  1310800 江東区")


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "november", "2026-11-01", "２０２６-11"])
def test_what_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        month_of(text)
    ended = CliRunner().invoke(main, ["usage", "--month", text, "--broker", "127.0.0.1:1"])
    assert ended.exit_code == 2
    assert "YYYY-MM" in ended.output


def test_keys_are_made_once_and_kept(tmp_path: object) -> None:
    folder = f"{tmp_path}/keys"
    first, again = (CliRunner().invoke(main, ["keys", folder]) for _ in range(2))
    assert first.exit_code == again.exit_code == 0
    assert first.output == again.output
    assert "SHIRASE_VAPID_KEY=" in first.output
