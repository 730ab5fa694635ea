"""AMeDAS: the JMA's rain gauges, as tables by station number (an export with a mark and mixed column names).

Rain is of the hour or the day before. The export has no time of its own: a value counts as of the moment we
heard of it, which is later than it was, and its confidence is *reported* and not *official* for that reason.
"""

from datetime import datetime

from alerts.fact import Confidence
from alerts.gauge import GaugeStation, Quantity
from alerts.report import Report
from feeds.csv_text import CsvTable
from feeds.gauges.document import facts_report, reading, station_id
from feeds.gauges.value import point_of, text_of, value_of

SOURCE = "amedas"
STATION_COLUMNS = frozenset({"amdno", "lat", "lon"})
# Each export is one quantity; temperature is read by nobody here.
QUANTITIES = {"precipitation1h": Quantity.RAIN_1H_MM, "precipitation10m": Quantity.RAIN_10MIN_MM,
              "precipitation24h": Quantity.RAIN_24H_MM}  # fmt: skip
NOT_RAIN = frozenset({"気温", "temp", "wind", "snow"})
AREA_COLUMNS = frozenset({"class10", "office", "center"})
# No hour on Earth had more rain than 401 mm (Shangdi 1947); a day 1,825 mm (La Réunion 1966).
_MOST_MM = {Quantity.RAIN_10MIN_MM: 150.0, Quantity.RAIN_1H_MM: 500.0, Quantity.RAIN_24H_MM: 2000.0}


def read_amedas(raw: bytes, table: CsvTable, received: datetime) -> Report:
    """Return the stations of the table and the rain at them."""
    quantity = next((QUANTITIES[name] for name in table.columns if name in QUANTITIES), None)
    stations, readings = [], []
    for row in table.rows:
        code, point = text_of(row.get("amdno")), point_of(row.get("lat"), row.get("lon"))
        if not code or point is None:
            continue
        name = text_of(row.get("kjName") or row.get("地名"))
        station = GaugeStation(station_id(SOURCE, code), name or code, point)
        stations.append(station)
        if quantity is None:
            continue
        column = next(name for name in table.columns if name in QUANTITIES)
        value, doubt = value_of(row.get(column))
        if value is not None and not 0 <= value <= _MOST_MM[quantity]:
            value, doubt = value_of(None)
        readings.append(
            reading(SOURCE, station.id, quantity, (value, doubt), received, received, confidence=Confidence.REPORTED)
        )
    if quantity is None and NOT_RAIN & set(table.columns):
        return facts_report(raw, "amedas-other", SOURCE, received, table_only=True)
    kind = "amedas-stations" if quantity is None else f"amedas-{quantity.value}"
    return facts_report(raw, kind, SOURCE, received, stations=stations, readings=readings)


def read_areas(raw: bytes, received: datetime) -> Report:
    """Return the export's list of forecast areas as a document without readings."""
    return facts_report(raw, "amedas-areas", SOURCE, received, table_only=True)
