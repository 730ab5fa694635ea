"""Promise 4: whatever the order of arrival, the end is the same."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.cap import MsgType, Scope, Status
from alerts.lifecycle import (
    MAX_ENTRIES,
    Accepted,
    EndState,
    Force,
    SeriesState,
    ThreadStatus,
    accept,
    end_state,
    in_force,
    lineages,
    push_is_live,
    series_from_plain,
    series_to_plain,
)
from alerts.report import Linkage, OutcomeKind
from tests.alerts.messages import NOON, alert, info, report

A = alert("A", 0)
U1 = alert("U1", 5, MsgType.UPDATE, (A,))
U2 = alert("U2", 10, MsgType.UPDATE, (A, U1))
U3 = alert("U3", 15, MsgType.UPDATE, (A, U1, U2))
CANCEL = alert("C", 20, MsgType.CANCEL, (A, U1, U2, U3))
CANCEL_OF_NEWEST = alert("C", 20, MsgType.CANCEL, (U3,))
CANCEL_OF_FIRST_TWO = alert("C", 20, MsgType.CANCEL, (A, U1))
CANCEL_OF_ORIGINAL = alert("C", 20, MsgType.CANCEL, (A,))
CHAIN = (
    A,
    alert("U1", 5, MsgType.UPDATE, (A,)),
    alert("U2", 10, MsgType.UPDATE, (alert("U1", 5),)),
    alert("U3", 15, MsgType.UPDATE, (alert("U2", 10),)),
)


# Reading is not what is tested here, and a report is the same each time.
_report = cache(report)


def _run(messages: Iterable[Alert], linkage: Linkage = Linkage.REFERENCES) -> tuple[SeriesState, list[Accepted]]:
    state, steps = SeriesState(), []
    for message in messages:
        step = accept(state, _report(message, linkage=linkage, series="s" if linkage is Linkage.SERIES else ""))
        state = step.state
        steps.append(step)
    return state, steps


def _outcomes(messages: Iterable[Alert], linkage: Linkage = Linkage.REFERENCES) -> list[tuple[str, str]]:
    return [(step.outcome.kind.value, step.outcome.reason) for step in _run(messages, linkage)[1]]


def _standing(steps: list[Accepted], messages: list[Alert]) -> dict[str, str]:
    """Return what a reader downstream believes: lineage -> message that holds."""
    standing: dict[str, str] = {}
    for step, message in zip(steps, messages, strict=True):
        for gone in step.replaces:
            standing.pop(gone, None)
        if step.outcome.kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE):
            standing[step.lineage] = message.identifier
        elif step.outcome.kind is OutcomeKind.CANCEL:
            standing.pop(step.lineage, None)
    return standing


SETS = {
    "all are named": (A, U1, U2, U3, CANCEL),
    "the newest is named": (A, U1, U2, U3, CANCEL_OF_NEWEST),
    "two are named": (A, U1, U2, U3, CANCEL_OF_FIRST_TWO),
    "only the original is named": (A, U1, U2, U3, CANCEL_OF_ORIGINAL),
    "each names the one before": (*CHAIN, alert("C", 20, MsgType.CANCEL, (CHAIN[3],))),
    "no cancel": (A, U1, U2, U3),
    "the chain without a cancel": CHAIN,
}


def _end_in_order(messages: Iterable[Alert]) -> EndState:
    state, _ = _run(messages)
    (lineage,) = lineages(state)
    return end_state(state, lineage)


IN_ORDER = {name: _end_in_order(messages) for name, messages in SETS.items()}


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[str, list[Alert]]:
    name = draw(st.sampled_from(sorted(SETS)))
    messages = SETS[name]
    repeats = draw(st.lists(st.sampled_from(messages), max_size=4))
    return name, draw(st.permutations([*messages, *repeats]))


@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(_arrivals())
def test_every_permutation_with_duplicates_ends_in_the_same_state(arrivals: tuple[str, list[Alert]]) -> None:
    name, messages = arrivals
    state, steps = _run(messages)
    assert series_from_plain(json.loads(json.dumps(series_to_plain(state)))) == state
    (lineage,) = lineages(state)
    assert end_state(state, lineage) == IN_ORDER[name]
    assert sum(step.outcome.kind is OutcomeKind.DUPLICATE for step in steps) >= len(messages) - len(SETS[name])
    revisions = [
        step.revision
        for step in steps
        if step.lineage == lineage and step.outcome.kind.value in ("notice", "update", "cancel")
    ]
    assert revisions == sorted(set(revisions))
    standing = _standing(steps, messages)
    if name in ("no cancel", "the chain without a cancel"):
        assert standing == {lineage: "U3"}
    elif name in ("all are named", "the newest is named", "each names the one before"):
        assert standing == {}


def test_in_order_each_message_does_what_its_type_says() -> None:
    state, steps = _run((A, U1, U2, U3, CANCEL))
    assert [step.outcome.kind.value for step in steps] == ["notice", "update", "update", "update", "cancel"]
    assert [step.revision for step in steps] == [1, 2, 3, 4, 5]
    assert len({step.lineage for step in steps}) == 1
    assert end_state(state, steps[0].lineage).status is ThreadStatus.CANCELLED


def test_a_cancel_that_comes_first_wins() -> None:
    assert _outcomes((CANCEL, A, U3, U1)) == [
        ("cancel", "original-not-sent"),
        ("duplicate", "cancelled-already"),
        ("duplicate", "cancelled-already"),
        ("duplicate", "cancelled-already"),
    ]


def test_a_revision_that_an_earlier_cancel_does_not_name_is_held_not_killed() -> None:
    state, steps = _run((CANCEL_OF_ORIGINAL, A, U1))
    assert (steps[2].outcome.kind, steps[2].outcome.reason) == (OutcomeKind.HELD, "revision-after-cancel")
    assert end_state(state, steps[2].lineage).held == ("U1",)


def test_a_cancel_that_names_only_older_revisions_does_not_end_what_was_told() -> None:
    state, steps = _run((A, U1, CANCEL_OF_ORIGINAL))
    assert (steps[2].outcome.kind, steps[2].outcome.reason) == (OutcomeKind.HELD, "cancel-of-older-revision")
    assert in_force(state, steps[0].lineage, NOON).in_force


def test_a_second_cancel_that_names_the_newest_settles_the_dispute() -> None:
    last = alert("C2", 30, MsgType.CANCEL, (U1,))
    assert _outcomes((A, U1, CANCEL_OF_ORIGINAL, last))[-1] == ("cancel", "cancelled")


def test_an_update_of_an_unknown_original_speaks_and_the_original_joins_its_lineage() -> None:
    _, steps = _run((U1, A))
    assert [(step.outcome.kind.value, step.outcome.reason) for step in steps] == [
        ("notice", "original-unknown"),
        ("duplicate", "superseded"),
    ]
    assert steps[0].lineage == steps[1].lineage


def test_two_threads_that_turn_out_to_be_one_are_merged_aloud() -> None:
    last = CHAIN[2]
    _, steps = _run((A, last, CHAIN[1]))
    assert [step.outcome.kind.value for step in steps] == ["notice", "notice", "duplicate"]
    assert steps[2].lineage == steps[1].lineage
    assert steps[2].replaces == (steps[0].lineage,)


@pytest.mark.parametrize(
    ("message", "kind", "reason"),
    [
        (alert("X", 5, MsgType.UPDATE), "held", "update-without-references"),
        (alert("X", 5, MsgType.CANCEL), "held", "cancel-without-references"),
        (alert("X", 5, MsgType.UPDATE, (A,), sender="other@example"), "held", "sender-mismatch"),
        (alert("X", 5, MsgType.CANCEL, (A,), sender="other@example"), "held", "sender-mismatch"),
        (alert("X", 5, MsgType.UPDATE, (alert("X", 5),)), "held", "references-cycle"),
        (alert("X", 5, MsgType.UPDATE, (alert("Y", 9),)), "held", "references-cycle"),
        (alert("X", 5, infos=(info(expires_minutes=-1),)), "held", "expires-before-sent"),
        (alert("X", 600), "held", "sent-in-future"),
        (alert("X", 5, scope=Scope.PRIVATE), "held", "scope-not-public"),
        (alert("X", 5, infos=(info("避難訓練を行います"),)), "held", "drill-words-under-actual"),
        (alert("X", 5, status=Status.TEST), "drill", "status-test"),
        (alert("X", 5, status=Status.EXERCISE), "drill", "status-exercise"),
        (alert("X", 5, status=Status.SYSTEM), "drill", "status-system"),
        (alert("X", 5, status=Status.DRAFT), "drill", "status-draft"),
        (alert("X", 5, MsgType.ACK, (A,)), "informational", "msgtype-ack"),
        (alert("X", 5, MsgType.ERROR, (A,)), "informational", "msgtype-error"),
    ],
)
def test_what_is_unclear_leaves_no_trace(message: Alert, kind: str, reason: str) -> None:
    before, _ = _run((A,))
    step = accept(before, report(message))
    assert (step.outcome.kind.value, step.outcome.reason) == (kind, reason)
    assert step.state == before


def test_drills_are_looked_at_before_anything_else() -> None:
    drill = report(alert("X", 900, MsgType.CANCEL, status=Status.EXERCISE), hold="a", informational="b")
    assert accept(SeriesState(), drill).outcome.kind is OutcomeKind.DRILL


def test_the_reader_can_hold_and_can_say_informational() -> None:
    held = accept(SeriesState(), report(A, hold="unclear", informational="b"))
    assert (held.outcome.kind, held.outcome.reason) == (OutcomeKind.HELD, "unclear")
    informational = accept(SeriesState(), report(A, informational="earthquake-early-warning"))
    assert (informational.outcome.kind, informational.outcome.reason) == (
        OutcomeKind.INFORMATIONAL,
        "earthquake-early-warning",
    )


def test_one_identifier_with_two_contents_is_held_and_with_one_is_a_duplicate() -> None:
    first = accept(SeriesState(), report(A))
    other = accept(first.state, report(alert("A", 0, infos=(info("別の内容"),))))
    assert (other.outcome.kind, other.outcome.reason) == (OutcomeKind.HELD, "identifier-conflict")
    again = accept(first.state, report(A, raw="the same message with other white space"))
    assert (again.outcome.kind, again.outcome.reason) == (OutcomeKind.DUPLICATE, "same-message")


def test_a_reference_finds_its_message_in_a_replay_that_moved_the_times() -> None:
    tomorrow = (info(expires_minutes=28 * 60),)
    shifted = [
        replace(message, sent=message.sent + timedelta(days=1), infos=tomorrow)
        for message in (A, U1, CANCEL_OF_FIRST_TWO)
    ]
    state, steps = SeriesState(), []
    for message in shifted:
        step = accept(state, report(message, received_minutes=60 + 24 * 60))
        state = step.state
        steps.append(step.outcome.kind.value)
    assert steps == ["notice", "update", "cancel"]


def test_an_update_with_all_clear_ends_the_lineage() -> None:
    clear = alert("U9", 30, MsgType.UPDATE, (A,), infos=(info(all_clear=True),))
    state, steps = _run((A, clear))
    assert (steps[1].outcome.kind, steps[1].outcome.reason) == (OutcomeKind.UPDATE, "all-clear")
    assert in_force(state, steps[0].lineage, NOON).reason == "lifted"


def test_expiry_ends_a_push_and_never_an_order() -> None:
    state, (step,) = _run((A,))
    late = NOON + timedelta(hours=10)
    expires_at = NOON + timedelta(hours=3)
    assert push_is_live(expires_at, NOON)
    assert not push_is_live(expires_at, expires_at)
    assert in_force(state, step.lineage, NOON).reason == "in-force"
    assert in_force(state, step.lineage, late) == Force(True, "lapsed-not-renewed")
    assert not in_force(state, "nobody", late).in_force


def test_a_sender_of_thousands_is_remembered_in_a_small_state() -> None:
    state = SeriesState()
    first = accept(state, report(A))
    state = accept(first.state, report(CANCEL)).state
    for number in range(MAX_ENTRIES + 20):
        state = accept(state, report(alert(f"N{number}", number % 50))).state
    assert len(state.entries) == MAX_ENTRIES
    assert first.lineage not in lineages(state)


# ------------------------------------------------------------------------------------------- SERIES

S1 = alert("S1", 0)
S2 = alert("S2", 10)
CORRECTION = alert("S2t", 10, MsgType.UPDATE, note="訂正")
S3 = alert("S3", 20)
WITHDRAWN = alert("S3c", 20, MsgType.CANCEL, infos=())


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(
    st.permutations([S1, S2, CORRECTION, S3, WITHDRAWN]),
    st.lists(st.sampled_from([S1, S2, CORRECTION, S3, WITHDRAWN]), max_size=3),
)
def test_a_series_that_restates_itself_ends_at_its_newest(messages: list[Alert], repeats: list[Alert]) -> None:
    state, _ = _run([*messages, *repeats], Linkage.SERIES)
    assert state.episode is not None
    assert end_state(state, state.episode.lineage).status is ThreadStatus.CANCELLED
    assert state.episode.identifier == "S3c"


def test_the_newest_telegram_wins_and_a_correction_beats_what_it_corrects() -> None:
    assert _outcomes((S2, S1, CORRECTION, S2), Linkage.SERIES) == [
        ("notice", "new"),
        ("duplicate", "superseded"),
        ("update", "corrected"),
        ("duplicate", "same-document"),
    ]


def test_a_cancel_of_an_unsent_original_goes_to_nobody() -> None:
    assert _outcomes((WITHDRAWN, S3), Linkage.SERIES) == [
        ("cancel", "original-not-sent"),
        ("duplicate", "superseded"),
    ]


def test_an_all_clear_ends_the_episode_and_the_next_telegram_begins_another() -> None:
    clear = alert("S2", 10, infos=(info(all_clear=True),))
    state, steps = _run((S1, clear, S3), Linkage.SERIES)
    assert [(step.outcome.kind.value, step.outcome.reason) for step in steps] == [
        ("notice", "new"),
        ("update", "all-clear"),
        ("notice", "new-episode"),
    ]
    assert steps[0].lineage == steps[1].lineage != steps[2].lineage
    assert in_force(state, steps[2].lineage, NOON).in_force


def test_two_telegrams_of_one_second_are_both_told() -> None:
    assert _outcomes((S1, alert("S1b", 0)), Linkage.SERIES)[1] == ("update", "same-time-restated")
