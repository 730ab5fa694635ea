"""Two persons where it threatens life or covers more than one ward or 50,000 people: each bound from both sides."""

from dataclasses import replace
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.claim import Lane
from alerts.place import Cell
from api.console.preview_page import preview_rows
from api.known.census import Census, Reach
from api.officers.accounts import Account, Role
from api.officers.approval import WIDE_PEOPLE, MayNot, Proposal, may_not_approve
from api.orders.preview import Preview
from geo.cells import expand
from streams.notices.edit import ground_of
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, drafted, room_in
from tests.streams.evening import wards_table

ONE, TWO = frozenset({KOTO_WARD}), frozenset({KOTO_WARD, EDOGAWA_WARD})
AUTHOR = Account("aoki", Role.APPROVER, TWO)
OTHER = Account("baba", Role.APPROVER, TWO)

WIDE = [
    (ONE, 0, False),
    (ONE, 49_999, False),
    (ONE, 50_000, False),
    (ONE, 50_001, True),
    (ONE, None, True),
    (TWO, 0, True),
    (TWO, 1, True),
    (TWO, 50_001, True),
    (TWO, None, True),
]


@pytest.mark.parametrize(("wards", "people", "wide"), WIDE)
def test_beyond_one_ward_or_fifty_thousand_people_it_is_wide_and_so_is_what_nobody_counted(
    wards: frozenset[str], people: int | None, *, wide: bool
) -> None:
    assert WIDE_PEOPLE == 50_000
    harmless = Proposal(frozenset({"aoki"}), Lane.ROUTINE, wards, people)
    assert harmless.is_wide is wide
    assert may_not_approve(AUTHOR, harmless) is (MayNot.OWN if wide else None)
    assert may_not_approve(OTHER, harmless) is None, "another person may"
    deadly = replace(harmless, lane=Lane.LIFE_SAFETY)
    assert may_not_approve(AUTHOR, deadly) is MayNot.OWN, "what threatens life takes two, however small it is"
    assert may_not_approve(OTHER, deadly) is None
    # Nobody wrote what a feed said, and a drill reaches nobody who did not ask for one.
    assert may_not_approve(AUTHOR, replace(deadly, authors=frozenset())) is None
    assert may_not_approve(AUTHOR, replace(deadly, lane=Lane.DRILL)) is None


def test_whoever_edited_it_is_not_its_second_person_and_the_metropolitan_role_is_no_exception() -> None:
    metro = Account("metro", Role.ADMINISTRATOR, frozenset({"*"}))
    for lane, people in ((Lane.LIFE_SAFETY, 1), (Lane.ROUTINE, 50_001), (Lane.ROUTINE, None)):
        both = Proposal(frozenset({"aoki", "metro"}), lane, ONE, people)
        assert may_not_approve(AUTHOR, both) is may_not_approve(metro, both) is MayNot.OWN
        assert may_not_approve(OTHER, both) is None


def test_in_no_ward_that_is_known_it_is_wide_and_nobody_but_the_metropolitan_role_lets_it_go() -> None:
    nowhere = Proposal(frozenset({"aoki"}), Lane.ROUTINE, frozenset(), 10)
    assert nowhere.is_wide
    assert may_not_approve(OTHER, nowhere) is MayNot.NO_WARD
    assert may_not_approve(Account("metro", Role.APPROVER, frozenset({"*"})), nowhere) is None


@pytest.mark.parametrize(("people", "wide"), [(49_999, False), (50_000, False), (50_001, True), (None, True)])
def test_the_people_are_those_whom_the_census_has_in_its_cells(
    tmp_path: Path, people: int | None, *, wide: bool
) -> None:
    room = room_in(tmp_path, wards_table())
    draft = drafted(author="aoki").draft
    assert draft is not None
    cell = h3.cell_to_parent(next(iter(expand(ground_of(draft.notice)))), 9)
    # One more lives beyond it, whom it does not touch.
    beyond = h3.latlng_to_cell(36.5, 141.0, 9)
    counted = Census(None if people is None else {Cell(cell): people, Cell(beyond): 9_999})
    proposal = replace(room.office, census=counted).proposal(draft)
    assert proposal.people == people
    assert replace(proposal, wards=ONE).is_wide is wide


@pytest.mark.parametrize(("wards", "people", "wide"), WIDE)
def test_the_preview_says_so_before_anything_is_written(
    wards: frozenset[str], people: int | None, *, wide: bool
) -> None:
    seen = Preview((), tuple(sorted(wards)), Reach(people), None, None)
    said = dict(preview_rows(seen))["広さ"]
    assert ("別の人の承認が要ります" in said) is wide
    assert ("人数が分からない" in said) is (people is None and len(wards) == 1)
