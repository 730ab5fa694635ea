"""The national lists and a municipal one as they are, and the file between import and use."""

import json
from pathlib import Path

import pytest

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import ShelterState, SiteClass
from routing.errors import NothingImported
from routing.importers.shelter_file import read_sites, write_sites
from routing.importers.shelters import ImportedShelters, read_shelters
from routing.network import Node, Road, RoadNetwork
from routing.site import place_on


@pytest.fixture(scope="module")
def national(request: pytest.FixtureRequest) -> ImportedShelters:
    shared: Path = request.getfixturevalue("shared_data")
    lists = shared / "02_shelters" / "gsi_jp-shelter-api"
    return read_shelters([lists / "emergency", lists / "evacuation"])


def test_the_lists_of_the_23_wards_are_read_and_stubs_are_named(national: ImportedShelters) -> None:
    assert national.report.rows == 965 + 1899
    assert national.report.dropped == {}
    assert len(national.report.absent) == 6
    assert "東京都墨田区 (emergency)" in national.report.absent
    assert {site.ward for site in national.sites} == {f"131{n:02}" for n in range(1, 24)}
    assert len({site.id for site in national.sites}) == len(national.sites)


def test_no_site_of_edogawa_is_fit_for_a_flood(national: ImportedShelters) -> None:
    edogawa = [site for site in national.sites if site.ward == "13123"]
    assert len(edogawa) >= 111
    assert not [site.name for site in edogawa if HazardKind.FLOOD in site.fit_for]


def test_no_capacity_is_made_up(national: ImportedShelters) -> None:
    assert {site.capacity for site in national.sites} == {None}


def test_remarks_are_read_in_favour_of_not_sending(national: ImportedShelters) -> None:
    shut = [site for site in national.sites if "開設しない" in site.remark]
    assert len(shut) >= 10
    assert not [site for site in shut if HazardKind.FLOOD in site.fit_for]
    works = [site for site in national.sites if "工事中" in site.remark]
    assert works
    assert all(site.out_of_use for site in works)


def test_a_site_for_certain_people_is_not_for_everybody_and_a_park_needs_nobody_to_open_it(
    national: ImportedShelters,
) -> None:
    classes = {kind: [site for site in national.sites if site.site_class is kind] for kind in SiteClass}
    assert len(classes[SiteClass.WELFARE]) > 200
    assert "戸山公園一帯" in {site.name for site in classes[SiteClass.ALWAYS_OPEN]}
    assert not [site for site in classes[SiteClass.ALWAYS_OPEN] if site.name.endswith("小学校")]


def test_a_municipal_table_gives_capacities_from_prose(shared_data: Path) -> None:
    found = read_shelters([shared_data / "10_incidents" / "noto_nanao_open_shelters" / "reference_data.csv"])
    capacities = {site.name: site.capacity for site in found.sites}
    assert capacities["七尾中学校"] == 1371
    assert capacities["御祓地区コミュニティセンター"] == 191
    assert found.report.with_capacity > 100


def test_the_file_gives_back_what_was_written(national: ImportedShelters, tmp_path: Path) -> None:
    path = tmp_path / "shelters.jsonl"
    write_sites(path, national.sites)
    assert read_sites(path) == national.sites
    path.write_text(path.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    with pytest.raises(NothingImported, match=f"line {len(national.sites) + 1}"):
        read_sites(path)


def test_bad_rows_are_counted_and_an_empty_answer_is_refused(tmp_path: Path) -> None:
    good = {"共通ID": "E1", "施設・場所名": "架空小", "洪水": "1", "地震": ""}
    rows = [
        {"properties": good, "geometry": {"coordinates": [139.8, 35.7]}},
        {"properties": {**good, "共通ID": ""}, "geometry": {"coordinates": [139.8, 35.7]}},
        {"properties": {**good, "共通ID": "E2"}, "geometry": {"coordinates": [35.7, 139.8]}},
        {"properties": {**good, "共通ID": "E3"}, "geometry": None},
        {"properties": None},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "name": "131016", "features": rows}), encoding="utf-8")
    (tmp_path / "b.json").write_text("<html>", encoding="utf-8")
    (tmp_path / "c.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "d.csv").write_text("名称,緯度,経度\n架空中,35.7,139.9\n,1,2\n架空高,nan,9\n", encoding="cp932")
    found = read_shelters([tmp_path])
    assert [site.id for site in found.sites] == ["E1", "d-1"]
    assert found.sites[0].fit_for == {HazardKind.FLOOD}
    assert sum(found.report.dropped.values()) == 8
    path.unlink()
    (tmp_path / "d.csv").unlink()
    with pytest.raises(NothingImported):
        read_shelters([tmp_path])


def test_a_site_far_from_any_way_is_not_put_on_it(national: ImportedShelters) -> None:
    near = national.sites[0]
    nodes = {Node(1): near.point, Node(2): LatLng(near.point.lat + 0.001, near.point.lng)}
    network = RoadNetwork(nodes, [Road("a", Node(1), Node(2), 111)])
    placed, far = place_on(network, national.sites)
    assert near.id in {shelter.id for shelter in placed}
    assert len(placed) + len(far) == len(national.sites)
    assert min(metres for _, metres in far) > 250
    assert {shelter.state for shelter in placed} <= {ShelterState.UNKNOWN, ShelterState.CLOSED}
