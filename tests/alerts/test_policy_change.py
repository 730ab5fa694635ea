"""R24: every case that two policies decide otherwise is found, and what widens is said to widen."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cap import Category, Certainty, ResponseType, Severity
from alerts.claim import Release
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.policy import Policy
from alerts.policy_change import (
    OTHER,
    Case,
    TooManyCases,
    Verdict,
    differences,
    said,
    settings_changed,
    verdict_of,
    why_wider,
)
from alerts.theme import Audience

SHIPPED: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "ops" / "policy.toml").read_text(encoding="utf-8")
)


def policy(*rules: dict[str, Any], **tables: Any) -> Policy:
    named = [{"name": f"rule-{number}", **rule} for number, rule in enumerate(rules)]
    return Policy.from_plain({"version": 1, "rule": named, **tables})


def shipped(**releases: str) -> Policy:
    plain = copy.deepcopy(SHIPPED)
    for rule in plain["rule"]:
        rule["release"] = releases.get(rule["name"].replace("-", "_"), rule["release"])
    return Policy.from_plain(plain)


def test_a_policy_does_not_differ_from_itself() -> None:
    assert differences(shipped(), shipped()) == ()
    assert settings_changed(shipped(), shipped()) == ()


def test_an_order_of_a_console_that_would_go_out_by_itself_is_found_and_widens() -> None:
    old, new = shipped(), shipped(console_order="automatic")
    (found,) = differences(old, new)
    assert (found.before.release, found.after.release, found.widens) == (Release.DRAFT, Release.AUTOMATIC, True)
    assert {case.feed for case in found.cases} == {"console"}
    assert said(found, old, new) == "feed console; responses Evacuate, AllClear+Evacuate"
    assert not any(one.widens for one in differences(new, old))


def test_a_change_of_order_alone_is_seen_where_one_document_matches_both_rules() -> None:
    leave = {"name": "a", "responses": ["Evacuate"], "release": "hold"}
    clear = {"name": "b", "responses": ["AllClear"], "release": "automatic"}
    old, new = policy(leave, clear), policy(clear, leave)
    # Our own forecast is for staff, whatever a rule says: it is a row of its own.
    forecast, others = differences(old, new)
    assert said(forecast, old, new) == "feed forecast; responses AllClear+Evacuate"
    assert said(others, old, new) == "feed (other); responses AllClear+Evacuate"
    assert forecast.widens
    assert others.widens


def test_another_name_for_the_same_verdict_is_no_difference() -> None:
    assert differences(policy({"release": "hold"}), policy({"name": "x", "release": "hold"})) == ()


def test_a_danger_that_is_only_recorded_holds_the_rest_of_its_document_no_more() -> None:
    before, after = (Verdict(release, "", Audience.PUBLIC) for release in (Release.HOLD, Release.RECORD))
    assert why_wider(before, after) == "holds-the-rest-no-more"
    assert why_wider(after, before) == "released-more-freely"


def test_a_theme_that_is_switched_on_or_shown_to_residents_widens() -> None:
    plain = copy.deepcopy(SHIPPED)
    health = next(row for row in plain["theme"] if row["name"] == "health")
    health["on"] = True
    found = differences(shipped(), Policy.from_plain(plain))
    assert any(one.widens for one in found)
    assert {case.categories for one in found for case in one.cases} == {(Category.HEALTH,)}
    security = next(row for row in plain["theme"] if row["name"] == "suspicious-persons")
    security["on"] = True
    before = Policy.from_plain(copy.deepcopy(plain))
    security["audience"] = "public"
    told = differences(before, Policy.from_plain(plain))
    assert {why_wider(one.before, one.after) for one in told} == {"told-to-residents"}


@pytest.mark.parametrize(
    ("table", "change", "widens"),
    [
        ("independent_sign", {"min_level": 2}, True),
        ("independent_sign", {"min_level": 4}, False),
        ("independent_sign", {"min_share": 0.1}, True),
        ("independent_sign", {"feeds": ["jma", "gauge", "cap"]}, True),
        ("independent_sign", {"feeds": ["jma"]}, False),
        ("independent_sign", {"hazards": ["tsunami"]}, False),
        ("independent_sign", {"hazards": ["tsunami", "fire"]}, True),
        ("silence", {"after_seconds": 60}, True),
        ("silence", {"after_seconds": 900}, False),
        ("silence", {"min_level": 3}, True),
        ("silence", {"on": False}, False),
    ],
)
def test_what_else_differs_is_said_with_its_direction(table: str, change: dict[str, Any], widens: bool) -> None:
    plain = copy.deepcopy(SHIPPED)
    plain[table] |= change
    ((words, found),) = settings_changed(shipped(), Policy.from_plain(plain))
    assert words.startswith(f"{table}.{next(iter(change))}: ")
    assert found is widens


def test_policies_that_tell_too_much_apart_are_not_called_narrower() -> None:
    many = {"feeds": [f"f{n}" for n in range(100)], "senders": [f"s{n}" for n in range(100)], "release": "hold"}
    with pytest.raises(TooManyCases):
        differences(policy(many), policy({**many, "hazards": ["flood", "storm", "wave"]}))


FEEDS, KINDS = ("jma", "cap", "forecast"), ("VXSE42", "VPWW5?")
RULES = st.fixed_dictionaries(
    {"release": st.sampled_from([one.value for one in Release])},
    optional={
        "feeds": st.lists(st.sampled_from(FEEDS), max_size=2, unique=True),
        "kinds": st.lists(st.sampled_from(KINDS), max_size=1),
        "hazards": st.lists(st.sampled_from(["flood", "storm"]), max_size=1),
        "level_given": st.booleans(),
        "min_level": st.integers(1, 5),
        "severities": st.lists(st.sampled_from(["Extreme", "Minor"]), max_size=2, unique=True),
        "responses": st.lists(st.sampled_from(["Evacuate", "AllClear"]), max_size=2, unique=True),
    },
)
CASES = st.builds(
    Case,
    feed=st.sampled_from([*FEEDS, OTHER]),
    kind=st.sampled_from(["VXSE42", "VPWW50", OTHER]),
    sender=st.just(OTHER),
    hazard=st.sampled_from([HazardKind.FLOOD, HazardKind.STORM, HazardKind.OTHER]),
    level=st.sampled_from([None, *Level]),
    severity=st.sampled_from(list(Severity)),
    certainty=st.just(Certainty.OBSERVED),
    responses=st.sampled_from(
        [(), (ResponseType.EVACUATE,), (ResponseType.ALL_CLEAR,), (ResponseType.ALL_CLEAR, ResponseType.EVACUATE)]
    ),
    categories=st.just(()),
)


@settings(max_examples=40)
@given(st.lists(RULES, min_size=1, max_size=3), st.lists(RULES, min_size=1, max_size=3), st.lists(CASES, max_size=20))
def test_no_case_changes_that_is_not_listed(
    first: list[dict[str, Any]], second: list[dict[str, Any]], cases: list[Case]
) -> None:
    old, new = policy(*first), policy(*second)
    listed = {(one.before.release, one.after.release) for one in differences(old, new)}
    for case in cases:
        before, after = verdict_of(old, case), verdict_of(new, case)
        assert before.release is after.release or (before.release, after.release) in listed
