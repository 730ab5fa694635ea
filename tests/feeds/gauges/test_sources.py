"""Each source's own documents, real ones first: what they state, and what is not read as a reading."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.fact import Confidence
from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity, Thresholds
from alerts.place import LatLng
from alerts.report import Report
from feeds.read import read, series_of

RECEIVED = datetime(2026, 11, 25, tzinfo=UTC)
REAL = "05_bosai_json"


def load(folder: Path, name: str) -> bytes:
    path = folder / REAL / name
    return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()


def report(raw: bytes, feed: str = "") -> Report:
    found = read(raw, name="a document", received=RECEIVED, feed=feed)
    assert found.feed == "gauge"
    assert found.series == series_of(raw, feed), "the key on the topic is the series of the report"
    return found


def station(found: Report, identity: str) -> GaugeStation:
    return next(one for one in found.facts.stations if one.id == identity)


def readings(found: Report, identity: str) -> tuple[GaugeReading, ...]:
    return tuple(one for one in found.facts.readings if one.station == identity)


def test_crisis_gauges_have_three_of_the_five_thresholds(shared_data: Path) -> None:
    found = report(load(shared_data, "river_crisis_gauges/stations.csv"))
    assert (found.informational, len(found.facts.stations)) == ("gauge-stations", 4053)
    tama = station(found, "mlit-crisis:8300000361")
    assert (tama.name, tama.river, tama.point) == ("多摩川右岸47.8k", "多摩川", LatLng(35.706707, 139.3308))
    assert tama.thresholds == Thresholds(standby_m=98.65, danger_m=98.66, overflow_m=99.01)


def test_crisis_readings_keep_what_the_source_says_of_the_moment(shared_data: Path) -> None:
    found = report(load(shared_data, "river_crisis_gauges/observations_kanto.csv.gz"))
    assert (found.informational, len(found.facts.readings)) == ("gauge-readings", 29828)
    first = found.facts.readings[0]
    assert first.attribution.fact_at == datetime.fromisoformat("2026-08-02T15:52:00+09:00")
    assert (first.value, first.quantity, first.recorded_overflow) == (118.15, Quantity.STAGE_M, False)
    # 「101」 and 「111」 are overflow, with and without a danger level.
    assert sum(bool(one.recorded_overflow) for one in found.facts.readings) == 395 + 319
    assert not any(one.doubt for one in found.facts.readings)


def test_a_crisis_item_of_the_json_form_is_station_and_reading() -> None:
    raw = """{"items": [{"code": "3300000015", "name": "幸田川橋－U　／　（二）幸田川",
      "obsTime": "2025-09-12T20:50:00+09:00",
      "level": -0.31, "over": 1, "startLevel": -0.95, "warnLevel": null, "fladLevel": 0.01,
      "latitude": 34.620388, "longitude": 134.05922}]}""".encode()
    found = report(raw)
    assert station(found, "mlit-crisis:3300000015").river == "幸田川"
    assert readings(found, "mlit-crisis:3300000015")[0].value == -0.31


@pytest.mark.parametrize("name", ["pref.json", "twn.json"])
def test_lists_of_places_hold_no_gauge(shared_data: Path, name: str) -> None:
    assert report(load(shared_data, f"river_crisis_gauges/{name}")).informational == "gauge-table-without-readings"


def test_amedas_rain_counts_as_of_when_we_heard_of_it(shared_data: Path) -> None:
    found = report(load(shared_data, "amedas_nikkei/precipitation1h.csv"))
    assert {one.quantity for one in found.facts.readings} == {Quantity.RAIN_1H_MM}
    soya = readings(found, "amedas:11001")[0]
    assert (soya.value, soya.attribution.fact_at, soya.attribution.confidence) == (0.0, RECEIVED, Confidence.REPORTED)
    assert station(found, "amedas:11001").name == "宗谷岬"
    # All of them: a table with a mark at its beginning and Japanese names is read to its end.
    rows = load(shared_data, "amedas_nikkei/precipitation1h.csv").count(b"\n")
    assert len(found.facts.readings) == rows - 1


def test_amedas_of_a_day_is_another_quantity(shared_data: Path) -> None:
    found = report(load(shared_data, "amedas_nikkei/precipitation24h.csv"))
    assert {one.quantity for one in found.facts.readings} == {Quantity.RAIN_24H_MM}


@pytest.mark.parametrize(("name", "reason"), [
    ("temp.csv", "gauge-table-without-readings"),
    ("area.csv", "gauge-table-without-readings"),
    ("amedastable.csv", "gauge-stations"),
])  # fmt: skip
def test_amedas_tables_without_rain_are_recorded(shared_data: Path, name: str, reason: str) -> None:
    found = report(load(shared_data, f"amedas_nikkei/{name}"))
    assert (found.informational, found.facts.readings) == (reason, ())


def test_more_rain_than_ever_fell_is_no_value() -> None:
    raw = b"amdno,lat,lon,precipitation1h\n44132,35.69,139.75,9999.5\n44132,35.69,139.75,-1\n"
    assert {(one.value, one.doubt) for one in report(raw).facts.readings} == {(None, Doubt.SENTINEL)}


def test_usgs_feet_become_metres(shared_data: Path) -> None:
    found = report(load(shared_data, "usgs_river/waterservices_iv.txt"))
    stages = [one for one in readings(found, "usgs:01491000") if one.quantity is Quantity.STAGE_M]
    assert stages[0].value == pytest.approx(6.48 * 0.3048, abs=1e-4)
    assert stages[0].attribution.fact_at == datetime(2019, 2, 14, 5, tzinfo=UTC)
    flows = [one for one in readings(found, "usgs:01491000") if one.quantity is Quantity.FLOW_M3_S]
    assert flows[0].value == pytest.approx(974 * 0.0283168466, rel=1e-4)
    assert station(found, "usgs:01491000").point == LatLng(38.99719444, -75.7858056)


@pytest.mark.parametrize("name", ["waterservices_dv.txt", "nwis_iv_mock.json", "waterservices_ratings.txt"])
def test_a_daily_mean_is_not_the_river_now(shared_data: Path, name: str) -> None:
    assert report(load(shared_data, f"usgs_river/{name}")).facts.readings == ()


def test_usgs_collections_of_features(shared_data: Path) -> None:
    found = report(load(shared_data, "usgs_river/waterdata_ogc_fixtures.json"))
    stages = [one for one in readings(found, "usgs:06904500") if one.quantity is Quantity.STAGE_M]
    newest = max(stages, key=lambda one: one.attribution.fact_at)
    assert newest.value == pytest.approx(1.59 * 0.3048, abs=1e-4)
    # Peaks, daily values and field measurements of the same answer are not the river now.
    assert len(found.facts.readings) == 4


@pytest.mark.parametrize(("name", "count"), [("nwis_sites.txt", 206), ("waterservices_site.txt", 2)])
def test_usgs_site_tables_are_stations(shared_data: Path, name: str, count: int) -> None:
    assert len(report(load(shared_data, f"usgs_river/{name}")).facts.stations) == count


def test_the_environment_agency_writes_lists_where_it_has_two_values(shared_data: Path) -> None:
    found = report(load(shared_data, "uk_ea/get_stations.json.gz"))
    # 438 of 4,524 stations have no coordinates: without a place they say nothing about any cell.
    assert len(found.facts.stations) == 4085
    assert report(
        b'{"@context": "http://environment.data.gov.uk/flood-monitoring/meta/context.jsonld", "items": [{'
        b'"stationReference": ["E1", "E2"], "label": ["Weir", "Weir 2"], "riverName": ["River Cam"],'
        b'"lat": [52.2, 52.3], "long": [0.1, 0.2]}]}'
    ).facts.stations == (GaugeStation("uk-ea:E1", "Weir", LatLng(52.2, 0.1), "River Cam"),)


def test_only_the_stage_of_an_agency_station_is_its_stage(shared_data: Path) -> None:
    found = report(load(shared_data, "uk_ea/get_station_1491TH.json"))
    (only,) = found.facts.readings
    assert (only.value, only.attribution.fact_at) == (2.098, datetime(2020, 2, 17, 20, tzinfo=UTC))
    # The upper end of the typical range is no official threshold: nobody is told of it.
    assert station(found, "uk-ea:1491TH").thresholds == Thresholds(standby_m=2.4)


def test_agency_readings_name_their_measure_by_its_address() -> None:
    base, at = "http://environment.data.gov.uk/flood-monitoring", '"dateTime": "2026-11-24T23:00:00Z"'
    found = report(
        f"""{{"@context": "{base}/meta/context.jsonld", "items": [
        {{{at}, "measure": "{base}/id/measures/1029TH-level-stage-i-15_min-mASD", "value": 0.4}},
        {{{at}, "measure": "{base}/id/measures/A-1-flow--i-15_min-m3_s", "value": [2.5, 2.6]}},
        {{{at}, "measure": "{base}/id/measures/X-rainfall-tipping-t-15_min-mm", "value": 1}},
        {{{at}, "measure": "odd", "value": 1}},
        {{"measure": "{base}/id/measures/1029TH-level-stage-i-15_min-mASD", "value": 9}}]}}""".encode()
    )
    assert [(one.station, one.quantity.value, one.value) for one in found.facts.readings] == [
        ("uk-ea:1029TH", "stage_m", 0.4),
        ("uk-ea:A-1", "flow_m3_s", 2.5),
    ]


def test_a_time_in_the_future_is_not_fresh() -> None:
    ahead = (RECEIVED + timedelta(hours=1)).isoformat()
    found = report(f"station,time,value\nA,{ahead},3.0\n".encode())
    assert found.facts.readings[0].doubt is Doubt.FUTURE
    assert found.alert.sent <= RECEIVED
