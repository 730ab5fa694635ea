"""The shipped policy says what the design says, and a doubtful one is refused."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from alerts.alert import Alert, AlertInfo
from alerts.cap import MsgType, ResponseType, Severity, Status
from alerts.claim import Lane, Release
from alerts.errors import PolicyError
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.policy import Policy, SignRule, lane_for, release_for
from alerts.report import Report
from tests.alerts.messages import alert, info, report
from tests.conftest import PROJECT

SHIPPED = Policy.from_plain(tomllib.loads((PROJECT / "ops" / "policy.toml").read_text(encoding="utf-8")))


def _report(feed: str, kind: str, danger: AlertInfo, **fields: Any) -> Report:
    return replace(report(replace(alert("A", 0), infos=(danger,), **fields)), feed=feed, kind=kind)


@pytest.mark.parametrize(
    ("feed", "kind", "danger", "release", "reason"),
    [
        ("jma", "VXSE43", info(), Release.RECORD, "earthquake-early-warning"),
        ("jma", "VXSE53", info(), Release.AUTOMATIC, "jma-without-level"),
        ("jma", "VPWW55", replace(info(), level=Level.PREPARE_MIND), Release.RECORD, "jma-early-notice"),
        ("jma", "VPWW55", replace(info(), level=Level.CHECK_ACTION), Release.AUTOMATIC, "jma-level"),
        ("jma", "VPWW55", replace(info(), level=Level.SECURE_LIFE), Release.AUTOMATIC, "jma-level"),
        ("forecast", "river", replace(info(), level=Level.ALL_LEAVE), Release.DRAFT, "own-river-forecast"),
        (
            "l-alert",
            "evacuation",
            replace(info(), level=Level.ALL_LEAVE, response_types=(ResponseType.EVACUATE,)),
            Release.WITH_SIGN,
            "municipal-order",
        ),
        (
            "dis",
            "DIS-1",
            replace(info(), level=Level.ALL_LEAVE, response_types=(ResponseType.ALL_CLEAR,)),
            Release.AUTOMATIC,
            "municipal-order-ended",
        ),
        (
            "cap",
            "CAP-1.2",
            replace(info(), response_types=(ResponseType.EVACUATE,)),
            Release.HOLD,
            "order-by-another-feed",
        ),
        ("cap", "CAP-1.2", info(), Release.AUTOMATIC, "cap-actual-public"),
        ("someone", "CAP-1.2", info(), Release.DRAFT, "unlisted-feed"),
    ],
)
def test_the_shipped_policy(feed: str, kind: str, danger: AlertInfo, release: Release, reason: str) -> None:
    assert release_for(SHIPPED, _report(feed, kind, danger), danger) == (release, reason)


def test_what_no_rule_matches_is_held() -> None:
    policy = Policy.from_plain({"version": 1, "rule": [{"name": "a", "feeds": ["x"], "release": "automatic"}]})
    assert release_for(policy, _report("jma", "VPWW54", info()), info()) == (Release.HOLD, "no-rule")


def test_an_empty_list_matches_nothing() -> None:
    rule = {"name": "a", "senders": [], "release": "automatic"}
    policy = Policy.from_plain({"version": 1, "rule": [rule]})
    assert release_for(policy, report(alert("A", 0)), info()) == (Release.HOLD, "no-rule")


def test_the_sign_that_lets_an_order_go_is_policy_and_the_shipped_one_is_the_usual() -> None:
    assert SHIPPED.sign == SignRule()
    rule = {"name": "a", "release": "hold"}
    strict = {"feeds": ["jma"], "hazards": ["tsunami"], "min_level": 4, "min_share": 1}
    policy = Policy.from_plain({"version": 1, "rule": [rule], "independent_sign": strict})
    assert policy.sign == SignRule(("jma",), (HazardKind.TSUNAMI,), Level.ALL_LEAVE, 1.0)


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ({"min_share": 0}, "min_share is 0"),
        ({"min_share": 1.5}, "min_share is 1.5"),
        ({"min_share": True}, "min_share is True"),
        ({"min_level": 0}, "min_level is 0"),
        ({"feed": ["jma"]}, "unknown field feed"),
        ({"hazards": ["rain"]}, "'rain'"),
        ([], "is not a table"),
    ],
)
def test_a_doubtful_sign_is_refused(sign: Any, words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.from_plain({"version": 1, "rule": [{"name": "a", "release": "hold"}], "independent_sign": sign})
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({}, "version"),
        ({"version": 2}, "version"),
        ({"version": 1}, "no [[rule]]"),
        ({"version": 1, "rules": []}, "unknown table rules"),
        ({"version": 1, "rule": [{"release": "hold"}]}, "rule 1 has no name"),
        ({"version": 1, "rule": [{"name": "a"}]}, "rule 'a': no release"),
        ({"version": 1, "rule": [{"name": "a", "release": "auto"}]}, "rule 'a': 'auto' is not one of"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "feed": ["x"]}]}, "rule 'a': unknown field feed"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "feeds": "x"}]}, "rule 'a': feeds is not a list"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "hazards": ["rain"]}]}, "rule 'a': 'rain'"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "min_level": 6}]}, "rule 'a': min_level is 6"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "min_level": True}]}, "rule 'a': min_level"),
        ({"version": 1, "rule": [{"name": "a", "release": "hold", "level_given": 1}]}, "rule 'a': level_given"),
        (
            {"version": 1, "rule": [{"name": "a", "release": "hold", "min_level": 4, "max_level": 3}]},
            "rule 'a': min_level is above",
        ),
        ({"version": 1, "rule": [{"name": "a", "release": "hold"}] * 2}, "rule 'a' occurs twice"),
    ],
)
def test_a_doubtful_policy_is_refused_and_the_rule_named(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.from_plain(plain)
    assert words in str(refused.value)


MILD = replace(info(), severity=Severity.MODERATE)


@pytest.mark.parametrize(
    ("message", "lane"),
    [
        (alert("A", 0, status=Status.TEST), Lane.DRILL),
        (alert("A", 0, status=Status.EXERCISE, infos=(replace(info(), level=Level.SECURE_LIFE),)), Lane.DRILL),
        (alert("A", 0, infos=(replace(MILD, level=Level.ELDERLY_LEAVE),)), Lane.LIFE_SAFETY),
        (alert("A", 0, infos=(replace(MILD, level=Level.CHECK_ACTION),)), Lane.ROUTINE),
        (alert("A", 0, infos=(MILD,)), Lane.ROUTINE),
        (alert("A", 0, infos=(MILD, info())), Lane.LIFE_SAFETY),
        (alert("A", 0, infos=(replace(MILD, severity=Severity.UNKNOWN),)), Lane.LIFE_SAFETY),
        (alert("A", 0, MsgType.CANCEL, infos=()), Lane.LIFE_SAFETY),
    ],
)
def test_the_lane(message: Alert, lane: Lane) -> None:
    assert lane_for(report(message)) is lane
