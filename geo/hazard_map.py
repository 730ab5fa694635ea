"""What holds in one shard: the newest claim of every lineage, and the worst of them for each cell."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.cap import Severity
from alerts.claim import Claim, Danger, HazardSnapshot, Standing, Tie
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.order_words import is_order
from alerts.place import Cell, Shard
from geo.cells import contains

# Severity `Unknown` ranks in the middle: the JMA's own CAP fixes it there, and it must not come last.
SEVERITY_RANK: dict[Severity, int] = {
    Severity.EXTREME: 4,
    Severity.SEVERE: 3,
    Severity.UNKNOWN: 2,
    Severity.MODERATE: 1,
    Severity.MINOR: 0,
}


@dataclass(frozen=True, slots=True)
class Applied:
    """The standings after a claim. `reason` says why they changed or did not."""

    standings: tuple[Standing, ...]
    changed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The worst that holds in a cell, and what speaks for it: one reason per danger, worst first.

    `order` says that the level is that of an order to leave; of an order and a warning of one level it is the order.
    """

    level: Level | None
    severity: Severity
    hazards: tuple[HazardKind, ...]
    reasons: tuple[str, ...]
    order: bool = False


def rank_of(level: Level | None, severity: Severity) -> tuple[int, int]:
    """Return what orders dangers: the Japanese level first, then CAP's severity. Higher is worse."""
    return (int(level) if level is not None else _level_like(severity), SEVERITY_RANK[severity])


def apply(standings: tuple[Standing, ...], claim: Claim) -> Applied:
    """Return *standings* with *claim*: the newest revision of each lineage holds.

    A withdrawal keeps its place with no dangers, so that an older revision that arrives later cannot
    bring it back; `prune` forgets it when that has become impossible.
    """
    lineage = claim.provenance.lineage
    told = Standing(claim.provenance, claim.shards, claim.dangers)
    held = next((standing for standing in standings if standing.provenance.lineage == lineage), None)
    if held is None:
        return Applied(_sorted((*standings, told)), True, "new-lineage" if claim.dangers else "withdrawn-before-known")
    if claim.provenance.revision < held.provenance.revision:
        return Applied(standings, False, "older-revision")
    if told == held:
        return Applied(standings, False, "same-claim")
    if claim.provenance.revision == held.provenance.revision and claim.provenance.document != held.provenance.document:
        # Two documents with one number is a fault upstream; the first stays, so that replay agrees.
        return Applied(standings, False, "revision-taken")
    others = tuple(standing for standing in standings if standing is not held)
    return Applied(_sorted((*others, told)), True, "newer-revision" if claim.dangers else "withdrawn")


def prune(standings: tuple[Standing, ...], *, sent_before: datetime) -> tuple[Standing, ...]:
    """Return *standings* without withdrawals whose document was sent before *sent_before*.

    Only withdrawals are forgotten: neither expiry nor age is an all-clear (R10).
    """
    return tuple(s for s in standings if s.dangers or s.provenance.sent >= sent_before)


def snapshot(shard: Shard, standings: tuple[Standing, ...], previous_version: int, changed: str) -> HazardSnapshot:
    """Return all that holds in *shard*, one version later, with a digest of its content."""
    ordered = _sorted(standings)
    return HazardSnapshot(shard, previous_version + 1, digest_of(shard, ordered), changed, ordered)


def digest_of(shard: Shard, standings: tuple[Standing, ...]) -> str:
    """Return the SHA-256 of what holds, the same for the same content in every process.

    Over the `repr` of frozen values, which names every type and field and writes every number whole. Two
    times count as different when their offsets differ: what comes here was read from the wire, as written.
    """
    return hashlib.sha256(repr((int(shard), _sorted(standings))).encode()).hexdigest()


def worst_at(held: HazardSnapshot, cell: Cell) -> Verdict | None:
    """Return the worst that holds in *cell*, or None where nothing is held against it.

    None is not "safe": a source may be silent (R10). That is for the caller to know.
    """
    here = [
        (danger, standing) for standing in held.standings for danger in standing.dangers if contains(danger.cells, cell)
    ]
    if not here:
        return None
    here.sort(key=lambda pair: (*(-part for part in rank_of(pair[0].level, pair[0].severity)), pair[0].hazard))
    worst = here[0][0]
    return Verdict(
        level=worst.level,
        severity=worst.severity,
        hazards=tuple(dict.fromkeys(danger.hazard for danger, _ in here)),
        reasons=tuple(_reason(danger, standing, cell) for danger, standing in here),
        order=any(danger.level == worst.level and is_order((danger.event,)) for danger, _ in here),
    )


def _reason(danger: Danger, standing: Standing, cell: Cell) -> str:
    level = f"level {int(danger.level)}" if danger.level is not None else danger.severity.value
    where = f"{danger.area_name} (in part)" if contains(danger.partial, cell) else danger.area_name
    source = standing.provenance
    tie = _TIES[danger.tie]
    return (
        f"{danger.hazard.value}: {level} in {where}{tie}, {source.kind} revision {source.revision} of {source.lineage}"
    )


_TIES = {
    Tie.AREA: "",
    Tie.RIVER_ZONE: " (told by river_zone)",
    Tie.RIVER_ASSUMED: " (river tie assumed: not told by itself)",
}


def _level_like(severity: Severity) -> int:
    """Return the level beside which a danger without one is ranked; never shown to anybody."""
    return {Severity.EXTREME: 4, Severity.SEVERE: 3, Severity.UNKNOWN: 2, Severity.MODERATE: 2, Severity.MINOR: 1}[
        severity
    ]


def _sorted(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    return tuple(sorted(standings, key=lambda standing: standing.provenance.lineage))
