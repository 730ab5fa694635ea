"""Two short-lived ones: 記録的短時間大雨情報 (VPOA50) and 竜巻注意情報 (VPHW50/51)."""

from datetime import datetime, timedelta

from alerts.alert import AlertInfo, Area, Geocode
from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind, category_of
from feeds.jma.envelope import Envelope
from feeds.jma.tree import text
from feeds.jma.warnings import PARAMETER_STATUS, finest_section, kinds_in_force, place_of
from feeds.xml import Element

# It reports the hour that has just passed; slopes and small rivers answer within a few hours.
RECORD_RAIN_VALID_FOR = timedelta(hours=3)
# The telegram names its end (ValidDateTime, about 70 minutes on); this is for one that does not.
TORNADO_VALID_FOR = timedelta(minutes=70)
# VPHW51 goes out after somebody has seen one; about one VPHW50 in ten is followed by a gust.
_SEEN = "目撃"


def record_rain(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return the heavy rain that was observed, for the forecast areas it was announced for."""
    expires = envelope.sent + RECORD_RAIN_VALID_FOR
    grade = (Severity.SEVERE, Certainty.OBSERVED)
    return _infos(body, envelope, HazardKind.RECORD_RAIN, "記録的短時間大雨情報", grade, expires)


def tornado(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return the advisory for the municipalities that it names, until its own end."""
    expires = envelope.valid_until or envelope.sent + TORNADO_VALID_FOR
    seen = _SEEN in envelope.title
    grade = (Severity.SEVERE, Certainty.OBSERVED) if seen else (Severity.MODERATE, Certainty.POSSIBLE)
    return _infos(body, envelope, HazardKind.TORNADO, "竜巻注意情報", grade, expires)


def _infos(
    body: Element | None,
    envelope: Envelope,
    hazard: HazardKind,
    event: str,
    grade: tuple[Severity, Certainty],
    expires: datetime,
) -> tuple[AlertInfo, ...]:
    section, value_name = finest_section(body)
    found: dict[tuple[str, str], list[Area]] = {}
    for kind, area in kinds_in_force(section):
        code = text(kind, "Code")
        if code != "0":
            found.setdefault((code, text(kind, "Status")), []).append(place_of(area, value_name, envelope))
    return tuple(
        AlertInfo(
            event=event,
            hazard=hazard,
            urgency=Urgency.IMMEDIATE,
            severity=grade[0],
            certainty=grade[1],
            categories=(category_of(hazard),),
            effective=envelope.sent,
            expires=expires,
            sender_name=envelope.publishing_office,
            headline=envelope.headline,
            code=code,
            parameters=(Geocode(PARAMETER_STATUS, status),),
            areas=tuple(areas),
        )
        for (code, status), areas in found.items()
    )
