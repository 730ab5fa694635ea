"""The shapes of all that travels: each record's fields, and the values of its enums.

    python -m tests.streams.wire_shapes      write wire_shapes.json, when a version is released

`wire_shapes.json` is what the last release reads and writes. A process of it runs beside one of this version while one
is replaced by the other, and again when the replacement is taken back.
"""

import dataclasses
import enum
import json
import types
import typing
from pathlib import Path

from alerts.claim import Claim, HazardSnapshot
from alerts.fact import Heartbeat
from alerts.incident import IncidentReport
from alerts.notice import Notice
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from geo.gauges.watch import Watched
from routing.plan import EvacuationPlan
from streams import payloads
from streams.gauges.record import GaugeRecord
from streams.ingest.readings import StationFacts

FILE = Path(__file__).with_suffix(".json")
ROOTS: tuple[type, ...] = (
    Claim,
    EvacuationPlan,
    GaugeRecord,
    HazardSnapshot,
    Heartbeat,
    IncidentReport,
    Notice,
    RoadReport,
    ShelterReport,
    StationFacts,
    WardCap,
    Watched,
    *(value for value in vars(payloads).values() if dataclasses.is_dataclass(value) and isinstance(value, type)),
)

Shapes = dict[str, dict[str, str]]


def shapes() -> tuple[Shapes, dict[str, list[str]]]:
    """Return the fields of every record ("required" or "optional"), and the values of every enum."""
    records: Shapes = {}
    enums: dict[str, list[str]] = {}
    waiting: list[type] = list(ROOTS)
    while waiting:
        kind = waiting.pop()
        if issubclass(kind, enum.Enum):
            enums[kind.__name__] = sorted(str(member.value) for member in kind)
        elif dataclasses.is_dataclass(kind) and kind.__name__ not in records:
            hints = typing.get_type_hints(kind)
            records[kind.__name__] = {one.name: _need(one) for one in dataclasses.fields(kind)}
            waiting += [found for one in dataclasses.fields(kind) for found in types_in(hints[one.name])]
    return dict(sorted(records.items())), dict(sorted(enums.items()))


def _need(one: "dataclasses.Field[object]") -> str:
    bare = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    return "required" if bare else "optional"


def types_in(hint: object) -> list[type]:
    arguments = typing.get_args(hint)
    if arguments:
        return [found for argument in arguments for found in types_in(argument)]
    return [hint] if isinstance(hint, type) and hint is not types.NoneType else []


if __name__ == "__main__":
    records, enums = shapes()
    FILE.write_text(json.dumps({"records": records, "enums": enums}, indent=1) + "\n", encoding="utf-8")
