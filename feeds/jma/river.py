"""指定河川洪水予報 (VXKO50-89): a forecast for one reach of a river and the places it may flood.

The tens digit of the kind code is the level (20 氾濫注意情報 to 50 氾濫発生情報; 10 lifts it). The
areas are the municipalities of the body's 浸水想定地区. A reach whose telegram names none is held for a
person by the area table: a whole prefecture would be told of a river it does not live at.
"""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS20, GEOCODE_RIVER, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, children, descendants, text
from feeds.jma.warnings import PARAMETER_STATUS
from feeds.xml import Element

# Observed stages are forecast 3 to 6 hours ahead and restated as they change.
RIVER_VALID_FOR = timedelta(hours=12)

_RANKS = {
    "2": (Level.CHECK_ACTION, Severity.MODERATE, Urgency.EXPECTED, Certainty.LIKELY),
    "3": (Level.ELDERLY_LEAVE, Severity.SEVERE, Urgency.EXPECTED, Certainty.LIKELY),
    "4": (Level.ALL_LEAVE, Severity.SEVERE, Urgency.IMMEDIATE, Certainty.LIKELY),
    "5": (Level.SECURE_LIFE, Severity.EXTREME, Urgency.IMMEDIATE, Certainty.OBSERVED),
}
_LIFTED = "1"
_REACH_SECTION = "指定河川洪水予報（予報区域）"


def infos_of(head: Element | None, body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind of the reach; nothing where the forecast was lifted (code 1x)."""
    sections = {s.get("type", ""): s for s in children(child(head, "Headline"), "Information")}
    reach = sections.get(_REACH_SECTION)
    if reach is None:
        raise JmaError("jma-no-area", f"no {_REACH_SECTION}")
    places = _municipalities(body)
    infos = []
    if next(descendants(reach, "Kind"), None) is None:
        # Read as "nothing in force" it would be an all-clear that nobody gave.
        raise JmaError("jma-river-kind", f"{_REACH_SECTION} has no kind")
    for item in children(reach, "Item"):
        rivers = tuple(
            Area(text(area, "Name"), geocodes=(Geocode(GEOCODE_RIVER, text(area, "Code")),))
            for area in descendants(child(item, "Areas"), "Area")
        )
        for kind in children(item, "Kind"):
            code = text(kind, "Code")
            if code.startswith(_LIFTED):
                continue
            if code[:1] not in _RANKS:
                raise JmaError("jma-river-kind", f"kind code {code!r}")
            level, severity, urgency, certainty = _RANKS[code[0]]
            infos.append(
                AlertInfo(
                    event=text(kind, "Name"),
                    hazard=HazardKind.FLOOD,
                    urgency=urgency,
                    severity=severity,
                    certainty=certainty,
                    categories=(category_of(HazardKind.FLOOD),),
                    level=level,
                    effective=envelope.sent,
                    expires=envelope.sent + RIVER_VALID_FOR,
                    sender_name=envelope.publishing_office,
                    headline=envelope.headline,
                    code=code,
                    parameters=(Geocode(PARAMETER_STATUS, text(kind, "Condition")),),
                    areas=places or rivers,
                    event_codes=tuple(code for river in rivers for code in river.geocodes),
                )
            )
    return tuple(infos)


def _municipalities(body: Element | None) -> tuple[Area, ...]:
    found: dict[str, Area] = {}
    for area in descendants(body, "Area"):
        code = text(area, "CityCode")
        if code:
            found.setdefault(code, Area(text(area, "City"), geocodes=(Geocode(GEOCODE_CLASS20, code),)))
    return tuple(found.values())
