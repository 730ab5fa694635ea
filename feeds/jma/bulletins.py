"""府県気象防災速報 (VPBS50): what is happening now, told by a tag of the headline.

Since 2026-05-28 it carries what VPOA50 said (記録的短時間大雨), and heavy snow within hours. A tag that is
not listed is recorded: a bulletin may also only explain.
"""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS10, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from feeds.errors import JmaError
from feeds.jma.advisories import RECORD_RAIN_VALID_FOR
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, children, descendants, text
from feeds.xml import Element

# The headline says until when; as prose. Roads stay blocked about so long.
HEAVY_SNOW_VALID_FOR = timedelta(hours=6)
_SECTION = "情報タグ"
_TAGS: dict[str, tuple[HazardKind, str, timedelta]] = {
    "記録雨": (HazardKind.RECORD_RAIN, "記録的短時間大雨", RECORD_RAIN_VALID_FOR),
    "短時間大雪": (HazardKind.HEAVY_SNOW, "短時間大雪", HEAVY_SNOW_VALID_FOR),
}
TAG_UNKNOWN = "bulletin-tag-unknown"


def infos_of(head: Element | None, envelope: Envelope) -> tuple[tuple[AlertInfo, ...], str]:
    """Return one info per known tag with its forecast areas, and why nothing is told where there is none."""
    sections = [s for s in children(child(head, "Headline"), "Information") if s.get("type") == _SECTION]
    items = [item for section in sections for item in children(section, "Item")]
    infos = []
    for item in items:
        for tag in dict.fromkeys(text(kind, "Condition") for kind in children(item, "Kind")):
            if tag not in _TAGS:
                continue
            places = [(text(area, "Name"), text(area, "Code")) for area in descendants(child(item, "Areas"), "Area")]
            if not places or not all(code for _, code in places):
                raise JmaError("jma-no-area", f"{tag} of no forecast area")
            infos.append(_info(tag, tuple(places), envelope))
    return tuple(infos), "" if infos else TAG_UNKNOWN


def _info(tag: str, places: tuple[tuple[str, str], ...], envelope: Envelope) -> AlertInfo:
    hazard, event, valid_for = _TAGS[tag]
    return AlertInfo(
        event=event,
        hazard=hazard,
        urgency=Urgency.IMMEDIATE,
        severity=Severity.SEVERE,
        certainty=Certainty.OBSERVED,
        categories=(category_of(hazard),),
        effective=envelope.sent,
        expires=envelope.sent + valid_for,
        sender_name=envelope.publishing_office,
        headline=envelope.headline,
        code=tag,
        areas=tuple(Area(name, geocodes=(Geocode(GEOCODE_CLASS10, code),)) for name, code in places),
    )
