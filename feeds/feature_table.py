"""A municipal table that was published as GeoJSON: its rows are the features' properties.

Where a row itself says where it is (緯度, 経度), the geometry is not needed: open data come with geometries in plane
coordinates, which metres read as degrees would put anywhere. Without these columns the coordinates' system counts.
"""

import csv
import io
from typing import Any

from feeds.csv_text import CsvTable, parse_csv

# Bytes without it are no collection, and need not be read to know that.
COLLECTION = b"FeatureCollection"
_PLACE = frozenset(("緯度", "経度"))


def table_of(document: Any) -> CsvTable | None:
    """Return the table in *document*, None where it is no collection of rows that say where they are.

    Raises CsvError as for a table, by the same limits.
    """
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return None
    features = document.get("features")
    if not isinstance(features, list) or not features:
        return None
    said = (feature.get("properties") for feature in features if isinstance(feature, dict))
    rows: list[dict[str, Any]] = [row for row in said if isinstance(row, dict)]
    if len(rows) < len(features):
        return None
    columns = list(rows[0])
    if not set(columns) >= _PLACE or any(list(row) != columns for row in rows):
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_written(row[name]) for name in columns] for row in rows)
    return parse_csv(text.getvalue().encode("utf-8", "replace"))


def _written(value: Any) -> str:
    return "" if value is None else str(value)
