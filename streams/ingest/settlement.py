"""Settle one received document: read it, place it in its series, find its cells, say how it ended.

Pure but for the area table it is given. The agent that calls it decodes, calls and sends. Every
document leaves with exactly one outcome; whatever cannot be settled is a dead letter with a reason,
never an exception that takes its neighbours along.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.claim import Claim, Lane, Release
from alerts.lifecycle import Accepted, SeriesState, accept, says_all_clear, series_from_plain, series_to_plain
from alerts.place import Shard
from alerts.policy import Policy, audience_for, lane_for, release_for
from alerts.report import Outcome, OutcomeKind, Report
from alerts.returned import Judged, Verdict, as_thread
from alerts.shift import shifted
from alerts.wording import JAPAN
from feeds.cap_signature import NO_SIGNERS, Signers
from feeds.errors import FeedError
from feeds.gauges.plain_csv import ColumnMap
from feeds.gauges.recognise import NO_MAPS
from feeds.read import read, series_of
from geo.areas import AreaTable
from geo.claims import ClaimSet, claims_of
from geo.errors import GeoError
from geo.named_areas import NamedAreas
from geo.river_zone import NO_ZONES, RiverZones
from streams.ingest.orders import Orders
from streams.payloads import ReportRecord

# From the strictest to the freest: a document goes out as its strictest part may.
_STRICTNESS = (Release.HOLD, Release.DRAFT, Release.WITH_SIGN, Release.AUTOMATIC, Release.RECORD)
# Far more receptions of one series than a worker leaves uncommitted: those of half a second.
_RECEIPTS_KEPT = 100
# The documents that one municipality has open at a time are a handful; those of a bad month stay known.
_THREADS_KEPT = 50
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


def settle(
    arrival: Arrival,
    stored: Mapping[str, Any] | None,
    *,
    table: AreaTable,
    policy: Policy,
    signers: Signers = NO_SIGNERS,
    rivers: RiverZones = NO_ZONES,
    column_maps: Mapping[str, ColumnMap] = NO_MAPS,
    named: NamedAreas | None = None,
) -> Settled:
    """Return the outcome of *arrival* given the *stored* state of its series.

    Codes are those of *table*; with *named* also what imported sets held on the day that it was sent.
    """
    try:
        document = read(
            arrival.raw,
            name=arrival.name,
            received=arrival.received,
            feed=arrival.feed,
            column_maps=column_maps,
            signers=signers,
        )
        report = shifted(document, arrival.shift)
    except FeedError as error:
        return Settled(_refused(arrival, error.reason, str(error)), (), None)
    orders = Orders.of(stored)
    judged = orders.judge(report)
    if judged.verdict in (Verdict.RETURNED, Verdict.AREAS_DIFFER):
        return _not_again(arrival, report, stored, orders, judged)
    name, report = report.thread, as_thread(report, judged.thread)
    threads = dict(stored.get("threads", {})) if stored else {}
    state = _state_of(stored, threads, report.thread)
    accepted = accept(state, report)
    told, release, release_reason = _released(policy, report)
    shards = _shards_of(stored)
    owed = tuple(dict.fromkeys((*(stored.get("owed", ()) if stored else ()), *accepted.replaces)))
    lane = lane_for(report)
    # Of what may be told at all: what is only recorded narrows nothing.
    audience = audience_for(policy, told)
    outcome, found, ended = accepted.outcome, _NO_CLAIMS, _NO_CLAIMS
    covered = shards.get(accepted.lineage, ())
    if outcome.kind in _TOLD and release is Release.RECORD and not covered:
        outcome = Outcome(OutcomeKind.INFORMATIONAL, release_reason)
    elif outcome.kind in _TOLD and accepted.lineage:
        if release is Release.RECORD:
            # What was told no longer holds, and what holds is not for residents: the end of it is.
            release, release_reason = Release.AUTOMATIC, "no-danger-left"
        try:
            areas = named.on(told.alert.sent.astimezone(JAPAN).date()) if named else table
            found = claims_of(told, accepted, areas, release, lane, covered, rivers=rivers, audience=audience)
        except GeoError as error:
            outcome = Outcome(OutcomeKind.HELD, error.reason, str(error))
        else:
            outcome, found = _checked(outcome, told, found, release, release_reason)
    if outcome.kind is not OutcomeKind.HELD or found.claims or accepted.outcome.kind is OutcomeKind.HELD:
        ended = _withdrawals(report, accepted, table, release, lane, {old: shards.get(old, ()) for old in owed})
        shards = {old: kept for old, kept in shards.items() if old not in owed}
        owed = ()
    if found.claims:
        shards = _remembered(shards, accepted.lineage, found)
    claims = (*found.claims, *ended.claims)
    record = _record(arrival, report, accepted, outcome, len(claims), release, release_reason)
    receipts = [*(stored.get("receipts", ()) if stored else ()), arrival.receipt][-_RECEIPTS_KEPT:]
    after = {**_state_kept(stored), **orders.with_report(report, name, accepted).plain}
    after |= {"shards": shards, "owed": list(owed), "receipts": receipts}
    if report.thread:
        threads.pop(report.thread, None)  # the newest comes last
        threads[report.thread] = series_to_plain(accepted.state)
    else:
        after["state"] = series_to_plain(accepted.state)
    if threads:
        after["threads"] = dict(list(threads.items())[-_THREADS_KEPT:])
    return Settled(record, claims, after)


def was_settled(stored: Mapping[str, Any] | None, receipt: str) -> bool:
    """Say whether the reception *receipt* has had its end: its worker died before it could commit that.

    Settled once more it would be found to repeat itself, and have a second end: duplicate.
    """
    return stored is not None and receipt in stored.get("receipts", ())


_NO_CLAIMS = ClaimSet((), (), ())


def _not_again(
    arrival: Arrival, report: Report, stored: Mapping[str, Any] | None, orders: Orders, judged: Judged
) -> Settled:
    """End a document that another has said before it, or contradicts: it claims nothing and ends nothing (R16)."""
    kind = OutcomeKind.DUPLICATE if judged.verdict is Verdict.RETURNED else OutcomeKind.HELD
    outcome = Outcome(kind, judged.verdict.value, judged.detail)
    accepted = Accepted(SeriesState(), outcome, judged.lineage)
    record = _record(arrival, report, accepted, outcome, 0, Release.HOLD, judged.verdict.value)
    before = dict(stored or {})
    receipts = [*before.get("receipts", ()), arrival.receipt][-_RECEIPTS_KEPT:]
    after = {"shards": {}, "owed": [], **before, **orders.with_alias(report, judged).plain, "receipts": receipts}
    return Settled(record, (), after)


def _state_of(stored: Mapping[str, Any] | None, threads: Mapping[str, Any], thread: str) -> SeriesState:
    plain = threads.get(thread) if thread else stored.get("state") if stored else None
    return series_from_plain(plain)


def _state_kept(stored: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"state": stored["state"]} if stored and "state" in stored else {}


def _shards_of(stored: Mapping[str, Any] | None) -> dict[str, tuple[Shard, ...]]:
    known: Mapping[str, Iterable[int]] = stored["shards"] if stored else {}
    return {lineage: tuple(map(Shard, shards)) for lineage, shards in known.items()}


def _released(policy: Policy, report: Report) -> tuple[Report, Release, str]:
    """Return *report* with the dangers that residents may be told, the strictest release, and its reason.

    A danger that is only recorded never rides along with one that is told (R23).
    """
    verdicts = [(info, *release_for(policy, report, info)) for info in report.alert.infos]
    if not verdicts:
        return report, Release.AUTOMATIC, "no-danger-left"
    _, release, reason = min(verdicts, key=lambda verdict: _STRICTNESS.index(verdict[1]))
    told = tuple(info for info, own, _ in verdicts if own is not Release.RECORD)
    return replace(report, alert=replace(report.alert, infos=told)), release, reason


def _checked(
    outcome: Outcome, told: Report, found: ClaimSet, release: Release, release_reason: str
) -> tuple[Outcome, ClaimSet]:
    """Hold what names no place that we know, and what policy does not let go by itself."""
    states_danger = outcome.kind is not OutcomeKind.CANCEL and not says_all_clear(told.alert)
    if states_danger and not found.shards and (found.unknown_areas or found.claims):
        # Not one place of it is known: what it said before must not end by that, silence is no all-clear.
        codes = " ".join(code.value for code in found.unknown_areas[:8])
        return Outcome(OutcomeKind.HELD, "area-not-in-table", codes), _NO_CLAIMS
    if release in (Release.HOLD, Release.DRAFT):
        detail = "; ".join(filter(None, (release_reason, _unknown(found))))
        return Outcome(OutcomeKind.HELD, f"policy-{release.value}", detail), found
    if found.unknown_areas:
        detail = "; ".join(filter(None, (outcome.detail, _unknown(found))))
        return replace(outcome, detail=detail), found
    return outcome, found


def _unknown(found: ClaimSet) -> str:
    """Return how many of a document's areas nobody knows, and the first of them: who lives there is told nothing."""
    if not found.unknown_areas:
        return ""
    named = ", ".join(code.value for code in found.unknown_areas[:8])
    return f"{len(found.unknown_areas)} of its areas not in table: {named}"[:500]


def _withdrawals(
    report: Report,
    accepted: Accepted,
    table: AreaTable,
    release: Release,
    lane: Lane,
    covered: Mapping[str, tuple[Shard, ...]],
) -> ClaimSet:
    """Return the ends of lineages that turned out to be this one: no danger is left under their names."""
    silent = replace(report, alert=replace(report.alert, infos=()))
    claims: list[Claim] = []
    for lineage, shards in covered.items():
        # One more than anything told under either name: the life cycle does not count held documents.
        end = replace(
            accepted,
            lineage=lineage,
            revision=accepted.revision + 1,
            outcome=Outcome(OutcomeKind.UPDATE, "lineage-replaced"),
        )
        claims.extend(claims_of(silent, end, table, release, lane, shards).claims)
    return ClaimSet(tuple(claims), (), ())


def _remembered(shards: Mapping[str, tuple[Shard, ...]], lineage: str, found: ClaimSet) -> dict[str, tuple[Shard, ...]]:
    """Return the shards that each lineage still covers; the next document must reach them all."""
    kept = {known: covered for known, covered in shards.items() if known != lineage}
    if found.shards:
        kept[lineage] = found.shards
    return kept


def _record(
    arrival: Arrival,
    report: Report,
    accepted: Accepted,
    outcome: Outcome,
    claims: int,
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
        detail="; ".join(filter(None, (outcome.detail, _refused_rows(report)))),
        level=max(levels) if levels else None,
        hazards=tuple(sorted({info.hazard.value for info in infos})),
        codes=tuple(sorted(codes)),
        lineage=accepted.lineage,
        revision=accepted.revision,
        claims=claims,
        release=release,
        release_reason=release_reason,
        received=arrival.received,
        sent=report.alert.sent,
        report=report,
    )


def _refused_rows(report: Report) -> str:
    """Return how many rows of a document could not be used, by their reasons; the rest of it goes on."""
    counted = Counter(row.reason for row in report.facts.refused)
    return ", ".join(f"{number} rows {reason}" for reason, number in sorted(counted.items()))


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
