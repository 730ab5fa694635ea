"""Whose number the people of a cell are told: their ward's, both on a line, none where no ward is known."""

import h3.api.basic_int as h3
from hypothesis import given
from hypothesis import strategies as st

from alerts.help_line import HelpLine
from alerts.place import Cell
from geo.cells import compact, expand
from geo.help_lines import NO_HELP_LINES, HelpLines

MIDDLE = h3.latlng_to_cell(35.70, 139.85, 9)
AROUND = tuple(Cell(cell) for cell in sorted(h3.grid_disk(MIDDLE, 8)))
WEST, EAST = HelpLine("架空西区", "03-0000-0001"), HelpLine("架空東区", "03-0000-0002")


def ground(first: int, last: int) -> tuple[Cell, ...]:
    return compact(AROUND[first:last])


TWO = HelpLines([(WEST, ground(0, 110)), (EAST, ground(100, 180))])


def test_each_cell_has_its_wards_number_and_one_on_the_line_both() -> None:
    found = TWO.split(compact(AROUND))
    assert {lines: set(expand(cells)) for cells, lines in found} == {
        (WEST,): set(AROUND[:100]),
        (WEST, EAST): set(AROUND[100:110]),
        (EAST,): set(AROUND[110:180]),
        (): set(AROUND[180:]),
    }


@given(st.sets(st.sampled_from(AROUND)))
def test_a_split_loses_no_cell_and_tells_none_twice(cells: set[Cell]) -> None:
    found = TWO.split(compact(cells))
    told = [cell for part, _ in found for cell in expand(part)]
    assert sorted(told) == sorted(cells)


def test_without_a_register_all_people_read_the_same() -> None:
    cells = compact(AROUND)
    assert NO_HELP_LINES.split(cells) == ((cells, ()),)
    assert NO_HELP_LINES.split(()) == ()
    assert NO_HELP_LINES.of_issuer("架空西区") == ()


def test_who_signs_is_found_by_the_whole_name_alone() -> None:
    assert TWO.of_issuer("架空西区") == (WEST,)
    assert TWO.of_issuer("西区") == ()
