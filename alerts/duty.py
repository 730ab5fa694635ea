"""Who is woken when a draft waits, and what follows where nobody answers (R6).

Pure: time is an argument. Direction of safety: somebody is always woken. A ward without a roster, or a draft
whose ward nobody knows, goes to the metropolitan officer at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from alerts.level import Level


class Rung(StrEnum):
    """The steps of the ladder. Whoever was woken stays woken: a later step adds people and ends nobody's call."""

    ON_DUTY = "on-duty"
    DEPUTIES = "deputies"
    METROPOLITAN = "metropolitan"


@dataclass(frozen=True, slots=True)
class Shift:
    """The hours of the day in which one person is on duty, the end left out; from 20 to 8 goes over midnight."""

    person: str
    from_hour: int
    until_hour: int

    def covers(self, hour: int) -> bool:
        """Say whether *hour* (0 to 23) is one of them; equal ends are the whole day."""
        return (hour - self.from_hour) % 24 < ((self.until_hour - self.from_hour) % 24 or 24)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who answers for a ward tonight: names of persons, in the order in which they would be telephoned.

    `on_duty` are there all day; `shifts` by the hour.
    """

    ward: str
    on_duty: tuple[str, ...]
    deputies: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()

    def awake(self, hour: int | None) -> tuple[str, ...]:
        """Return who is on duty at *hour*; without one, everybody who ever is: rather one too many than none."""
        by_hour = (shift.person for shift in self.shifts if hour is None or shift.covers(hour))
        return tuple(dict.fromkeys((*self.on_duty, *by_hour)))

    def uncovered(self) -> tuple[int, ...]:
        """Return the hours in which nobody is on duty: then deputies are woken at once."""
        return tuple(hour for hour in range(24) if not self.awake(hour))


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """`[silence]` of `ops/policy.toml`: after how long at which level residents hear that there is no order yet."""

    after_seconds: float = 300.0
    min_level: Level = Level.ALL_LEAVE
    on: bool = True


@dataclass(frozen=True, slots=True)
class AloneRule:
    """`[alone]` of `ops/policy.toml`: when one person may let go what needs two, where a second cannot be reached.

    Off unless a policy says otherwise. It can make the area smaller than what two persons are needed for as wide,
    never larger. *after_seconds* is how long the draft waits first: a rung of the ladder has then been called.
    """

    on: bool = False
    most_people: int = 50_000
    window_minutes: int = 60
    after_seconds: float = 60.0


# Before the name of whoever approved, where she did it alone: it stands on the notice for as long as that is kept.
_ALONE = "alone:"


def alone_as(name: str) -> str:
    """Return how *name* is written down as who approved alone."""
    return f"{_ALONE}{name}"


def alone_by(approved_by: str) -> str:
    """Return who approved alone, "" where two did, or nobody."""
    return approved_by.removeprefix(_ALONE) if approved_by.startswith(_ALONE) else ""


@dataclass(frozen=True, slots=True)
class Duty:
    """All rosters, and the metropolitan officers with whom every ladder ends. A rung is climbed each *rung_seconds*."""

    rosters: Mapping[str, Roster] = field(default_factory=dict)
    metropolitan: tuple[str, ...] = ()
    rung_seconds: float = 60.0


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One person to be woken, from so many seconds on."""

    after_seconds: float
    ward: str
    rung: Rung
    person: str


def ladder(
    duty: Duty, wards: Iterable[str], hour: int | None = None, *, metropolitan_at_once: bool = False
) -> tuple[Call, ...]:
    """Return everybody who is woken for a draft of *wards*, in order; each person once, at the earliest step.

    *metropolitan_at_once* wakes the metropolitan officers with the first, as an official order that is held does (R9).
    """
    calls: list[Call] = []
    for ward in sorted(set(wards)) or [""]:
        roster = duty.rosters.get(ward, Roster(ward, ()))
        # A rung without people is no wait: the next one is climbed in its place.
        steps = [(rung, people) for rung, people in (
            (Rung.ON_DUTY, roster.awake(hour)),
            (Rung.DEPUTIES, roster.deputies),
            (Rung.METROPOLITAN, duty.metropolitan),
        ) if people]  # fmt: skip
        for number, (rung, people) in enumerate(steps):
            step = 0 if metropolitan_at_once and rung is Rung.METROPOLITAN else number
            calls += [Call(step * duty.rung_seconds, ward, rung, person) for person in people]
    first: dict[str, Call] = {}
    for call in sorted(calls):
        first.setdefault(call.person, call)
    return tuple(sorted(first.values()))


# How long before an order runs out its ward is called (R10), and for how long after it whoever could not be called is.
EXPIRY_NOTICE = timedelta(minutes=30)
_LAPSED_CALLS = timedelta(hours=6)


def runs_out(expires: datetime, now: datetime) -> bool:
    """Say whether the ward of an order that ends at *expires* is called about it: it holds on past that, unrenewed."""
    return expires - EXPIRY_NOTICE <= now < expires + _LAPSED_CALLS


def rungs(duty: Duty, ward: str, hour: int | None = None) -> tuple[tuple[Call, ...], ...]:
    """Return the steps of one ward's ladder, each with its people; of a ward that nobody knows the last alone."""
    steps = groupby(ladder(duty, [ward] if ward else (), hour), key=lambda call: call.after_seconds)
    return tuple(tuple(calls) for _, calls in steps)


def in_wards(rule: SilenceRule, after_seconds: Mapping[str, float], wards: Iterable[str]) -> SilenceRule:
    """Return *rule* for a draft of *wards*, some of which have an own *after_seconds*: the soonest of them holds."""
    return replace(
        rule,
        after_seconds=min((after_seconds.get(one, rule.after_seconds) for one in wards), default=rule.after_seconds),
    )


def is_silent(rule: SilenceRule, level: Level | None, waited_seconds: float) -> bool:
    """Say whether nobody has decided for so long that residents hear it."""
    return rule.on and level is not None and level >= rule.min_level and waited_seconds >= rule.after_seconds
