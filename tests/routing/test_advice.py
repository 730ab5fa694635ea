"""R1 decides, R3 words: every refusal, every depth x zone x duration x need."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.place import LatLng
from alerts.ward import WithoutSite
from geo.depth import DepthRank
from routing.advice import PACE, decide, last_hour, why_not_walked
from routing.go_up import TABLE, WATER, Do, Duration, Need, key_of, row
from routing.ground import Ground, Outlook, Situation, WardModes
from routing.plan import Advice, Answer, Route, Why
from routing.shelter import SUDDEN, Offer

NOON = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
FLOOD = Situation(frozenset({HazardKind.FLOOD}), NOON, NOON)
QUAKE = Situation(frozenset({HazardKind.EARTHQUAKE}), NOON, NOON)
CALM, WET = Outlook(), Ground(depth=DepthRank.FROM_3_M)


def route(slow_minutes: float, offer: Offer = Offer.OPEN) -> Route:
    slow = int(slow_minutes * 60)
    return Route("s", "架空小", offer, slow // 2, slow, slow // 2, (LatLng(35.7, 139.8),), (), ())


def after(**parts: float) -> datetime:
    return NOON + timedelta(**parts)


def test_go_only_when_the_slowest_is_there_before_the_water() -> None:
    def told(slow_minutes: float, arrives: datetime | None) -> tuple[Advice, Why]:
        answer = decide(WET, Outlook(arrives_at=arrives), route(slow_minutes), FLOOD, key="k")
        return answer.advice, answer.why

    assert told(40, None) == (Advice.GO, Why.WALKABLE)
    assert told(40, after(minutes=41)) == (Advice.GO, Why.WALKABLE)
    assert told(40, after(minutes=40)) == (Advice.GO_UP, Why.WATER_COMES_FIRST)
    assert told(60, None) == (Advice.GO, Why.WALKABLE)
    assert told(60.1, None) == (Advice.GO_UP, Why.TOO_FAR)


@pytest.mark.parametrize(
    ("hours", "advice"), [(48, Advice.LEAVE_EARLY), (24, Advice.LEAVE_EARLY), (6, Advice.LEAVE_EARLY),
                          (5.9, Advice.GO_UP), (1, Advice.GO_UP)],
)  # fmt: skip
def test_what_cannot_be_walked_is_left_early_or_climbed_by_lead_time(hours: float, advice: Advice) -> None:
    answer = decide(WET, Outlook(arrives_at=after(hours=hours)), Why.NO_USABLE_SHELTER, FLOOD, key="k")
    assert (answer.advice, answer.why) == (advice, Why.NO_USABLE_SHELTER)
    assert (answer.leave_by is not None) == (advice is Advice.LEAVE_EARLY)
    if answer.leave_by:
        assert NOON <= answer.leave_by <= after(hours=hours) - PACE.journey


def test_nobody_walks_in_a_storm_and_its_beginning_ends_the_journeys() -> None:
    now = Outlook(arrives_at=after(hours=30), storm_from=NOON)
    assert decide(WET, now, route(10), FLOOD, key="k").why is Why.STORM
    assert decide(WET, now, route(10), FLOOD, key="k").advice is Advice.GO_UP
    later = Outlook(arrives_at=after(hours=30), storm_from=after(hours=20))
    answer = decide(WET, later, Why.TOO_FAR, FLOOD, key="k")
    assert answer.leave_by == after(hours=14)


def test_water_in_the_cell_keeps_people_in() -> None:
    answer = decide(WET, Outlook(active=True), route(5), FLOOD, key="k")
    assert (answer.advice, answer.why, answer.route) == (Advice.GO_UP, Why.WATER_COMES_FIRST, None)


def test_where_a_map_says_dry_people_stay_and_where_none_says_it_counts_as_water() -> None:
    assert decide(Ground(dry=True), CALM, route(5), FLOOD, key="k").why is Why.NOT_IN_ZONE
    assert decide(Ground(), CALM, route(5), FLOOD, key="k").advice is Advice.GO
    swept = decide(Ground(dry=True, collapse_zone=True), CALM, route(5), FLOOD, key="k")
    assert swept.advice is Advice.GO


def test_after_a_quake_a_site_not_confirmed_open_is_said_to_be_that() -> None:
    answer = decide(Ground(), CALM, route(5, Offer.DESIGNATED), QUAKE)
    assert (answer.advice, answer.why) == (Advice.GO, Why.NOT_CONFIRMED_OPEN)
    assert decide(Ground(), CALM, route(5, Offer.ALWAYS_OPEN), QUAKE).why is Why.WALKABLE
    assert decide(Ground(), CALM, Why.NOT_CONNECTED, QUAKE).advice is Advice.STAY


def test_a_district_stays_after_a_quake_and_leaves_a_fire_or_a_flood() -> None:
    stays = Ground(stays=True)
    assert decide(stays, CALM, route(5), QUAKE).why is Why.DISTRICT_STAYS
    fire = Outlook(active=True, dangers=frozenset({HazardKind.FIRE}))
    assert decide(stays, fire, route(90), QUAKE).advice is Advice.GO
    assert decide(stays, CALM, route(5), FLOOD, key="k").advice is Advice.GO


def test_the_slow_pace_is_half_and_at_night_less() -> None:
    assert PACE.slow_seconds(100, night=False) == 200
    assert PACE.slow_seconds(100, night=True) == 250
    assert PACE.slow_seconds(0, night=True) == 0


COMBINATIONS = list(product((*DepthRank, None), (True, False, None), Duration, Need))
STAYS = {Duration.HOURS: timedelta(hours=3), Duration.DAYS: timedelta(days=2), Duration.WEEK: None}


def test_every_depth_zone_duration_and_need_has_a_text_with_an_action() -> None:
    for depth, collapse, duration, need in COMBINATIONS:
        ground = Ground(depth=depth, collapse_zone=collapse, water_stays=STAYS[duration])
        found = row(
            key_of(ground, need, FLOOD.hazards), refuge="架空高台", help_lines=(HelpLine("架空区", "03-0000-0000"),)
        )
        assert "階" in found.ja
        assert "へ" in found.ja
        assert "floor" in found.en
        assert "119" in found.ja
        assert "03-0000-0000" in found.ja
        assert "119" in found.en
        if duration is not Duration.HOURS:
            assert "薬" in found.ja
        if found.do is not Do.OWN_UPPER_FLOOR:
            assert "架空高台" in found.ja
    assert len(TABLE) == len(DepthRank) * 2 * 3 * 4 + 2 * 3 * 4 + len(Need)


def test_none_tells_somebody_who_cannot_climb_only_to_climb() -> None:
    for key, found in TABLE.items():
        need = Need(key.rsplit("/", 1)[1])
        if need in (Need.STEP_FREE, Need.BED_BOUND):
            assert found.do is Do.CALL_FOR_HELP, key
            assert "119" in found.ja, key
            assert "119" in found.en, key
        if need is Need.UNDERGROUND:
            assert 0 <= found.ja.find("地上へ") < found.ja.rfind("階"), key


def test_the_floor_is_above_the_water_and_what_is_not_known_is_the_worst() -> None:
    upper = {DepthRank.UNDER_HALF_M: 0.5, DepthRank.FROM_HALF_M: 3, DepthRank.FROM_3_M: 5, DepthRank.FROM_5_M: 10,
             DepthRank.FROM_10_M: 20}  # fmt: skip
    for depth, metres in upper.items():
        floor = TABLE[key_of(Ground(depth=depth, collapse_zone=False), Need.GENERAL, FLOOD.hazards)].floor
        assert floor is not None
        assert 3 * (floor - 1) >= metres
    two_storeys = TABLE[key_of(Ground(depth=DepthRank.FROM_3_M, collapse_zone=False), Need.GENERAL, FLOOD.hazards)]
    assert "2階建ては水没" in two_storeys.ja
    assert "3階以上" in two_storeys.ja
    unknown = TABLE[key_of(Ground(), Need.GENERAL, FLOOD.hazards)]
    assert unknown.do is Do.STRONG_BUILDING
    assert unknown.floor is None
    assert key_of(Ground(depth=DepthRank.FROM_HALF_M), Need.GENERAL, FLOOD.hazards).split("/")[1] == "collapse"


def test_lifts_are_not_used_in_a_quake_and_up_helps_against_water_and_slopes_only() -> None:
    assert "エレベーター" in row(key_of(Ground(), Need.GENERAL, FLOOD.hazards), no_lift=True).ja
    assert key_of(Ground(), Need.GENERAL, QUAKE.hazards) == ""
    slope = TABLE[key_of(Ground(), Need.GENERAL, {HazardKind.LANDSLIDE})]
    assert "崖" in slope.ja
    storm = replace(QUAKE, hazards=frozenset({HazardKind.STORM}))
    assert decide(Ground(), CALM, Why.NO_USABLE_SHELTER, storm).advice is Advice.STAY


def decided_plainly(ground: Ground, outlook: Outlook, way: Route | Why, situation: Situation, key: str) -> Answer:
    """R1 as it was first written down: every answer made anew."""
    sudden = situation.hazards <= SUDDEN
    if ground.stays and sudden and not outlook.active:
        return Answer(Advice.STAY, Why.DISTRICT_STAYS)
    zoneless = not situation.hazards <= WATER
    if ground.dry and not ground.collapse_zone and not outlook.active and not zoneless:
        return Answer(Advice.STAY, Why.NOT_IN_ZONE)
    refusal = way if isinstance(way, Why) else why_not_walked(way.slow_seconds, outlook, situation)
    if refusal is None:
        assert isinstance(way, Route)
        return Answer(Advice.GO, Why.NOT_CONFIRMED_OPEN if way.offer is Offer.DESIGNATED else Why.WALKABLE, way)
    leave_by = last_hour(outlook, situation)
    if leave_by is not None:
        return Answer(Advice.LEAVE_EARLY, refusal, leave_by=leave_by)
    return Answer(Advice.GO_UP, refusal, action=key) if key else Answer(Advice.STAY, refusal)


moments = st.none() | st.integers(-60, 3000).map(lambda minutes: after(minutes=minutes))
grounds = st.builds(Ground, depth=st.sampled_from(DepthRank), collapse_zone=st.booleans(), stays=st.booleans())
outlooks = st.builds(Outlook, arrives_at=moments, storm_from=moments, active=st.booleans())
hazards = st.frozensets(st.sampled_from(HazardKind), min_size=1, max_size=3)
ways = st.sampled_from(Why) | st.builds(route, st.integers(0, 90), st.sampled_from(Offer))


@settings(deadline=None, derandomize=True)
@given(ground=grounds, outlook=outlooks, way=ways, kinds=hazards, night=st.booleans(), key=st.sampled_from(["", "k"]))
def test_answers_that_cells_share_are_those_made_anew(
    ground: Ground, outlook: Outlook, way: Route | Why, kinds: frozenset[HazardKind], night: bool, key: str
) -> None:
    situation = replace(FLOOD, hazards=kinds, night=night)
    expected = decided_plainly(ground, outlook, way, situation, key)
    assert decide(ground, outlook, way, situation, key=key) == expected
    # The planner refuses a walk before it is drawn where nothing is forecast: the same answer.
    if isinstance(way, Route) and (refusal := why_not_walked(way.slow_seconds, outlook, situation)) is not None:
        assert decide(ground, outlook, refusal, situation, key=key) == expected


TOMORROW = Outlook(arrives_at=after(hours=24))
LOW = Ground(depth=DepthRank.FROM_HALF_M, collapse_zone=False)
NO_CHANGE = (WithoutSite.LEAVE_EARLY, WithoutSite.NOT_HERE)
UP = WardModes(without_site={HazardKind.FLOOD: WithoutSite.GO_UP})


def lacking(ground: Ground, outlook: Outlook, modes: WardModes, situation: Situation = FLOOD) -> Answer:
    return decide(ground, outlook, Why.NO_USABLE_SHELTER, situation, key="k", modes=modes)


def test_a_ward_names_where_to_leave_to_and_its_own_high_ground() -> None:
    modes = WardModes("架空広域避難先", "架空高台")
    assert lacking(WET, TOMORROW, modes).refuge == "架空広域避難先"
    soon = lacking(WET, Outlook(arrives_at=after(hours=1)), modes)
    assert (soon.advice, soon.refuge) == (Advice.GO_UP, "架空高台")
    assert decide(WET, CALM, route(5), FLOOD, key="k", modes=modes).refuge == "", "who can walk to a shelter goes there"


def test_nobody_is_sent_out_to_a_refuge_in_the_storm_or_through_water() -> None:
    modes = WardModes("", "架空高台")
    assert lacking(WET, Outlook(active=True), modes).refuge == ""
    storm = decide(WET, Outlook(storm_from=NOON), route(5), FLOOD, key="k", modes=modes)
    assert (storm.why, storm.refuge) == (Why.STORM, "")


@pytest.mark.parametrize("mode", [WithoutSite.GO_UP, WithoutSite.STAY])
def test_a_ward_may_keep_its_people_in_a_house_that_stands_above_the_water(mode: WithoutSite) -> None:
    modes = WardModes(without_site={HazardKind.FLOOD: mode})
    assert lacking(LOW, TOMORROW, WardModes()).advice is Advice.LEAVE_EARLY
    assert lacking(LOW, TOMORROW, modes).advice is Advice.GO_UP
    storm = replace(FLOOD, hazards=frozenset({HazardKind.STORM}))
    told = decide(LOW, TOMORROW, Why.NO_ROOM, storm, modes=WardModes(without_site={HazardKind.STORM: mode}))
    assert told.advice is Advice.STAY


@pytest.mark.parametrize("ground", [WET, Ground(), replace(LOW, collapse_zone=True), replace(LOW, collapse_zone=None)])
def test_a_ward_never_keeps_people_where_a_house_may_go_under_or_be_washed_away(ground: Ground) -> None:
    assert lacking(ground, TOMORROW, UP).advice is Advice.LEAVE_EARLY


@pytest.mark.parametrize("other", [HazardKind.STORM_SURGE, HazardKind.LANDSLIDE])
def test_a_ward_that_speaks_of_one_danger_has_not_spoken_of_the_other(other: HazardKind) -> None:
    both = replace(FLOOD, hazards=frozenset({HazardKind.FLOOD, other}))
    assert lacking(LOW, TOMORROW, UP, both).advice is Advice.LEAVE_EARLY
    along = replace(TOMORROW, dangers=frozenset({other}))
    assert lacking(LOW, along, UP).advice is Advice.LEAVE_EARLY
    slope = WardModes(without_site=dict.fromkeys((HazardKind.FLOOD, HazardKind.LANDSLIDE), WithoutSite.GO_UP))
    if other is HazardKind.LANDSLIDE:
        assert lacking(LOW, TOMORROW, slope, both).advice is Advice.LEAVE_EARLY


@settings(deadline=None, derandomize=True)
@given(
    ground=grounds, outlook=outlooks, way=ways, kinds=hazards, key=st.sampled_from(["", "k"]),
    modes=st.dictionaries(st.sampled_from(HazardKind), st.sampled_from(NO_CHANGE)),
)  # fmt: skip
def test_to_leave_early_is_what_r1_says_and_not_here_takes_nothing_from_whoever_is_told_to_leave(
    ground: Ground, outlook: Outlook, way: Route | Why, kinds: frozenset[HazardKind], key: str,
    modes: dict[HazardKind, WithoutSite],
) -> None:  # fmt: skip
    situation = replace(FLOOD, hazards=kinds)
    expected = decide(ground, outlook, way, situation, key=key)
    assert decide(ground, outlook, way, situation, key=key, modes=WardModes(without_site=modes)) == expected


def test_a_slope_names_no_refuge_out_of_doors() -> None:
    for need in Need:
        assert "架空高台" not in row(f"slope/{need}", refuge="架空高台").ja
