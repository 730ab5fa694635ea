"""USGS: water services (WaterML as JSON), the OGC collections that follow them, and RDB tables.

Feet become metres, cubic feet per second cubic metres per second. Only instantaneous values are readings: a
daily mean or maximum is not the river now, and is recorded as a document without readings.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity
from alerts.report import Report
from feeds.errors import GaugeError
from feeds.gauges.document import facts_report, reading, station_id
from feeds.gauges.value import SENTINELS, number_of, point_of, text_of, time_of, value_of

SOURCE = "usgs"
METRES_PER_FOOT = 0.3048
CUBIC_METRES_PER_CUBIC_FOOT = METRES_PER_FOOT**3

_GAGE_HEIGHT, _DISCHARGE = "00065", "00060"
_QUANTITIES = {
    _GAGE_HEIGHT: (Quantity.STAGE_M, {"ft": METRES_PER_FOOT, "m": 1.0}),
    _DISCHARGE: (Quantity.FLOW_M3_S, {"ft3/s": CUBIC_METRES_PER_CUBIC_FOOT, "ft^3/s": CUBIC_METRES_PER_CUBIC_FOOT}),
}
# NWIS calls an instantaneous value 00000, the OGC service 00011.
_INSTANTANEOUS = frozenset({"00000", "00011"})
MAX_RDB_BYTES = 4 * 1024 * 1024
RDB_SITE_COLUMNS = frozenset({"site_no", "dec_lat_va", "dec_long_va"})
_PREFIX = "USGS-"


def is_waterml(document: Any) -> bool:
    """Say whether *document* is an answer of the water services."""
    value = document.get("value") if isinstance(document, dict) else None
    return isinstance(value, dict) and "timeSeries" in value


def is_ogc(document: Any) -> bool:
    """Say whether *document* is one collection of the OGC service, or several under their names."""
    if not isinstance(document, dict):
        return False
    collections = _collections(document)
    return bool(collections) and all("features" in collection for collection in collections)


def read_waterml(raw: bytes, document: dict[str, Any], received: datetime) -> Report:
    """Return stations and instantaneous readings of a water services answer."""
    series = document["value"]["timeSeries"]
    if not isinstance(series, list):
        raise GaugeError("gauge-form", f"timeSeries is a {type(series).__name__}, not a list")
    stations: dict[str, GaugeStation] = {}
    readings: list[GaugeReading] = []
    for one in series:
        info, variable = _at(one, "sourceInfo"), _at(one, "variable")
        code = text_of(_at(_first(_at(info, "siteCode")), "value"))
        if not code:
            continue
        identity = station_id(SOURCE, code)
        location = _at(_at(info, "geoLocation"), "geogLocation")
        point = point_of(_at(location, "latitude"), _at(location, "longitude"))
        if point is not None:
            stations[identity] = GaugeStation(identity, text_of(_at(info, "siteName")) or code, point)
        readings += _series_readings(one, variable, identity, _zone(info), received)
    return facts_report(
        raw,
        "usgs-waterml",
        SOURCE,
        received,
        stations=list(stations.values()),
        readings=readings,
        table_only=bool(series),  # daily values, or sites that measure something else
    )


def read_ogc(raw: bytes, document: dict[str, Any], received: datetime) -> Report:
    """Return stations and readings of one or several collections of features."""
    stations: dict[str, GaugeStation] = {}
    readings: list[GaugeReading] = []
    features = [feature for collection in _collections(document) for feature in _listed(collection["features"])]
    for feature in features:
        properties = _at(feature, "properties")
        identity = _at(properties, "monitoring_location_id") or _at(feature, "id")
        name = text_of(identity).removeprefix(_PREFIX)
        coordinates = _at(_at(feature, "geometry"), "coordinates")
        point = point_of(coordinates[1], coordinates[0]) if _is_pair(coordinates) else None
        if not text_of(identity).startswith(_PREFIX) or not name:
            continue
        station = station_id(SOURCE, name)
        if point is not None:
            label = text_of(_at(properties, "monitoring_location_name"))
            if label or station not in stations:
                stations[station] = GaugeStation(station, label or name, point)
        readings += _feature_readings(properties, station, received)
    return facts_report(
        raw,
        "usgs-ogc",
        SOURCE,
        received,
        stations=list(stations.values()),
        readings=readings,
        table_only=bool(features),
    )


def is_rdb(raw: bytes) -> bool:
    """Say whether *raw* is an RDB table: lines of comment, then columns parted by tabs."""
    if not raw.startswith(b"#"):
        return False
    head = next((line for line in raw[:65536].splitlines() if not line.startswith(b"#")), b"")
    return b"\t" in head


def read_rdb(raw: bytes, received: datetime) -> Report:
    """Return the stations of a site table; a rating table is a document without readings."""
    if len(raw) > MAX_RDB_BYTES:
        raise GaugeError("gauge-too-large", f"{len(raw)} bytes, the limit is {MAX_RDB_BYTES}")
    lines = [line for line in raw.decode("utf-8", "replace").splitlines() if line and not line.startswith("#")]
    columns = lines[0].split("\t")
    if not set(columns) >= RDB_SITE_COLUMNS:
        return facts_report(raw, "usgs-rdb", SOURCE, received, table_only=True)
    stations = []
    for line in lines[1:]:
        row = dict(zip(columns, line.split("\t"), strict=False))
        code, point = text_of(row.get("site_no")), point_of(row.get("dec_lat_va"), row.get("dec_long_va"))
        # The second line of an RDB file states widths ("15s"), not a site.
        if point is not None and code:
            stations.append(GaugeStation(station_id(SOURCE, code), text_of(row.get("station_nm")) or code, point))
    return facts_report(raw, "usgs-rdb-sites", SOURCE, received, stations=stations)


def _series_readings(
    series: Any, variable: Any, station: str, zone: timedelta | None, received: datetime
) -> Iterator[GaugeReading]:
    parameter = text_of(_at(_first(_at(variable, "variableCode")), "value"))
    options = [text_of(_at(option, "optionCode")) for option in _listed(_at(_at(variable, "options"), "option"))]
    unit = text_of(_at(_at(variable, "unit"), "unitCode"))
    missing = number_of(_at(variable, "noDataValue"))
    sentinels = SENTINELS if missing is None else SENTINELS | {missing}
    if parameter not in _QUANTITIES or not set(options) <= _INSTANTANEOUS or not options:
        return
    quantity, factors = _QUANTITIES[parameter]
    if unit not in factors:
        return
    for block in _listed(_at(series, "values")):
        for entry in _listed(_at(block, "value")):
            at = time_of(_at(entry, "dateTime"), zone)
            if at is not None:
                value = _scaled(value_of(_at(entry, "value"), sentinels), factors[unit])
                yield reading(SOURCE, station, quantity, value, at, received)


def _feature_readings(properties: Any, station: str, received: datetime) -> Iterator[GaugeReading]:
    parameter, unit = text_of(_at(properties, "parameter_code")), text_of(_at(properties, "unit_of_measure"))
    at = time_of(_at(properties, "time"))
    if parameter in _QUANTITIES and text_of(_at(properties, "statistic_id")) in _INSTANTANEOUS and at is not None:
        quantity, factors = _QUANTITIES[parameter]
        if unit in factors:
            value = _scaled(value_of(_at(properties, "value")), factors[unit])
            yield reading(SOURCE, station, quantity, value, at, received)


def _scaled(value: tuple[float | None, Doubt | None], factor: float) -> tuple[float | None, Doubt | None]:
    number, doubt = value
    # A hundredth of a foot is 3 mm; more digits would be the factor's, not the river's.
    return (None if number is None else round(number * factor, 4)), doubt


def _zone(info: Any) -> timedelta | None:
    text = text_of(_at(_at(_at(info, "timeZoneInfo"), "defaultTimeZone"), "zoneOffset"))
    at = time_of(f"2000-01-01T00:00:00{text}") if text else None
    return None if at is None else at.utcoffset()


def _collections(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document.get("type") == "FeatureCollection":
        return [document]
    return [value for value in document.values() if isinstance(value, dict)] if "features" not in document else []


def _at(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2
