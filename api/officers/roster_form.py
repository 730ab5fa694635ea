"""A roster as it is typed on the console: read with a reason, and what it lacks said before the flood."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from alerts.duty import Roster, Shift

MOST_PEOPLE = 20
_SHIFT = re.compile(r"(\S+)(?:\s+(\d{1,2})\s*[-~から]+\s*(\d{1,2}))?")


class RosterRefused(ValueError):
    """Why a roster is not kept; `reason` is a stable code."""

    def __init__(self, reason: str, what: str = "") -> None:
        super().__init__(reason)
        self.reason, self.what = reason, what


@dataclass(frozen=True, slots=True)
class Lack:
    """What a roster lacks, that does not stop it: a stable code and what it is about."""

    code: str
    what: str


def roster_of(ward: str, on_duty: str, deputies: str, known: Collection[str]) -> Roster:
    """Return the roster that was typed, a person a line with her hours; raises `RosterRefused`."""
    always: list[str] = []
    shifts: list[Shift] = []
    for line in _lines(on_duty):
        found = _SHIFT.fullmatch(line)
        if found is None:
            raise RosterRefused("roster-line", line)
        person, begins, ends = found.groups()
        _person(person, known)
        if begins is None:
            always.append(person)
        else:
            if int(begins) > 24 or int(ends) > 24:
                raise RosterRefused("roster-hours", line)
            shifts.append(Shift(person, int(begins) % 24, int(ends) % 24))
    stand_in = _lines(deputies)
    for person in stand_in:
        _person(person, known)
    if not always and not shifts:
        raise RosterRefused("roster-empty")
    if len(always) + len(shifts) > MOST_PEOPLE or len(stand_in) > MOST_PEOPLE:
        raise RosterRefused("roster-too-many")
    return Roster(ward, tuple(dict.fromkeys(always)), tuple(dict.fromkeys(stand_in)), tuple(dict.fromkeys(shifts)))


def typed(roster: Roster) -> tuple[str, str]:
    """Return the two fields of which `roster_of` makes *roster*."""
    shifts = (f"{one.person} {one.from_hour}-{one.until_hour or 24}" for one in roster.shifts)
    return "\n".join((*roster.on_duty, *shifts)), "\n".join(roster.deputies)


def lacks(roster: Roster, can_be_called: Collection[str], may_approve: Collection[str]) -> tuple[Lack, ...]:
    """Return what *roster* lacks, the gravest first."""
    found = []
    people = tuple(dict.fromkeys((*roster.awake(None), *roster.deputies)))
    silent = [person for person in people if person not in can_be_called]
    if silent:
        found.append(Lack("roster-not-callable", "、".join(silent)))
    callable_ = Roster(
        roster.ward,
        tuple(one for one in roster.on_duty if one in can_be_called),
        (),
        tuple(one for one in roster.shifts if one.person in can_be_called),
    )
    if uncovered := callable_.uncovered():
        found.append(Lack("roster-uncovered", _hours(uncovered)))
    if not set(roster.deputies) - set(roster.awake(None)):
        found.append(Lack("roster-no-deputies", ""))
    cannot = [person for person in people if person not in may_approve]
    if cannot:
        found.append(Lack("roster-cannot-approve", "、".join(cannot)))
    return tuple(found)


def _hours(hours: tuple[int, ...]) -> str:
    """Return *hours* as spans: 3, 4, 5 and 23 are 3-6, 23-24."""
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return "、".join(f"{begins}-{ends}時" for begins, ends in spans)


def _lines(text: str) -> list[str]:
    normal = (" ".join(unicodedata.normalize("NFKC", line).replace("時", "").split()) for line in text.splitlines())
    return [line for line in normal if line]


def _person(person: str, known: Collection[str]) -> None:
    if person not in known:
        raise RosterRefused("roster-unknown-person", person[:40])
