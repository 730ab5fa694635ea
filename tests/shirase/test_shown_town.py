"""What residents are shown of a town: the names of its places from an imported list, and the lines of its rivers."""

from pathlib import Path

import h3.api.basic_int as h3

from alerts.place import Cell, LatLng
from api.drawing.frame import TOKYO
from api.drawing.lines import drawn_beneath, lines_of
from geo.area_set import AreaFeature, AreaSet, AreaSetKind
from geo.cells import compact
from geo.importers.area_set_file import save as save_areas
from geo.importers.river_zone_file import save as save_rivers
from geo.river_zone import RiverCourse, RiverZones
from shirase.demo.rivers import RIVERS
from shirase.demo.run import DEMO_CITY
from shirase.demo.town import shown_town

MIDDLE = h3.latlng_to_cell(35.7, 139.8, 9)


def test_a_cell_has_the_name_that_the_list_finds_first(tmp_path: Path) -> None:
    first = AreaFeature("1", "本町一丁目", compact(h3.grid_disk(MIDDLE, 6)))
    second = AreaFeature("2", "本町二丁目", compact(h3.grid_disk(MIDDLE, 9)))
    areas = AreaSet(AreaSetKind.CHOME, "2026-01-01", "towns", "", (first, second))
    save_areas(areas, tmp_path)
    name_of = shown_town("", None, tmp_path).name_of
    assert name_of is not None
    for cell in h3.grid_disk(MIDDLE, 10):
        held = areas.at(cell)
        assert name_of(Cell(cell)) == (held[0].ja if held else "")
    assert {name_of(Cell(cell)) for cell in h3.grid_disk(MIDDLE, 10)} == {"本町一丁目", "本町二丁目", ""}


def test_rivers_are_drawn_without_a_network_and_the_demo_has_its_own(tmp_path: Path) -> None:
    line = (LatLng(35.80, 139.72), LatLng(35.60, 139.72))
    path = save_rivers(RiverZones((), (RiverCourse("9999000001", "", "架空川", line),)), tmp_path / "rivers.npz")
    town = shown_town("", None, rivers=path)
    assert town.rivers == (line,)
    assert town.roads is None
    assert drawn_beneath(TOKYO, lines_of(None, town.rivers), 1_000).count("<path") == 1
    assert shown_town(DEMO_CITY, None).rivers == tuple(river.line for river in RIVERS)
