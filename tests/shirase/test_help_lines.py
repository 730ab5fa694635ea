"""The register of wards and the area table, as help lines by name and by place."""

from pathlib import Path

import pytest

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.help_line import HelpLine
from geo.cells import difference, union
from shirase.areas import table_at
from shirase.demo.help_lines import write_demo_wards
from shirase.help_lines import help_lines_at
from shirase.paths import DEFAULT_AREAS
from shirase.ward_register import wards_at
from streams.settings import SettingMissing

MISSING = Path("no-such-table.bin")


def test_the_demo_has_a_number_for_each_ward_and_names_both_on_a_line(tmp_path: Path) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    lines = help_lines_at(write_demo_wards(tmp_path / "wards.toml"), DEFAULT_AREAS)
    edogawa, katsushika = HelpLine("江戸川区", "03-0000-0123"), HelpLine("葛飾区", "03-0000-0122")
    assert lines.of_issuer("江戸川区") == (edogawa,)
    table = table_at(DEFAULT_AREAS)
    ward = table.lookup(Geocode(GEOCODE_CLASS20, "1312300"))
    assert ward is not None
    said = {named: cells for cells, named in lines.split(ward.cells)}
    assert {edogawa} <= {line for named in said for line in named}
    assert all(edogawa in named for named in said)
    assert any(set(named) == {edogawa, katsushika} for named in said)
    assert difference(ward.cells, union(*said.values())) == ()


def test_the_demo_names_a_refuge_for_each_ward_and_says_that_it_is_made_up(tmp_path: Path) -> None:
    wards = wards_at(write_demo_wards(tmp_path / "wards.toml"))
    assert len(wards) == 23
    assert wards["13122"].refuge == "架空葛飾高台"
    assert all(ward.refuge.startswith("架空") and ward.leave_early.startswith("架空") for ward in wards.values())


def test_without_a_number_no_table_is_read(tmp_path: Path) -> None:
    register = tmp_path / "wards.toml"
    register.write_text('[[ward]]\ncode = "13123"\nname = "江戸川区"\n', encoding="utf-8")
    assert help_lines_at(None, MISSING).of_issuer("江戸川区") == ()
    assert help_lines_at(register, MISSING).of_issuer("江戸川区") == ()


@pytest.mark.parametrize("text", ["[[ward]]\n", "not toml", '[[ward]]\ncode = "1"\nname = "x"\n'])
def test_a_doubtful_register_stops_the_start(tmp_path: Path, text: str) -> None:
    register = tmp_path / "wards.toml"
    register.write_text(text, encoding="utf-8")
    with pytest.raises(SettingMissing, match="SHIRASE_WARDS"):
        help_lines_at(register, MISSING)
    with pytest.raises(SettingMissing, match="SHIRASE_WARDS"):
        help_lines_at(tmp_path / "absent.toml", MISSING)
