"""Post what a coordinator knows: a closure, a shelter's state or an incident.

The console takes the same way: a document on `telegrams`, under the feed `console`, so that what
was posted can be replayed with everything else. Nothing is written to any other topic from here.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.place import LatLng
from feeds.console import FEED
from streams.brokers.client import Producer, read_to_end
from streams.ingest.acceptance import receive
from streams.payloads import FactEffect
from streams.topics import EFFECTS
from streams.wire import decode

_STORED_WITHIN_SECONDS = 30.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Posted:
    """A document that the broker has stored."""

    receipt: str
    raw: bytes
    at: datetime


def post(bootstrap: str, raw: bytes, *, name: str, feed: str = FEED) -> Posted:
    """Put *raw* on `telegrams` and return when the broker has stored it."""
    now = datetime.now(UTC)
    with Producer(bootstrap) as producer:
        receipt = receive(producer, raw, name=name, feed=feed, received=now)
        receipt.stored.result(_STORED_WITHIN_SECONDS)
    return Posted(receipt.receipt, raw, now)


def effect_of(bootstrap: str, fact: str, since: datetime, within_seconds: float) -> FactEffect | None:
    """Return what the planner made of *fact* as it was told *since*, or None when it has not said so in time."""
    until = time.monotonic() + within_seconds
    while True:
        for record in read_to_end(bootstrap, EFFECTS.name):
            if record.key == effect_key(fact) and record.value is not None:
                effect = decode(FactEffect, record.value)
                if effect.acted_at >= since:
                    return effect
        if time.monotonic() > until:
            return None
        time.sleep(_LOOK_SECONDS)


def effect_key(fact: str) -> bytes:
    """Return the key under which the effect of *fact* is found."""
    return f"fact|{fact}".encode()


def points(text: str) -> tuple[LatLng, ...]:
    """Return the points of *text*: ``LAT,LNG LAT,LNG ...``; raises ValueError for what is none."""
    found = []
    for pair in text.split():
        lat, _, lng = pair.partition(",")
        try:
            found.append(LatLng(float(lat), float(lng)))
        except ValueError:
            raise ValueError(f"{pair} is no LAT,LNG: latitude first, e.g. 35.6895,139.6917") from None
    return tuple(found)
