"""The door for the staff of shelters in the demo: one event that is on, and the sheets of the ward that orders."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.intake.app import intake_app
from api.intake.gate_pass import keys_in
from routing.site import Site
from shirase.demo.way_out import WARD_CODE
from shirase.gate_sheets import begin_event, sheets_for, write_sheets
from streams.brokers.client import Producer

EVENT = "kakuu-demo"
# Nobody keeps a demo open for longer, and its key ends with it.
_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class GateDoor:
    """The intake door as an application; *sheets* hang at the shelters' doors, *producer* is to be closed."""

    app: FastAPI
    sheets: Path
    producer: Producer


def open_gates(bootstrap: str, folder: Path, sites: Iterable[Site], url: str) -> GateDoor:
    """Begin an event in *folder*, and write the sheets of *sites* in the ordering ward; phones reach us at *url*.

    No office has a key of this door: it takes what shelters press and nothing else.
    """
    keys, sheets = folder / "gates", folder / "sheets" / f"{EVENT}.html"
    key = begin_event(EVENT, keys)
    own = [site for site in sites if site.ward[:5] == WARD_CODE[:5]]
    write_sheets(sheets, EVENT, sheets_for(EVENT, key, own, url=url, ends=datetime.now(UTC) + _LASTS))
    producer = Producer(bootstrap)
    return GateDoor(intake_app((), producer, CollectorRegistry(), events=lambda: keys_in(keys)), sheets, producer)
