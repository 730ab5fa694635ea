"""What a coordinator posts is read whole or refused with a reason, and only by its own way in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.fact import Confidence
from alerts.place import LatLng
from alerts.report import Report
from alerts.shelter import ShelterState
from feeds.errors import FeedError
from feeds.read import read, series_of

NOW = datetime(2026, 9, 18, 9, 40, tzinfo=UTC)
BRIDGE: dict[str, Any] = {
    "shirase": "console/1",
    "kind": "closure",
    "id": "aoba-bridge",
    "by": "duty officer",
    "at": "2026-09-18T18:40:00+09:00",
    "name": "架空青葉橋",
    "point": [35.7, 139.85],
    "cause": "flooded",
}


def written(**fields: Any) -> bytes:
    plain = {name: value for name, value in {**BRIDGE, **fields}.items() if value is not None}
    return json.dumps(plain, ensure_ascii=False).encode()


def taken(raw: bytes, feed: str = "console") -> Report:
    return read(raw, name="x.json", received=NOW, feed=feed)


def reason_of(raw: bytes, feed: str = "console") -> str:
    with pytest.raises(FeedError) as refused:
        taken(raw, feed)
    return refused.value.reason


def test_a_closure_is_read_with_who_said_it_and_when() -> None:
    report = taken(written(valid_until="2026-09-19T06:00:00+09:00"))
    (road,) = report.facts.roads
    assert (road.id, road.place.name, road.place.point) == ("aoba-bridge", "架空青葉橋", LatLng(35.7, 139.85))
    assert road.attribution.confidence is Confidence.CONFIRMED
    assert road.attribution.fact_at == road.valid_from == NOW
    assert road.valid_until == NOW + timedelta(hours=11, minutes=20)
    assert (report.informational, report.feed, report.alert.sender) == ("facts", "console", "console:duty officer")


def test_a_shelter_and_an_incident_are_read() -> None:
    full = taken(written(kind="shelter", id="E1", state="full", occupants=480, name=None, cause=None))
    assert full.facts.shelters[0].state is ShelterState.FULL
    fire = taken(written(kind="incident", id="i", incident="fire", title="火災", name=None, cause=None))
    assert fire.facts.incidents[0].title == "火災"


def test_undoing_lifts_the_closure_and_needs_no_place() -> None:
    (road,) = taken(written(undo=True, point=None)).facts.roads
    assert road.undo
    assert road.lifted


def test_a_series_is_one_thing_so_that_its_documents_stay_in_order() -> None:
    first, second = written(), written(lifted=True)
    assert series_of(first, "console") == series_of(second, "console") == taken(first).series
    assert series_of(written(id="other")) != series_of(first)


def test_who_can_send_us_a_file_cannot_close_a_bridge_with_it() -> None:
    assert {reason_of(written(), feed) for feed in ("", "cap", "jma")} == {"console-by-another-feed"}


def test_drill_words_hold_a_live_document_and_a_drill_is_none() -> None:
    assert taken(written(text="これは訓練です")).hold == "drill-words-under-actual"
    assert taken(written(status="Exercise")).alert.status.value == "Exercise"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"valid_until": "2026-09-18T18:00:00+09:00"}, "console-ends-before-it-begins"),
        ({"valid_until": "9999-01-01T00:00:00+09:00"}, "console-time"),
        ({"at": "2026-09-18T18:50:00+09:00"}, "console-time"),
        ({"at": "2026-09-18T18:40:00"}, "console-time"),
        ({"at": "soon"}, "console-time"),
        ({"point": None}, "console-no-place"),
        ({"point": [139.85, 35.7]}, "console-field"),
        ({"point": [35.7]}, "console-field"),
        ({"point": [True, 139.0]}, "console-field"),
        ({"polygon": [[35, 139], [35, 140], [36, 140], [36, 139]]}, "console-field"),
        ({"line": [[35, 139]]}, "console-field"),
        ({"line": [[35.0, 139.0]] * 1001}, "console-field"),
        ({"cause": "dragon"}, "console-field"),
        ({"confidence": "official"}, "console-confidence"),
        ({"valid_untill": "2026-09-19T06:00:00+09:00"}, "console-unknown-field"),
        ({"name": "橋\u202e"}, "console-field"),
        ({"name": "橋\r\n"}, "console-field"),
        ({"name": "x" * 61}, "console-field"),
        ({"id": ""}, "console-field-missing"),
        ({"by": None}, "console-field-missing"),
        ({"kind": "decree"}, "console-kind"),
        ({"undo": "yes"}, "console-field"),
        ({"shirase": "console/2"}, "console-format"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_is_off_is_refused_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    assert reason_of(written(**fields)) == reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"shirase": "console/1", ' + b'"a": [' * 100_000, "json-too-large"),
        (b'{"shirase": "console/1", "a": ' + b"[" * 50 + b"]" * 50 + b"}", "json-too-deep"),
        (b'{"shirase": "console/1", "id": 1, "id": 2}', "json-duplicate-key"),
        (b'{"shirase": "console/1", "a": NaN}', "json-number"),
        (b'{"shirase": "console/1", "a"', "json-malformed"),
    ],
    ids=["large", "deep", "twice", "nan", "cut"],
)
def test_json_that_two_readers_would_read_in_two_ways_is_refused(raw: bytes, reason: str) -> None:
    assert reason_of(raw) == reason
    assert series_of(raw, "console") == "unreadable:console"


def test_endless_numbers_and_half_letters_are_refused() -> None:
    assert reason_of(written().replace(b"139.85", b"1e999")).startswith(("json-number", "console-field"))
    assert reason_of(written().replace("架空青葉橋".encode(), b"\\ud800")).startswith(("json-", "console-field"))
