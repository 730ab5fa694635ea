"""The help lines of a deployment's wards, from their register and the area table."""

from pathlib import Path

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.help_line import HelpLine
from geo.help_lines import NO_HELP_LINES, HelpLines
from shirase.areas import table_at
from shirase.ward_register import wards_at


def help_lines_at(wards: Path | None, areas: Path) -> HelpLines:
    """Return the numbers of the register at *wards* with their ground, none without one.

    A ward that the table does not hold still signs its orders. Raises SettingMissing for a register that is doubtful:
    to name a wrong number is worse than not to start.
    """
    numbered = [setting for setting in wards_at(wards).values() if setting.help_line]
    if not numbered:
        return NO_HELP_LINES
    table = table_at(areas)
    covers = [table.lookup(Geocode(GEOCODE_CLASS20, f"{setting.code}00")) for setting in numbered]
    return HelpLines(
        (HelpLine(setting.name, setting.help_line), () if cover is None else cover.cells)
        for setting, cover in zip(numbered, covers, strict=True)
    )
