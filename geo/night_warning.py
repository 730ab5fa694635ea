"""An official warning for the coming night, as a draft that is to be decided before dark (R8)."""

import hashlib
from datetime import datetime, timedelta, tzinfo

from alerts.alert import PARAMETER_DECIDE_BY, Alert, AlertInfo, Geocode
from alerts.cap import MsgType, ResponseType, Status
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from alerts.place import LatLng
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


def night_warnings(
    alert: Alert, lineage: str, at: datetime, *, place: LatLng, zone: tzinfo
) -> tuple[tuple[Alert, NightDraft], ...]:
    """Return the drafts that *alert* opens at the time *at*, one for each night it speaks of.

    The worst level of a night counts; the same areas, by the same codes. One draft a night, lineage and
    level: the same warning again says nothing new, a higher one does.
    """
    worst: dict[str, tuple[AlertInfo, NightDraft]] = {}
    for info in alert.infos:
        level = info.level
        if level is None or info.onset is None or info.hazard not in HAZARDS or not info.areas:
            continue
        draft = night_draft(Expectation(level, info.onset, info.expires), place=place, zone=zone, at=at)
        if draft is None:
            continue
        night = draft.night.isoformat()
        before = worst.get(night)
        if before is None or (before[0].level or Level.PREPARE_MIND) < level:
            worst[night] = info, draft
    return tuple((_written(alert, lineage, info, draft, zone), draft) for info, draft in worst.values())


def _written(alert: Alert, lineage: str, info: AlertInfo, draft: NightDraft, zone: tzinfo) -> Alert:
    level = int(info.level or Level.ELDERLY_LEAVE)
    name = hashlib.sha256(f"{lineage}|{draft.night.isoformat()}|{level}".encode()).hexdigest()[:24]
    dusk = draft.deadline.astimezone(zone)
    # The time of what it repeats, so that the same warning gives the same bytes.
    sent = alert.sent.replace(microsecond=0)
    begins = (info.onset or draft.deadline).astimezone(zone)
    instruction = (
        f"今夜です。いま決めてください。離れるなら{dusk.hour}時{dusk.minute:02d}分までに。"
        "夜間は通知の音を出したままに。"
    )
    return Alert(
        identifier=f"night-{name}",
        sender=f"{lineage}.{SENDER}",
        sent=sent,
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT,
        note=f"repeats {alert.sender},{alert.identifier}",
        infos=(
            AlertInfo(
                event=f"{info.event}（夜間の見込み）",
                hazard=info.hazard,
                urgency=info.urgency,
                severity=info.severity,
                certainty=info.certainty,
                categories=info.categories or (category_of(info.hazard),),
                level=info.level,
                response_types=(ResponseType.PREPARE,),
                effective=sent,
                onset=info.onset,
                expires=max(draft.deadline, info.expires or draft.deadline) + timedelta(hours=1),
                sender_name=info.sender_name,
                headline=f"{begins.day}日{begins.hour}時ごろから{info.event}の見込み。日没{dusk.hour}時{dusk.minute:02d}分まで",
                description=info.headline or info.description,
                instruction=instruction,
                parameters=(Geocode(PARAMETER_DECIDE_BY, draft.deadline.isoformat(timespec="minutes")),),
                areas=info.areas,
            ),
        ),
    )
