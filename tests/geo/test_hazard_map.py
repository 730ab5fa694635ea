"""The newest claim of each lineage holds, in whatever order claims arrive."""

import itertools
from dataclasses import replace
from datetime import timedelta

from alerts.cap import Severity
from alerts.claim import Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cell, Shard
from geo.cells import shard_of
from geo.hazard_map import SEVERITY_RANK, apply, digest_of, prune, rank_of, snapshot, worst_at
from tests.geo.documents import AT, EDOGAWA, EDOGAWA_CELLS, KAMEIDO, KASAI, KOTO_CELLS, claim, danger

SHARD = shard_of(KAMEIDO)
FLOOD = danger(KOTO_CELLS, Level.ALL_LEAVE)
RAIN = danger(KOTO_CELLS, Level.CHECK_ACTION, hazard=HazardKind.HEAVY_RAIN)


def test_claims_in_any_order_with_duplicates_end_in_the_same_map() -> None:
    series = [claim(SHARD, RAIN, revision=1), claim(SHARD, FLOOD, revision=2), claim(SHARD, revision=3)]
    other = [claim(SHARD, RAIN, lineage="lineage-2")]
    ends = set()
    for order in itertools.permutations([*series, *other, series[0], series[1]]):
        held: tuple[Standing, ...] = ()
        for one in order:
            held = apply(held, one).standings
        ends.add(digest_of(SHARD, held))
    assert len(ends) == 1


def test_an_older_revision_cannot_bring_back_what_was_withdrawn() -> None:
    held = apply((), claim(SHARD, revision=2)).standings
    late = apply(held, claim(SHARD, FLOOD, revision=1))
    assert (late.changed, late.reason, late.standings) == (False, "older-revision", held)


def test_the_same_claim_again_changes_nothing() -> None:
    first = apply((), claim(SHARD, FLOOD))
    again = apply(first.standings, claim(SHARD, FLOOD))
    assert (first.changed, first.reason) == (True, "new-lineage")
    assert (again.changed, again.reason) == (False, "same-claim")


def test_only_withdrawals_are_pruned() -> None:
    held = apply(apply((), claim(SHARD, FLOOD)).standings, claim(SHARD, lineage="lineage-2")).standings
    later = AT + timedelta(days=8)
    assert [one.provenance.lineage for one in prune(held, sent_before=later)] == ["lineage-1"]
    assert prune(held, sent_before=AT) == held


def test_a_snapshot_is_the_same_in_whatever_order_it_was_made() -> None:
    a, b = claim(SHARD, FLOOD), claim(SHARD, RAIN, lineage="lineage-2")
    one = snapshot(SHARD, apply(apply((), a).standings, b).standings, 4, "lineage-2")
    two = snapshot(SHARD, apply(apply((), b).standings, a).standings, 4, "lineage-2")
    assert one == two
    assert one.version == 5
    assert len(one.digest) == 64


def test_the_digest_tells_apart_what_differs() -> None:
    held = apply((), claim(SHARD, FLOOD)).standings
    variants = [
        held,
        apply((), claim(SHARD, FLOOD, FLOOD)).standings,
        apply((), claim(SHARD, replace(FLOOD, partial=FLOOD.cells[:1]))).standings,
        apply((), claim(SHARD, replace(FLOOD, headline="a"))).standings,
        apply((), claim(SHARD, replace(FLOOD, instruction="a"))).standings,
    ]
    digests = {digest_of(SHARD, one) for one in variants} | {digest_of(Shard(SHARD + 1), held)}
    assert len(digests) == len(variants) + 1


def test_the_worst_in_a_cell_comes_with_every_reason() -> None:
    held = apply(apply((), claim(SHARD, RAIN)).standings, claim(SHARD, FLOOD, lineage="lineage-2")).standings
    verdict = worst_at(snapshot(SHARD, held, 0, "lineage-2"), Cell(KAMEIDO))
    assert verdict is not None
    assert verdict.level is Level.ALL_LEAVE
    assert verdict.hazards == (HazardKind.FLOOD, HazardKind.HEAVY_RAIN)
    assert len(verdict.reasons) == 2
    assert "level 4" in verdict.reasons[0]


def test_where_nothing_is_held_there_is_no_verdict() -> None:
    held = apply((), claim(SHARD, danger(EDOGAWA_CELLS, name=EDOGAWA))).standings
    assert worst_at(snapshot(SHARD, held, 0, ""), Cell(KAMEIDO)) is None
    assert worst_at(snapshot(SHARD, held, 0, ""), Cell(KASAI)) is not None


def test_unknown_severity_is_never_last_and_a_level_comes_first() -> None:
    assert set(SEVERITY_RANK) == set(Severity)
    assert rank_of(None, Severity.UNKNOWN) > rank_of(None, Severity.MODERATE)
    assert rank_of(Level.SECURE_LIFE, Severity.MINOR) > rank_of(Level.ALL_LEAVE, Severity.EXTREME)
