"""On which processors a door runs: a rush of residents leaves one to the console wherever there are several."""

import os
from unittest import mock

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from api.http.processors import FIRST, allowed, keep_to, left_to_residents, processors_of
from shirase.commands.api import api

NUMBERS = st.frozensets(st.integers(0, 15), min_size=1)


@pytest.mark.parametrize(
    ("text", "named"), [("0", {0}), ("1-3", {1, 2, 3}), ("0,2-3", {0, 2, 3}), (" 1 , 1-2 ", {1, 2}), ("4095", {4095})]
)
def test_processors_are_named_as_for_taskset(text: str, named: set[int]) -> None:
    assert processors_of(text) == named


@pytest.mark.parametrize("text", ["", "one", "-1", "1-", "3-1", "0,,1", "1.5", "0-9999999999", "4096", "²", "1-2-3"])
def test_what_names_no_processor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="processor"):
        processors_of(text)


@given(NUMBERS)
@settings(deadline=None, derandomize=True)
def test_residents_always_have_one_and_leave_the_first_of_several(machine: frozenset[int]) -> None:
    machine = frozenset(range(len(machine)))
    left = left_to_residents(machine, len(machine))
    assert left
    assert left <= machine
    assert (FIRST in left) == (len(machine) == 1)


@given(NUMBERS)
@settings(deadline=None, derandomize=True)
def test_who_was_given_some_of_them_keeps_all_that_was_given(given_to_us: frozenset[int]) -> None:
    assert left_to_residents(given_to_us, 17) == given_to_us


def test_where_the_system_does_not_say_nothing_is_kept_to() -> None:
    assert left_to_residents((), 8) == frozenset()


def test_threads_begun_before_are_moved_too_and_one_that_has_ended_is_none() -> None:
    ours = allowed()
    moved: list[tuple[int, frozenset[int]]] = []

    def move(thread: int, processors: frozenset[int]) -> None:
        if thread == 12:
            raise ProcessLookupError
        moved.append((thread, processors))

    with mock.patch.object(os, "sched_setaffinity", move):
        keep_to(ours | {4095}, lambda: (11, 12, 13))
        keep_to(ours)
    # What the machine does not have is no reason to refuse what it has.
    assert moved[:2] == [(11, ours), (13, ours)]
    assert os.getpid() in {thread for thread, _ in moved[2:]}


def test_a_processor_that_is_not_ours_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="none of the processors"):
        keep_to(frozenset({4095}))
    said = {
        given: CliRunner().invoke(api, ["console", "--broker", "127.0.0.1:1", "--cpus", given])
        for given in ("4095", "first")
    }
    assert {one.exit_code for one in said.values()} == {2}
    assert "none of them is among ours" in said["4095"].output
    assert "is no processor" in said["first"].output
