"""What `explain` says of a cell: the rivers that endanger it, and which notices were for whom."""

from dataclasses import replace

import h3.api.basic_int as h3

from alerts.notice import Phase, Recipients
from alerts.place import Cell
from geo.cells import compact
from geo.river_zone import RiverZones
from shirase.commands.explain import notice_lines, zone_lines
from shirase.demo.river_ground import demo_river_zones
from tests.dispatch.people import KOTO, notice, part

RIVERSIDE = Cell(h3.latlng_to_cell(35.716, 139.838, 9))
HERE = compact(h3.grid_disk(KOTO, 1))


def test_a_cell_at_the_river_has_its_depth_and_the_map_that_says_so() -> None:
    lines = zone_lines(demo_river_zones(), RIVERSIDE)
    assert "5m以上 (5 m or more)" in lines[1]
    assert "架空の浸水想定区域図 of 2026-04-01" in lines[1]


def test_a_cell_in_no_zone_is_not_said_to_be_dry() -> None:
    (line,) = zone_lines(RiverZones(), RIVERSIDE)
    assert "not a dry place" in line


def test_a_notice_says_whom_it_was_for_and_a_hidden_one_that_it_was_for_nobody() -> None:
    aloud = notice(part(HERE))
    hidden = replace(notice(part(HERE, recipients=Recipients.NOBODY, phase=Phase.RAISED)), lineage="other")
    elsewhere = notice(part(compact([RIVERSIDE])))
    first, *told = notice_lines([aloud, hidden, elsewhere], Cell(KOTO))
    assert first == "notices about this cell:"
    assert "issued for everybody here" in told[0]
    assert "raised for nobody (another source had told as much)" in told[1]
    assert len(told) == 2
    assert notice_lines([], Cell(KOTO)) == ["notices: none was about this cell"]
