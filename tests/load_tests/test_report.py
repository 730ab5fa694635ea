"""A run is held against its budget, hop by hop."""

import json
from pathlib import Path

import pytest

from load_tests.budget import BUDGET, Stage, read_budget
from load_tests.errors import BudgetMalformed, ResultMalformed
from load_tests.journey import Journey, read_journeys, stage_header, stages_of
from load_tests.report import Mark, exit_code, main, measure, percentile

START = 1_795_000_000_000


def journey(*offsets_ms: int) -> Journey:
    return Journey("n", dict(zip(Stage, (START + offset for offset in offsets_ms), strict=False)))


def written(path: Path, journeys: list[Journey]) -> Path:
    lines = [json.dumps({"notice": one.notice, "stages": dict(one.stages)}) for one in journeys]
    path.write_text("\n".join([*lines, json.dumps({"documents": 3, "latency_ms": {}})]) + "\n")
    return path


def test_our_budget_adds_up_to_promise_5() -> None:
    budget = read_budget()
    (whole,) = budget.journeys
    assert whole.p99_ms == 2000
    assert sum(hop.p99_ms for hop in budget.hops) <= whole.p99_ms
    assert [hop.begins for hop in budget.hops] == list(Stage)[:-1]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("p99_ms = 750", "p99_ms = 751", "the whole only 2000"),
        ("p50_ms = 650", "p50_ms = 0", "does not hold"),
        ('to = "t-hazard"', 'to = "t-somewhere"', "t-somewhere"),
        ('to = "t-report"', 'to = "t-hazard"', "does not begin where"),
        ("[journey.", "[trip.", "no \\[journey"),
        ("why = ", "because = ", "why"),
    ],
)
def test_a_budget_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, word: str) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(BUDGET.read_text().replace(old, new, 1))
    with pytest.raises(BudgetMalformed, match=word):
        read_budget(path)


def test_stages_are_read_from_kafka_headers() -> None:
    headers = [
        stage_header(Stage.RECEIVED, START),
        ("t-report", b"soon"),
        ("t-hazard", None),
        ("t-notice", b"9" * 30),
        ("t-received", b"1"),
        ("trace", b"7"),
    ]
    assert stages_of(headers) == {Stage.RECEIVED: START}


def test_percentiles_are_values_that_occurred() -> None:
    assert [percentile(range(1, 101), share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([7], 0.99) == 7
    assert percentile([9, 1], 0.5) == 1


def test_each_hop_and_the_whole_journey_get_a_mark() -> None:
    rows = {row.span: row for row in measure([journey(0, 40, 80, 400, 420, 560)] * 100, read_budget())}
    assert {row.mark for row in rows.values()} == {Mark.WITHIN}
    assert rows["hazard_to_notice"].p99_ms == 320
    assert rows["received_to_first_accepted"].budget_ratio == 0.28
    assert exit_code(rows.values()) == 0


def test_one_slow_notice_in_a_hundred_is_forgiven_and_two_are_not() -> None:
    good, slow = journey(0, 40, 80, 400, 420, 560), journey(0, 40, 80, 400, 420, 9000)
    budget = read_budget()
    assert exit_code(measure([good] * 99 + [slow], budget)) == 0
    assert exit_code(measure([good] * 98 + [slow] * 2, budget)) == 1


def test_a_notice_that_was_never_sent_is_not_counted_as_fast() -> None:
    rows = {row.span: row for row in measure([journey(0, 40, 80, 400)], read_budget())}
    assert rows["approved_to_first_accepted"].mark is Mark.UNMEASURED
    assert rows["hazard_to_notice"].samples == 1


def test_stamps_that_run_backwards_fail_the_run() -> None:
    rows = {row.span: row for row in measure([journey(0, -5, 80, 400, 420, 560)], read_budget())}
    assert (rows["received_to_report"].mark, rows["received_to_report"].backwards) == (Mark.BACKWARDS, 1)
    assert exit_code(rows.values()) == 1


def test_nothing_measured_is_no_success() -> None:
    assert exit_code(measure([], read_budget())) == 2


def test_the_command_writes_both_forms_and_compares_with_the_run_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "first.jsonl", [journey(0, 20, 40, 200, 210, 280)] * 3)
    second = written(tmp_path / "second.jsonl", [journey(0, 40, 80, 400, 420, 560)] * 3)
    before, now, page = tmp_path / "before.json", tmp_path / "now.json", tmp_path / "now.md"
    assert main([str(first), "--json", str(before)]) == 0
    capsys.readouterr()
    assert main([str(second), "--before", str(before), "--json", str(now), "--markdown", str(page)]) == 0
    assert json.loads(now.read_text())["spans"]["received_to_first_accepted"]["before_ratio"] == 2.0
    assert page.read_text() == capsys.readouterr().out
    assert "p99 is the largest value seen" in page.read_text()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "line 2"),
        ("[]", "not an object"),
        ('{"stages": 1}', "stages is not an object"),
        ('{"stages": {"t-lunch": 1}}', "unknown stage"),
        ('{"stages": {"t-report": "1"}}', "whole number"),
    ],
)
def test_a_result_that_cannot_be_read_says_where(tmp_path: Path, line: str, word: str) -> None:
    path = tmp_path / "result.jsonl"
    path.write_text('{"documents": 1}\n' + line + "\n")
    with pytest.raises(ResultMalformed, match=word):
        list(read_journeys(path))
    assert main([str(path)]) == 2
