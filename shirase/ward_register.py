"""The wards of a deployment, from the register that it has written down."""

import tomllib
from pathlib import Path

from alerts.errors import WardError
from alerts.ward import WardSetting, wards_from_plain
from streams.settings import SettingMissing


def wards_at(path: Path | None) -> dict[str, WardSetting]:
    """Return the wards of the register at *path* by code, none without one.

    Raises SettingMissing for a register that is doubtful: what a ward meant is not guessed.
    """
    if path is None:
        return {}
    try:
        return wards_from_plain(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, WardError) as error:
        raise SettingMissing(f"SHIRASE_WARDS, {path}: {error}") from None
