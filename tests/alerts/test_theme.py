"""Themes beyond nature: off unless policy says otherwise, and never a way to silence a storm."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertInfo
from alerts.cap import Category, Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.claim import Release
from alerts.errors import PolicyError
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.policy import Policy, audience_for, release_for
from alerts.report import Linkage, Report
from alerts.theme import NATURE, Audience, strictest, theme_of, themes_from_plain

AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
SHIPPED: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "ops" / "policy.toml").read_text("utf-8")
)


def info(hazard: HazardKind, *categories: Category, **more: Any) -> AlertInfo:
    return AlertInfo("event", hazard, Urgency.EXPECTED, Severity.MODERATE, Certainty.LIKELY, categories, **more)


def report(*infos: AlertInfo, feed: str = "cap") -> Report:
    alert = Alert("id", "sender", AT, Status.ACTUAL, MsgType.ALERT, infos=infos)
    return Report("d", feed, "CAP-1.2", "s", Linkage.REFERENCES, alert, AT)


def policy(**on: bool) -> Policy:
    """Return the shipped policy with some themes switched on."""
    rows = [{**row, "on": on.get(row["name"].replace("-", "_"), row["on"])} for row in SHIPPED["theme"]]
    return Policy.from_plain({**SHIPPED, "theme": rows})


ROAD = info(HazardKind.TRANSPORT, Category.TRANSPORT)
ILLNESS = info(HazardKind.HEALTH, Category.HEALTH)
PROWLER = info(HazardKind.SECURITY, Category.SECURITY)
WARD = info(HazardKind.OTHER, Category.INFRA)


@pytest.mark.parametrize(
    ("danger", "name"),
    [(ROAD, "road-damage"), (ILLNESS, "health"), (PROWLER, "suspicious-persons"), (WARD, "ward-information")],
    ids=["road", "illness", "prowler", "ward"],
)
def test_as_shipped_every_theme_is_off_and_recorded_under_its_name(danger: AlertInfo, name: str) -> None:
    assert release_for(policy(), report(danger), danger) == (Release.RECORD, f"theme-{name}-off")
    on = policy(**{name.replace("-", "_"): True})
    assert release_for(on, report(danger), danger)[0] is not Release.RECORD


def test_suspicious_persons_are_for_officers_and_the_rest_for_everybody() -> None:
    assert audience_for(policy(), report(PROWLER)) is Audience.STAFF
    assert {audience_for(policy(), report(one)) for one in (ROAD, ILLNESS, WARD)} == {Audience.PUBLIC}
    assert audience_for(policy(), report(ROAD, PROWLER)) is Audience.STAFF, "the narrowest of a document's themes"
    assert strictest(set()) is Audience.PUBLIC


def test_a_category_that_no_row_lists_is_off_and_internal() -> None:
    bare = Policy.from_plain({**SHIPPED, "theme": []})
    assert release_for(bare, report(ROAD), ROAD) == (Release.RECORD, "theme-unlisted-off")
    assert audience_for(bare, report(ROAD)) is Audience.STAFF


@given(st.sampled_from(HazardKind), st.sets(st.sampled_from(Category)), st.sampled_from((None, *Level)))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_nothing_of_nature_is_ever_a_theme(hazard: HazardKind, categories: set[Category], level: Level | None) -> None:
    danger = info(hazard, *sorted(categories), level=level)
    themed = theme_of(policy().themes, "cap", danger) is not None
    if level is not None or NATURE & categories or not categories:
        assert not themed
    if hazard not in (HazardKind.HEALTH, HazardKind.SECURITY, HazardKind.TRANSPORT, HazardKind.OTHER):
        assert not themed
    assert theme_of(policy().themes, "jma", danger) is None
    assert theme_of(policy().themes, "cap", replace(danger, response_types=(ResponseType.EVACUATE,))) is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({}, "not a list"),
        (["x"], "not a table"),
        ([{"name": "a", "categories": ["Health"], "audience": "public"}], "fields"),
        ([{"name": "a", "categories": ["Health"], "audience": "public", "on": True, "of": 1}], "fields"),
        ([{"name": "a", "categories": ["Health"], "audience": "everybody", "on": True}], "everybody"),
        ([{"name": "a", "categories": ["Plague"], "audience": "public", "on": True}], "Plague"),
        ([{"name": "a", "categories": ["Health"], "audience": "public", "on": "yes"}], "true or false"),
        ([{"name": "a", "categories": [], "audience": "public", "on": True}], "at least one"),
        ([{"name": "a", "categories": ["Met"], "audience": "public", "on": False}], "none of nature"),
        (
            [{"name": name, "categories": ["Health"], "audience": "public", "on": True} for name in "ab"],
            "in another theme already",
        ),
    ],
)
def test_a_doubtful_theme_is_refused_with_its_reason(rows: Any, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        themes_from_plain(rows)
