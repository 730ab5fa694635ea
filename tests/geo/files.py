"""Vector files written for a test, with the same library that the importers read with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON"}


def write_vector(
    path: Path,
    shapes: Sequence[BaseGeometry | None],
    attributes: Mapping[str, Sequence[Any]],
    *,
    crs: str = "EPSG:6668",
    encoding: str | None = None,
    geometry_type: str = "Polygon",
) -> Path:
    """Write *shapes* (longitude, latitude) with *attributes*, one list each, to *path*."""
    columns = [
        np.array(list(values), dtype=object if any(isinstance(v, str) or v is None for v in values) else None)
        for values in attributes.values()
    ]
    pyogrio.raw.write(
        path,
        np.array([None if shape is None else shapely.to_wkb(shape) for shape in shapes], dtype=object),
        columns,
        list(attributes),
        driver=DRIVERS[path.suffix],
        crs=crs,
        geometry_type=geometry_type,
        encoding=encoding,
    )
    return path


def square(lat: float, lng: float, side: float = 0.01) -> shapely.Polygon:
    """Return a square whose south-west corner is (lat, lng)."""
    return shapely.box(lng, lat, lng + side, lat + side)


def bow_tie(lat: float, lng: float, side: float = 0.01) -> shapely.Polygon:
    """Return a polygon that crosses itself in its middle."""
    return shapely.Polygon([(lng, lat), (lng + side, lat + side), (lng + side, lat), (lng, lat + side)])
