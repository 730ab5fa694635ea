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
_FIELDS = frozenset({"code", "name", "help_line", "languages", "leave_early", "refuge", "without_site", "thresholds"})
# Sooner than a call can be answered is no chance to decide; later than this nobody waits for an order any more.
_SILENCE_SECONDS = (60, 600)
# Under twenty is nobody's number (`geo.seam`), and over this no closure in the city would ever be asked about.
_ASK_PEOPLE = (20, 50_000)


class WithoutSite(StrEnum):
    """What the people of a ward do in a danger for which the ward has no fit site."""

    LEAVE_EARLY = "leave-early"  # 広域避難: out of the ward before it comes
    GO_UP = "go-up"  # 垂直避難: where the ground and the building allow it
    STAY = "stay"  # 屋内安全確保, or a district whose people remain in it (地区内残留地区)
    NOT_HERE = "not-here"  # the danger does not reach this ward: no volcano, no coast


@dataclass(frozen=True, slots=True)
class WardThresholds:
    """What a ward sets otherwise than the deployment; None: as there.

    After how long its people hear that nobody has ordered yet (R6), and how many people a closure may move without its
    name being asked for again (R14). What is dangerous is no ward's to say: a river's levels belong to its station, and
    who lets a notice go to the policy of all wards.
    """

    silence_after_seconds: int | None = None
    ask_name_above: int | None = None


@dataclass(frozen=True, slots=True)
class WardSetting:
    """One row. `code` has five digits; `help_line` is the number that residents are told beside 119.

    `languages` are those of its screens (`feeds.outgoing.signage`): pushes come in each reader's own.
    `leave_early` names where to go before it is too late (R1), `refuge` the ward's own high ground.
    """

    code: str
    name: str
    help_line: str = ""
    languages: tuple[str, ...] = USUAL_LANGUAGES
    leave_early: str = ""
    refuge: str = ""
    without_site: Mapping[HazardKind, WithoutSite] = field(default_factory=dict)
    thresholds: WardThresholds = WardThresholds()


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
        _thresholds(row.get("thresholds", {}), place),
    )


def _thresholds(row: object, place: str) -> WardThresholds:
    ranges = {"silence_after_seconds": _SILENCE_SECONDS, "ask_name_above": _ASK_PEOPLE}
    if not isinstance(row, Mapping) or set(row) - set(ranges):
        raise WardError(f"{place}: thresholds is a table of {' and '.join(sorted(ranges))}")
    for name, value in row.items():
        least, most = ranges[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise WardError(f"{place}: {name} is {value!r}, a whole number from {least} to {most}")
    return WardThresholds(row.get("silence_after_seconds"), row.get("ask_name_above"))


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
