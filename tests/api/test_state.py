"""What residents may see is folded from snapshots and notices, and nothing vanishes by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.claim import Lane, Release
from alerts.level import Level
from alerts.notice import NoticeKind
from api.drawing.faces import faces_of
from api.known.state import State, View
from geo.cells import contains, difference, union
from streams.brokers.client import Record
from streams.topics import HAZARDS, NOTICES
from streams.wire import WireError, encode
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

NEAR, WIDE = around(*KOTO, rings=4), around(*KOTO, rings=9)


def view_of(evening: Evening) -> View:
    state = State()
    for record in evening.records:
        state.apply(record)
    return state.view()


def covered(view: View) -> tuple[int, ...]:
    return union(*(danger.cells for held in view.maps for one in held.standings for danger in one.dangers))


def test_an_official_warning_is_on_the_map_and_in_the_list() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    view = view_of(evening)
    assert covered(view) == NEAR
    assert {said.part.level for said in view.in_force} == {Level.ALL_LEAVE}
    assert view.facts_at == NINE_PM + timedelta(seconds=2)
    assert view.heard == (("気象庁", NINE_PM),)


@pytest.mark.parametrize("lane", [Lane.DRILL, Lane.CANARY])
def test_a_drill_is_never_shown_to_residents(lane: Lane) -> None:
    evening = Evening()
    evening.say(provenance(lane=lane), [danger(NEAR)])
    view = view_of(evening)
    assert (view.maps, view.in_force, view.heard) == ((), (), ())


@pytest.mark.parametrize("release", [Release.DRAFT, Release.HOLD, Release.RECORD])
def test_what_waits_for_a_person_is_not_shown(release: Release) -> None:
    evening = Evening()
    evening.say(provenance(release=release), [danger(NEAR)], approve=False)
    assert view_of(evening).maps == ()


def test_an_approved_draft_shows_what_was_approved_and_not_what_waits_after_it() -> None:
    evening = Evening()
    evening.say(provenance(release=Release.DRAFT), [danger(NEAR)])
    evening.say(provenance(revision=1, release=Release.DRAFT), [danger(WIDE)], approve=False)
    assert covered(view_of(evening)) == NEAR


def test_an_approved_order_keeps_the_line_of_its_area_and_its_ways_are_no_danger() -> None:
    evening = Evening()
    notices = evening.say(provenance(release=Release.DRAFT), [danger(WIDE, partial=difference(WIDE, NEAR))])
    way = replace(notices[0], lineage="flood#ways", kind=NoticeKind.GO_THERE)
    state = State()
    for record in (*evening.records, Record(NOTICES.name, 0, 99, b"flood#ways", encode(way))):
        state.apply(record)
    dangers = [danger for held in state.view().maps for one in held.standings for danger in one.dangers]
    assert union(*(one.cells for one in dangers)) == WIDE
    # Cells of the ring lie mostly next door: the map does not call them the ground of this order.
    assert union(*(difference(one.cells, one.partial) for one in dangers)) == NEAR
    assert all("#ways" not in one.provenance.lineage for held in state.view().maps for one in held.standings)


def test_a_notice_changes_its_own_cells_and_leaves_the_others_as_they_were_told() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(WIDE, level=Level.ELDERLY_LEAVE)])
    raised = [danger(NEAR), danger(difference(WIDE, NEAR), level=Level.ELDERLY_LEAVE)]
    evening.say(provenance(revision=1, sent=NINE_PM + timedelta(minutes=10)), raised)
    in_force = view_of(evening).in_force
    told = {said.part.level: said.part.cells for said in in_force}
    assert told == {Level.ALL_LEAVE: NEAR, Level.ELDERLY_LEAVE: difference(WIDE, NEAR)}
    assert in_force[0].part.level is Level.ALL_LEAVE


def test_a_lifted_notice_ends_and_is_listed_as_ended() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    evening.say(provenance(revision=1, sent=NINE_PM + timedelta(hours=1)), [])
    view = view_of(evening)
    assert (view.maps, view.in_force) == ((), ())
    assert len(view.ended) == 1


def test_the_same_record_twice_changes_nothing() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    once = view_of(evening)
    evening.records += evening.records
    twice = view_of(evening)
    assert (twice.maps, twice.in_force, twice.ended) == (once.maps, once.in_force, once.ended)


def test_a_record_that_cannot_be_read_is_refused_and_leaves_the_state_alone() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    state = State()
    for record in evening.records:
        state.apply(record)
    before = state.view()
    with pytest.raises(WireError):
        state.apply(Record(HAZARDS.name, 0, 99, b"x", b"not json"))
    assert state.view() is before


def test_faces_are_disjoint_and_each_cell_has_all_its_reasons() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    evening.say(provenance("rain"), [danger(WIDE, level=Level.ELDERLY_LEAVE)])
    for held in view_of(evening).maps:
        found = faces_of(held)
        total = [cell for face in found for cell in face.cells]
        assert len(union(total)) <= len(total) == len(set(total))
        for face in found:
            near = all(contains(NEAR, cell) for cell in face.cells)
            assert face.verdict.level is (Level.ALL_LEAVE if near else Level.ELDERLY_LEAVE)
            assert len(face.verdict.reasons) == (2 if near else 1)
