"""What is written comes back as it was; what was not written by us is refused with a reason."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cap import Certainty, Severity, Urgency
from alerts.claim import Claim, Danger, HazardSnapshot, Lane, Provenance, Release, Standing
from alerts.fact import Heartbeat
from alerts.hazard import HazardKind
from alerts.incident import IncidentReport
from alerts.level import Level
from alerts.notice import Notice
from alerts.place import Cell, Shard
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from routing.plan import EvacuationPlan
from streams.gauges.record import GaugeRecord
from streams.ingest.readings import StationFacts
from streams.notices.notice_board import NoticeBoard
from streams.payloads import (
    ChannelRecord,
    Command,
    DraftRecord,
    DraftState,
    FactEffect,
    OwnerRecord,
    PlanPosition,
    ReceiptRecord,
    ReportRecord,
    SourceRecord,
    Verb,
)
from streams.wire import WireError, decode, encode
from tests.streams.evening import settled_evening, snapshots_of_the_evening

AT = datetime(2026, 9, 18, 9, 0, 0, 123456, tzinfo=UTC)


def drafts() -> list[Command]:
    board = NoticeBoard()
    found = []
    for at, snapshot in enumerate(snapshots_of_the_evening()):
        board.hear(snapshot, at=float(at))
        for draft in board.due(at=float(at)):
            found.append(Command(Verb.CREATE, draft.draft, "notices", AT, draft=draft))
    return found


def samples() -> list[object]:
    """Return one of every type that travels, made by the stages themselves."""
    commands = drafts()
    command = max(commands, key=lambda one: len(one.draft.notice.parts) if one.draft else 0)
    assert command.draft is not None
    assert command.draft.notice.parts
    settled = [settled for _, settled in settled_evening()]
    reports = [one.record for one in settled]
    claim = next(claim for one in settled for claim in one.claims if claim.dangers)
    return [
        claim,
        replace(claim, dangers=()),
        snapshots_of_the_evening()[-1],
        command,
        Command(Verb.APPROVE, "d" * 24, "officer", AT, digest="0" * 64),
        replace(command.draft.notice, approved_by="policy", approved_at=AT),
        DraftRecord("d", "l", 1, "doc", DraftState.OPEN, "needs-a-person", True, AT, command.draft),
        DraftRecord("d", "l", 1, "doc", DraftState.APPROVED, "policy", False, AT, None),
        *reports,
        ReceiptRecord("l", 2, "doc", 0, 2, 7, 3, {"accepted": 2, "gone": 1}, {"13108": 2}, 1, 2, None),
        OwnerRecord(0, 2, 7, "123-abc", AT),
    ]


@pytest.mark.parametrize("value", samples(), ids=lambda value: type(value).__name__)
def test_every_type_that_travels_comes_back_equal(value: object) -> None:
    record = encode(value)
    assert decode(type(value), record) == value
    assert encode(decode(type(value), record)) == record


def test_values_come_back_as_their_types_and_not_as_texts() -> None:
    snapshot = decode(HazardSnapshot, encode(snapshots_of_the_evening()[0]))
    danger = snapshot.standings[0].dangers[0]
    assert isinstance(danger.hazard, HazardKind)
    assert isinstance(danger.level, Level)
    assert isinstance(danger.cells, tuple)
    assert snapshot.standings[0].provenance.sent.tzinfo is not None


texts = st.text(max_size=20)
TOKYO = timezone(timedelta(hours=9))
times = st.integers(0, 7 * 10**15).map(lambda us: datetime(1971, 1, 1, tzinfo=TOKYO) + timedelta(microseconds=us))
cells = st.lists(st.integers(1, 2**63 - 1).map(Cell), max_size=4).map(lambda found: tuple(sorted(set(found))))
dangers = st.builds(
    Danger,
    hazard=st.sampled_from(HazardKind),
    level=st.none() | st.sampled_from(Level),
    severity=st.sampled_from(Severity),
    urgency=st.sampled_from(Urgency),
    certainty=st.sampled_from(Certainty),
    event=texts,
    area_name=texts,
    area_code=texts,
    cells=cells,
    partial=cells,
    onset=st.none() | times,
    headline=texts,
    instruction=texts,
)
provenances = st.builds(
    Provenance,
    document=texts,
    lineage=texts,
    revision=st.integers(0, 10**6),
    feed=texts,
    kind=texts,
    issuer=texts,
    sent=times,
    received=times,
    expires=times,
    release=st.sampled_from(Release),
    lane=st.sampled_from(Lane),
    outcome=texts,
    source_ref=texts,
)
several = st.lists(dangers, max_size=3).map(tuple)
shards = st.integers(1, 2**63 - 1).map(Shard)


@given(st.builds(Claim, provenances, shards, st.integers(0, 400), several))
def test_any_claim_comes_back_equal(claim: Claim) -> None:
    assert decode(Claim, encode(claim)) == claim


@given(
    st.builds(
        HazardSnapshot,
        shards,
        st.integers(0, 10**9),
        texts,
        texts,
        st.lists(st.builds(Standing, provenances, st.integers(0, 400), several), max_size=3).map(tuple),
    )
)
def test_any_snapshot_comes_back_equal(snapshot: HazardSnapshot) -> None:
    assert decode(HazardSnapshot, encode(snapshot)) == snapshot


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a good owner's record after *change*."""
    record = orjson.loads(encode(OwnerRecord(0, 2, 7, "123-abc", AT)))
    change(record)
    return orjson.dumps(record)


REFUSED: dict[str, tuple[bytes | None, str]] = {
    "a tombstone": (None, "wire-empty"),
    "nothing": (b"", "wire-empty"),
    "0xFF": (b"\xff", "wire-malformed"),
    "two megabytes of anything": (b"\xa5\x00\x17" * 700_000, "wire-malformed"),
    "a pickle": (pickle.dumps({"v": 1}), "wire-malformed"),
    "half a record": (encode(OwnerRecord(0, 2, 7, "x", AT))[:-9], "wire-malformed"),
    "NaN": (b'{"v":1,"t":"OwnerRecord","d":NaN}', "wire-malformed"),
    "no text at all": (b'{"v":1,"t":"\xff\xfe"}', "wire-malformed"),
    "nested too deep to read": (b"[" * 100_000, "wire-malformed"),
    "null": (b"null", "wire-version-unknown"),
    "a list": (b"[1]", "wire-version-unknown"),
    "no version": (changed(lambda r: r.pop("v")), "wire-version-unknown"),
    "the next version": (changed(lambda r: r.update(v=2)), "wire-version-unknown"),
    "a version as text": (changed(lambda r: r.update(v="1")), "wire-version-unknown"),
    "true as version": (changed(lambda r: r.update(v=True)), "wire-version-unknown"),
    "another type": (encode(ReceiptRecord("l", 1, "d", 0, 1, 1, 0, {}, {}, 0, None, None)), "wire-type"),
    "no type": (changed(lambda r: r.pop("t")), "wire-type"),
    "no value": (changed(lambda r: r.pop("d")), "wire-field"),
    "a field is missing": (changed(lambda r: r["d"].pop("epoch")), "wire-field"),
    "a number as text": (changed(lambda r: r["d"].update(epoch="7")), "wire-field"),
    "a broken number": (changed(lambda r: r["d"].update(epoch=7.5)), "wire-field"),
    "a time that is none": (changed(lambda r: r["d"].update(at="yesterday")), "wire-field"),
    "a record inside the record": (changed(lambda r: r.update(d={"v": 1, "d": r["d"]})), "wire-field"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_record_of_ours_is_refused_with_its_reason(name: str) -> None:
    record, reason = REFUSED[name]
    with pytest.raises(WireError) as refused:
        decode(OwnerRecord, record)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "field", "wrong"),
    [
        (Claim, "dangers", None),
        (Claim, "shard", -1.5),
        (Claim, "provenance", []),
        (Notice, "lane", "express"),
        (Notice, "parts", {}),
        (Notice, "kind", 9),
        (ReportRecord, "outcome", "delivered"),
        (Command, "verb", "delete"),
    ],
)
def test_a_wrong_field_is_never_half_read(kind: type, field: str, wrong: object) -> None:
    good = next(value for value in samples() if type(value) is kind)
    record = orjson.loads(encode(good))
    record["d"][field] = wrong
    with pytest.raises(WireError) as refused:
        decode(kind, orjson.dumps(record))
    assert refused.value.reason == "wire-field"


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(record: bytes) -> None:
    with pytest.raises(WireError):
        decode(Claim, record)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
    )
)
def test_no_value_of_our_envelope_raises_anything_else(value: object) -> None:
    with pytest.raises(WireError, match="wire-field"):
        decode(Claim, orjson.dumps({"v": 1, "t": "Claim", "d": value}))


# Every kind of record that a process of ours takes from a topic.
KINDS = (
    *(ChannelRecord, Claim, Command, DraftRecord, EvacuationPlan, FactEffect, GaugeRecord, HazardSnapshot, Heartbeat),
    *(IncidentReport, Notice, OwnerRecord, PlanPosition, ReceiptRecord, ReportRecord, RoadReport, ShelterReport),
    *(SourceRecord, StationFacts),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_no_record_is_none_of_any_topic(kind: type[Any]) -> None:
    of_no_kind = {name: made for name, made in REFUSED.items() if made[1] in ("wire-empty", "wire-malformed")}
    unknown = orjson.dumps({"v": 2, "t": kind.__name__, "d": {}})
    hollow = orjson.dumps({"v": 1, "t": kind.__name__, "d": {}})
    for record, reason in (
        *of_no_kind.values(),
        (b"null", "wire-version-unknown"),
        (unknown, "wire-version-unknown"),
        (hollow, "wire-field"),
    ):
        with pytest.raises(WireError) as refused:
            decode(kind, record)
        assert refused.value.reason == reason
