"""What the wards of a deployment offer beside shelters (R1), by cell: from their register and the area table."""

from collections.abc import Mapping
from pathlib import Path

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import Cell
from geo.cells import expand
from routing.ground import NO_MODES, WardModes
from shirase.areas import table_at
from shirase.ward_register import wards_at


def ward_modes_at(wards: Path | None, areas: Path) -> Mapping[Cell, WardModes]:
    """Return what the register at *wards* says of leaving early, of its own high ground and of dangers without a site.

    A cell on the line of two wards that say different things keeps R1's own answer: nobody knows whose people stand
    there. Raises SettingMissing for a register that is doubtful.
    """
    said = {
        setting.code: WardModes(setting.leave_early, setting.refuge, setting.without_site)
        for setting in wards_at(wards).values()
    }
    if not any(modes != NO_MODES for modes in said.values()):
        return {}
    table = table_at(areas)
    found: dict[Cell, WardModes] = {}
    for code, modes in said.items():
        cover = table.lookup(Geocode(GEOCODE_CLASS20, f"{code}00"))
        for number in () if cover is None else expand(cover.cells):
            cell = Cell(number)
            found[cell] = modes if found.get(cell, modes) == modes else NO_MODES
    return found
