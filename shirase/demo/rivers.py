"""The rivers of the demo city: made up, each labelled 架空, lying where the wards really are.

No real river carries these names, lines or thresholds: a demo must never be taken for a forecast.
"""

import math
from dataclasses import dataclass

from alerts.place import LatLng, Ring

KM_PER_DEGREE_LAT = 111.32


@dataclass(frozen=True, slots=True)
class Gauge:
    """A made-up water level station and its thresholds, in metres above its own zero."""

    code: str
    name: str
    point: LatLng
    ward_code: str
    attention_m: float
    judgement_m: float
    danger_m: float


@dataclass(frozen=True, slots=True)
class River:
    """A line from the upper reach to the mouth. `code` has the 12 digits of a JMA forecast reach."""

    code: str
    name: str
    line: tuple[LatLng, ...]
    width_m: float
    gauges: tuple[Gauge, ...]


AOBA = River(
    code="999900000001",
    name="架空あおば川",
    line=(
        LatLng(35.797, 139.775),
        LatLng(35.777, 139.795),
        LatLng(35.758, 139.812),
        LatLng(35.738, 139.826),
        LatLng(35.716, 139.838),
        LatLng(35.694, 139.846),
        LatLng(35.672, 139.850),
        LatLng(35.650, 139.853),
    ),
    width_m=220.0,
    gauges=(
        Gauge("99990000000000011", "架空北橋", LatLng(35.777, 139.795), "1312100", 2.5, 4.6, 4.9),
        Gauge("99990000000000012", "架空中橋", LatLng(35.716, 139.838), "1312200", 2.0, 3.8, 4.2),
        Gauge("99990000000000013", "架空南橋", LatLng(35.672, 139.850), "1312300", 1.6, 2.9, 3.3),
    ),
)
SAKURA = River(
    code="999900000002",
    name="架空さくら川",
    line=(
        LatLng(35.745, 139.700),
        LatLng(35.732, 139.735),
        LatLng(35.722, 139.765),
        LatLng(35.706, 139.792),
        LatLng(35.690, 139.803),
    ),
    width_m=40.0,
    gauges=(Gauge("99990000000000021", "架空桜橋", LatLng(35.722, 139.765), "1310500", 1.2, 2.1, 2.4),),
)
TSUKI = River(
    code="999900000003",
    name="架空つき川",
    line=(
        LatLng(35.655, 139.610),
        LatLng(35.640, 139.650),
        LatLng(35.622, 139.690),
        LatLng(35.605, 139.725),
        LatLng(35.600, 139.745),
    ),
    width_m=60.0,
    gauges=(Gauge("99990000000000031", "架空月橋", LatLng(35.622, 139.690), "1311100", 1.4, 2.4, 2.8),),
)

RIVERS: tuple[River, ...] = (AOBA, SAKURA, TSUKI)


def strip(line: tuple[LatLng, ...], half_width_km: float) -> Ring:
    """Return the closed ring *half_width_km* to the west and to the east of a line that runs southwards.

    Shifted along the parallel and not at right angles: enough for a demo's polygon, and it cannot
    cross itself as long as the line only falls in latitude.
    """
    west = tuple(_east_of(point, -half_width_km) for point in line)
    east = tuple(_east_of(point, half_width_km) for point in reversed(line))
    return (*west, *east, west[0])


def _east_of(point: LatLng, km: float) -> LatLng:
    degrees = km / (KM_PER_DEGREE_LAT * math.cos(math.radians(point.lat)))
    return LatLng(round(point.lat, 5), round(point.lng + degrees, 5))
