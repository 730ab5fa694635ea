"""What the gauges stage sends, and under which names; the broker is the business of tests/whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from alerts.alert import PARAMETER_DECIDE_BY, Geocode
from alerts.claim import Release
from alerts.gauge import Doubt
from alerts.place import LatLng
from alerts.policy import audience_for, release_for
from alerts.report import Facts, OutcomeKind
from alerts.theme import Audience
from feeds.cap_write import write_cap
from feeds.gauges.poll import GaugePoll
from feeds.read import read, series_of
from feeds.sources import RegisterError, registered
from geo.claims import decide_by_of
from geo.gauges.silence import Voice
from geo.gauges.watch import Message, Watched, hear
from geo.night_warning import Home
from geo.river_zone import NO_ZONES
from shirase.policy_file import policy_at
from shirase.roles import column_maps_at
from streams.gauges.agent import Gauges, document_headers
from streams.gauges.metrics import GaugeMetrics, GaugeSource
from streams.gauges.record import GaugeRecord, gauge_record
from streams.ingest.acceptance import HEADER_ARRIVED_MS, HEADER_FEED, HEADER_RECEIPT, HEADER_RECEIVED_MS
from streams.ingest.readings import READINGS_A_RECORD, StationFacts, station_records, without_readings
from streams.settings import SettingMissing, worker_settings
from streams.wire import decode, encode
from tests.alerts.messages import alert, report
from tests.conftest import PROJECT
from tests.geo.gauges.rivers import NOON, STATION, reading

JAPAN = ZoneInfo("Asia/Tokyo")
GAUGES = Gauges(NO_ZONES, JAPAN, Home(LatLng(35.69, 139.75)))


def rise() -> tuple[Watched, Message]:
    heard = hear(
        Watched(), STATION, (reading(2.9), reading(4.1, 10)),
        neighbours=GAUGES.neighbours, river=GAUGES.river, zone=JAPAN,
    )  # fmt: skip
    return heard.watched, heard.messages[-1]


def test_a_level_that_is_crossed_is_a_draft_and_never_more() -> None:
    policy = policy_at(PROJECT / "ops" / "policy.toml")
    _, message = rise()
    for feed, rule in (("gauge", "own-gauge"), ("forecast", "own-river-forecast"), ("night", "before-dark")):
        raw = write_cap(message.alert)
        found = read(raw, name="x", received=NOON + timedelta(minutes=10), feed=feed)
        assert (found.feed, found.series) == (feed, series_of(raw, feed))
        assert release_for(policy, found, found.alert.infos[0]) == (Release.DRAFT, rule)


def test_nobody_outside_can_go_on_with_a_series_of_ours() -> None:
    raw = write_cap(rise()[1].alert)
    outside = read(raw, name="x", received=NOON, feed="cap")
    assert outside.feed == "cap"
    assert outside.series == series_of(raw, "cap") != series_of(raw, "gauge")


def test_the_receipt_of_a_document_is_its_name() -> None:
    _, message = rise()
    headers = document_headers("gauge", message.alert, NOON, {HEADER_RECEIVED_MS: b"17"})
    assert headers[HEADER_RECEIPT] == message.alert.identifier.encode()
    assert headers[HEADER_FEED] == b"gauge"
    assert headers[HEADER_RECEIVED_MS] == b"17", "the way is measured from the reading on"
    assert headers[HEADER_ARRIVED_MS] == b"%d" % round(NOON.timestamp() * 1000)
    assert document_headers("gauge", message.alert, NOON, {})[HEADER_RECEIVED_MS].isdigit()


def test_a_watched_station_survives_the_wire() -> None:
    watched, _ = rise()
    assert decode(Watched, encode(watched)) == watched
    record = gauge_record(STATION.id, watched)
    assert decode(GaugeRecord, encode(record)) == record
    assert (record.level, record.described, record.stage) == (4, STATION, watched.state.stages[-1])
    assert gauge_record("x", Watched()).stage is None


def test_the_ground_of_a_river_is_drawn_once() -> None:
    assert GAUGES.river(STATION) is GAUGES.river(STATION)


# --------------------------------------------------------------------------------------- on the way


def facts(count: int, stations: int = 1) -> Facts:
    return Facts(
        stations=(STATION,),
        readings=tuple(reading(1.0, n, station=f"test:{n % stations}") for n in range(count)),
    )


def test_a_record_for_each_station_in_the_order_of_its_times() -> None:
    document = replace(report(alert("a", 0)), facts=facts(7, 2))
    found = {key: decode(StationFacts, value) for key, value in station_records(document, OutcomeKind.INFORMATIONAL)}
    assert set(found) == {b"test:A", b"test:0", b"test:1"}
    assert found[b"test:A"] == StationFacts(STATION, ())
    times = [one.attribution.fact_at for one in found[b"test:0"].readings]
    assert times == sorted(times)


def test_a_year_of_one_station_is_several_records() -> None:
    document = replace(report(alert("a", 0)), facts=replace(facts(READINGS_A_RECORD + 1), stations=()))
    assert [len(decode(StationFacts, value).readings) for _, value in station_records(
        document, OutcomeKind.INFORMATIONAL)] == [READINGS_A_RECORD, 1]  # fmt: skip


@pytest.mark.parametrize("outcome", [OutcomeKind.DRILL, OutcomeKind.DUPLICATE, OutcomeKind.HELD])
def test_what_is_heard_again_or_held_goes_no_further(outcome: OutcomeKind) -> None:
    document = replace(report(alert("a", 0)), facts=facts(3))
    assert list(station_records(document, outcome)) == []
    assert list(station_records(None, OutcomeKind.INFORMATIONAL)) == []


def test_the_record_of_a_document_does_not_repeat_its_readings() -> None:
    document = replace(report(alert("a", 0)), facts=facts(3))
    kept = without_readings(document)
    assert kept is not None
    assert not kept.facts
    plain = report(alert("a", 0))
    assert without_readings(plain) is plain
    assert without_readings(None) is None


# ------------------------------------------------------------------------------- metrics and settings


def test_silence_is_measured_apart_from_sleep() -> None:
    registry = CollectorRegistry()
    metrics = GaugeMetrics(registry)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("gauge_stations", voice="silent") == 0
    metrics.voices({Voice.SILENT: 2, Voice.ASLEEP: 300})
    metrics.reading(None)
    metrics.reading(Doubt.STUCK)
    metrics.heard("usgs", 5.0)
    metrics.heard("somebody's", 7.0)
    assert value("gauge_stations", voice="silent") == 2
    assert value("gauge_readings_total", doubt="none") == value("gauge_readings_total", doubt="stuck") == 1
    assert value("gauge_source_heard_timestamp_seconds", source=GaugeSource.USGS.value) == 5
    assert value("gauge_source_heard_timestamp_seconds", source=GaugeSource.OTHER.value) == 7


def test_settings_name_the_rivers_the_columns_and_the_sunset(tmp_path: Path) -> None:
    given = {"SHIRASE_BROKER": "b:1", "SHIRASE_RIVER_ZONES": "/z", "SHIRASE_SUNSET_AT": "43.06,141.35"}
    settings = worker_settings(given, data_dir=tmp_path, instance="0")
    assert (settings.river_zones, settings.sunset_at, settings.zone) == (Path("/z"), (43.06, 141.35), "Asia/Tokyo")
    with pytest.raises(SettingMissing, match="LAT,LNG"):
        worker_settings({**given, "SHIRASE_SUNSET_AT": "Tokyo"}, data_dir=tmp_path, instance="0")


def test_the_shipped_column_maps_read_a_table() -> None:
    maps = column_maps_at(PROJECT / "ops" / "gauges.toml")
    table = "局番,日時,水位cm,局名,緯度,経度,氾濫危険水位cm\n7,2026/11/25 08:50,350,北橋,35.7,139.8,490\n"
    found = read(
        table.encode("cp932"), name="x", received=datetime(2026, 11, 25, tzinfo=UTC), feed="gauge:ward-gauges",
        column_maps=maps,
    )  # fmt: skip
    assert found.facts.readings[0].value == pytest.approx(3.5)
    assert found.facts.stations[0].thresholds.danger_m == pytest.approx(4.9)
    assert column_maps_at(None) == {}


def test_a_source_of_readings_is_registered_as_any_other() -> None:
    table = {
        "name": "ward", "reader": "gauge", "url": "https://ward.example/g.csv", "columns": "ward-gauges",
        "interval_seconds": 120, "grace_seconds": 600,
    }  # fmt: skip
    (one,) = registered({"source": [table]})
    assert isinstance(one.source, GaugePoll)
    with pytest.raises(RegisterError):
        registered({"source": [{**table, "columns": ""}]})


def test_our_own_forecast_is_for_officers_by_construction() -> None:
    policy = policy_at(PROJECT / "ops" / "policy.toml")
    raw = write_cap(rise()[1].alert)
    audiences = {
        feed: audience_for(policy, read(raw, name="x", received=NOON, feed=feed)) for feed in ("gauge", "forecast")
    }
    assert audiences == {"gauge": Audience.PUBLIC, "forecast": Audience.STAFF}


def test_a_draft_carries_its_clock() -> None:
    found = rise()[1].alert
    assert decide_by_of(found) == NOON + timedelta(minutes=15), "five minutes at level 4, from the reading on"
    (info,) = found.infos
    for written in ("soon", "2026-10-12T03:15"):
        odd = replace(found, infos=(replace(info, parameters=(Geocode(PARAMETER_DECIDE_BY, written),)),))
        assert decide_by_of(odd) is None
