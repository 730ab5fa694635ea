"""A document of readings and stations: facts on the ground, and no alert.

It ends as informational; its facts go on to the gauges stage, which judges them. A document without a
single reading or station is refused: an empty list is a source that is ill, not a river that is calm.
"""

import hashlib
from datetime import datetime, timedelta
from urllib.parse import quote

from alerts.alert import Alert
from alerts.cap import MsgType, Status
from alerts.fact import CLOCK_TOLERANCE, Attribution, Confidence
from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity
from alerts.report import Facts, Linkage, Report
from feeds.errors import GaugeError

FEED = "gauge"
READINGS, STATIONS, TABLE = "gauge-readings", "gauge-stations", "gauge-table-without-readings"
# The wire's own limit: one document of a whole country every ten minutes has 5,000.
MAX_READINGS = 100_000

JAPAN = timedelta(hours=9)


def station_id(source: str, code: str) -> str:
    """Return the name of a station in all of our topics: the source's name and its own code."""
    if not code or len(code) > 80:
        raise GaugeError("gauge-station-code", f"{source}: {code[:40]!r}")
    return f"{source}:{quote(code, safe='')}"


def reading(
    source: str,
    station: str,
    quantity: Quantity,
    value: tuple[float | None, Doubt | None],
    fact_at: datetime,
    received: datetime,
    *,
    overflow: bool | None = None,
    confidence: Confidence = Confidence.OFFICIAL,
) -> GaugeReading:
    """Return one reading; a time in the future is a clock that is wrong, and never a fresh value."""
    number, doubt = value
    if fact_at > received + CLOCK_TOLERANCE:
        doubt = Doubt.FUTURE
    return GaugeReading(
        station=station,
        quantity=quantity,
        value=number,
        attribution=Attribution(source, fact_at, received, confidence),
        doubt=doubt,
        recorded_overflow=overflow,
    )


def facts_report(
    raw: bytes,
    kind: str,
    source: str,
    received: datetime,
    *,
    stations: list[GaugeStation] | tuple[GaugeStation, ...] = (),
    readings: list[GaugeReading] | tuple[GaugeReading, ...] = (),
    table_only: bool = False,
) -> Report:
    """Return the report of a document of *source*; *table_only* names one that is known to hold neither.

    Raises `GaugeError`: ``gauge-empty``, ``gauge-too-many-readings``.
    """
    if not (stations or readings or table_only):
        raise GaugeError("gauge-empty", f"{kind}: not one reading or station; the source is ill, not calm")
    if len(readings) > MAX_READINGS:
        raise GaugeError("gauge-too-many-readings", f"{len(readings)}, the limit is {MAX_READINGS}")
    informational = READINGS if readings else STATIONS if stations else TABLE
    newest = max((found.attribution.fact_at for found in readings), default=received)
    document = hashlib.sha256(raw).hexdigest()
    return Report(
        document=document,
        feed=FEED,
        kind=kind,
        series=series_of_source(source),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=document[:24],
            sender=source,
            sent=min(newest, received),
            status=Status.ACTUAL,
            msg_type=MsgType.ALERT,
            note=f"{len(stations)} stations, {len(readings)} readings",
        ),
        received=received,
        informational=informational,
        facts=Facts(stations=tuple(stations), readings=tuple(readings)),
    )


def series_of_source(source: str) -> str:
    """Return the series of a source's documents: their order is the order of its readings."""
    return f"gauge:{source}"
