"""Seismic intensity: 震度速報 (VXSE51, by quake area) and 震源・震度 (VXSE53, by municipality).

Residents are told from 震度５弱, where things fall and houses of the old code are damaged. Below
that, and for distant earthquakes without intensities, the telegram is only recorded.
"""

from datetime import timedelta

from alerts.alert import GEOCODE_CLASS20, GEOCODE_QUAKE_AREA, AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.shaking import INTENSITY_NAMES_JA, Intensity
from feeds.errors import JmaError
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, descendants, text
from feeds.xml import Element

# Shaking is over when it is told; what it asks of people (look for fires, leave damaged houses,
# expect another) is a matter of the next hours.
SHAKING_VALID_FOR = timedelta(hours=6)

# Each with its official name. The order is the order of the parts in a notice.
_TOLD: dict[str, tuple[str, Severity]] = {
    intensity.value: (INTENSITY_NAMES_JA[intensity], severity)
    for intensity, severity in (
        (Intensity.SEVEN, Severity.EXTREME),
        (Intensity.UPPER_6, Severity.EXTREME),
        (Intensity.LOWER_6, Severity.EXTREME),
        (Intensity.UPPER_5, Severity.SEVERE),
        (Intensity.LOWER_5, Severity.SEVERE),
    )
}
# No reading has come in from there, and 5弱 or more is to be expected: it counts as 5弱.
_NO_READING = "震度５弱以上未入電"

# Designated cities, whose wards the intensity table names one by one while the municipal table has
# only the city. Tokyo's 23 wards (131xx) are municipalities themselves.
_DESIGNATED_CITIES = frozenset(
    {
        *("01100", "04100", "11100", "12100", "14100", "14130", "14150", "15100", "22100", "22130"),
        *("23100", "26100", "27100", "27140", "28100", "33100", "34100", "40100", "40130", "43100"),
    }
)


def infos_of(body: Element | None, envelope: Envelope) -> tuple[tuple[AlertInfo, ...], str]:
    """Return the infos and, where residents are told nothing, the reason for that."""
    observation = child(child(body, "Intensity"), "Observation")
    if observation is None:
        return (), "source-only"
    municipal = next(descendants(observation, "City"), None) is not None
    found: dict[str, list[Area]] = {intensity: [] for intensity in _TOLD}
    for place in descendants(observation, "City" if municipal else "Area"):
        intensity = text(place, "MaxInt")
        if text(place, "Condition") == _NO_READING:
            intensity = max(intensity, "5-", key=_rank)
        if intensity in found:
            found[intensity].append(_area(text(place, "Name"), text(place, "Code"), municipal))
    infos = tuple(_info(intensity, tuple(areas), envelope) for intensity, areas in found.items() if areas)
    if not infos and text(observation, "MaxInt") in _TOLD:
        raise JmaError("jma-no-area", f"intensity {text(observation, 'MaxInt')} in no place")
    return infos, "" if infos else "below-notice-intensity"


def designated_city(code: str) -> str | None:
    """Return the municipal code of the city whose ward *code* is, or None where it is no ward."""
    if len(code) != 7 or code[2] != "1" or code.startswith("13") or code[:5] in _DESIGNATED_CITIES:
        return None
    cities = [city for city in _DESIGNATED_CITIES if city[:2] == code[:2] and city < code[:5]]
    return f"{max(cities)}00" if cities else None


def _area(name: str, code: str, municipal: bool) -> Area:
    if not municipal:
        return Area(name, geocodes=(Geocode(GEOCODE_QUAKE_AREA, code),))
    codes = [code] + [city for city in (designated_city(code),) if city]
    return Area(name, geocodes=tuple(Geocode(GEOCODE_CLASS20, each) for each in codes))


def _rank(intensity: str) -> int:
    order = ("", "1", "2", "3", "4", "5-", "5+", "6-", "6+", "7")
    return order.index(intensity) if intensity in order else 0


def _info(intensity: str, areas: tuple[Area, ...], envelope: Envelope) -> AlertInfo:
    name, severity = _TOLD[intensity]
    return AlertInfo(
        event=name,
        hazard=HazardKind.EARTHQUAKE,
        urgency=Urgency.IMMEDIATE,
        severity=severity,
        certainty=Certainty.OBSERVED,
        categories=(category_of(HazardKind.EARTHQUAKE),),
        effective=envelope.sent,
        onset=envelope.target_at,
        expires=envelope.sent + SHAKING_VALID_FOR,
        sender_name=envelope.publishing_office,
        headline=envelope.headline,
        code=intensity,
        areas=areas,
    )
