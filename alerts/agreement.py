"""Do two sources of the same warnings say the same? The satellite beside the internet feed.

Neither is believed more than the other. Where they differ for longer than one of them may lag, somebody
is wrong: a feed that stands still, a receiver that hears a forgery, a telegram that never came. A person
is told, and nothing that holds is ended by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.cap import MsgType, ResponseType, Severity, Status
from alerts.hazard import HazardKind
from alerts.report import Report

# The satellite repeats each message for minutes and the feed is asked each minute: longer apart is a difference.
LAG = timedelta(minutes=3)
# What was said longer ago is history: a satellite repeats what holds, the feed restates it.
MEMORY = timedelta(hours=6)
_SEVERE = (Severity.SEVERE, Severity.EXTREME)
# What the satellite carries at all; about other dangers its silence says nothing.
CARRIED = frozenset(
    {
        HazardKind.HEAVY_RAIN,
        HazardKind.STORM_SURGE,
        HazardKind.LANDSLIDE,
        HazardKind.FLOOD,
        HazardKind.TSUNAMI,
        HazardKind.RECORD_RAIN,
        HazardKind.TORNADO,
    }
)


class Disagreement(StrEnum):
    """How two sources differ. The values are labels of the metric and reasons for the operator."""

    INTERNET_SILENT = "internet-silent"  # the satellite warns, the feed does not
    INTERNET_HOLDS = "internet-holds"  # the satellite says that it is over, the feed that it holds
    LEVEL_DIFFERS = "level-differs"  # both warn of it, the feed of less


@dataclass(frozen=True, slots=True)
class Saying:
    """The newest that one source says of one danger in one place."""

    hazard: HazardKind
    place: str
    level: int
    holds: bool
    sent: datetime
    heard: datetime


Sayings = Mapping[tuple[HazardKind, str], Saying]


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: where, about what, and since when."""

    kind: Disagreement
    hazard: HazardKind
    place: str
    since: datetime


def with_report(known: Sayings, report: Report) -> Sayings:
    """Return *known* with what a live *report* says; the newest of each danger and place stays."""
    alert = report.alert
    if alert.status is not Status.ACTUAL or report.hold:
        return known
    after = dict(known)
    for info in alert.infos:
        holds = alert.msg_type is not MsgType.CANCEL and ResponseType.ALL_CLEAR not in info.response_types
        level = int(info.level) if info.level is not None else 3 if info.severity in _SEVERE else 2
        # A telegram about a river names the municipalities along it as its areas, and the river beside them.
        for code in (*info.event_codes, *(code for area in info.areas for code in area.geocodes)):
            key = (info.hazard, code.value)
            if key not in after or after[key].sent <= alert.sent:
                after[key] = Saying(info.hazard, code.value, level, holds, alert.sent, report.received)
    return {key: said for key, said in after.items() if report.received - said.heard <= MEMORY}


def differences(satellite: Sayings, internet: Sayings, *, at: datetime, lag: timedelta = LAG) -> tuple[Difference, ...]:
    """Return where the two disagree at *at*, in a fixed order.

    Errs towards silence for *lag* and towards the alarm afterwards. What only the internet says is no
    difference: a satellite carries a part of it, and a receiver may be under a roof.
    """
    found = []
    for said in satellite.values():
        if said.hazard not in CARRIED or at - said.heard < lag:
            continue
        same = _about(internet.values(), said)
        holding = [other for other in same if other.holds]
        if said.holds and not holding:
            kind = Disagreement.INTERNET_SILENT
        elif said.holds and max(other.level for other in holding) < said.level:
            kind = Disagreement.LEVEL_DIFFERS
        elif not said.holds and any(other.sent < said.sent for other in holding):
            kind = Disagreement.INTERNET_HOLDS
        else:
            continue
        found.append(Difference(kind, said.hazard, said.place, said.heard))
    return tuple(sorted(found, key=lambda one: (one.kind, one.hazard, one.place)))


def _about(sayings: Iterable[Saying], said: Saying) -> list[Saying]:
    return [other for other in sayings if other.hazard is said.hazard and _overlaps(other.place, said.place)]


def _overlaps(left: str, right: str) -> bool:
    """Say whether two codes of the JMA name places of which one may lie in the other.

    Six and seven digits begin with the prefecture; coasts (3) and rivers (12) are only ever the same or another.
    """
    if left == right:
        return True
    weather = {6, 7}
    return len(left) in weather and len(right) in weather and left[:2] == right[:2]
