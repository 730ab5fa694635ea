"""Facts of a settled document on their way to their topics: one record for each thing that a source speaks of.

The key is thing and source: two sources may disagree, and the later one must not wipe out what the
other stands behind. Within a source the newer word wins, so that a document that comes late changes
nothing. Each document is also a heartbeat of its source, with news or without (R10).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.fact import Attribution, Heartbeat
from alerts.incident import IncidentReport
from alerts.reception import WardCap
from alerts.report import Facts, OutcomeKind, Report
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from streams.ingest.acceptance import epoch_ms
from streams.topics import CAPS, CLOSURES, INCIDENTS, SHELTERS, Topic
from streams.wire import encode

Fact = RoadReport | ShelterReport | IncidentReport | WardCap

# What says nothing that may be acted on: a drill, a document that waits for a person, one heard before.
_SILENT = frozenset({OutcomeKind.DRILL, OutcomeKind.HELD, OutcomeKind.DUPLICATE, OutcomeKind.DEAD_LETTER})
_HEARTBEAT = b"heartbeat|"


@dataclass(frozen=True, slots=True)
class FactRecord:
    """One record for one of the topics of facts."""

    topic: Topic
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Emitted:
    """What a document leads to, and what is remembered of it: for each thing the time and a digest of the last word."""

    records: tuple[FactRecord, ...]
    known: Mapping[str, Any]


def emitted(report: Report | None, outcome: OutcomeKind, known: Mapping[str, Any]) -> Emitted:
    """Return the records of *report*'s facts, given what its series has said before."""
    if report is None or outcome in _SILENT:
        return Emitted((), known)
    records: list[FactRecord] = []
    after = dict(known)
    sources: dict[tuple[str, str], tuple[Topic, Attribution]] = {}
    for topic, fact in _facts(report.facts):
        source = fact.attribution.source
        newest = sources.get((topic.name, source))
        if newest is None or newest[1].fact_at < fact.attribution.fact_at:
            sources[topic.name, source] = topic, fact.attribution
        key, value = fact_key(fact), encode(fact)
        said = [epoch_ms(fact.attribution.fact_at), _digest(fact)]
        before = after.get(f"{topic.name}|{key.decode()}")
        if before is not None and (before[0] > said[0] or before == said):
            continue
        after[f"{topic.name}|{key.decode()}"] = said
        records.append(FactRecord(topic, key, value))
    for topic, attribution in sources.values():
        beat = Heartbeat(attribution.source, attribution.fact_at, report.received)
        records.append(FactRecord(topic, _HEARTBEAT + attribution.source.encode(), encode(beat)))
    return Emitted(tuple(records), after)


def fact_key(fact: Fact) -> bytes:
    """Return the key of *fact*: the thing, and who speaks of it."""
    return f"{fact.id}|{fact.attribution.source}".encode()


def is_heartbeat(key: bytes) -> bool:
    """Return whether the record under *key* is a `Heartbeat` and no fact."""
    return key.startswith(_HEARTBEAT)


def newest_at(beats: Mapping[str, Heartbeat]) -> datetime | None:
    """Return up to when all sources in *beats* were heard: the oldest of their newest words."""
    return min((beat.received_at for beat in beats.values()), default=None)


def _facts(facts: Facts) -> Iterator[tuple[Topic, Fact]]:
    for road in facts.roads:
        yield CLOSURES, road
    for shelter in facts.shelters:
        yield SHELTERS, shelter
    for incident in facts.incidents:
        yield INCIDENTS, incident
    for cap in facts.caps:
        yield CAPS, cap


def _digest(fact: Fact) -> str:
    # When we heard of it is not part of what was said.
    said = replace(fact, attribution=replace(fact.attribution, received_at=fact.attribution.fact_at))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]
