"""R1 and R11 on the national shelter list, over the streets of the demo city: Edogawa, a typhoon, an earthquake."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.shelter import ShelterState, SiteClass
from routing.advice import PACE
from routing.ground import Ground, Outlook, Situation
from routing.importers.shelters import read_shelters
from routing.plan import Advice, Why
from routing.planner import Facts, Planner
from routing.shelter import Offer, Shelter
from routing.site import place_on
from shirase.demo.city import City, city
from shirase.demo.wards import WARDS

LANDFALL = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
FLOOD = frozenset({HazardKind.FLOOD})
EDOGAWA = "1312300"


@pytest.fixture(scope="module")
def town() -> City:
    return city(1)


@pytest.fixture(scope="module")
def shelters(town: City, request: pytest.FixtureRequest) -> tuple[Shelter, ...]:
    """The real sites, whose states nobody has told yet."""
    shared: Path = request.getfixturevalue("shared_data")
    lists = shared / "02_shelters" / "gsi_jp-shelter-api"
    placed, far = place_on(town.streets, read_shelters([lists / "emergency", lists / "evacuation"]).sites)
    assert len(far) < 0.06 * len(placed)
    return placed


def cells_of(town: City, code: str) -> tuple[Cell, ...]:
    index = next(at for at, ward in enumerate(WARDS) if ward.code == code)
    return tuple(Cell(int(cell)) for cell in town.cells.cells[town.cells.ward == index])


def all_open(shelters: tuple[Shelter, ...]) -> tuple[Shelter, ...]:
    """Nothing may be said to be closed: the answer must not hang on a state."""
    return tuple(replace(shelter, state=ShelterState.OPEN) for shelter in shelters)


def typhoon(cells: tuple[Cell, ...], hours_before: float) -> Situation:
    at = LANDFALL - timedelta(hours=hours_before)
    ground = {cell: Ground(ward="13123") for cell in cells}
    return Situation(FLOOD, at, at, ground=ground, outlook={cell: Outlook(arrives_at=LANDFALL) for cell in cells})


def test_no_cell_of_edogawa_is_sent_kilometres_on_foot_in_a_flood(town: City, shelters: tuple[Shelter, ...]) -> None:
    """Every flood-fit site of the 23 wards stands open, a calm day, and still no walk across the river."""
    cells = cells_of(town, EDOGAWA)
    assert len(cells) > 400
    calm = Situation(FLOOD, LANDFALL, LANDFALL)
    found = Planner(town.streets, cells).replan(Facts(calm, all_open(shelters)))
    answers = [part.general for entry in found.cells for part in entry.parts]
    assert {answer.advice for answer in answers} == {Advice.GO_UP}
    assert Why.TOO_FAR in {answer.why for answer in answers}
    assert not [answer for answer in answers if answer.route]


def test_a_typhoon_says_leave_early_a_day_before_and_go_up_an_hour_before(
    town: City, shelters: tuple[Shelter, ...]
) -> None:
    cells = cells_of(town, EDOGAWA)
    planner = Planner(town.streets, cells)
    day = planner.replan(Facts(typhoon(cells, 24), all_open(shelters)))
    hour = planner.replan(Facts(typhoon(cells, 1), all_open(shelters)))
    for entry in day.cells:
        for answer in (entry.parts[0].general, entry.parts[0].step_free):
            assert answer.advice is Advice.LEAVE_EARLY
            assert answer.leave_by == LANDFALL - PACE.last_train_before
    for entry in hour.cells:
        for answer in (entry.parts[0].general, entry.parts[0].step_free):
            assert answer.advice is Advice.GO_UP
            assert answer.action
        assert entry.parts[0].general.action != entry.parts[0].step_free.action
    assert {change.cell for change in hour.changes} == set(cells)


def test_an_earthquake_without_a_state_tells_no_ward_no_shelter(town: City, shelters: tuple[Shelter, ...]) -> None:
    """Also not the five wards whose emergency list is absent: where people stay is known of all 23."""
    at = LANDFALL
    cells = tuple(Cell(int(cell)) for cell in town.cells.cells[::3])
    quake = Situation(frozenset({HazardKind.EARTHQUAKE}), at, at)
    assert {s.state for s in shelters} <= {ShelterState.UNKNOWN, ShelterState.CLOSED}
    found = Planner(town.streets, cells).replan(Facts(quake, shelters))
    answers = [entry.parts[0].general for entry in found.cells]
    assert Why.NO_USABLE_SHELTER not in {answer.why for answer in answers}
    going = [answer.route for answer in answers if answer.route]
    # The rest are islands of the harbour and river beds, and say so.
    assert len(going) > 0.9 * len(answers)
    rest = {answer.why for answer in answers if not answer.route}
    assert rest <= {Why.TOO_FAR, Why.FAR_FROM_NETWORK, Why.NOT_CONNECTED}
    assert {route.offer for route in going} == {Offer.DESIGNATED, Offer.ALWAYS_OPEN}
    classes = {shelter.id: shelter.site_class for shelter in shelters}
    assert {classes[route.shelter_id] for route in going} <= {SiteClass.STAFFED, SiteClass.ALWAYS_OPEN}
    assert max(route.slow_seconds for route in going) <= PACE.longest_walk.total_seconds()


def test_chiyoda_stays_and_counts_by_the_hour(town: City, shelters: tuple[Shelter, ...]) -> None:
    """R12: no walking way by day; those who are counted follow the hour, 850,000 by day and 66,000 by night."""
    cells = cells_of(town, "1310100")
    ground = {cell: Ground(ward="13101", stays=True) for cell in cells}
    hall = replace(shelters[0], id="hall", site_class=SiteClass.TEMPORARY_STAY, state=ShelterState.OPEN)
    quake = Situation(frozenset({HazardKind.EARTHQUAKE}), LANDFALL, LANDFALL, ground=ground)
    found = Planner(town.streets, cells).replan(Facts(quake, (*shelters, hall)))
    assert {entry.parts[0].general.why for entry in found.cells} == {Why.DISTRICT_STAYS}
    assert {entry.parts[0].general.sites for entry in found.cells} == {("hall",)}
    assert not [entry for entry in found.cells if entry.parts[0].general.route]
    leaves = replace(quake, ground={cell: Ground(ward="13101") for cell in cells})
    near = tuple(replace(s, ward="13102", capacity=1_000_000) for s in shelters if s.ward in ("13101", "13102"))
    for total in (850_000, 66_000):
        each = np.full(len(cells), total // len(cells))
        each[: total % len(cells)] += 1
        people = dict(zip(cells, each.tolist(), strict=True))
        counted = Planner(town.streets, cells).replan(Facts(leaves, near, people=people))
        everybody = [entry for entry in counted.cells if entry.parts[0].general.route]
        assert len(everybody) == len(cells)
        assert counted.crossings[0][:2] == ("13101", "13102")
        assert counted.crossings[0][2] == total


def test_the_whole_city_under_capacities_keeps_them_and_the_same_facts_tell_nobody_again(town: City) -> None:
    """Made-up shelters with places for a twelfth of the people: every known capacity holds, and nothing swings."""
    cells = tuple(Cell(int(cell)) for cell in town.cells.cells)
    people = dict(zip(cells, town.cells.people.tolist(), strict=True))
    given = Facts(Situation(FLOOD, LANDFALL, LANDFALL), town.shelters, people=people)
    planner = Planner(town.streets, cells)
    first = planner.replan(given)
    load: dict[str, int] = {}
    for entry in first.cells:
        route = entry.parts[0].general.route
        if route:
            load[route.shelter_id] = load.get(route.shelter_id, 0) + people[entry.cell]
    places = {shelter.id: shelter.places for shelter in town.shelters}
    assert load
    assert all(count <= (places[shelter] or 0) for shelter, count in load.items())
    assert Why.NO_ROOM in {entry.parts[0].general.why for entry in first.cells}
    assert planner.replan(given).changes == ()
