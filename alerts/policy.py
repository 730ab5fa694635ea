"""Who lets a notice go out: source × hazard × level, first match wins.

The caller reads `ops/policy.toml`; here it is a plain mapping. Fails closed: what no rule matches is
held, and a policy with a doubtful rule is refused as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from alerts.alert import AlertInfo
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status
from alerts.claim import Lane, Release
from alerts.duty import AloneRule, SilenceRule
from alerts.errors import PolicyError
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import Report
from alerts.theme import Audience, Theme, strictest, theme_of, themes_from_plain

# From here on nothing that a resident set may hold a notice back (R2), and no routine traffic is in its way.
LIFE_SAFETY_LEVEL = Level.ELDERLY_LEAVE

# Our own river forecast: in Japan one for the public needs the JMA's permission. No theme widens it (R23).
COORDINATORS_ONLY = frozenset({"forecast"})

_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. None stands for "any"; an empty tuple matches nothing."""

    name: str
    release: Release
    feeds: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None  # patterns, e.g. "VXSE4?"
    senders: tuple[str, ...] | None = None
    hazards: tuple[HazardKind, ...] | None = None
    min_level: Level | None = None
    max_level: Level | None = None
    level_given: bool | None = None
    severities: tuple[Severity, ...] | None = None
    certainties: tuple[Certainty, ...] | None = None
    responses: tuple[ResponseType, ...] | None = None


@dataclass(frozen=True, slots=True)
class SignRule:
    """What counts as an independent sign of danger in an order's cells (R9): `[independent_sign]`.

    *feeds* are believed as signs; a danger of theirs counts from *min_level* on, those of *hazards* with
    any level or none. At least *min_share* of the order's cells must lie under one.
    """

    feeds: tuple[str, ...] = ("jma", "gauge")
    hazards: tuple[HazardKind, ...] = (HazardKind.EARTHQUAKE, HazardKind.TSUNAMI)
    min_level: Level = Level.ELDERLY_LEAVE
    min_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in the order in which they are asked."""

    rules: tuple[Rule, ...]
    sign: SignRule = SignRule()
    themes: tuple[Theme, ...] = ()
    silence: SilenceRule = SilenceRule()  # noqa: RUF009 - frozen
    alone: AloneRule = AloneRule()  # noqa: RUF009 - frozen

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Policy":
        """Return the policy that *plain* (the parsed TOML) describes, or raise `PolicyError`."""
        unknown = set(plain) - {"version", "rule", "independent_sign", "theme", "silence", "alone"}
        if unknown:
            raise PolicyError(
                f"unknown table {_listed(unknown)}: only version, [independent_sign], [silence], [alone], [[theme]]"
                " and [[rule]] are read"
            )
        if plain.get("version") != 1:
            raise PolicyError(f"version is {plain.get('version')!r}: this program reads version 1")
        rows = plain.get("rule")
        if not isinstance(rows, list) or not rows:
            raise PolicyError("no [[rule]]: everything would be held; write at least one rule")
        rules = tuple(_rule(row, number) for number, row in enumerate(rows, start=1))
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise PolicyError(f"rule {name!r} occurs twice: a reason must name one rule")
        sign = _sign_rule(plain.get("independent_sign", {}))
        silence = _silence_rule(plain.get("silence", {}))
        return cls(rules, sign, themes_from_plain(plain.get("theme", [])), silence, _alone_rule(plain.get("alone", {})))


def release_for(policy: Policy, report: Report, info: AlertInfo) -> tuple[Release, str]:
    """Return who lets *info* of *report* go out, and the name of the rule that says so."""
    theme = theme_of(policy.themes, report.feed, info)
    if theme is not None and not theme.on:
        return Release.RECORD, f"theme-{theme.name}-off"
    for rule in policy.rules:
        if _matches(rule, report, info):
            return rule.release, rule.name
    return Release.HOLD, "no-rule"


def audience_for(policy: Policy, report: Report) -> Audience:
    """Return the class of people whom *report* may be told to: the narrowest of its dangers' themes."""
    if report.feed in COORDINATORS_ONLY:
        return Audience.STAFF
    themes = [theme_of(policy.themes, report.feed, info) for info in report.alert.infos]
    return strictest({theme.audience for theme in themes if theme is not None})


def lane_for(report: Report) -> Lane:
    """Return the way that *report* takes.

    Errs towards life-safety: a cancel corrects something that may have woken people, and Unknown
    severity without a level is not a low one (JMA's own CAP knows no other). The canary's lane is
    given at acceptance and never follows from a document.
    """
    alert = report.alert
    if alert.status is not Status.ACTUAL:
        return Lane.DRILL
    if alert.msg_type is MsgType.CANCEL:
        return Lane.LIFE_SAFETY
    return Lane.LIFE_SAFETY if any(_threatens_life(info) for info in alert.infos) else Lane.ROUTINE


def _threatens_life(info: AlertInfo) -> bool:
    if info.level is not None:
        return info.level >= LIFE_SAFETY_LEVEL or info.severity is Severity.EXTREME
    return info.severity in (Severity.EXTREME, Severity.SEVERE, Severity.UNKNOWN)


def _matches(rule: Rule, report: Report, info: AlertInfo) -> bool:
    level = info.level
    return (
        (rule.feeds is None or report.feed in rule.feeds)
        and (rule.kinds is None or any(fnmatchcase(report.kind, kind) for kind in rule.kinds))
        and (rule.senders is None or report.alert.sender in rule.senders)
        and (rule.hazards is None or info.hazard in rule.hazards)
        and (rule.level_given is None or rule.level_given is (level is not None))
        and (rule.min_level is None or (level is not None and level >= rule.min_level))
        and (rule.max_level is None or (level is not None and level <= rule.max_level))
        and (rule.severities is None or info.severity in rule.severities)
        and (rule.certainties is None or info.certainty in rule.certainties)
        and (rule.responses is None or any(response in rule.responses for response in info.response_types))
    )


_FIELDS = frozenset(Rule.__slots__)


def _rule(row: object, number: int) -> Rule:
    if not isinstance(row, Mapping):
        raise PolicyError(f"rule {number} is not a table")
    name = row.get("name")
    if not isinstance(name, str) or not name:
        raise PolicyError(f"rule {number} has no name: its name is the reason that people read")
    place = f"rule {name!r}"
    unknown = set(row) - _FIELDS
    if unknown:
        # A misspelt condition would make the rule wider than it was meant to be.
        raise PolicyError(f"{place}: unknown field {_listed(unknown)}; known are {_listed(_FIELDS)}")
    if "release" not in row:
        raise PolicyError(f"{place}: no release; it is one of {_values(Release)}")
    rule = Rule(
        name=name,
        release=_member(Release, row["release"], place),
        feeds=_strings(row, "feeds", place),
        kinds=_strings(row, "kinds", place),
        senders=_strings(row, "senders", place),
        hazards=_members(HazardKind, row, "hazards", place),
        min_level=_level(row, "min_level", place),
        max_level=_level(row, "max_level", place),
        level_given=_flag(row, "level_given", place),
        severities=_members(Severity, row, "severities", place),
        certainties=_members(Certainty, row, "certainties", place),
        responses=_members(ResponseType, row, "responses", place),
    )
    if rule.min_level is not None and rule.max_level is not None and rule.min_level > rule.max_level:
        raise PolicyError(f"{place}: min_level is above max_level, it would match nothing")
    return rule


def _sign_rule(row: object) -> SignRule:
    place = "[independent_sign]"
    if not isinstance(row, Mapping):
        raise PolicyError(f"{place} is not a table")
    unknown = set(row) - set(SignRule.__slots__)
    if unknown:
        raise PolicyError(f"{place}: unknown field {_listed(unknown)}; known are {_listed(set(SignRule.__slots__))}")
    usual = SignRule()
    share = row.get("min_share", usual.min_share)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 < share <= 1.0:
        # Nought would let every order out, on any day: that is what the rule is there to prevent.
        raise PolicyError(f"{place}: min_share is {share!r}, a share is above 0 and at most 1")
    feeds, hazards = _strings(row, "feeds", place), _members(HazardKind, row, "hazards", place)
    return SignRule(
        feeds=usual.feeds if feeds is None else feeds,
        hazards=usual.hazards if hazards is None else hazards,
        min_level=_level(row, "min_level", place) or usual.min_level,
        min_share=float(share),
    )


def _silence_rule(row: object) -> SilenceRule:
    place = "[silence]"
    if not isinstance(row, Mapping):
        raise PolicyError(f"{place} is not a table")
    unknown = set(row) - set(SilenceRule.__slots__)
    if unknown:
        raise PolicyError(f"{place}: unknown field {_listed(unknown)}; known are {_listed(set(SilenceRule.__slots__))}")
    usual = SilenceRule()
    after, on = row.get("after_seconds", usual.after_seconds), _flag(row, "on", place)
    if isinstance(after, bool) or not isinstance(after, int | float) or not 30.0 <= after <= 3600.0:
        raise PolicyError(f"{place}: after_seconds is {after!r}, between 30 and 3600")
    return SilenceRule(float(after), _level(row, "min_level", place) or usual.min_level, usual.on if on is None else on)


def _alone_rule(row: object) -> AloneRule:
    place, usual = "[alone]", AloneRule()
    if not isinstance(row, Mapping):
        raise PolicyError(f"{place} is not a table")
    unknown = set(row) - set(AloneRule.__slots__)
    if unknown:
        raise PolicyError(f"{place}: unknown field {_listed(unknown)}; known are {_listed(set(AloneRule.__slots__))}")
    on = _flag(row, "on", place)
    people = _within(row, "most_people", usual.most_people, 1, usual.most_people, place)
    window = _within(row, "window_minutes", usual.window_minutes, 10, 1440, place)
    after = _within(row, "after_seconds", usual.after_seconds, 30, 3600, place)
    return AloneRule(usual.on if on is None else on, int(people), int(window), float(after))


def _within(row: Mapping[str, Any], name: str, usual: float, least: float, most: float, place: str) -> float:
    value = row.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise PolicyError(f"{place}: {name} is {value!r}, between {least} and {most}")
    return value


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(map(str, names)))


def _values(kind: type[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)


def _member(kind: type[_E], value: object, place: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise PolicyError(f"{place}: {value!r} is not one of {_values(kind)}") from None


def _list(row: Mapping[str, Any], field: str, place: str) -> list[Any] | None:
    value = row.get(field)
    if value is not None and not isinstance(value, list):
        raise PolicyError(f"{place}: {field} is not a list")
    return value


def _members(kind: type[_E], row: Mapping[str, Any], field: str, place: str) -> tuple[_E, ...] | None:
    values = _list(row, field, place)
    return None if values is None else tuple(_member(kind, value, place) for value in values)


def _strings(row: Mapping[str, Any], field: str, place: str) -> tuple[str, ...] | None:
    values = _list(row, field, place)
    if values is None:
        return None
    if not all(isinstance(value, str) and value for value in values):
        raise PolicyError(f"{place}: {field} holds something that is not a text")
    return tuple(values)


def _level(row: Mapping[str, Any], field: str, place: str) -> Level | None:
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or value not in tuple(Level):
        raise PolicyError(f"{place}: {field} is {value!r}, a level is 1 to 5")
    return Level(value)


def _flag(row: Mapping[str, Any], field: str, place: str) -> bool | None:
    value = row.get(field)
    if value is not None and not isinstance(value, bool):
        raise PolicyError(f"{place}: {field} is {value!r}, not true or false")
    return value
