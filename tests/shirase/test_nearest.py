"""The nearest shelter of a cell, and the answers that name none."""

import h3.api.basic_int as h3

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import ShelterState
from routing.forest import Way, grow
from shirase.demo.city import city
from shirase.demo.nearest import LONGEST_WALK_MINUTES, nearest_shelter


def test_every_lived_in_cell_gets_an_open_fit_shelter_or_a_reason() -> None:
    town = city(1)
    reasons = set()
    for cell in town.cells.cells[::97].tolist():
        found = nearest_shelter(town, cell, HazardKind.FLOOD)
        reasons.add(found.reason)
        if found.shelter is None:
            continue
        assert found.shelter.state is ShelterState.OPEN
        assert HazardKind.FLOOD in found.shelter.fit_for
        assert found.walk_minutes is not None
        assert found.slow_walk_minutes is not None
        assert found.walk_minutes <= found.slow_walk_minutes <= 2 * found.walk_minutes
        assert (found.reason == "walkable") == (found.slow_walk_minutes <= LONGEST_WALK_MINUTES)
        assert found.shelter.name in found.text
    assert "walkable" in reasons


def test_the_answer_is_the_forests_own() -> None:
    town = city(1)
    cell = int(town.cells.cells[1000])
    lat, lng = h3.cell_to_latlng(cell)
    node = min(town.streets.nodes, key=lambda n: h3.great_circle_distance((lat, lng), _pair(town.streets.nodes[n])))
    way = grow(town.streets, town.shelters, HazardKind.EARTHQUAKE).way_from(node)
    found = nearest_shelter(town, cell, HazardKind.EARTHQUAKE)
    assert isinstance(way, Way)
    assert found.shelter is not None
    assert found.shelter.id == way.shelter_id


def test_no_shelter_is_named_without_one_or_outside_the_city() -> None:
    town = city(1)
    here = int(town.cells.cells[1000])
    assert nearest_shelter(town, here, HazardKind.VOLCANO).reason == "no-usable-shelter"
    osaka = h3.latlng_to_cell(34.69, 135.50, 9)
    answer = nearest_shelter(town, osaka, HazardKind.FLOOD)
    assert (answer.shelter, answer.reason) == (None, "outside-the-city")
    assert "outside-the-city" in answer.text


def _pair(point: LatLng) -> tuple[float, float]:
    return point.lat, point.lng
