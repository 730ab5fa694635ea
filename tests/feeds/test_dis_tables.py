"""Municipal reports as tables: real lists of open shelters, and tables in the encodings of offices."""

import csv
import io
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.incident import IncidentKind, IncidentReport
from alerts.level import Level
from alerts.report import Report
from alerts.road import RoadReport
from alerts.shelter import OccupancyBand, ShelterState
from feeds.archive import documents, sent_of
from feeds.dis.clock import JAPAN, UNDATED
from feeds.errors import FeedError
from feeds.read import read, series_of
from tests.feeds.municipal import RECEIVED, document, raw

NANAO = "10_incidents/noto_nanao_open_shelters"
ORDERS = """\
文書ID,版,団体コード,団体名,発信日時,状況,種別,避難情報,発令状況,災害種別,対象地区,対象コード,発令日時
doc-1,2,131237,江戸川区,2026-07-01T12:01:00+09:00,通常,発表,避難指示,発令,洪水,江戸川区,131237,令和8年7月1日12時00分
doc-1,2,131237,江戸川区,2026-07-01T12:01:00+09:00,通常,発表,避難指示,発令,洪水,平井一丁目,,令和8年7月1日12時00分
doc-1,2,131237,江戸川区,2026-07-01T12:01:00+09:00,通常,発表,高齢者等避難,発令,高潮,葛西,,令和8年7月1日12時00分
"""
ROADS = """\
団体コード,団体名,発信日時,ID,路線名,通行規制,原因,確度,確認日時,緯度,経度,規制開始,規制終了
13123,江戸川区,2026-07-01 12:01,r1,平井大橋,通行止め,冠水,確認済,2026/7/1 11:40,35.71,139.85,,
13123,江戸川区,2026-07-01 12:01,r2,環七,通行止め,冠水,,2026/7/1 11:40,"3,5",139.85,,
13123,江戸川区,2026-07-01 12:01,r3,環七,通行止め,冠水,,2026/7/1 11:40,35.71,139.85,2026/7/1 12:00,2026/7/1 11:00
"""
INCIDENTS = """\
団体コード,団体名,発信日時,ID,被害種別,件名,件数,確認日時,緯度,経度,終了,対象コード
13123,江戸川区,2026-07-01 12:01,i1,断水,西小岩で断水,戸=300;日=2,2026/7/1 11:40,,,有,131237
"""


def table(text: str, encoding: str = "utf-8") -> Report:
    return read(text.encode(encoding), name="t.csv", received=RECEIVED, feed="dis")


def refusal(text: str) -> str:
    with pytest.raises(FeedError) as error:
        table(text)
    return error.value.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_the_encodings_of_offices_say_the_same(encoding: str) -> None:
    said = table(ORDERS, encoding)
    assert [(info.event, info.level, info.hazard) for info in said.alert.infos] == [
        ("避難指示", Level.ALL_LEAVE, HazardKind.FLOOD),
        ("高齢者等避難", Level.ELDERLY_LEAVE, HazardKind.STORM_SURGE),
    ]
    assert [area.description for area in said.alert.infos[0].areas] == ["江戸川区", "平井一丁目"]
    assert (said.thread, said.serial, said.series) == ("doc-1", 2, "municipality:13123")


def test_line_ends_and_full_width_columns_do_not_matter() -> None:
    text = ORDERS.replace("\n", "\r\n").replace("避難情報", "避難 情報").replace("文書ID", "文書ＩＤ")
    assert table(text).alert.infos == table(ORDERS).alert.infos


def test_roads_of_a_table_are_read_row_by_row() -> None:
    facts = table(ROADS).facts
    assert [(one.id, one.attribution.confidence) for one in facts.roads] == [("13123:r1", Confidence.CONFIRMED)]
    assert [(one.row, one.reason) for one in facts.refused] == [(2, "row-schema"), (3, "row-ends-before-start")]


def test_incidents_of_a_table_have_their_figures() -> None:
    (found,) = table(INCIDENTS).facts.incidents
    assert (found.kind, found.counts, found.ended) == (IncidentKind.LIFELINE, (("戸", 300), ("日", 2)), True)
    assert found.area_codes == ("131237",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ORDERS.replace("doc-1", "doc-2", 1), "dis-mixed-documents"),
        (ORDERS.replace("避難指示", "避難勧告"), "dis-schema"),
        (ORDERS.split("\n")[0] + "\n", "dis-nothing-said"),
        (ROADS.replace("2026-07-01 12:01", "きのう"), "dis-time"),
        (ROADS.replace(",団体名", ",別名").replace("13123,江戸川区", ",江戸川区"), "dis-issuer"),
        ("a,b,c\n1,2,3\n", "table-unknown"),
        (ORDERS + "doc-1,2" + ",x" * 20 + "\n", "csv-row-too-long"),
        (ORDERS.replace("平井一丁目", "平" * 3000), "csv-field-too-long"),
        (ORDERS.replace("版,", "団体コード,", 1), "csv-duplicate-column"),
        (ORDERS.replace("平井一丁目", "\0"), "csv-malformed"),
        (ROADS + "13123,江戸川区,2026-07-01 12:01,r1\n" * 5001, "csv-too-many-rows"),
    ],
)
def test_a_table_that_nobody_could_act_on_is_refused(text: str, reason: str) -> None:
    assert refusal(text) == reason


def test_bytes_of_no_encoding_are_refused() -> None:
    raw = ORDERS.encode().replace("洪水".encode(), b"\xff\xfd\x80")
    with pytest.raises(FeedError) as error:
        read(raw, name="t", received=RECEIVED, feed="dis")
    assert error.value.reason == "encoding"
    assert series_of(raw, "dis") == "unreadable:dis"


# ------------------------------------------------------------------------------------ real documents


def nanao(shared_data: Path) -> list[tuple[str, bytes]]:
    found = [(one.name, one.raw) for one in documents([shared_data / NANAO]) if one.name.endswith(".csv")]
    assert len(found) >= 60
    return found


def test_every_snapshot_of_nanao_loads_as_it_is(shared_data: Path) -> None:
    shelters = Counter[str]()
    for name, content in nanao(shared_data):
        report = read(content, name=name, received=RECEIVED)
        assert (report.informational, report.hold, report.facts.refused) == ("facts-only", "", ()), name
        assert len(report.facts.shelters) == len(list(csv.reader(io.StringIO(content.decode())))) - 1, name
        for found in report.facts.shelters:
            assert found.point is not None
            assert found.id.startswith("石川県七尾市:")
            if "reference" not in name:
                shelters[found.state] += 1
                assert found.occupants is not None
                assert found.attribution.fact_at > UNDATED
    assert set(shelters) == {ShelterState.OPEN}


def test_the_time_stands_in_the_name_of_a_column_or_in_one_of_its_own(shared_data: Path) -> None:
    files = dict(nanao(shared_data))
    first = read(files["history/open_shelter_Nanao-shi_2024-01-09-1800.csv"], name="a", received=RECEIVED)
    assert {one.attribution.fact_at for one in first.facts.shelters} == {datetime(2024, 1, 9, 18, tzinfo=JAPAN)}
    assert first.alert.sent == datetime(2024, 1, 9, 18, tzinfo=JAPAN)
    (school,) = [one for one in first.facts.shelters if one.name == "山王小学校"]
    assert (school.capacity, school.occupants, school.band) == (480, 180, OccupancyBand.FILLING)
    assert school.fit_for is not None
    assert HazardKind.FLOOD in school.fit_for
    assert HazardKind.VOLCANO not in school.fit_for
    last = read(files["latest/open_shelter_Nanao-shi_2024-09-02-1800.csv"], name="b", received=RECEIVED)
    assert last.alert.sent == datetime(2024, 9, 2, 18, tzinfo=JAPAN)


def test_a_replay_knows_when_a_table_was_sent(shared_data: Path) -> None:
    sent = [one.sent for one in documents([shared_data / NANAO]) if one.name.endswith("00.csv")]
    assert sent[0] == datetime(2024, 1, 9, 18, tzinfo=JAPAN)
    assert sent == sorted(one for one in sent if one is not None)
    assert sent_of(raw(document())) == datetime(2026, 7, 1, 12, 1, tzinfo=JAPAN)


def test_a_list_without_times_never_replaces_what_has_one(shared_data: Path) -> None:
    report = read(dict(nanao(shared_data))["reference_data.csv"], name="r", received=RECEIVED)
    assert len(report.facts.shelters) == 112
    assert {one.state for one in report.facts.shelters} == {ShelterState.UNKNOWN}
    assert {one.attribution.fact_at for one in report.facts.shelters} == {UNDATED}
    assert sum(one.capacity is None for one in report.facts.shelters) == 3
    assert max(one.capacity or 0 for one in report.facts.shelters) == 118_970


def test_the_list_and_the_snapshots_speak_of_the_same_shelters(shared_data: Path) -> None:
    files = dict(nanao(shared_data))
    listed = {one.id for one in read(files["reference_data.csv"], name="r", received=RECEIVED).facts.shelters}
    for name, content in files.items():
        opened = {one.id for one in read(content, name=name, received=RECEIVED).facts.shelters}
        assert opened <= listed, name


def test_crowd_reports_outside_the_island_are_refused_one_by_one(shared_data: Path) -> None:
    (found,) = documents([shared_data / "10_incidents" / "ushahidi_haiti"])
    report = read(found.raw, name=found.name, received=RECEIVED)
    assert [(one.row, one.reason) for one in report.facts.refused] == [
        (2, "row-outside-area"),
        (3, "row-outside-area"),
        (4, "row-outside-area"),
    ]
    assert len(report.facts.roads) == 30
    facts: list[RoadReport | IncidentReport] = [*report.facts.roads, *report.facts.incidents]
    assert len({one.id.split(":")[1] for one in facts}) == 3590
    assert {one.attribution.confidence for one in facts} == {Confidence.REPORTED}
    assert series_of(found.raw) == report.series


def test_a_table_that_was_published_as_geojson_says_the_same_as_the_table(shared_data: Path) -> None:
    folder = shared_data / NANAO / "latest"
    # Its geometries are in metres of a plane; its rows say where they are.
    drawn = (folder / "open_shelter_Nanao-shi.geojson").read_bytes()
    (written,) = folder.glob("*.csv")
    table = read(written.read_bytes(), name="t", received=RECEIVED)
    assert read(drawn, name="g", received=RECEIVED).facts == table.facts
    assert series_of(drawn) == table.series


@pytest.mark.parametrize(
    "features",
    [
        [{"type": "Feature", "properties": {"名称": "a"}}],
        [{"type": "Feature", "properties": {"緯度": 1, "経度": 2}}, {"type": "Feature", "properties": None}],
        [{"type": "Feature", "properties": {"緯度": 1, "経度": 2}}, 3],
        [],
        None,
    ],
)
def test_coordinates_of_another_system_are_refused(features: object) -> None:
    content = json.dumps({"type": "FeatureCollection", "crs": {"type": "name"}, "features": features}).encode()
    with pytest.raises(FeedError) as error:
        read(content, name="g", received=RECEIVED)
    assert error.value.reason == "geojson-crs"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,31/02/2010 17:26,5c. x | Road blocked,18.5,-72.3", "row-time"),
        ("1,05/07/2010 17:26,5c. x | Road blocked,N/A,-72.3", "row-number"),
        ("1,05/07/2010 17:26,5c. x | Road blocked,,", "row-number"),
        ("1,05/07/2010 17:26,5c. x | Road blocked,-72.3,18.5", "row-outside-area"),
    ],
)
def test_a_crowd_report_that_cannot_be_placed_is_refused(row: str, reason: str) -> None:
    good = "2,05/07/2010 17:26,5d. pont | Compromised bridge,18.5,-72.3"
    report = table(f"Serial,INCIDENT DATE,CATEGORY,LATITUDE,LONGITUDE\n{row}\n{good}\n")
    assert [one.reason for one in report.facts.refused] == [reason]
    assert [one.id for one in report.facts.roads] == ["ushahidi:2:5d"]
    with pytest.raises(FeedError, match="dis-nothing-said"):
        table(f"Serial,INCIDENT DATE,CATEGORY,LATITUDE,LONGITUDE\n{row}\n")
