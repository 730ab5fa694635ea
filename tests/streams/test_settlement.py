"""Every document ends in exactly one way, and what it said ends with it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from alerts.claim import Claim, Lane, Release
from alerts.place import LatLng, Shard
from alerts.policy import Policy
from alerts.report import OutcomeKind
from geo.areas import table_of
from shirase.demo import cap_writer
from shirase.demo.cap_writer import CapWarning
from shirase.demo.rivers import AOBA, strip
from streams.ingest.settlement import Settled, was_settled
from tests.streams.evening import START, Ingest, evening, settled_evening, wards_table

AUTOMATIC = Policy.from_plain({"version": 1, "rule": [{"name": "all", "release": "automatic"}]})
SENDER = "office@river.example"
RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)


def warning(minute: int, msg_type: str = "Alert", *names: int, width_km: float = 1.0, **more: object) -> bytes:
    """Return a CAP warning sent at *minute* that references those sent at the minutes *names*."""
    at = START + timedelta(minutes=minute)
    said = CapWarning(
        identifier=f"w-{minute}",
        sender=SENDER,
        at=at,
        msg_type=msg_type,
        headline="あおば川が増水しています。",
        description="",
        instruction="川から離れてください。",
        response="Avoid",
        expires=at + timedelta(hours=6),
        polygon=strip(AOBA.line, width_km),
        area_name="あおば川の両岸",
        level=4,
        references=tuple((SENDER, f"w-{name}", START + timedelta(minutes=name)) for name in names),
    )
    return cap_writer.write(replace(said, **more))  # type: ignore[arg-type]


def take(ingest: Ingest, minute: int, msg_type: str = "Alert", *names: int, **more: object) -> Settled:
    return ingest.take(warning(minute, msg_type, *names, **more), START + timedelta(minutes=minute))  # type: ignore[arg-type]


def end(settled: Settled) -> tuple[OutcomeKind, str]:
    return settled.record.outcome, settled.record.reason


def shards(settled: Settled) -> dict[Shard, int]:
    return {claim.shard: len(claim.dangers) for claim in settled.claims}


def test_the_evening_ends_as_it_says_of_itself() -> None:
    ends = {document.name: settled.record.outcome.value for document, settled in settled_evening()}
    assert ends == {document.name: document.expectation for document in evening()}
    assert set(ends.values()) == {kind.value for kind in OutcomeKind}, "all eight outcomes occur"


def test_only_told_documents_make_claims_and_each_knows_how_many_there_are() -> None:
    for document, settled in settled_evening():
        told = settled.record.outcome in (OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL)
        assert bool(settled.claims) is told, document.name
        assert settled.record.claims == len(settled.claims)
        assert {claim.shards for claim in settled.claims} <= {len(settled.claims)}
        assert len({claim.shard for claim in settled.claims}) == len(settled.claims)


def test_a_drill_touches_no_cell_and_leaves_no_trace() -> None:
    (drill,) = [
        settled for document, settled in settled_evening() if "drill.xml" in document.name and "VPWW" in document.name
    ]
    assert end(drill) == (OutcomeKind.DRILL, "status-exercise")
    assert drill.claims == ()


def test_words_of_a_drill_under_an_actual_status_are_held() -> None:
    (alike,) = [settled for document, settled in settled_evening() if document.name == "CAP_words_of_a_drill.xml"]
    assert end(alike) == (OutcomeKind.HELD, "drill-words-under-actual")
    assert alike.claims == ()


def test_an_earthquake_early_warning_is_recorded_and_never_told() -> None:
    (quake,) = [settled for document, settled in settled_evening() if "quake" in document.name]
    assert end(quake) == (OutcomeKind.INFORMATIONAL, "eew-recorded")
    assert quake.claims == ()


def test_a_document_that_cannot_be_read_is_a_dead_letter_with_its_digest() -> None:
    settled = Ingest().take(b"\x80\x04\x95 no xml at all", RECEIVED, "poison.bin")
    assert settled.record.outcome is OutcomeKind.DEAD_LETTER
    assert settled.record.reason
    assert (len(settled.record.document), settled.record.report) == (64, None)
    assert (settled.stored, settled.claims) == (None, ())


def test_a_document_of_an_area_that_no_table_knows_is_held() -> None:
    empty = table_of(wards_table().source, [], [])
    document = evening()[0]
    settled = Ingest(empty).take(document.raw, START + document.at)
    assert end(settled) == (OutcomeKind.HELD, "area-not-in-table")
    assert settled.record.detail.startswith("13")
    assert settled.claims == ()


def test_an_update_whose_areas_are_all_unknown_ends_nothing() -> None:
    """Silence is no all-clear: the first warning stands until somebody says otherwise."""
    ingest = Ingest()
    first, later = (d for d in evening() if d.name in ("VPWW55_advisory.xml", "VPWW55_warning.xml"))
    lifted = next(d for d in evening() if d.name == "VPWW55_lifted.xml")
    before = ingest.take(first.raw, START + first.at)
    ingest.table = table_of(wards_table().source, [], [])
    held = ingest.take(later.raw, START + later.at)
    assert end(held) == (OutcomeKind.HELD, "area-not-in-table")
    assert held.claims == ()
    ingest.table = wards_table()
    ended = ingest.take(lifted.raw, START + lifted.at)
    assert shards(ended) == dict.fromkeys(shards(before), 0), "the end still reaches all that was warned"


@pytest.mark.parametrize("release", ["hold", "draft"])
def test_policy_may_keep_a_document_for_a_person(release: str) -> None:
    rules = Policy.from_plain({"version": 1, "rule": [{"name": "ask", "release": release}]})
    settled = take(Ingest(rules=rules), 0)
    assert end(settled) == (OutcomeKind.HELD, f"policy-{release}")
    assert settled.record.detail == settled.record.release_reason == "ask"
    # Its claims go on, so that a person sees them on the map; nothing goes out by itself.
    assert settled.claims
    assert {claim.provenance.release for claim in settled.claims} == {Release(release)}


def test_the_strictest_danger_decides_for_the_document() -> None:
    rows = [
        {"name": "rain-waits", "hazards": ["heavy_rain"], "release": "draft"},
        {"name": "rest", "release": "automatic"},
    ]
    document = next(d for d in evening() if d.name == "VPWW54_warning.xml")
    settled = Ingest(rules=Policy.from_plain({"version": 1, "rule": rows})).take(document.raw, START + document.at)
    assert end(settled) == (OutcomeKind.HELD, "policy-draft")
    assert settled.record.detail == "rain-waits"


def test_a_danger_that_is_only_recorded_does_not_ride_along_with_one_that_is_told() -> None:
    rows = [{"name": "thunder", "hazards": ["thunder"], "release": "record"}, {"name": "rest", "release": "automatic"}]
    document = next(d for d in evening() if d.name == "VPWW54_warning.xml")
    settled = Ingest(rules=Policy.from_plain({"version": 1, "rule": rows})).take(document.raw, START + document.at)
    assert settled.record.outcome is OutcomeKind.NOTICE
    assert "thunder" in settled.record.hazards
    told = {danger.hazard.value for claim in settled.claims for danger in claim.dangers}
    assert told == {"heavy_rain", "flood"}


def test_what_falls_to_only_recorded_ends_what_was_told() -> None:
    rows = [{"name": "low", "max_level": 2, "release": "record"}, {"name": "rest", "release": "automatic"}]
    ingest = Ingest(rules=Policy.from_plain({"version": 1, "rule": rows}))
    first = take(ingest, 0)
    lowered = take(ingest, 30, "Update", 0, level=2)
    assert end(lowered) == (OutcomeKind.UPDATE, "update")
    assert shards(lowered) == dict.fromkeys(shards(first), 0)
    assert {claim.provenance.release for claim in lowered.claims} == {Release.AUTOMATIC}
    again = take(ingest, 60, "Update", 0, 30, level=2)
    assert (*end(again), again.claims) == (OutcomeKind.INFORMATIONAL, "low", ())


def test_a_cancel_of_what_was_never_sent_goes_to_nobody() -> None:
    settled = take(Ingest(), 10, "Cancel", 0)
    assert end(settled) == (OutcomeKind.CANCEL, "original-not-sent")
    assert settled.claims == ()


def test_a_cancel_withdraws_in_every_shard_that_was_covered() -> None:
    ingest = Ingest()
    narrow = take(ingest, 0)
    wide = take(ingest, 10, "Update", 0, width_km=3.0)
    cancel = take(ingest, 20, "Cancel", 0, 10)
    assert set(shards(narrow)) <= set(shards(wide))
    assert shards(cancel) == dict.fromkeys(shards(wide), 0)
    assert {claim.provenance.outcome for claim in cancel.claims} == {"cancel"}
    assert {claim.provenance.lane for claim in cancel.claims} == {Lane.LIFE_SAFETY}


def test_an_all_clear_withdraws_and_states_no_danger() -> None:
    ingest = Ingest()
    first = take(ingest, 0)
    clear = take(ingest, 30, "Update", 0, response="AllClear")
    assert end(clear) == (OutcomeKind.UPDATE, "all-clear")
    assert shards(clear) == dict.fromkeys(shards(first), 0)


def test_an_update_that_moves_away_withdraws_behind_itself() -> None:
    ingest = Ingest()
    first = take(ingest, 0)
    far = tuple(replace(point, lng=point.lng - 0.5) for point in strip(AOBA.line, 1.0))
    moved = take(ingest, 30, "Update", 0, polygon=far)
    left = {shard for shard, dangers in shards(moved).items() if not dangers}
    assert left == set(shards(first)) - {shard for shard, dangers in shards(moved).items() if dangers}
    assert left
    ended = take(ingest, 60, "Cancel", 0, 30)
    assert set(shards(ended)) == {shard for shard, dangers in shards(moved).items() if dangers}


def test_a_lineage_that_turns_out_to_be_another_ends_under_its_old_name() -> None:
    """Two alerts that nobody linked, then an update that names both: one thread is left, the other ends."""
    ingest = Ingest()
    far = tuple(replace(point, lng=point.lng - 0.5) for point in strip(AOBA.line, 1.0))
    one, two = take(ingest, 0), take(ingest, 10, polygon=far)
    assert one.record.lineage != two.record.lineage
    both = take(ingest, 20, "Update", 0, 10)
    by_lineage: dict[str, list[Claim]] = {}
    for claim in both.claims:
        by_lineage.setdefault(claim.provenance.lineage, []).append(claim)
    assert set(by_lineage) == {one.record.lineage, two.record.lineage}
    old = ({one.record.lineage, two.record.lineage} - {both.record.lineage}).pop()
    was = one if old == one.record.lineage else two
    assert {claim.shard for claim in by_lineage[old]} == set(shards(was))
    for claim in by_lineage[old]:
        assert claim.dangers == ()
        assert claim.provenance.revision > was.record.revision
        assert claim.shards == len(by_lineage[old])
    assert both.record.claims == len(both.claims)
    last = take(ingest, 30, "Cancel", 0, 10, 20)
    assert {claim.provenance.lineage for claim in last.claims} == {both.record.lineage}


def test_the_end_of_a_replaced_lineage_is_owed_when_the_document_itself_is_held() -> None:
    ingest = Ingest()
    far = tuple(replace(point, lng=point.lng - 0.5) for point in strip(AOBA.line, 1.0))
    one, two = take(ingest, 0), take(ingest, 10, polygon=far)
    ocean = tuple(
        LatLng(lat, lng) for lat, lng in ((0.0, 100.0), (0.0, 170.0), (60.0, 170.0), (60.0, 100.0), (0.0, 100.0))
    )
    broken = take(ingest, 20, "Update", 0, 10, polygon=ocean)
    assert broken.record.outcome is OutcomeKind.HELD
    assert broken.claims == (), "the areas of both stay warned"
    mended = take(ingest, 30, "Update", 0, 10, 20)
    ended = {claim.provenance.lineage for claim in mended.claims if not claim.dangers}
    assert ({one.record.lineage, two.record.lineage} - {mended.record.lineage}) <= ended


@pytest.mark.parametrize("name", [d.name for d in evening()])
def test_a_document_settled_again_after_a_crash_gives_the_same_claims(name: str) -> None:
    ingest = Ingest()
    for document in evening():
        at = START + document.at
        if document.name == name:
            lost, again = ingest.look(document.raw, at), ingest.look(document.raw, at)
            assert (lost.claims, lost.record) == (again.claims, again.record)
        ingest.take(document.raw, at)


def test_a_document_whose_entry_was_written_is_a_duplicate_the_second_time() -> None:
    ingest = Ingest()
    raw = warning(0)
    ingest.take(raw, START)
    again = ingest.take(raw, START)
    assert end(again) == (OutcomeKind.DUPLICATE, "same-document")
    assert again.claims == ()


def test_the_state_of_a_series_survives_its_way_through_json() -> None:
    plain = Ingest()
    kept = Ingest()
    for document in evening():
        at = START + document.at
        settled = plain.look(document.raw, at)
        assert orjson.loads(orjson.dumps(settled.stored)) is not None or settled.stored is None
        plain.take(document.raw, at)
        assert kept.take(document.raw, at).record == settled.record


def test_real_telegrams_end_with_a_reason_each(shared_data: Path) -> None:
    ingest = Ingest()
    ends: Counter[OutcomeKind] = Counter()
    for path in sorted((shared_data / "04_jma_xml" / "samples").glob("15_*.xml")):
        settled = ingest.take(path.read_bytes(), RECEIVED, path.name)
        assert settled.record.reason, path.name
        assert settled.record.name == path.name
        ends[settled.record.outcome] += 1
    assert ends[OutcomeKind.HELD] > 0, "most of these are of other prefectures, which this table does not know"
    assert sum(ends.values()) > 40


def test_a_reception_that_was_settled_is_known_again_and_the_same_bytes_received_anew_are_not() -> None:
    ingest = Ingest()
    take(ingest, 0)
    state = ingest.state(warning(0))
    assert was_settled(state, "document.xml")
    assert not was_settled(state, "another reception")
    assert not was_settled(None, "document.xml")
