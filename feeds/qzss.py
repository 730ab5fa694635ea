"""Read 災危通報 of the satellites (QZSS DCR) as an independent second source.

A satellite says the same as the JMA's telegrams, in 27 bytes and by another way. It tells nobody by
itself: what it says is compared with what came over the internet, and a difference is an alarm.
`azarashi` decodes; a sentence is one document.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from alerts.alert import (
    GEOCODE_CLASS10,
    GEOCODE_OFFICE,
    GEOCODE_RIVER,
    GEOCODE_TSUNAMI_AREA,
    Alert,
    AlertInfo,
    Area,
    Geocode,
)
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from alerts.report import Linkage, Report
from feeds.errors import QzssError

FEED = "qzss"
INFORMATIONAL = "second-source"
_HEADER = b"$QZQSM"
# One sentence has 76 characters; a file of one may end in a line break.
_MAX_BYTES = 200
_TRAINING = 7
_TYPES = {0: MsgType.ALERT, 1: MsgType.UPDATE, 2: MsgType.CANCEL}

# Sub-categories of the weather message (IS-QZSS-DCR, table 4.1.2-40): danger, level, severity.
_WEATHER = {
    1: (HazardKind.SNOWSTORM, None, Severity.EXTREME),
    2: (HazardKind.HEAVY_RAIN, Level.SECURE_LIFE, Severity.EXTREME),
    3: (HazardKind.STORM, None, Severity.EXTREME),
    4: (HazardKind.HEAVY_SNOW, None, Severity.EXTREME),
    5: (HazardKind.WAVE, None, Severity.EXTREME),
    6: (HazardKind.STORM_SURGE, Level.SECURE_LIFE, Severity.EXTREME),
    21: (HazardKind.RECORD_RAIN, None, Severity.SEVERE),
    22: (HazardKind.TORNADO, None, Severity.SEVERE),
    23: (HazardKind.LANDSLIDE, Level.ALL_LEAVE, Severity.SEVERE),
}
# 氾濫警戒, 氾濫危険, 氾濫発生; 1 is the end of a warning.
_FLOOD = {2: Level.ELDERLY_LEAVE, 3: Level.ALL_LEAVE, 4: Level.SECURE_LIFE}
_TSUNAMI = {3: Severity.SEVERE, 4: Severity.EXTREME, 5: Severity.EXTREME}
_LIFTED_TSUNAMI = (1, 2)


def is_sentence(raw: bytes) -> bool:
    """Say whether *raw* is a satellite's sentence."""
    return raw.lstrip().startswith(_HEADER)


def read_qzss(raw: bytes, received: datetime, came_by: str = "") -> Report:
    """Return what the sentence *raw* says; raise `QzssError` where it cannot be read.

    Only a receiver of our own is a second source: the same bytes from the internet are no independent word.
    """
    if came_by not in ("", FEED):
        raise QzssError("qzss-by-another-feed", f"it came by {came_by[:40]}")
    if len(raw) > _MAX_BYTES:
        raise QzssError("too-large", f"{len(raw)} bytes in one sentence")
    # Imported here: its tables take half a second, and only ingest ever reads a sentence.
    import azarashi
    from azarashi.exceptions import AzarashiException

    try:
        said = azarashi.decode(raw.strip(), "nmea", timestamp=received.astimezone(UTC))
        category, classification, kind, at = (
            getattr(said, name, None)
            for name in ("disaster_category_no", "report_classification_no", "information_type_no", "report_time")
        )
    except (AzarashiException, ValueError) as error:
        # Its errors repeat the sentence; ours name what kind of error it was.
        raise QzssError("qzss-unreadable", type(error).__name__) from None
    if category is None or not isinstance(at, datetime):
        raise QzssError("qzss-kind", "a message of another kind than the JMA's")
    infos = tuple(_infos(said))
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=f"DCR-{category}",
        series=series_of_qzss(),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=f"DCR-{category}|{at.isoformat()}|{hashlib.sha256(raw.strip()).hexdigest()[:12]}",
            sender="qzss",
            sent=at,
            sent_text=at.isoformat(),
            status=Status.EXERCISE if classification == _TRAINING else Status.ACTUAL,
            msg_type=_TYPES.get(kind if isinstance(kind, int) else 0, MsgType.ALERT),
            source="みちびき 災危通報",
            infos=infos,
        ),
        received=received,
        informational=INFORMATIONAL,
    )


def series_of_qzss() -> str:
    """Return the one series of all sentences: they come by one receiver, a few a minute."""
    return "qzss:dcr"


def _infos(said: object) -> Iterator[AlertInfo]:
    kinds = getattr(said, "weather_related_disaster_sub_categories_raw", ())
    for kind, region in zip(kinds, getattr(said, "weather_forecast_regions_raw", ()), strict=False):
        if kind in _WEATHER:
            hazard, level, severity = _WEATHER[kind]
            lifted = getattr(said, "weather_warning_state_raw", 1) == 2
            code = f"{region:06d}"
            table = GEOCODE_OFFICE if code.endswith("000") else GEOCODE_CLASS10
            yield _info(hazard, level, severity, Geocode(table, code), lifted=lifted)
    levels = getattr(said, "flood_warning_levels_raw", ())
    for stage, region in zip(levels, getattr(said, "flood_forecast_regions_raw", ()), strict=False):
        if stage == 1 or stage in _FLOOD:
            river = Geocode(GEOCODE_RIVER, f"{region:012d}")
            yield _info(HazardKind.FLOOD, _FLOOD.get(stage), Severity.SEVERE, river, lifted=stage == 1)
    warning = getattr(said, "tsunami_warning_code_raw", 0)
    for region in getattr(said, "tsunami_forecast_regions_raw", ()):
        if warning in _TSUNAMI or warning in _LIFTED_TSUNAMI:
            coast = Geocode(GEOCODE_TSUNAMI_AREA, f"{region:03d}")
            severity = _TSUNAMI.get(warning, Severity.SEVERE)
            yield _info(HazardKind.TSUNAMI, None, severity, coast, lifted=warning in _LIFTED_TSUNAMI)


def _info(hazard: HazardKind, level: Level | None, severity: Severity, code: Geocode, *, lifted: bool) -> AlertInfo:
    return AlertInfo(
        event=f"DCR {hazard.value}",
        hazard=hazard,
        urgency=Urgency.IMMEDIATE,
        severity=severity,
        certainty=Certainty.LIKELY,
        categories=(category_of(hazard),),
        level=level,
        response_types=(ResponseType.ALL_CLEAR,) if lifted else (),
        sender_name="みちびき",
        areas=(Area("", geocodes=(code,)),),
    )
