"""噴火警報・予報 (VFVO50) and 噴火速報 (VFVO56), for the municipalities that they name.

Ash forecasts (VFVO53-55), observations and explanations are recorded only. The volcanic alert level
(噴火警戒レベル, 1 to 5) is another scale than the level of warnings and stands beside it as a parameter.
"""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS20, GEOCODE_VOLCANO, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, children, descendants, text
from feeds.jma.warnings import PARAMETER_STATUS
from feeds.xml import Element

# Restated only when it changes, which may be months on. A push about it is news for a day; that it holds
# until it is lifted is said by the map, not by the push.
WARNING_VALID_FOR = timedelta(hours=24)
# It says that an eruption was seen; a 噴火警報 follows within the hour.
ERUPTION_VALID_FOR = timedelta(hours=6)

PARAMETER_ALERT_LEVEL = "JMA.volcanic-alert-level"
_PLACES = "（対象市町村等）"
_VOLCANO = "（対象火山）"
# 噴火警報 for where people live is a 特別警報 by law.
_IN_FORCE = {"01": Severity.EXTREME, "02": Severity.SEVERE, "03": Severity.SEVERE}
_OVER = frozenset({"04", "05"})  # 噴火予報：警報解除, 噴火予報
# Codes of the volcano itself that are a warning: 噴火警戒レベル 2 to 5, and those of volcanoes without levels.
_CALM_LEVELS = frozenset({"11", "04", "05"})


def warning(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind that holds; none where the warning was lifted."""
    sections = {s.get("type", ""): s for s in children(body, "VolcanoInfo")}
    volcano = _section(sections, _VOLCANO)
    if volcano is None:
        raise JmaError("jma-no-area", "no volcano is named")
    places = _section(sections, _PLACES)
    level = next((code for code in (text(kind, "Code") for kind in descendants(volcano, "Kind")) if code), "")
    found: dict[tuple[str, str, str], list[Area]] = {}
    for item in children(places, "Item"):
        kind = child(item, "Kind")
        code, name = text(kind, "Code"), text(kind, "Name")
        if code not in _IN_FORCE and code not in _OVER:
            # Neither a warning that we know nor a lifted one: not to be read as "nothing in force".
            raise JmaError("jma-volcano-kind", f"kind code {code!r}")
        if code in _IN_FORCE:
            found.setdefault((code, name, text(kind, "Condition")), []).extend(_areas(item, GEOCODE_CLASS20))
    if not found and places is None and level not in _CALM_LEVELS:
        # At sea, or a telegram without its places: the area table holds it for a person.
        areas = [area for item in children(volcano, "Item") for area in _areas(item, GEOCODE_VOLCANO)]
        found["02", text(next(descendants(volcano, "Kind"), None), "Name"), ""] = areas
    if any(not areas for areas in found.values()):
        raise JmaError("jma-no-area", "a kind without a place")
    return tuple(
        _info(
            envelope,
            event=name,
            severity=_IN_FORCE[code],
            certainty=Certainty.LIKELY,
            valid_for=WARNING_VALID_FOR,
            code=code,
            parameters=(Geocode(PARAMETER_STATUS, status), *_alert_level(level)),
            areas=tuple(areas),
        )
        for (code, name, status), areas in found.items()
    )


def eruption(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return the eruption that was seen, for the municipalities around it."""
    sections = {s.get("type", ""): s for s in children(body, "VolcanoInfo")}
    places = _section(sections, _PLACES)
    areas = tuple(area for item in children(places, "Item") for area in _areas(item, GEOCODE_CLASS20))
    if not areas:
        raise JmaError("jma-no-area", "an eruption near no municipality")
    kind = next(descendants(places, "Kind"), None)
    return (
        _info(
            envelope,
            event=f"噴火速報（{text(kind, 'Name')}）",
            severity=Severity.EXTREME,
            certainty=Certainty.OBSERVED,
            valid_for=ERUPTION_VALID_FOR,
            code=text(kind, "Code"),
            parameters=(),
            areas=areas,
        ),
    )


def _section(sections: dict[str, Element], suffix: str) -> Element | None:
    return next((section for kind, section in sections.items() if kind.endswith(suffix)), None)


def _areas(item: Element, value_name: str) -> tuple[Area, ...]:
    found = [(text(area, "Name"), text(area, "Code")) for area in descendants(child(item, "Areas"), "Area")]
    if not all(code for _, code in found):
        raise JmaError("jma-no-area", "a place without its code")
    return tuple(Area(name, geocodes=(Geocode(value_name, code),)) for name, code in found)


def _alert_level(code: str) -> tuple[Geocode, ...]:
    """Return the volcanic alert level that *code* (11 to 15) names; other codes are volcanoes without levels."""
    return (Geocode(PARAMETER_ALERT_LEVEL, code[1]),) if code in {"11", "12", "13", "14", "15"} else ()


def _info(
    envelope: Envelope,
    *,
    event: str,
    severity: Severity,
    certainty: Certainty,
    valid_for: timedelta,
    code: str,
    parameters: tuple[Geocode, ...],
    areas: tuple[Area, ...],
) -> AlertInfo:
    return AlertInfo(
        event=event,
        hazard=HazardKind.VOLCANO,
        urgency=Urgency.IMMEDIATE,
        severity=severity,
        certainty=certainty,
        categories=(category_of(HazardKind.VOLCANO),),
        effective=envelope.sent,
        expires=envelope.sent + valid_for,
        sender_name=envelope.publishing_office,
        headline=envelope.headline,
        code=code,
        parameters=parameters,
        areas=areas,
    )
