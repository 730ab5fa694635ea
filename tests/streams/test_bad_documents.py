"""The bad inputs of XML documents, one row each: how they end, why, and that nothing comes of them.

A refusal is a dead letter or held, with a stable reason, and makes no claim; where danger is stated with
care missing, what is told stays within what was said.
"""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.report import OutcomeKind
from tests.feeds.telegrams import changed, raw_sample
from tests.feeds.test_cap import AREA, HEAD, RING, cap
from tests.streams.evening import Ingest

AT = datetime(2026, 9, 8, 4, 0, tzinfo=UTC)
REFERENCES = "<references>x@example.tokyo,{},2026-09-08T11:00:00+09:00</references>"
CIRCLE = "<area><areaDesc>a</areaDesc><circle>35.6,139.7 {}</circle></area>"
DEAD, HELD = OutcomeKind.DEAD_LETTER, OutcomeKind.HELD

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><alert>&l9;</alert>'.encode()

ROWS: dict[str, tuple[bytes, OutcomeKind, str]] = {
    "billion-laughs": (BOMB, DEAD, "xml-forbidden-dtd"),
    "external-entity": (
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>', DEAD, "xml-forbidden-dtd",
    ),
    "external-dtd": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><alert/>', DEAD, "xml-forbidden-dtd"),
    "65-deep": (b"<a>" * 65 + b"</a>" * 65, DEAD, "xml-too-deep"),
    "two-million-elements": (b"<a>" + b"<b/>" * 2_000_000 + b"</a>", DEAD, "xml-too-many-elements"),
    "not-utf-8": (cap().replace("江東区".encode(), "江東区".encode("cp932")), DEAD, "encoding"),
    "a-page": (b"<html><body>Please sign in</body></html>", DEAD, "not-cap-or-jma"),
    "empty": (b"", DEAD, "empty"),
    "0xFF": (b"\xff" * 1000, DEAD, "encoding"),
    "a-pickle": (pickle.dumps({"v": 1}), DEAD, "encoding"),
    "2-MB-of-zeros": (b"\0" * 2_000_000, DEAD, "empty"),
    "null": (b"null", DEAD, "xml-malformed"),
    "two-identifiers": (
        cap(head=HEAD.replace("</identifier>", "</identifier><identifier>B</identifier>")), DEAD, "cap-schema-repeated",
    ),
    "drill-words-under-actual": (cap(more="<headline>これは訓練です</headline>"), HELD, "drill-words-under-actual"),
    "test-under-actual": (cap(more="<description>THIS IS A TEST</description>"), HELD, "drill-words-under-actual"),
    "update-without-references": (cap(msg_type="Update"), HELD, "update-without-references"),
    "cancel-without-references": (cap(msg_type="Cancel"), HELD, "cancel-without-references"),
    "cancel-from-another-sender": (
        cap(msg_type="Cancel", references=REFERENCES.format("A-0").replace("x@", "y@")), HELD, "sender-mismatch",
    ),
    "references-itself": (cap(msg_type="Update", references=REFERENCES.format("A-1")), HELD, "references-cycle"),
    "expires-before-sent": (
        cap(more="<expires>2026-09-08T11:00:00+09:00</expires>"), HELD, "expires-before-sent",
    ),
    "sent-in-the-future": (cap(sent="2026-09-09T12:00:00+09:00"), HELD, "sent-in-future"),
    "sent-in-9999": (cap(sent="9999-12-31T23:59:59-12:00"), DEAD, "cap-time-range"),
    "expires-in-9999": (cap(more="<expires>9999-12-31T23:59:59-12:00</expires>"), DEAD, "cap-time-range"),
    "sent-in-year-1": (cap(sent="0001-01-01T00:00:00+14:00"), DEAD, "cap-time-range"),
    "no-offset": (cap(sent="2026-09-08T12:00:00"), DEAD, "cap-schema-time"),
    "no-area": (cap(area=""), DEAD, "cap-no-area"),
    "empty-polygon": (cap(area=AREA.replace(RING, "")), DEAD, "cap-no-area"),
    "radius-0": (cap(area=CIRCLE.format(0)), HELD, "circle-radius"),
    "radius-40000": (cap(area=CIRCLE.format(40_000)), DEAD, "cap-circle"),
    "radius-20000": (cap(area=CIRCLE.format(20_000)), HELD, "circle-reaches-pole"),
    "1000001-vertices": (cap(area=AREA.replace(RING, "35.6,139.7 " * 1_000_001)), DEAD, "too-large"),
    "500000-vertices": (cap(area=AREA.replace(RING, "35.6,139.7 " * 500_000)), DEAD, "cap-too-many-vertices"),
    "ring-of-two-points": (
        cap(area=AREA.replace(RING, "35.6,139.7 35.6,139.7001 35.6,139.7 35.6,139.7")), HELD, "ring-too-short",
    ),
    "lat-lon-swapped": (
        cap(area=AREA.replace(RING, "139.7,35.6 139.7,35.7 139.8,35.7 139.7,35.6")), DEAD, "cap-position",
    ),
    "lat-95": (cap(area=AREA.replace(RING, "95,139 95,140 94,140 95,139")), DEAD, "cap-position"),
    "nan": (cap(area=AREA.replace("35.60,", "NaN,")), DEAD, "cap-number"),
    "1e999": (cap(area=AREA.replace("35.60,", "1e999,")), DEAD, "cap-number"),
    "100-kB-headline": (cap(more=f"<headline>{'長' * 100_000}</headline>"), DEAD, "cap-text-too-long"),
    "unknown-status": (cap(status="ACTUAL"), DEAD, "cap-schema-value"),
    "unknown-geocode": (
        cap(area="<area><areaDesc>a</areaDesc><geocode><valueName>X</valueName><value>1</value></geocode></area>"),
        HELD, "area-not-in-table",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_document_has_its_end_and_its_reason_and_nothing_comes_of_it(name: str) -> None:
    raw, outcome, reason = ROWS[name]
    settled = Ingest().take(raw, AT)
    assert (settled.record.outcome, settled.record.reason) == (outcome, reason)
    assert settled.claims == ()


@pytest.mark.parametrize("name", ROWS)
def test_its_neighbours_are_not_delayed_by_it(name: str) -> None:
    ingest = Ingest()
    ingest.take(ROWS[name][0], AT)
    good = ingest.take(cap(head=HEAD.replace("A-1", "G-1")), AT)
    assert good.record.outcome is OutcomeKind.NOTICE
    assert good.claims


def test_the_same_bytes_twice_are_a_duplicate_and_the_same_name_with_other_content_is_held() -> None:
    ingest = Ingest()
    assert ingest.take(cap(), AT).record.outcome is OutcomeKind.NOTICE
    twice = ingest.take(cap(), AT, "again.xml")
    assert (twice.record.outcome, twice.record.reason, twice.claims) == (OutcomeKind.DUPLICATE, "same-document", ())
    other = ingest.take(cap(more="<headline>other</headline>"), AT)
    assert (other.record.outcome, other.record.reason, other.claims) == (HELD, "identifier-conflict", ())


@pytest.mark.parametrize(
    "ring",
    [
        "35.60,139.70 35.70,139.80 35.60,139.80 35.70,139.70 35.60,139.70",
        "35.6,139.7 35.6,139.71 35.6,139.72 35.6,139.7",
    ],
    ids=["bow-tie", "sliver-without-area"],
)
def test_a_badly_drawn_ring_still_covers_what_it_touches(ring: str) -> None:
    # Safe in this direction: a warning with a badly drawn area is told where the drawing is.
    settled = Ingest().take(cap(area=AREA.replace(RING, ring)), AT)
    assert settled.record.outcome is OutcomeKind.NOTICE
    assert settled.claims


@pytest.mark.parametrize(
    "headline",
    [
        "\u202e逆向き",
        "一行目&#13;&#10;二行目",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "${jndi:ldap://x}",
        "長" * 8_000,
    ],
    ids=["right-to-left", "line-breaks", "script", "lookup", "8000-characters"],
)
def test_what_a_stranger_wrote_is_kept_and_never_part_of_what_is_decided(headline: str) -> None:
    plain = Ingest().take(cap(), AT)
    settled = Ingest().take(cap(more=f"<headline>{headline}</headline>"), AT)
    assert settled.record.outcome is OutcomeKind.NOTICE
    assert [(claim.shard, len(claim.dangers)) for claim in settled.claims] == [
        (claim.shard, len(claim.dangers)) for claim in plain.claims
    ]


JMA = "15_14_01_170216_VPWW54"
_OF_JMA: dict[str, tuple[Callable[[bytes], bytes], OutcomeKind, str]] = {
    "drill": (
        lambda raw: changed(raw, ("<Status>通常</Status>", "<Status>訓練</Status>")),
        OutcomeKind.DRILL, "status-exercise",
    ),
    "status-of-no-kind": (
        lambda raw: changed(raw, ("<Status>通常</Status>", "<Status>本番</Status>")), DEAD, "jma-status",
    ),
    "no-status": (lambda raw: changed(raw, ("<Status>通常</Status>", "<Status/>")), DEAD, "jma-status"),
    "info-type-of-no-kind": (
        lambda raw: changed(raw, ("<InfoType>発表</InfoType>", "<InfoType>速報</InfoType>")), DEAD, "jma-info-type",
    ),
    "no-area-code": (lambda raw: changed(raw, ("<Code>1310400</Code>", "<Code/>")), DEAD, "jma-no-area"),
    "no-body": (lambda raw: raw[: raw.index(b"<Body")] + b"</Report>", DEAD, "jma-no-area"),
    "cut-off": (lambda raw: raw[: len(raw) // 2], DEAD, "xml-malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", _OF_JMA)
def test_a_bad_telegram_has_its_end_and_its_reason(shared_data: Path, name: str) -> None:
    change, outcome, reason = _OF_JMA[name]
    settled = Ingest().take(change(raw_sample(shared_data, JMA)), datetime(2026, 11, 22, tzinfo=UTC))
    assert (settled.record.outcome, settled.record.reason) == (outcome, reason)
    assert settled.claims == ()


def test_an_unknown_kind_of_warning_is_told_by_its_name_and_never_dropped(shared_data: Path) -> None:
    raw = changed(
        raw_sample(shared_data, JMA), ("<Code>33</Code>", "<Code>77</Code>"), ("大雨特別警報", "隕石特別警報")
    )
    settled = Ingest().take(raw, datetime(2026, 11, 22, tzinfo=UTC))
    assert settled.record.outcome is OutcomeKind.NOTICE
    assert "other" in settled.record.hazards
    assert settled.claims
