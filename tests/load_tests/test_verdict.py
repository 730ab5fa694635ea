"""A run fails by wrong counts and by ratios, never by the milliseconds of a machine that others use too."""

from dataclasses import replace
from pathlib import Path

import pytest

from load_tests.budget import BUDGET, RatioGate, Stage, read_budget
from load_tests.errors import BudgetMalformed
from load_tests.journey import Journey
from load_tests.report import measure
from load_tests.verdict import Counts, failures, over_budget

GOOD = Counts(
    selected=1570,
    accepted=1560,
    gave_way=10,
    brute_force=1570,
    judge=1560,
    lost=0,
    duplicates=0,
    decrypt_failures=0,
    unexpected=(),
)
GATES = (RatioGate("processor_time", 2.0, "why"),)
START = 1_795_000_000_000


def way(*offsets_ms: int) -> Journey:
    return Journey("n", dict(zip(Stage, (START + offset for offset in offsets_ms), strict=True)))


QUICK, SLOW = way(0, 20, 40, 200, 210, 280), way(0, 900, 2000, 4000, 5000, 9000)


def test_a_run_whose_counts_and_ratios_hold_passes() -> None:
    assert failures(GOOD, measure([QUICK], read_budget()), GATES, {"processor_time": 2.0}) == ()


def test_milliseconds_over_the_budget_are_said_and_fail_nothing() -> None:
    rows = measure([SLOW], read_budget())
    assert failures(GOOD, rows, GATES, {"processor_time": 9.0}) == ()
    assert len(over_budget(rows)) == 6
    assert over_budget(measure([QUICK], read_budget())) == ()


@pytest.mark.parametrize("more", [-1, 1])
def test_one_push_more_or_less_than_people_fails(more: int) -> None:
    for wrong, name in (
        (replace(GOOD, selected=1570 + more), "selected"),
        (replace(GOOD, accepted=1560 + more), "ended well"),
        (replace(GOOD, judge=1560 + more), "judge"),
    ):
        (said,) = wrong.failures()
        assert said.startswith(f"{name} {1570 + more:,}")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (replace(GOOD, lost=1), "never heard"),
        (replace(GOOD, duplicates=1), "accepted twice"),
        (replace(GOOD, decrypt_failures=1), "could not be read"),
        (replace(GOOD, unexpected=("1-broken.xml: notice instead of dead-letter",)), "broken.xml"),
        (replace(GOOD, selected=0, accepted=0, gave_way=0, brute_force=0, judge=0), "nothing was measured"),
    ],
)
def test_each_kind_of_wrong_has_its_sentence(wrong: Counts, word: str) -> None:
    (said,) = wrong.failures()
    assert word in said


@pytest.mark.parametrize("measured", [{"processor_time": 1.99}, {"processor_time": float("nan")}, {}])
def test_a_ratio_below_its_gate_or_not_measured_fails(measured: dict[str, float]) -> None:
    (said,) = failures(GOOD, measure([QUICK], read_budget()), GATES, measured)
    assert said.startswith("processor_time")


def test_stamps_that_run_backwards_or_are_missing_fail() -> None:
    gate = {"processor_time": 9.0}
    assert "backwards" in failures(GOOD, measure([way(0, -5, 40, 200, 210, 280)], read_budget()), GATES, gate)[0]
    assert all("not measured" in said for said in failures(GOOD, measure([], read_budget()), GATES, gate))


def test_our_own_gates_ask_to_be_no_worse_than_the_reference(tmp_path: Path) -> None:
    assert {gate.name for gate in read_budget().ratios} == {"processor_time", "pushes_per_second"}
    lax = tmp_path / "budget.toml"
    lax.write_text(BUDGET.read_text().replace("least = 1.5", "least = 0.5"))
    with pytest.raises(BudgetMalformed, match="worse than the reference"):
        read_budget(lax)
