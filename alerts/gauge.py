"""A river gauge or rain gauge: what it reads, and the levels that it is read against.

A station's id is its source's name, a colon and the source's own code: two agencies use the same numbers.
Stages are metres above the station's own zero; rain is millimetres in the interval that is named.
The four thresholds are those of Japanese rivers and may each be missing.
"""

from dataclasses import dataclass
from enum import StrEnum

from alerts.fact import Attribution
from alerts.place import LatLng


class Quantity(StrEnum):
    """What is measured. The value names its unit."""

    STAGE_M = "stage_m"
    RAIN_1H_MM = "rain_1h_mm"
    RAIN_10MIN_MM = "rain_10min_mm"
    RAIN_24H_MM = "rain_24h_mm"
    FLOW_M3_S = "flow_m3_s"


class Doubt(StrEnum):
    """Why a reading is not to be acted on. It is kept and shown, never thrown away."""

    SENTINEL = "sentinel"  # −9999, "N/A", empty: no value at all
    OUT_OF_RANGE = "out-of-range"
    TOO_FAST = "too-fast"
    STUCK = "stuck"
    NEIGHBOURS_DISAGREE = "neighbours-disagree"
    FUTURE = "future"
    OUT_OF_ORDER = "out-of-order"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """水防団待機, 氾濫注意, 避難判断, 氾濫危険, in metres above the station's zero; rising where given."""

    standby_m: float | None = None
    caution_m: float | None = None
    evacuation_m: float | None = None
    danger_m: float | None = None
    overflow_m: float | None = None


@dataclass(frozen=True, slots=True)
class GaugeStation:
    """Where a gauge stands. `river` is the river's code or name in its source's own table."""

    id: str
    name: str
    point: LatLng
    river: str = ""
    reach: str = ""
    thresholds: Thresholds = Thresholds()


@dataclass(frozen=True, slots=True)
class GaugeReading:
    """One value of one station at `attribution.fact_at`; `value` is None where the source had none."""

    station: str
    quantity: Quantity
    value: float | None
    attribution: Attribution
    doubt: Doubt | None = None
    recorded_overflow: bool | None = None  # what the source itself says of that moment
