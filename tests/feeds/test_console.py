"""What a coordinator posts is read whole or refused with a reason, and only by its own way in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.cap import ResponseType
from alerts.fact import Confidence
from alerts.place import LatLng
from alerts.reception import cap_id
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


# ---- Orders and caps -----------------------------------------------------------------------------

ORDER: dict[str, Any] = {
    "shirase": "console/1",
    "kind": "order",
    "id": "post-1",
    "by": "aoki",
    "at": "2026-09-18T18:40:00+09:00",
    "level": 4,
    "hazard": "flood",
    "issuer": "江戸川区",
    "valid_until": "2026-09-19T06:00:00+09:00",
    "areas": [{"code": "1312300", "name": "江戸川区"}],
}


def ordered(**fields: Any) -> bytes:
    plain = {name: value for name, value in {**ORDER, **fields}.items() if value is not None}
    return json.dumps(plain, ensure_ascii=False).encode()


def test_an_order_is_read_with_each_kind_of_area() -> None:
    areas = [
        {"code": "1312300", "name": "江戸川区"},
        {"chome": "13123 平井一丁目", "name": "平井一丁目"},
        {"polygon": [[35.7, 139.84], [35.7, 139.85], [35.71, 139.85], [35.7, 139.84]], "name": "川沿い"},
        {"circle": [35.7, 139.84, 1.5], "name": "工場のまわり"},
    ]
    (info,) = taken(ordered(areas=areas)).alert.infos
    assert (info.level, info.event, info.response_types) == (4, "避難指示", (ResponseType.EVACUATE,))
    named, chome, drawn, round_one = info.areas
    assert [one.geocodes[0].value for one in (named, chome)] == ["1312300", "13123 平井一丁目"]
    assert len(drawn.polygons[0]) == 4
    assert (round_one.circles[0].centre, round_one.circles[0].radius_km) == (LatLng(35.7, 139.84), 1.5)
    (safest,) = taken(ordered(level=5)).alert.infos
    assert safest.response_types == (ResponseType.EVACUATE, ResponseType.SHELTER)
    (over,) = taken(ordered(ended=True, valid_until=None)).alert.infos
    assert (over.response_types, over.expires) == ((ResponseType.ALL_CLEAR,), None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"level": 2}, "console-level"),
        ({"level": True}, "console-level"),
        ({"level": "4"}, "console-level"),
        ({"hazard": "dragon"}, "console-field"),
        ({"valid_until": None}, "console-time"),
        ({"valid_until": ORDER["at"]}, "console-time"),
        ({"valid_until": "2026-09-25T06:00:00+09:00"}, "console-time"),
        ({"areas": None}, "console-no-place"),
        ({"areas": []}, "console-no-place"),
        ({"areas": ["江戸川区"]}, "console-no-place"),
        ({"areas": [{"name": "江戸川区"}]}, "console-area"),
        ({"areas": [{"name": "x", "code": "13123"}]}, "console-area"),
        ({"areas": [{"name": "x", "code": "１３１２３００"}]}, "console-area"),
        ({"areas": [{"name": "x", "code": "1312300", "chome": "13123 平井"}]}, "console-area"),
        ({"areas": [{"name": "x", "polygon": []}]}, "console-area"),
        ({"areas": [{"name": "x", "circle": [35.7, 139.8]}]}, "console-area"),
        ({"areas": [{"name": "x", "circle": [35.7, 139.8, 0]}]}, "console-area"),
        ({"areas": [{"name": "x", "circle": [35.7, 139.8, 40_000]}]}, "console-area"),
        ({"areas": [{"name": "x", "circle": [35.7, 139.8, True]}]}, "console-area"),
    ],
)
def test_an_order_that_nobody_could_act_on_is_refused(fields: dict[str, Any], reason: str) -> None:
    assert reason_of(ordered(**fields)).startswith(reason)


def cap(**fields: Any) -> bytes:
    plain = {
        **{name: ORDER[name] for name in ("shirase", "by", "at")},
        "kind": "cap",
        "id": cap_id("江戸川区", "葛飾区"),
        "from_ward": "江戸川区",
        "to_ward": "葛飾区",
        "most": 50,
        **fields,
    }
    return json.dumps({name: value for name, value in plain.items() if value is not None}, ensure_ascii=False).encode()


def test_a_cap_is_of_one_line_between_two_wards() -> None:
    (found,) = taken(cap()).facts.caps
    assert (found.most, found.lifted) == (50, False)
    (gone,) = taken(cap(lifted=True, most=None)).facts.caps
    assert (gone.most, gone.lifted) == (0, True)
    assert reason_of(cap(most=None)) == "console-field-missing"
    assert reason_of(cap(to_ward="江戸川区")) == "console-cap"
    assert reason_of(cap(id="another")) == "console-cap"
