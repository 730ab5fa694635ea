"""The help lines of a deployment's wards, from their register and the area table."""

import tomllib
from pathlib import Path

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.errors import WardError
from alerts.help_line import HelpLine
from alerts.ward import wards_from_plain
from geo.help_lines import NO_HELP_LINES, HelpLines
from shirase.areas import table_at
from streams.settings import SettingMissing


def help_lines_at(wards: Path | None, areas: Path) -> HelpLines:
    """Return the numbers of the register at *wards* with their ground, none without one.

    A ward that the table does not hold still signs its orders. Raises SettingMissing for a register that is doubtful:
    to name a wrong number is worse than not to start.
    """
    if wards is None:
        return NO_HELP_LINES
    try:
        settings = wards_from_plain(tomllib.loads(wards.read_text(encoding="utf-8")))
    except (OSError, ValueError, WardError) as error:
        raise SettingMissing(f"SHIRASE_WARDS, {wards}: {error}") from None
    numbered = [setting for setting in settings.values() if setting.help_line]
    if not numbered:
        return NO_HELP_LINES
    table = table_at(areas)
    covers = [table.lookup(Geocode(GEOCODE_CLASS20, f"{setting.code}00")) for setting in numbered]
    return HelpLines(
        (HelpLine(setting.name, setting.help_line), () if cover is None else cover.cells)
        for setting, cover in zip(numbered, covers, strict=True)
    )
