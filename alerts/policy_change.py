"""What a change of the policy changes: for which kinds of documents, from what to what, and whether it widens (R24).

Both policies are asked about every case that either can tell apart, by the function that the pipeline asks; nothing is
guessed from the text of the rules. Safe in the stated direction: what cannot be shown to be narrower widens.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, combinations, product
from typing import Any, TypeVar

from alerts.alert import Alert, AlertInfo
from alerts.cap import Category, Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.claim import Release
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.policy import COORDINATORS_ONLY, Policy, audience_for, release_for
from alerts.report import Linkage, Report
from alerts.theme import Audience

OTHER = "(other)"
# From told to nobody to told at once.
WIDTH = (Release.RECORD, Release.HOLD, Release.DRAFT, Release.WITH_SIGN, Release.AUTOMATIC)
# A deployment's policy has some ten thousand cases; a machine asks a hundred thousand in a few seconds.
MOST_CASES = 200_000
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Case:
    """One danger of one kind of document; `(other)` stands for all that neither policy names."""

    feed: str
    kind: str
    sender: str
    hazard: HazardKind
    level: Level | None
    severity: Severity
    certainty: Certainty
    responses: tuple[ResponseType, ...]
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who lets a case go out, by which rule, and who may be told."""

    release: Release
    rule: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Difference:
    """All cases that go from one verdict to another."""

    before: Verdict
    after: Verdict
    cases: tuple[Case, ...]

    @property
    def widens(self) -> bool:
        """Say whether more may be told, sooner or to more people, than before."""
        return why_wider(self.before, self.after) != ""


class TooManyCases(ValueError):
    """The policies name so many values that not every case can be asked: nobody may call that narrower."""


def why_wider(before: Verdict, after: Verdict) -> str:
    """Return why *after* widens *before* by a stable code, "" when it does not."""
    if WIDTH.index(after.release) > WIDTH.index(before.release):
        return "released-more-freely"
    if after.release is Release.RECORD and before.release in (Release.HOLD, Release.DRAFT, Release.WITH_SIGN):
        # What is only recorded holds nothing back: another danger of the same document now goes out by itself.
        return "holds-the-rest-no-more"
    if after.audience is Audience.PUBLIC and before.audience is Audience.STAFF and after.release is not Release.RECORD:
        return "told-to-residents"
    return ""


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return every change of a release or an audience, those that widen first. Raises `TooManyCases`.

    A case that another rule decides in the same way is no difference: nobody is told otherwise.
    """
    found: dict[tuple[Verdict, Verdict], list[Case]] = {}
    for case in _cases(old, new):
        report = _report(case)
        before, after = _verdict(old, report), _verdict(new, report)
        if (before.release, before.audience) != (after.release, after.audience):
            found.setdefault((before, after), []).append(case)
    made = [Difference(before, after, tuple(cases)) for (before, after), cases in found.items()]
    return tuple(sorted(made, key=lambda one: (not one.widens, one.before.rule, one.after.rule)))


def verdict_of(policy: Policy, case: Case) -> Verdict:
    """Return what *policy* says of *case*."""
    return _verdict(policy, _report(case))


def _report(case: Case) -> Report:
    info = AlertInfo(
        event="",
        hazard=case.hazard,
        urgency=Urgency.UNKNOWN,
        severity=case.severity,
        certainty=case.certainty,
        categories=case.categories,
        level=case.level,
        response_types=case.responses,
    )
    alert = Alert("", case.sender, _ANY_TIME, Status.ACTUAL, MsgType.ALERT, infos=(info,))
    return Report("", case.feed, case.kind, "", Linkage.REFERENCES, alert, _ANY_TIME)


def _verdict(policy: Policy, report: Report) -> Verdict:
    (info,) = report.alert.infos
    return Verdict(*release_for(policy, report, info), audience_for(policy, report))


def settings_changed(old: Policy, new: Policy) -> tuple[tuple[str, bool], ...]:
    """Return what else differs, in words, each with whether it widens: the sign, silence, and one person alone."""
    return tuple(chain(_sign(old, new), _silence(old, new), _alone(old, new)))


def _sign(old: Policy, new: Policy) -> Iterator[tuple[str, bool]]:
    before, after = old.sign, new.sign
    if set(before.feeds) != set(after.feeds):
        words = f"independent_sign.feeds: {_listed(before.feeds)} -> {_listed(after.feeds)}"
        yield words, not set(after.feeds) <= set(before.feeds)
    if set(before.hazards) != set(after.hazards):
        words = f"independent_sign.hazards: {_listed(before.hazards)} -> {_listed(after.hazards)}"
        yield words, not set(after.hazards) <= set(before.hazards)
    yield from _step("independent_sign.min_level", before.min_level.value, after.min_level.value, less_widens=True)
    yield from _step("independent_sign.min_share", before.min_share, after.min_share, less_widens=True)


def _silence(old: Policy, new: Policy) -> Iterator[tuple[str, bool]]:
    before, after = old.silence, new.silence
    if before.on != after.on:
        yield f"silence.on: {before.on} -> {after.on}", after.on
    yield from _step("silence.after_seconds", before.after_seconds, after.after_seconds, less_widens=True)
    yield from _step("silence.min_level", before.min_level.value, after.min_level.value, less_widens=True)


def _alone(old: Policy, new: Policy) -> Iterator[tuple[str, bool]]:
    before, after = old.alone, new.alone
    if before.on != after.on:
        yield f"alone.on: {before.on} -> {after.on}", after.on
    yield from _step("alone.most_people", before.most_people, after.most_people, less_widens=False)
    yield from _step("alone.window_minutes", before.window_minutes, after.window_minutes, less_widens=True)
    yield from _step("alone.after_seconds", before.after_seconds, after.after_seconds, less_widens=True)


def _step(name: str, before: float, after: float, *, less_widens: bool) -> Iterator[tuple[str, bool]]:
    if before != after:
        shown = [str(one) if isinstance(one, int) else f"{one:g}" for one in (before, after)]
        yield f"{name}: {shown[0]} -> {shown[1]}", (after < before) == less_widens


def said(difference: Difference, old: Policy, new: Policy) -> str:
    """Return for which documents *difference* holds, in words; a condition that takes every value is left out."""
    every = _dimensions(old, new)
    parts = []
    for name, values in every.items():
        seen = dict.fromkeys(getattr(case, name) for case in difference.cases)
        if len(seen) < len(values) and set(seen) != {()}:
            parts.append(f"{name} {_listed(_word(value) for value in seen)}")
    return "; ".join(parts) or "every document"


# ------------------------------------------------------------------------------- which cases there are


def _cases(old: Policy, new: Policy) -> Iterator[Case]:
    every = _dimensions(old, new)
    if math.prod(map(len, every.values())) > MOST_CASES:
        raise TooManyCases(f"the two policies tell more than {MOST_CASES:,} cases apart: change less at a time")
    for values in product(*every.values()):
        case = Case(*values)
        # With a level, or a call to leave, a danger is nature whatever its category.
        if case.categories and (case.level is not None or ResponseType.EVACUATE in case.responses):
            continue
        yield case


def _dimensions(old: Policy, new: Policy) -> dict[str, tuple[Any, ...]]:
    """Return the values of each condition that either policy can tell apart, with one for all others."""
    rules = (*old.rules, *new.rules)
    kinds = {kind.replace("*", "").replace("?", "0") for rule in rules for kind in rule.kinds or ()}
    responses = {one for rule in rules for one in rule.responses or ()} | {ResponseType.EVACUATE}
    themes = (*old.themes, *new.themes)
    categories = {category for theme in themes for category in theme.categories}
    return {
        "feed": _texts((*COORDINATORS_ONLY, *(feed for rule in rules for feed in rule.feeds or ()))),
        "kind": _texts(kinds),
        "sender": _texts(sender for rule in rules for sender in rule.senders or ()),
        # A flood is nature; what is "other" has a theme where its category says so.
        "hazard": _known({HazardKind.FLOOD, HazardKind.OTHER} | {one for rule in rules for one in rule.hazards or ()}),
        "level": (None, *Level),
        "severity": _named(Severity, (one for rule in rules for one in rule.severities or ())),
        "certainty": _named(Certainty, (one for rule in rules for one in rule.certainties or ())),
        "responses": _sets(responses),
        # No category at all is nature; one that no theme lists is told to nobody.
        "categories": ((), *((one,) for one in _apart(old, new, categories))),
    }


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (*sorted(set(values)), OTHER)


def _known(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(sorted(set(values), key=str))


def _named(kind: type[_T], values: Iterable[_T]) -> tuple[_T, ...]:
    """Return the named members and one that nobody names."""
    named = set(values)
    others = [member for member in kind if member not in named]  # type: ignore[attr-defined]
    return (*sorted(named, key=str), *others[:1])


def _sets(responses: set[ResponseType]) -> tuple[tuple[ResponseType, ...], ...]:
    """Return no response, each, and pairs: an earlier rule may take by one what a later one takes by the other."""
    ordered = sorted(responses, key=str)
    return tuple(chain.from_iterable(combinations(ordered, size) for size in range(3)))


def _apart(old: Policy, new: Policy, categories: set[Category]) -> tuple[Category, ...]:
    """Return one category for each pair of themes, and one that neither policy lists."""
    seen: dict[tuple[object, object], Category] = {}
    for category in sorted(categories, key=str):
        pair = tuple(
            next((theme for theme in policy.themes if category in theme.categories), None) for policy in (old, new)
        )
        seen.setdefault((pair[0], pair[1]), category)
    unlisted = [one for one in Category if one not in categories]
    return (*seen.values(), *unlisted[:1])


def _word(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return "+".join(str(one.value) for one in value)
    return str(getattr(value, "value", value))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(getattr(value, "value", value)) for value in values) or "none"
