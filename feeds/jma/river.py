"""River telegrams for one reach and the places it may flood: 指定河川洪水予報 (VXKO50-89), 水位周知河川 (VXSU).

The tens digit of the kind code is the level (20 氾濫注意情報 to 50 氾濫発生情報; 10 lifts it). The
areas are the municipalities of the body's 浸水想定地区. A reach whose telegram names none is held for a
person by the area table: a whole prefecture would be told of a river it does not live at.

Beside the kind, whose level counts, stand the levels of the gauges: the highest now, and the highest
that is forecast. A forecast of level 4 in three hours is what a coordinator must see at level 2.
"""

from datetime import datetime, timedelta

from alerts.alert import GEOCODE_CLASS20, GEOCODE_RIVER, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.expected import Expected
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.expected import FROM_GRADE, expected, joined
from feeds.jma.river_stages import stages_of
from feeds.jma.tree import child, children, descendants, text
from feeds.jma.warnings import PARAMETER_STATUS
from feeds.moment import moment
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
# Stages are forecast by the hour: what is said of ten o'clock is taken to hold until eleven.
_STEP = timedelta(hours=1)


def infos_of(head: Element | None, body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind of the reach; nothing where the forecast was lifted (code 1x)."""
    sections = {s.get("type", ""): s for s in children(child(head, "Headline"), "Information")}
    reach = next((sections[name] for name in _REACH_SECTIONS if name in sections), None)
    if reach is None:
        raise JmaError("jma-no-area", f"none of {', '.join(_REACH_SECTIONS)}")
    places, levels, stages = _municipalities(body), _gauge_levels(body), stages_of(body)
    later = levels_to_come(body)
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
                    onset=_onset(level, later, envelope),
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


def expected_of(body: Element | None) -> tuple[Expected, ...]:
    """Return the hours in which the reach's gauges are forecast at level 3 or above, for the places it may flood.

    A reach that names no municipality expects nothing of anybody: its telegram is held for a person.
    """
    places = _municipalities(body)
    if not places:
        return ()
    hours = [(at, at + _STEP, level) for at, level in levels_to_come(body) if level >= FROM_GRADE]
    return tuple(expected(HazardKind.FLOOD, "河川の氾濫", window, places) for window in joined(hours))


def levels_to_come(body: Element | None) -> tuple[tuple[datetime, Level], ...]:
    """Return the highest level of the reach's gauges at each hour of the forecast; 9 (未計算) says nothing."""
    found: dict[datetime, Level] = {}
    for series in descendants(body, "TimeSeriesInfo"):
        hours = {
            define.get("timeId", ""): moment(text(define, "DateTime"))
            for define in children(child(series, "TimeDefines"), "TimeDefine")
        }
        for part in descendants(series, "WaterLevel", "Discharge"):
            at, written = hours.get(part.get("refID", "")), (part.text or "").strip()
            if part.get("type") != "レベル" or part.get("refID") == _NOW or at is None or written not in _RANKS:
                continue
            found[at] = max(Level(int(written)), found.get(at, Level.PREPARE_MIND))
    return tuple(sorted(found.items()))


def _onset(level: Level, later: tuple[tuple[datetime, Level], ...], envelope: Envelope) -> datetime | None:
    """Return when the river is forecast to reach 氾濫危険水位, where it is not said to be there yet.

    Direction of safety: the water comes over the bank later than that, or not at all.
    """
    if level >= Level.ALL_LEAVE:
        return None
    return next((at for at, reached in later if reached >= Level.ALL_LEAVE and at > envelope.sent), None)


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
