"""Where there is not room for everybody: the same facts move nobody, a closure only those whom it concerns."""

import random
from dataclasses import replace

from alerts.road import RoadCause
from alerts.shelter import Accepts, ShelterState
from routing.change import AdviceChange, Cause
from routing.closure import RoadClosure
from routing.plan import Answer, Why
from routing.planner import Facts, Planner
from tests.routing.towns import NOON, SAID, Town, facts, happens, town

TOWNS = 25


def scarce(chooser: random.Random) -> tuple[Town, Facts]:
    """Return a town whose shelters are open and have places for about half of its people."""
    place = town(chooser, side=5)
    now = facts(chooser, place)
    each = sum(now.people.values()) // (2 * len(place.shelters))
    shelters = tuple(
        replace(
            shelter,
            fit_for=now.situation.hazards,
            capacity=round(each * chooser.uniform(0.5, 1.5)),
            state=ShelterState.OPEN,
            accepts=Accepts.ANYONE,
        )
        for shelter in place.shelters
    )
    return place, replace(now, shelters=shelters)


def answers(change: AdviceChange) -> list[tuple[Answer, Answer]]:
    assert change.before is not None
    assert change.after is not None
    return [
        pair
        for was, now in zip(change.before.parts, change.after.parts, strict=True)
        for pair in ((was.general, now.general), (was.step_free, now.step_free))
    ]


def test_the_same_facts_change_nothing_and_everybody_s_plan_stands_after_any_event() -> None:
    without = 0
    for seed in range(TOWNS):
        chooser = random.Random(seed)
        place, now = scarce(chooser)
        planner = Planner(place.network, place.cells)
        for _ in range(3):
            found = planner.replan(now)
            without += any(entry.parts[0].general.why is Why.NO_ROOM for entry in found.cells)
            assert planner.replan(now).changes == (), seed
            now = happens(chooser, place, now)
    assert without > TOWNS


def test_a_closure_moves_whose_way_it_cuts_and_whose_room_they_take_or_leave_each_with_its_reason() -> None:
    moved = 0
    for seed in range(TOWNS):
        chooser = random.Random(seed)
        place, now = scarce(chooser)
        planner = Planner(place.network, place.cells)
        entries = planner.replan(now).cells
        routes = [a.route for e in entries for p in e.parts for a in (p.general, p.step_free) if a.route]
        roads = sorted({road for route in routes for road in route.road_ids})
        if not roads:
            continue
        road = chooser.choice(roads)
        shut = RoadClosure("c", frozenset({road}), RoadCause.FLOODED, SAID, NOON)
        changes = planner.replan(replace(now, closures=(shut,))).changes
        moved += len(changes)
        assert changes, seed
        for change in changes:
            assert "c" in change.because, seed
            cut = any(was.route and road in was.route.road_ids for was, _ in answers(change))
            assert cut == (change.cause is Cause.WAY_CUT), seed
            if cut:
                continue
            # A way that holds is given up only because it is full; who had none may find what others left.
            for was, after in answers(change):
                if was.route is not None and was.route != after.route:
                    assert change.cause is Cause.SHELTER_LOST, seed
                    assert change.because[0] == was.route.shelter_id, seed
                elif was.route is None and after.route is not None:
                    assert was.why is Why.NO_ROOM, seed
        assert planner.replan(replace(now, closures=(shut,))).changes == (), seed
    assert moved > TOWNS
