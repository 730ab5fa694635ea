"""River telegrams for one reach and the places it may flood: 指定河川洪水予報 (VXKO50-89), 水位周知河川 (VXSU).

The tens digit of the kind code is the level (20 氾濫注意情報 to 50 氾濫発生情報; 10 lifts it). The
areas are the municipalities of the body's 浸水想定地区. A reach whose telegram names none is held for a
person by the area table: a whole prefecture would be told of a river it does not live at.

Beside the kind, whose level counts, stand the levels of the gauges: the highest now, and the highest
that is forecast. A forecast of level 4 in three hours is what a coordinator must see at level 2.
"""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS20, GEOCODE_RIVER, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.river_stages import stages_of
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
_REACH_SECTIONS = ("指定河川洪水予報（予報区域）", "水位周知河川に関する情報（発表区間）")
PARAMETER_LEVEL_NOW = "JMA.river-level-now"
PARAMETER_LEVEL_FORECAST = "JMA.river-level-forecast"
# The first time of a series is the present (現況); 9 is "not computed".
_NOW = "1"
_LEVELS = frozenset("012345")


def infos_of(head: Element | None, body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind of the reach; nothing where the forecast was lifted (code 1x)."""
    sections = {s.get("type", ""): s for s in children(child(head, "Headline"), "Information")}
    reach = next((sections[name] for name in _REACH_SECTIONS if name in sections), None)
    if reach is None:
        raise JmaError("jma-no-area", f"none of {', '.join(_REACH_SECTIONS)}")
    places, levels, stages = _municipalities(body), _gauge_levels(body), stages_of(body)
    infos = []
    if next(descendants(reach, "Kind"), None) is None:
        # Read as "nothing in force" it would be an all-clear that nobody gave.
        raise JmaError("jma-river-kind", "the reach has no kind")
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
                    parameters=(Geocode(PARAMETER_STATUS, text(kind, "Condition")), *levels),
                    areas=places or rivers,
                    stages=stages,
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


def _gauge_levels(body: Element | None) -> tuple[Geocode, ...]:
    """Return the highest level of the reach's gauges now and in the forecast, where they are given."""
    now: list[str] = []
    later: list[str] = []
    for part in descendants(body, "WaterLevel", "Discharge"):
        level = (part.text or "").strip()
        if part.get("type") == "レベル" and level in _LEVELS:
            (now if part.get("refID") == _NOW else later).append(level)
    found = ((PARAMETER_LEVEL_NOW, now), (PARAMETER_LEVEL_FORECAST, later))
    return tuple(Geocode(name, max(levels)) for name, levels in found if levels)
