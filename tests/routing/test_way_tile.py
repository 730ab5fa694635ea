"""The phone's tiles: every node's hops lead where the forest leads, and the densest real piece is small."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.shelter import ShelterState
from routing.forest import Forest, Variant, grow
from routing.importers.roads import read_roads
from routing.importers.shelters import read_shelters
from routing.passable import RoadCells
from routing.repair import close_roads
from routing.site import place_on
from routing.way_tile import MOST_BYTES, WayTile, read_tile, tile_of
from tests.routing.towns import town

AT = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)


def position_of(forest: Forest, tile: WayTile) -> list[int]:
    """Return the position of each node of the tile, by its point."""
    columns = forest.network.columns
    by_point: dict[tuple[int, int], list[int]] = {}
    for at in range(columns.node_count):
        by_point.setdefault((round(columns.lat[at] / 1e-5), round(columns.lng[at] / 1e-5)), []).append(at)
    found = []
    for node in tile.nodes:
        here = by_point[round(node.point.lat / 1e-5), round(node.point.lng / 1e-5)]
        found.append(here[0] if len(here) == 1 else -1)
    return found


def holds(tile: WayTile, general: Forest, free: Forest) -> int:
    told = 0
    for node, position in zip(tile.nodes, position_of(general, tile), strict=True):
        if position < 0:
            continue  # two nodes within a metre: the phone takes either
        told += 1
        for forest, seconds, number in (
            (general, node.seconds, node.shelter),
            (free, node.free_seconds, node.free_shelter),
        ):
            assert seconds == forest.seconds_at(position)
            shelter = forest.shelter_at(position)
            assert (None if number is None else tile.shelters[number][0]) == (shelter.id if shelter else None)
    return told


def test_every_node_of_random_towns_is_led_as_the_forest_leads() -> None:
    for seed in range(40):
        chooser = random.Random(seed)
        place = town(chooser)
        shelters = [replace(s, state=ShelterState.OPEN, fit_for=frozenset(HazardKind)) for s in place.shelters]
        general = grow(place.network, shelters, HazardKind.FLOOD)
        free = grow(place.network, shelters, HazardKind.FLOOD, variant=Variant.STEP_FREE)
        close_roads(general, sorted(place.network.roads)[:3])
        close_roads(free, sorted(place.network.roads)[:3])
        middle = Cell(h3.latlng_to_cell(35.706, 139.806, 8))
        data = tile_of(general, free, RoadCells(place.network), middle, AT)
        tile = read_tile(data)
        assert (tile.cell, tile.facts_at) == (middle, AT)
        assert holds(tile, general, free) > 40
        assert data == tile_of(general, free, RoadCells(place.network), middle, AT)


@pytest.fixture(scope="module")
def otemachi(request: pytest.FixtureRequest) -> tuple[Forest, Forest, RoadCells]:
    """The densest real piece: malls on four levels. Every second site is taken as step-free, which is made up."""
    shared: Path = request.getfixturevalue("shared_data")
    network = read_roads(shared / "03_roads/tokyo_otemachi_overpass/overpass_raw.json.gz").network
    lists = shared / "02_shelters" / "gsi_jp-shelter-api"
    placed, _ = place_on(network, read_shelters([lists / "emergency", lists / "evacuation"]).sites)
    shelters = [
        replace(shelter, state=ShelterState.OPEN, step_free=number % 2 == 0) for number, shelter in enumerate(placed)
    ]
    general, free = (grow(network, shelters, HazardKind.EARTHQUAKE, variant=variant) for variant in Variant)
    return general, free, RoadCells(network)


def test_the_densest_real_piece_fits(otemachi: tuple[Forest, Forest, RoadCells]) -> None:
    general, free, cells = otemachi
    tiles = {Cell(h3.cell_to_parent(int(cell), 8)) for cell in set(cells.of_node.tolist())}
    data = {tile: tile_of(general, free, cells, tile, AT) for tile in tiles}
    nodes = {tile: len(read_tile(found).nodes) for tile, found in data.items()}
    densest = max(nodes, key=lambda tile: nodes[tile])
    assert nodes[densest] > 5_000
    assert max(len(found) for found in data.values()) <= MOST_BYTES
    assert holds(read_tile(data[densest]), general, free) > 0.9 * nodes[densest]


def test_a_tile_names_no_person_and_only_the_shelters_that_its_ways_reach(
    otemachi: tuple[Forest, Forest, RoadCells],
) -> None:
    general, free, cells = otemachi
    tile = read_tile(tile_of(general, free, cells, Cell(h3.latlng_to_cell(35.684, 139.768, 8)), AT))
    reached = {node.shelter for node in tile.nodes} | {node.free_shelter for node in tile.nodes}
    assert reached - {None} == set(range(len(tile.shelters)))
