"""土砂災害警戒情報 (VXWW50): level 4 by its own definition, for municipalities or parts of them."""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS20, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.tree import children, text
from feeds.jma.warnings import PARAMETER_STATUS, kinds_in_force, place_of
from feeds.xml import Element

# It is restated or lifted within hours; a day of silence is a lost feed.
LANDSLIDE_VALID_FOR = timedelta(hours=24)
_SECTION = "土砂災害警戒情報"
_IN_FORCE = "3"  # 警戒
_OVER = frozenset({"0", "1"})  # なし, 解除; a code of tomorrow counts as in force


def infos_of(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per status (発表, 継続) with the municipalities that are warned."""
    section = next((s for s in children(body, "Warning") if s.get("type") == _SECTION), None)
    if section is None:
        raise JmaError("jma-no-area", f"no {_SECTION} section")
    found: dict[str, list[Area]] = {}
    for kind, area in kinds_in_force(section):
        if text(kind, "Code") not in _OVER:
            found.setdefault(text(kind, "Status"), []).append(place_of(area, GEOCODE_CLASS20, envelope))
    return tuple(
        AlertInfo(
            event="土砂災害警戒情報",
            hazard=HazardKind.LANDSLIDE,
            urgency=Urgency.IMMEDIATE,
            severity=Severity.SEVERE,
            certainty=Certainty.LIKELY,
            categories=(category_of(HazardKind.LANDSLIDE),),
            level=Level.ALL_LEAVE,
            effective=envelope.sent,
            expires=envelope.sent + LANDSLIDE_VALID_FOR,
            sender_name=envelope.publishing_office,
            headline=envelope.headline,
            code=_IN_FORCE,
            parameters=(Geocode(PARAMETER_STATUS, status),),
            areas=tuple(areas),
        )
        for status, areas in found.items()
    )
