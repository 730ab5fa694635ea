"""What a ward says of itself: whom to ask, in which languages, and what it offers where it has no fit site (R24).

A ward is data. What differs between two wards stands here and never in the code. The caller reads `ops/wards.toml`;
here it is a plain mapping. Fails closed: a row that is doubtful refuses the whole register.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alerts.errors import WardError
from alerts.hazard import HazardKind

USUAL_LANGUAGES = ("ja", "en")
_FIELDS = frozenset({"code", "name", "help_line", "languages", "leave_early", "refuge", "without_site"})


class WithoutSite(StrEnum):
    """What the people of a ward do in a danger for which the ward has no fit site."""

    LEAVE_EARLY = "leave-early"  # 広域避難: out of the ward before it comes
    GO_UP = "go-up"  # 垂直避難: where the ground and the building allow it
    STAY = "stay"  # 屋内安全確保, or a district whose people remain in it (地区内残留地区)
    NOT_HERE = "not-here"  # the danger does not reach this ward: no volcano, no coast


@dataclass(frozen=True, slots=True)
class WardSetting:
    """One row. `code` has five digits; `help_line` is the number that residents are told beside 119.

    `leave_early` names where to go before it is too late (R1), `refuge` the ward's own high ground.
    """

    code: str
    name: str
    help_line: str = ""
    languages: tuple[str, ...] = USUAL_LANGUAGES
    leave_early: str = ""
    refuge: str = ""
    without_site: Mapping[HazardKind, WithoutSite] = field(default_factory=dict)


def wards_from_plain(plain: Mapping[str, Any]) -> dict[str, WardSetting]:
    """Return the wards of the register in *plain* by code. Raises `WardError`, which names the row."""
    unknown = sorted(set(plain) - {"ward"})
    if unknown:
        raise WardError(f"unknown table {unknown[0]!r}: only [[ward]] is read")
    rows = plain.get("ward", [])
    if not isinstance(rows, list):
        raise WardError("ward is not a list: write [[ward]]")
    found: dict[str, WardSetting] = {}
    for number, row in enumerate(rows, start=1):
        setting = _setting(row, f"ward {number}")
        if setting.code in found:
            raise WardError(f"ward {number}: {setting.code} stands here twice; which of both holds?")
        found[setting.code] = setting
    return found


def _setting(row: object, place: str) -> WardSetting:
    if not isinstance(row, Mapping):
        raise WardError(f"{place} is not a table")
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise WardError(f"{place}: {unknown[0]!r} is not a field here; known are {', '.join(sorted(_FIELDS))}")
    code, name = _text(row, "code", place), _text(row, "name", place)
    if len(code) != 5 or not (code.isascii() and code.isdigit()) or not name:
        raise WardError(f"{place}: a ward has five digits and a name, not {code!r} {name!r}")
    languages = row.get("languages", list(USUAL_LANGUAGES))
    if not isinstance(languages, list) or not all(isinstance(one, str) and one for one in languages):
        raise WardError(f'{place}: languages is a list of codes, e.g. ["ja", "en"]')
    return WardSetting(
        code,
        name,
        _text(row, "help_line", place),
        tuple(languages),
        _text(row, "leave_early", place),
        _text(row, "refuge", place),
        _modes(row.get("without_site", {}), place),
    )


def _modes(rows: object, place: str) -> dict[HazardKind, WithoutSite]:
    if not isinstance(rows, Mapping):
        raise WardError(f"{place}: without_site is a table, danger = mode")
    found: dict[HazardKind, WithoutSite] = {}
    for danger, mode in rows.items():
        try:
            found[HazardKind(danger)] = WithoutSite(mode)
        except ValueError:
            known = ", ".join(WithoutSite)
            raise WardError(f"{place}: without_site says {danger!r} = {mode!r}; a danger, and one of {known}") from None
    return found


def _text(row: Mapping[str, Any], field_: str, place: str) -> str:
    value = row.get(field_, "")
    if not isinstance(value, str):
        raise WardError(f"{place}: {field_} is {value!r}, not a text; put it into quotes")
    return value.strip()
