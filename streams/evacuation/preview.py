"""Ask the planner whom a closure would move before it is posted, and read its answer.

The planner holds the forests and what was told, so that its answer is its own plan and not an estimate; it
answers between two looks at the facts, and nothing is changed by it. A planner that is silent holds nothing
back: a true closure that stays untold is the worse error (R14).
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.road import RoadReport
from streams.brokers.client import Consumer, Producer, Record
from streams.payloads import Asked, Preview
from streams.topics import PREVIEWS
from streams.wire import decode, encode

# Of a polygon over half a ward the first so many are drawn; all are counted.
MOST_LINES = 500
ASK_NAME_ABOVE = 5_000
# The planner answers between two looks at the facts; one that is busy with a plan for longer holds nothing back.
ASK_SECONDS = 3.0
_ASK, _SEEN = "ask|", "seen|"
_STORED_WITHIN_SECONDS = 10.0
_POLL_SECONDS = 0.05


class NotYet(StrEnum):
    """Why a closure is refused until it is sent again."""

    MOVES_MANY = "moves-many-name-not-repeated"


@dataclass(frozen=True, slots=True)
class PostingSettings:
    """What a closure is asked before it is taken. Read from the environment once, by the process that starts."""

    ask_name_above: int = ASK_NAME_ABOVE
    """People whom a closure may move without its name being repeated (R14)."""


def posting_settings(environment: Mapping[str, str]) -> PostingSettings:
    """Return the settings in *environment*."""
    return PostingSettings(ask_name_above=int(environment.get("SHIRASE_ASK_NAME_ABOVE", str(ASK_NAME_ABOVE))))


def why_not_yet(preview: Preview | None, name: str, repeated: str, settings: PostingSettings) -> NotYet | None:
    """Return why a closure called *name* is not taken yet, or None when it is.

    Nobody's answer (None) and people whom nobody counted hold nothing back.
    """
    many = preview is not None and (preview.people or 0) > settings.ask_name_above
    return NotYet.MOVES_MANY if many and repeated.strip() != name.strip() else None


def ask(bootstrap: str, report: RoadReport, at: datetime, within_seconds: float) -> Preview | None:
    """Return what the planner says of *report*, or None when it has not spoken in time."""
    asked = Asked(uuid.uuid4().hex, report, at)
    until = time.monotonic() + within_seconds
    with Consumer(bootstrap) as consumer, Producer(bootstrap) as producer:
        marks = consumer.watermarks(PREVIEWS.name)
        consumer.assign({place: mark.high for place, mark in marks.items()})
        producer.send(PREVIEWS.name, f"{_ASK}{asked.id}".encode(), encode(asked)).result(_STORED_WITHIN_SECONDS)
        while time.monotonic() < until:
            for record in consumer.poll_many(16, _POLL_SECONDS):
                if record.key == seen_key(asked.id) and record.value is not None:
                    return decode(Preview, record.value)
    return None


def seen_key(asked: str) -> bytes:
    """Return the key of the answer to the question *asked*."""
    return f"{_SEEN}{asked}".encode()


def asked_in(record: Record) -> Iterator[Asked]:
    """Yield the question in *record*, if it is one. Raises `Refused` for one that cannot be read."""
    if record.key.startswith(_ASK.encode()) and record.value is not None:
        yield decode(Asked, record.value)


def geojson_of(preview: Preview) -> dict[str, Any]:
    """Return what *preview* blocks as GeoJSON, with whom it moves as members of the collection."""
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[line.start.lng, line.start.lat], [line.end.lng, line.end.lat]],
            },
            "properties": {"road": line.road, "name": line.name},
        }
        for line in preview.lines
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "reason": preview.reason,
        "roads": preview.road_count,
        "cells": [f"{cell:x}" for cell in preview.cells],
        "people": preview.people,
        "at": preview.at.isoformat(),
    }
