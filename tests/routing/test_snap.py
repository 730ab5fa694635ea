"""What a reported place means: the nearest way, the street a line follows, all that a polygon touches."""

from pathlib import Path

import pytest

from alerts.place import LatLng
from alerts.road import RoadPlace
from routing.importers.roads import read_roads
from routing.network import Node, Road, RoadNetwork
from routing.snap import SNAP_M, Snapper

HERE = LatLng(35.70, 139.80)


@pytest.fixture
def crossing() -> RoadNetwork:
    """A street east-west of three pieces, one north-south that it meets in the middle, and a flyover above."""
    at = {1: (0, -2), 2: (0, -1), 3: (0, 1), 4: (0, 2), 5: (-2, -1), 6: (2, -1), 7: (-2, 0.2), 8: (2, 0.2)}
    nodes = {Node(n): LatLng(HERE.lat + r / 1000, HERE.lng + c / 1000) for n, (r, c) in at.items()}
    return RoadNetwork(
        nodes,
        [
            Road("street-1", Node(1), Node(2), 90, name="架空通り"),
            Road("street-2", Node(2), Node(3), 180, name="架空通り"),
            Road("street-3", Node(3), Node(4), 90, name="架空通り"),
            Road("lane-1", Node(5), Node(2), 220, name="架空小路"),
            Road("lane-2", Node(2), Node(6), 220, name="架空小路"),
            Road("flyover", Node(7), Node(8), 440, bridge=True, layer=1),
        ],
    )


def near(north_m: float, east_m: float) -> LatLng:
    return LatLng(HERE.lat + north_m / 111_320, HERE.lng + east_m / 90_420)


def test_a_point_means_the_nearest_way_and_says_how_far_it_is(crossing: RoadNetwork) -> None:
    found = Snapper(crossing).snap(RoadPlace(point=near(10, 70)))
    assert found.road_ids == ("street-2",)
    assert found.metres == pytest.approx(10, abs=0.5)
    assert found.names == ("架空通り",)


def test_a_point_far_from_any_way_blocks_nothing(crossing: RoadNetwork) -> None:
    found = Snapper(crossing).snap(RoadPlace(point=near(0, 500)))
    assert found.road_ids == ()
    assert found.metres > SNAP_M


def test_a_line_along_a_street_leaves_its_side_streets_and_the_flyover_open(crossing: RoadNetwork) -> None:
    found = Snapper(crossing).snap(RoadPlace(line=(near(3, -180), near(-3, 88))))
    assert found.road_ids == ("street-1", "street-2")


def test_a_line_across_a_street_blocks_what_it_crosses(crossing: RoadNetwork) -> None:
    found = Snapper(crossing).snap(RoadPlace(line=(near(-30, 60), near(30, 60))))
    assert found.road_ids == ("street-2",)


def test_a_polygon_blocks_all_that_it_touches(crossing: RoadNetwork) -> None:
    ring = (near(-20, -110), near(-20, -70), near(20, -70), near(20, -110), near(-20, -110))
    found = Snapper(crossing).snap(RoadPlace(polygon=ring))
    assert found.road_ids == ("lane-1", "lane-2", "street-1", "street-2")
    bow_tie = (near(-20, -110), near(20, -70), near(-20, -70), near(20, -110), near(-20, -110))
    assert set(Snapper(crossing).snap(RoadPlace(polygon=bow_tie)).road_ids) == set(found.road_ids)


def test_ids_that_are_not_ours_are_named(crossing: RoadNetwork) -> None:
    found = Snapper(crossing).snap(RoadPlace(road_ids=("street-1", "elsewhere")))
    assert (found.road_ids, found.unknown) == (("street-1",), ("elsewhere",))
    assert Snapper(crossing).snap(RoadPlace()).road_ids == ()


def test_a_tap_on_a_real_bridge_means_that_bridge(shared_data: Path) -> None:
    network = read_roads(shared_data / "03_roads/tokyo_otemachi_overpass/overpass_raw.json.gz").network
    snapper = Snapper(network)
    for bridge in [road for road in network.roads.values() if road.bridge and (road.metres or 0) > 15][:20]:
        a, b = network.nodes[bridge.start], network.nodes[bridge.end]
        found = snapper.snap(RoadPlace(point=LatLng((a.lat + b.lat) / 2, (a.lng + b.lng) / 2)))
        assert found.metres < 1
        assert bridge.id in found.road_ids or snapper.network.roads[found.road_ids[0]].layer != bridge.layer
