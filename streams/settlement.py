"""Settle one received document: read it, place it in its series, find its cells, say how it ended.

Pure but for the area table it is given. The agent that calls it decodes, calls and sends. Every
document leaves with exactly one outcome; whatever cannot be settled is a dead letter with a reason,
never an exception that takes its neighbours along.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.claim import Claim, Lane, Release
from alerts.lifecycle import Accepted, SeriesState, accept, series_from_plain, series_to_plain
from alerts.place import Shard
from alerts.policy import Policy, lane_for, release_for
from alerts.report import Outcome, OutcomeKind, Report
from alerts.shift import shifted
from feeds.errors import FeedError
from feeds.read import read, series_of
from geo.areas import AreaTable
from geo.claims import ClaimSet, claims_of
from geo.errors import GeoError
from streams.payloads import ReportRecord

# From the strictest to the freest: a document goes out as its strictest part may.
_STRICTNESS = (Release.HOLD, Release.DRAFT, Release.AUTOMATIC, Release.RECORD)
_TOLD = frozenset({OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One document as it came, and what acceptance wrote beside it."""

    raw: bytes
    receipt: str
    name: str
    feed: str
    received: datetime
    shift: timedelta


@dataclass(frozen=True, slots=True)
class Settled:
    """What a document became. `stored` is the series' new state, None where it did not change."""

    record: ReportRecord
    claims: tuple[Claim, ...]
    stored: Mapping[str, Any] | None


def settle(arrival: Arrival, stored: Mapping[str, Any] | None, *, table: AreaTable, policy: Policy) -> Settled:
    """Return the outcome of *arrival* given the *stored* state of its series."""
    try:
        report = shifted(
            read(arrival.raw, name=arrival.name, received=arrival.received, feed=arrival.feed), arrival.shift
        )
    except FeedError as error:
        return Settled(_refused(arrival, error.reason, str(error)), (), None)
    state = series_from_plain(stored["state"]) if stored else SeriesState()
    accepted = accept(state, report)
    release, release_reason, lane = _release(policy, report)
    shards: dict[str, list[int]] = dict(stored["shards"]) if stored else {}
    outcome, found = accepted.outcome, _NO_CLAIMS
    if outcome.kind in _TOLD and release is Release.RECORD:
        outcome = Outcome(OutcomeKind.INFORMATIONAL, release_reason)
    elif outcome.kind in _TOLD and accepted.lineage:
        try:
            covered = tuple(Shard(shard) for shard in shards.get(accepted.lineage, ()))
            found = claims_of(report, accepted, table, release, lane, covered)
        except GeoError as error:
            outcome = Outcome(OutcomeKind.HELD, error.reason, str(error))
        else:
            outcome = _checked(outcome, report, found, release, release_reason)
            shards = _remembered(shards, accepted.lineage, found)
    record = _record(arrival, report, accepted, outcome, found, release, release_reason)
    return Settled(record, found.claims, {"state": series_to_plain(accepted.state), "shards": shards})


_NO_CLAIMS = ClaimSet((), (), ())


def _release(policy: Policy, report: Report) -> tuple[Release, str, Lane]:
    """Return the strictest release over the document's dangers, its reason, and the lane."""
    verdicts = [release_for(policy, report, info) for info in report.alert.infos]
    lane = lane_for(report)
    if not verdicts:
        return Release.AUTOMATIC, "no-danger-left", lane
    release, reason = min(verdicts, key=lambda verdict: _STRICTNESS.index(verdict[0]))
    return release, reason, lane


def _checked(outcome: Outcome, report: Report, found: ClaimSet, release: Release, release_reason: str) -> Outcome:
    """Hold what names no place that we know, and what policy does not let go by itself."""
    if report.alert.infos and found.unknown_areas and not found.claims:
        codes = " ".join(code.value for code in found.unknown_areas[:8])
        return Outcome(OutcomeKind.HELD, "area-not-in-table", codes)
    if release in (Release.HOLD, Release.DRAFT):
        return Outcome(OutcomeKind.HELD, f"policy-{release.value}", release_reason)
    return outcome


def _remembered(shards: dict[str, list[int]], lineage: str, found: ClaimSet) -> dict[str, list[int]]:
    """Return the shards that each lineage still covers; the next document must reach them all."""
    kept = {known: covered for known, covered in shards.items() if known != lineage}
    if found.shards:
        kept[lineage] = [int(shard) for shard in found.shards]
    return kept


def _record(
    arrival: Arrival,
    report: Report,
    accepted: Accepted,
    outcome: Outcome,
    found: ClaimSet,
    release: Release,
    release_reason: str,
) -> ReportRecord:
    infos = report.alert.infos
    levels = [int(info.level) for info in infos if info.level is not None]
    codes = {code.value for info in infos for area in info.areas for code in area.geocodes}
    return ReportRecord(
        receipt=arrival.receipt,
        name=arrival.name,
        feed=report.feed,
        kind=report.kind,
        document=report.document,
        series=report.series,
        outcome=outcome.kind,
        reason=outcome.reason,
        detail=outcome.detail,
        level=max(levels) if levels else None,
        hazards=tuple(sorted({info.hazard.value for info in infos})),
        codes=tuple(sorted(codes)),
        lineage=accepted.lineage,
        revision=accepted.revision,
        claims=len(found.claims),
        release=release,
        release_reason=release_reason,
        received=arrival.received,
        sent=report.alert.sent,
        report=report,
    )


def _refused(arrival: Arrival, reason: str, detail: str) -> ReportRecord:
    return ReportRecord(
        receipt=arrival.receipt,
        name=arrival.name,
        feed=arrival.feed,
        kind="",
        document=hashlib.sha256(arrival.raw).hexdigest(),
        series=series_of(arrival.raw, arrival.feed),
        outcome=OutcomeKind.DEAD_LETTER,
        reason=reason,
        detail=detail[:500],
        level=None,
        hazards=(),
        codes=(),
        lineage="",
        revision=0,
        claims=0,
        release=Release.HOLD,
        release_reason=reason,
        received=arrival.received,
        sent=None,
        report=None,
    )
