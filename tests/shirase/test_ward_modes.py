"""What a ward offers beside shelters: from the register and the area table to each cell of the town."""

from pathlib import Path

import pytest

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.ward import WithoutSite
from geo.cells import expand
from routing.ground import NO_MODES, WardModes
from shirase.areas import table_at
from shirase.demo.town import town_of
from shirase.paths import DEFAULT_AREAS
from shirase.ward_modes import ward_modes_at
from streams.settings import SettingMissing, worker_settings

MISSING = Path("no-such-table.bin")
EDOGAWA = """
[[ward]]
code = "13123"
name = "江戸川区"
leave_early = "架空の広域避難先"
refuge = "架空の高台"
[ward.without_site]
flood = "leave-early"
heavy_rain = "stay"
"""
KATSUSHIKA = '[[ward]]\ncode = "13122"\nname = "葛飾区"\nrefuge = "架空の丘"\n'
SAID = WardModes(
    "架空の広域避難先",
    "架空の高台",
    {HazardKind.FLOOD: WithoutSite.LEAVE_EARLY, HazardKind.HEAVY_RAIN: WithoutSite.STAY},
)


def register(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "wards.toml"
    path.write_text(text, encoding="utf-8")
    return path


def cells_of(code: str) -> set[Cell]:
    cover = table_at(DEFAULT_AREAS).lookup(Geocode(GEOCODE_CLASS20, f"{code}00"))
    assert cover is not None
    return set(expand(cover.cells))


def test_each_cell_of_a_ward_has_what_its_register_says(tmp_path: Path) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    found = ward_modes_at(register(tmp_path, EDOGAWA), DEFAULT_AREAS)
    assert found == dict.fromkeys(cells_of("13123"), SAID)


def test_on_the_line_of_two_wards_neither_speaks_for_the_other(tmp_path: Path) -> None:
    found = ward_modes_at(register(tmp_path, EDOGAWA + KATSUSHIKA), DEFAULT_AREAS)
    edogawa, katsushika = cells_of("13123"), cells_of("13122")
    line = edogawa & katsushika
    assert line
    assert all(found[cell] == NO_MODES for cell in line)
    assert {found[cell].refuge for cell in edogawa - line} == {"架空の高台"}
    assert {found[cell].refuge for cell in katsushika - line} == {"架空の丘"}


def test_the_town_of_the_evacuation_worker_holds_them(tmp_path: Path) -> None:
    path = register(tmp_path, EDOGAWA)
    settings = worker_settings(
        {
            "SHIRASE_BROKER": "127.0.0.1:1",
            "SHIRASE_NETWORK": "demo-city",
            "SHIRASE_AREAS": str(DEFAULT_AREAS),
            "SHIRASE_WARDS": str(path),
        },
        data_dir=tmp_path,
        instance="0",
    )
    town = town_of(settings)
    assert SAID in [town.modes.get(cell) for cell in town.people]


def test_without_a_word_of_it_no_table_is_read_and_a_doubtful_register_stops_the_start(tmp_path: Path) -> None:
    path = register(tmp_path, '[[ward]]\ncode = "13123"\nname = "江戸川区"\nhelp_line = "03-0000-0000"\n')
    assert ward_modes_at(path, MISSING) == {}
    assert ward_modes_at(None, MISSING) == {}
    with pytest.raises(SettingMissing, match="SHIRASE_WARDS"):
        ward_modes_at(register(tmp_path, EDOGAWA.replace("stay", "swim")), MISSING)
