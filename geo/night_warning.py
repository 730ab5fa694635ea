"""What official sources expect of the coming night, as a draft that is to be decided before dark (R8)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

import h3

from alerts.alert import PARAMETER_DECIDE_BY, Alert, AlertInfo, Area, Geocode
from alerts.cap import MsgType, ResponseType, Status, Urgency
from alerts.expected import Expected
from alerts.hazard import HazardKind, category_of
from alerts.place import LatLng
from alerts.report import Report
from geo.before_dark import Expectation, NightDraft, night_draft

FEED = "night"
SENDER = "before-dark@shirase"
# What comes with a forecast of hours; an earthquake does not.
HAZARDS = frozenset(
    {
        HazardKind.HEAVY_RAIN,
        HazardKind.FLOOD,
        HazardKind.LANDSLIDE,
        HazardKind.STORM_SURGE,
        HazardKind.STORM,
        HazardKind.SNOWSTORM,
        HazardKind.WAVE,
    }
)
# The 23 wards lie within it around their middle. A storm that comes as near as this comes to one of them.
HOME_RADIUS_KM = 25.0


@dataclass(frozen=True, slots=True)
class Home:
    """The ground that a deployment answers for: its middle, and the area that a draft about all of it names.

    A typhoon's forecast names no municipality, so what reaches the middle is told of this area.
    """

    place: LatLng
    areas: tuple[Area, ...] = ()


def night_warnings(
    report: Report, lineage: str, at: datetime, *, home: Home, zone: tzinfo
) -> tuple[tuple[Alert, NightDraft], ...]:
    """Return the drafts that *report* opens at the time *at*, one for each night that it speaks of.

    The worst grade of each danger and place counts in a night. The name is made of the sender, the night and
    what is expected where: the same again, by whichever of the sender's telegrams, says nothing new; a place
    more, or a higher grade, does, and so does the day itself: 「明日の夜」 becomes 「今夜」.
    """
    worst: dict[str, dict[tuple[HazardKind, Area], tuple[Expected, NightDraft]]] = {}
    for one in _expectations(report, home):
        draft = night_draft(Expectation(one.grade, one.begins, one.ends), place=home.place, zone=zone, at=at)
        if draft is None or not one.areas:
            continue
        night = worst.setdefault(draft.night.isoformat(), {})
        for area in one.areas:
            # Two languages of one warning name its area in two ways; the place is the same.
            key = (one.hazard, replace(area, description=""))
            if key not in night or night[key][0].grade < one.grade:
                night[key] = replace(one, areas=(area,)), draft
    return tuple(
        (_written(report.alert, lineage, [one for one, _ in found.values()], draft, zone), draft)
        for found in worst.values()
        for draft in (next(iter(found.values()))[1],)
    )


def _expectations(report: Report, home: Home) -> Iterator[Expected]:
    """Yield what *report* expects: what its forecast says, or else the onset of its warnings."""
    if not report.expected:
        for info in report.alert.infos:
            if info.level is not None and info.onset is not None and info.hazard in HAZARDS and info.areas:
                yield Expected(
                    hazard=info.hazard,
                    event=info.event,
                    level=info.level,
                    grade=info.level,
                    begins=info.onset,
                    ends=info.expires,
                    areas=info.areas,
                    severity=info.severity,
                    certainty=info.certainty,
                )
        return
    for one in report.expected:
        if one.hazard not in HAZARDS:
            continue
        if one.reach is None:
            yield one
        elif _kilometres(one.reach.centre, home.place) <= one.reach.radius_km + HOME_RADIUS_KM:
            yield replace(one, areas=home.areas)


def _kilometres(one: LatLng, other: LatLng) -> float:
    return float(h3.great_circle_distance((one.lat, one.lng), (other.lat, other.lng), unit="km"))


def _written(alert: Alert, lineage: str, found: list[Expected], draft: NightDraft, zone: tzinfo) -> Alert:
    today = _night(alert, draft, zone)
    said = sorted(f"{one.hazard}|{int(one.grade)}|{replace(one.areas[0], description='')}" for one in found)
    named = "\n".join([alert.sender, draft.night.isoformat(), today, *said])
    name = hashlib.sha256(named.encode()).hexdigest()[:24]
    together: dict[tuple[HazardKind, int], list[Expected]] = {}
    for one in sorted(found, key=lambda one: (-one.grade, one.begins)):
        together.setdefault((one.hazard, int(one.grade)), []).append(one)
    return Alert(
        identifier=f"night-{name}",
        sender=f"{lineage}.{SENDER}",
        # The time of what it repeats, so that the same warning gives the same bytes.
        sent=alert.sent.replace(microsecond=0),
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT,
        note=f"repeats {alert.sender},{alert.identifier}",
        infos=tuple(_info(alert, same, draft, zone) for same in together.values()),
    )


def _info(alert: Alert, same: list[Expected], draft: NightDraft, zone: tzinfo) -> AlertInfo:
    """Return one danger of the night at one grade, for all of its places; the earliest hour of any counts."""
    first, dusk = same[0], draft.deadline.astimezone(zone)
    begins = min(one.begins for one in same)
    ends = max((one.ends for one in same if one.ends is not None), default=draft.deadline)
    hour = begins.astimezone(zone)
    said = alert.infos[0] if alert.infos else None
    return AlertInfo(
        event=f"{first.event}（夜間の見込み）",
        hazard=first.hazard,
        urgency=Urgency.FUTURE,
        severity=first.severity,
        certainty=first.certainty,
        categories=(category_of(first.hazard),),
        level=first.level,
        response_types=(ResponseType.PREPARE,),
        effective=alert.sent.replace(microsecond=0),
        onset=begins,
        expires=max(draft.deadline, ends) + timedelta(hours=1),
        sender_name=said.sender_name if said else alert.source,
        headline=f"{hour.day}日{hour.hour}時ごろから{first.event}の見込み。日没{dusk.hour}時{dusk.minute:02d}分まで",
        description=(said.headline or said.description) if said else "",
        instruction=(
            f"{_night(alert, draft, zone)}です。いま決めてください。離れるなら{dusk.hour}時{dusk.minute:02d}分までに。"
            "夜間は通知の音を出したままに。"
        ),
        parameters=(Geocode(PARAMETER_DECIDE_BY, draft.deadline.isoformat(timespec="minutes")),),
        areas=tuple(area for one in same for area in one.areas),
    )


def _night(alert: Alert, draft: NightDraft, zone: tzinfo) -> str:
    return "今夜" if alert.sent.astimezone(zone).date() == draft.night else f"{draft.night.day}日の夜"
