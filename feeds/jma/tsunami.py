"""津波警報・注意報・予報 (VTSE41): coasts named by the 66 forecast areas, three digits each."""

from datetime import datetime, timedelta

from alerts.alert import GEOCODE_TSUNAMI_AREA, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.wave import Wave
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, children, text
from feeds.jma.warnings import PARAMETER_STATUS
from feeds.moment import moment
from feeds.xml import Element

# Lifted by its own telegram, often half a day on; later waves are the greater ones.
TSUNAMI_VALID_FOR = timedelta(hours=24)

_ARRIVING = "津波到達中と推測"
# No wave on record is a quarter of this; what is higher is a fault of the telegram.
_IMPOSSIBLE_M = 200.0

# 00 is none, 50 and 60 lift, 71-73 (若干の海面変動) ask nothing of people.
_NOT_IN_FORCE = frozenset({"00", "50", "60", "71", "72", "73"})
_IN_FORCE: dict[str, tuple[str, Severity, Urgency]] = {
    "53": ("大津波警報", Severity.EXTREME, Urgency.IMMEDIATE),
    "52": ("大津波警報", Severity.EXTREME, Urgency.IMMEDIATE),
    "51": ("津波警報", Severity.SEVERE, Urgency.IMMEDIATE),
    "62": ("津波注意報", Severity.MODERATE, Urgency.IMMEDIATE),
}


def infos_of(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind that is in force; none where everything was lifted."""
    forecast = child(child(body, "Tsunami"), "Forecast")
    if forecast is None:
        raise JmaError("jma-no-area", "no Tsunami/Forecast")
    found: dict[tuple[str, Wave], list[Area]] = {}
    items = children(forecast, "Item")
    if not items:
        raise JmaError("jma-no-area", "Tsunami/Forecast names no coast")
    for item in items:
        code = text(item, "Category/Kind/Code")
        if code not in _IN_FORCE and code not in _NOT_IN_FORCE:
            # Neither a warning that we know nor a lifted one: not to be read as "nothing in force".
            raise JmaError("jma-tsunami-kind", f"kind code {code!r}")
        if code in _IN_FORCE:
            coast = child(item, "Area")
            geocode = Geocode(GEOCODE_TSUNAMI_AREA, text(coast, "Code"))
            found.setdefault((code, _wave(code, item)), []).append(Area(text(coast, "Name"), geocodes=(geocode,)))
    return tuple(
        _info(code, wave, tuple(found[code, wave]), envelope)
        for code, wave in sorted(found, key=lambda key: (list(_IN_FORCE).index(key[0]), str(key[1].arrives_at)))
    )


def _wave(code: str, item: Element) -> Wave:
    """Return what is said of one coast. A height that is no figure (巨大) keeps the agency's word for it."""
    height = child(child(item, "MaxHeight"), "TsunamiHeight")
    metres = number(text(height))
    return Wave(
        warning=_IN_FORCE[code][0],
        height=(height.get("description") or "") if height is not None else "",
        height_m=metres,
        arrives_at=_arrival(text(item, "FirstHeight/ArrivalTime")),
        arriving=text(item, "FirstHeight/Condition") == _ARRIVING,
    )


def number(written: str) -> float | None:
    """Return a height in metres; None for what is no figure (`NaN` stands beside 巨大 and 高い)."""
    try:
        metres = float(written)
    except ValueError:
        return None
    return metres if 0 <= metres < _IMPOSSIBLE_M else None


def _arrival(written: str) -> datetime | None:
    """Return when the first wave is expected; an unreadable time never holds a warning back."""
    return moment(written)


def _info(code: str, wave: Wave, areas: tuple[Area, ...], envelope: Envelope) -> AlertInfo:
    name, severity, urgency = _IN_FORCE[code]
    return AlertInfo(
        event=name,
        hazard=HazardKind.TSUNAMI,
        urgency=urgency,
        severity=severity,
        certainty=Certainty.LIKELY,
        categories=(category_of(HazardKind.TSUNAMI),),
        effective=envelope.sent,
        onset=wave.arrives_at,
        expires=envelope.sent + TSUNAMI_VALID_FOR,
        sender_name=envelope.publishing_office,
        headline=envelope.headline,
        code=code,
        parameters=(Geocode(PARAMETER_STATUS, "発表"),),
        areas=areas,
        wave=wave,
    )
