"""Each kind of network file, on the real ones; what is dropped is counted, and the file comes back the same."""

import gzip
import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from routing.errors import NetworkFileDamaged, NothingImported
from routing.importers.draft import Imported
from routing.importers.network_file import open_network, write_network
from routing.importers.osm_tags import is_barrier, read_way
from routing.importers.roads import read_roads
from routing.network import RoadNetwork, metres_between
from routing.walking import WayType, walking

OTEMACHI = "tokyo_otemachi_overpass/overpass_raw.json.gz"


@pytest.fixture(scope="module")
def roads(request: pytest.FixtureRequest) -> Path:
    shared: Path = request.getfixturevalue("shared_data")
    return shared / "03_roads"


@pytest.fixture(scope="module")
def otemachi(roads: Path) -> Imported:
    return read_roads(roads / OTEMACHI)


def in_box(network: RoadNetwork, west: float, south: float, east: float, north: float) -> bool:
    columns = network.columns
    return bool(
        (columns.lng > west).all() and (columns.lng < east).all()
        and (columns.lat > south).all() and (columns.lat < north).all()
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "nodes", "roads_least", "box"),
    [
        (OTEMACHI, 9_800, 11_000, (139.754, 35.675, 139.785, 35.697)),
        ("tokyo_heiwadai_osm/tokyo.osm.gz", 2_600, 3_000, (139.63, 35.72, 139.70, 35.78)),
        ("osm_pbf/Helsinki.osm.pbf", 6_000, 7_000, (24.90, 60.10, 25.10, 60.30)),
        ("tokyo_koenji_gmns/koenji_macro_link.geojson", 1_099, 1_480, (139.643, 35.697, 139.656, 35.712)),
        ("tokyo_koenji_gmns/koenji_macro_node.geojson", 1_099, 1_480, (139.643, 35.697, 139.656, 35.712)),
        ("tokyo_ginza_crowdwalk/ginza00c.map.xml.gz", 3_690, 4_770, (139.743, 35.642, 139.782, 35.688)),
        ("tokyo_arterial_uxsim/tokyo_arterial_links.csv", 220, 300, (139.67, 35.61, 139.87, 35.78)),
    ],
)
def test_each_real_network_is_read_where_it_lies(
    roads: Path, name: str, nodes: int, roads_least: int, box: tuple[float, float, float, float]
) -> None:
    found = read_roads(roads / name)
    assert found.report.nodes >= nodes
    assert found.report.roads >= roads_least
    assert in_box(found.network, *box)
    assert found.report.pieces[0] > 0.9 * found.report.nodes
    assert np.asarray(found.network.columns.seconds).min() >= 1


def test_a_clipped_extract_counts_the_references_that_lead_out_of_it(roads: Path) -> None:
    dropped = read_roads(roads / "osm_pbf/Helsinki.osm.pbf").report.dropped
    assert dropped["a reference to a node that is not in the file"] >= 828


def test_ginza_is_not_upside_down(roads: Path) -> None:
    """Tsukiji lies south of Ginza: with y as it is written the map would be mirrored into the mountains."""
    network = read_roads(roads / "tokyo_ginza_crowdwalk/ginza00c.map.xml.gz").network
    assert float(np.median(network.columns.lat)) == pytest.approx(35.665, abs=0.01)
    assert float(np.asarray(network.columns.metres, dtype=np.float64).sum()) / 1000 == pytest.approx(183, rel=0.01)


def test_names_of_a_cp932_table_are_japanese(roads: Path) -> None:
    network = read_roads(roads / "tokyo_arterial_uxsim/tokyo_arterial_links.csv").network
    assert "新大橋通り" in {road.name for road in network.roads.values()}


def test_the_binary_pair_is_read_by_its_prefix(roads: Path) -> None:
    found = read_roads(roads / "large_ngraph/moscow-roads")
    assert found.report.nodes == 411_992
    assert found.report.roads + found.report.dropped["an edge that is there already"] == 451_135
    assert len(found.report.pieces) == 440


def test_the_file_holds_the_network_that_was_written_and_maps_it(otemachi: Imported, tmp_path: Path) -> None:
    path = tmp_path / "roads.network"
    write_network(path, otemachi.network)
    again = open_network(path)
    assert isinstance(again.columns.seconds, np.memmap)
    assert again.roads == otemachi.network.roads
    assert again.nodes == otemachi.network.nodes
    assert again.barriers == otemachi.network.barriers
    assert read_roads(path).report.roads == otemachi.report.roads
    assert path.stat().st_size < 80 * otemachi.report.roads


def test_a_damaged_network_file_says_so(otemachi: Imported, tmp_path: Path) -> None:
    path = tmp_path / "roads.network"
    write_network(path, otemachi.network)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:30], b"", b"x" * 100, whole[:24] + b"\xff" * 40 + whole[64:]):
        path.write_bytes(damaged)
        with pytest.raises(NetworkFileDamaged):
            open_network(path)


def test_levels_meet_by_steps_and_never_by_crossing(otemachi: Imported) -> None:
    """Without steps, lifts and ramps the malls under Otemachi fall away from the street; with them it is one town."""
    network = otemachi.network
    under = {road.id for road in network.roads.values() if road.layer <= -1}
    assert len(under) > 1_000
    touching = [road for road in network.roads.values() if road.layer == 0 and not road.steps]
    street = {end for road in touching for end in (road.start, road.end)}
    below = {end for id_ in under for end in (network.roads[id_].start, network.roads[id_].end)}
    assert len(below - street) > 0.8 * len(below)
    parts = max(nx.weakly_connected_components(network.graph), key=len)
    assert len(below & set(parts)) > 0.9 * len(below)


def test_osmnx_graphml_keeps_bends_and_one_road_for_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "town.graphml"
    path.write_text(
        """<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d3" for="node" attr.name="y" attr.type="string"/><key id="d4" for="node" attr.name="x" attr.type="string"/>
  <key id="d9" for="edge" attr.name="osmid" attr.type="string"/>
  <key id="d10" for="edge" attr.name="highway" attr.type="string"/>
  <key id="d11" for="edge" attr.name="length" attr.type="string"/>
  <key id="d12" for="edge" attr.name="geometry" attr.type="string"/>
  <key id="d13" for="edge" attr.name="name" attr.type="string"/>
  <key id="d14" for="edge" attr.name="bridge" attr.type="string"/>
  <graph edgedefault="directed">
    <node id="11"><data key="d3">35.700</data><data key="d4">139.800</data></node>
    <node id="12"><data key="d3">35.702</data><data key="d4">139.800</data></node>
    <node id="x"><data key="d3">35.702</data><data key="d4">139.800</data></node>
    <edge source="11" target="12" id="0"><data key="d9">[5, 6]</data><data key="d10">['steps', 'footway']</data>
      <data key="d11">260.0</data><data key="d13">架空坂</data><data key="d14">yes</data>
      <data key="d12">LINESTRING (139.8 35.7, 139.801 35.701, 139.8 35.702)</data></edge>
    <edge source="12" target="11" id="0"><data key="d9">[5, 6]</data><data key="d10">['steps', 'footway']</data>
      <data key="d11">260.0</data></edge>
    <edge source="11" target="12" id="1"><data key="d9">7</data><data key="d10">motorway</data></edge>
  </graph>
</graphml>""",
        encoding="utf-8",
    )
    found = read_roads(path)
    assert found.report.dropped == {"a node without an id, x and y in numbers": 1, "an edge: a motorway": 1}
    roads = list(found.network.roads.values())
    assert [(road.steps, road.bridge, road.name, road.step_free_seconds) for road in roads] == [
        (True, True, "架空坂", None)
    ] * 2
    assert len(found.network.nodes) == 3


def test_walking_space_links_have_floors_curbs_and_lifts(tmp_path: Path) -> None:
    (tmp_path / "node.csv").write_text(
        "node_id,lat,lon,floor\nA,35.700,139.800,0\nB,35.701,139.800,0\nC,35.701,139.800,-1\nD,35.702,139.800,-1\n",
        encoding="cp932",
    )
    (tmp_path / "link.csv").write_text(
        "link_id,start_id,end_id,distance,rt_struct,route_type,direction,width,vtcl_slope,lev_diff\n"
        "1,A,B,111.0,1,1,1,3,1,1\n2,B,C,0,99,4,1,99,99,99\n3,C,D,111,7,1,3,3,2,2\n4,B,Z,5,1,1,1,3,1,1\n"
        "5,A,D,300,1,6,1,3,1,1\n",
        encoding="cp932",
    )
    found = read_roads(tmp_path / "link.csv")
    roads = {road.id: road for road in found.network.roads.values()}
    assert set(roads) == {"1-000", "2-000", "3-000", "5-000"}
    assert roads["1-000"].step_free_seconds == roads["1-000"].walk_seconds
    assert roads["2-000"].walk_seconds >= 60
    assert roads["2-000"].step_free_seconds is not None
    assert roads["3-000"].underground
    assert roads["3-000"].one_way
    assert roads["3-000"].step_free_seconds is None
    assert roads["5-000"].steps
    assert found.report.dropped == {"a link without an id, or to a node that is not in the file": 1}


@pytest.mark.parametrize(
    ("tags", "reading"),
    [
        ({"highway": "motorway"}, "a motorway"),
        ({"highway": "footway", "access": "private"}, "closed to people on foot"),
        ({"highway": "primary", "foot": "no"}, "closed to people on foot"),
        ({"highway": "zeppelin"}, "a kind of way that we do not know"),
        ({"building": "yes"}, ""),
    ],
)
def test_a_way_that_is_not_walked_says_why(tags: dict[str, str], reading: str) -> None:
    assert read_way(tags) == reading


def test_a_passage_through_a_building_is_not_underground_and_a_mall_is() -> None:
    def underground(**tags: str) -> bool:
        way = read_way({"highway": "footway", **tags})
        assert not isinstance(way, str)
        return way.underground

    assert not underground(tunnel="building_passage")
    assert underground(tunnel="yes")
    assert underground(layer="-1")
    assert underground(level="-2;-1")
    assert not underground(bridge="yes", layer="1")


def test_rivers_and_railways_at_ground_level_are_barriers() -> None:
    assert is_barrier({"waterway": "river"})
    assert is_barrier({"railway": "rail"})
    assert not is_barrier({"railway": "rail", "tunnel": "yes"})
    assert not is_barrier({"railway": "subway"})
    assert not is_barrier({"waterway": "river", "layer": "-1", "tunnel": "culvert"})


def test_steps_and_slopes_cost_time_and_no_way_is_faster_than_the_pace() -> None:
    flat = walking(100, WayType.FOOTWAY)
    assert flat.seconds == flat.step_free_seconds == 100
    assert walking(100, WayType.STEPS).seconds == 200
    assert walking(100, WayType.STEPS).step_free_seconds is None
    assert walking(100, WayType.FOOTWAY, slope=0.10).seconds > walking(100, WayType.FOOTWAY, slope=0.06).seconds > 100
    assert walking(100, WayType.FOOTWAY, slope=-0.10).step_free_seconds is None
    assert walking(100, WayType.FOOTWAY, step_free=False).step_free_seconds is None
    assert all(walking(100, kind).seconds >= 100 for kind in WayType)


def test_what_is_no_network_says_what_would_be(tmp_path: Path) -> None:
    for name, content in (
        ("a.json", b"{}"),
        ("b.osm", b"<osm><way></osm>"),
        ("c.pbf", b"\x00\x01"),
        ("d.graphml", b"<!DOCTYPE x><graphml/>"),
        ("e.csv", b"name,x,y\n"),
        ("f.json.gz", gzip.compress(json.dumps({"elements": []}).encode())),
        ("g.xml", b"<Group><Node></Group>"),
        ("h.geojson", b'{"features": [], "from_node_id": 1}'),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NothingImported):
            read_roads(tmp_path / name)
    with pytest.raises(NothingImported, match="no such file"):
        read_roads(tmp_path / "nothing")


def test_lengths_agree_with_the_lines(otemachi: Imported) -> None:
    network = otemachi.network
    for road in list(network.roads.values())[::50]:
        flat = metres_between(network.nodes[road.start], network.nodes[road.end])
        assert road.metres is not None
        assert flat - 0.01 <= road.metres <= flat + 0.01
        assert road.walk_seconds >= flat - 0.01
