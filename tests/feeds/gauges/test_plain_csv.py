"""Tables of anybody's: encodings, columns, and values that are none."""

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.gauge import Doubt, GaugeStation, Quantity, Thresholds
from alerts.place import LatLng
from feeds.errors import FeedError
from feeds.gauges.plain_csv import ColumnMap, column_maps
from feeds.read import read, series_of

RECEIVED = datetime(2026, 11, 25, tzinfo=UTC)
HEADER = "観測所コード,観測所名,緯度,経度,河川名,観測時刻,水位,水防団待機水位,氾濫注意水位,避難判断水位,氾濫危険水位"
JAPANESE = f"""{HEADER},氾濫開始水位
E01,架空北橋,35.777,139.795,架空あおば川,2026/11/25 08:50,２.５,1.0,2.5,4.6,4.9,6.0
E02,架空中橋,35.716,139.838,架空あおば川,2026/11/25 08:50,欠測,,2.0,,4.2,
"""


def reason(raw: bytes, feed: str = "gauge:x", **more: Any) -> str:
    with pytest.raises(FeedError) as refused:
        read(raw, name="a table", received=RECEIVED, feed=feed, **more)
    return refused.value.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_japanese_headers_in_all_three_encodings(encoding: str) -> None:
    raw = JAPANESE.replace("２.５", "2.5").encode(encoding)
    found = read(raw, name="a table", received=RECEIVED)
    assert found.series == series_of(raw)
    assert found.facts.stations[0] == GaugeStation(
        "csv:E01", "架空北橋", LatLng(35.777, 139.795), "架空あおば川", "", Thresholds(1.0, 2.5, 4.6, 4.9, 6.0)
    )
    first, second = found.facts.readings
    assert (first.value, first.attribution.fact_at) == (2.5, datetime(2026, 11, 24, 23, 50, tzinfo=UTC))
    assert (second.value, second.doubt) == (None, Doubt.SENTINEL)


def test_full_width_digits_are_digits() -> None:
    assert read(JAPANESE.encode(), name="a table", received=RECEIVED).facts.readings[0].value == 2.5


@pytest.mark.parametrize("written", ["-9999", "N/A", "3,5", "", "欠測", "-999.99", "NaN", "1e999", "inf", "1_0", "٣"])
def test_what_is_no_value_has_none_and_says_so(written: str) -> None:
    raw = f'station,time,value\nA,2026-11-25T08:50,"{written}"\n'.encode()
    (found,) = read(raw, name="a table", received=RECEIVED).facts.readings
    assert (found.value, found.doubt) == (None, Doubt.SENTINEL)


def test_a_map_says_what_the_columns_of_a_source_mean() -> None:
    maps = column_maps(
        tomllib.loads(
            """[[source]]
            source = "edogawa"
            station = "id"
            time = "t"
            value = "cm"
            factor = 0.01
            offset_minutes = 0
            missing = [777]
            """
        )
    )
    raw = b"id,t,cm\nA,2026-11-25 00:00,350\nB,2026-11-25 00:00,777\n,2026-11-25 00:00,1\nC,yesterday,1\n"
    found = read(raw, name="a table", received=RECEIVED, feed="gauge:edogawa", column_maps=maps)
    assert [(one.station, one.value) for one in found.facts.readings] == [("edogawa:A", 3.5), ("edogawa:B", None)]
    assert found.facts.readings[0].attribution.fact_at == RECEIVED
    assert found.series == series_of(raw, "gauge:edogawa") == "gauge:edogawa"


def test_a_table_of_stations_alone_needs_no_readings() -> None:
    maps = {"m": ColumnMap("m", "id", "t", "v", lat="lat", lng="lng", danger="d", quantity=Quantity.STAGE_M.value)}
    found = read(b"id,lat,lng,d\nA,35.7,139.8,4.5\n", name="x", received=RECEIVED, feed="gauge:m", column_maps=maps)
    assert found.facts.stations[0].thresholds == Thresholds(danger_m=4.5)


@pytest.mark.parametrize(("plain", "what"), [
    ({"source": [{"source": "a", "station": "s", "tiem": "t"}]}, "tiem"),
    ({"source": [{"source": "a"}]}, "required"),
    ({"source": [{"source": "a", "station": "s", "value": "v"}]}, "go together"),
    ({"source": [{"source": "a", "station": "s", "quantity": "stage_ft"}]}, "stage_ft"),
])  # fmt: skip
def test_a_doubtful_map_is_refused(plain: dict[str, Any], what: str) -> None:
    with pytest.raises(FeedError, match=what) as refused:
        column_maps(plain)
    assert refused.value.reason == "gauge-column-map"


@pytest.mark.parametrize(("raw", "expected"), [
    (b"<!DOCTYPE html><html><form>sign in</form></html>", "gauge-is-a-page"),
    (b"", "empty"),
    (b"station,time,value\n", "gauge-empty"),
    (b"station,time,value\nA,2026-11-25T08:50,3,5\n", "csv-row-too-long"),
    (b"a,b\n1,2\n", "gauge-columns-unknown"),
    (b"station,station,time,value\nA,A,1,2\n", "csv-duplicate-column"),
    (b",,\n1,2,3\n", "gauge-columns-unknown"),
    (b"station,time,value\nA,\0,1\n", "csv-malformed"),
    (b"station,time,value\nA,\x81\x20,1\n", "encoding"),
    (b'station,time,value\n"A"B,1,2\n', "csv-malformed"),
    (b"station,time,value," + b",".join(b"%d" % n for n in range(300)), "csv-too-many-columns"),
    (b"station,time,value\n" + b"A" * 20_001 + b",1,2\n", "csv-field-too-long"),
    (b"station,time,value\n" + b"A" * 81 + b",2026-11-25T08:50,2\n", "gauge-station-code"),
    (b"station,time,value\n" + b"A,,\n" * 200_001, "csv-too-many-rows"),
    (b"station,time,value\n" + b"A,2026-11-25T08:50,2\n" * 100_001, "gauge-too-many-readings"),
    (b"x" * (8 * 1024 * 1024 + 1), "too-large"),
], ids=lambda value: value if isinstance(value, str) else "raw")  # fmt: skip
def test_what_cannot_be_read_says_why(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


def test_a_column_that_the_map_names_must_be_there() -> None:
    maps = {"m": ColumnMap("m", "id", "t", "v")}
    assert reason(b"id,v\nA,1\n", "gauge:m", column_maps=maps) == "gauge-column-missing"
