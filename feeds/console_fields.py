"""The fields of a console's document: each read as what it must be, or refused with a stable reason."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from alerts.place import LatLng, Ring
from feeds.errors import ConsoleError

MAX_POINTS = 1_000
MAX_NAME = 60
MAX_PEOPLE = 10_000_000

_E = TypeVar("_E", bound=Enum)


def text(plain: Mapping[str, Any], field: str, most: int) -> str:
    """Return the text of *field*, which is needed."""
    found = optional(plain, field, most)
    if not found:
        raise ConsoleError("console-field-missing", field)
    return found


def optional(plain: Mapping[str, Any], field: str, most: int) -> str:
    """Return the text of *field*, "" where there is none."""
    value = plain.get(field, "")
    if not isinstance(value, str):
        raise ConsoleError("console-field", f"{field} is no text")
    if len(value) > most:
        raise ConsoleError("console-field", f"{field} has {len(value)} characters, the limit is {most}")
    # Controls, line ends and marks that turn a line around have no place in a name (U+202E and its like).
    if any(not letter.isprintable() for letter in value):
        raise ConsoleError("console-field", f"{field} holds characters that cannot be shown")
    return value.strip()


def texts(plain: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return the texts of the list *field*."""
    values = plain.get(field, [])
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        raise ConsoleError("console-field", f"{field} is no list of at most {MAX_POINTS}")
    return tuple(text({field: value}, field, MAX_NAME) for value in values)


def flag(plain: Mapping[str, Any], field: str) -> bool:
    """Return the yes or no of *field*; no where it is missing."""
    value = plain.get(field, False)
    if not isinstance(value, bool):
        raise ConsoleError("console-field", f"{field} is not true or false")
    return value


def people(plain: Mapping[str, Any], field: str) -> int | None:
    """Return the number of people in *field*, None where it is missing."""
    value = plain.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PEOPLE:
        raise ConsoleError("console-field", f"{field} is no number of people")
    return value


def time(plain: Mapping[str, Any], field: str) -> datetime | None:
    """Return the time of *field*, None where it is missing; it has an offset."""
    value = plain.get(field)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ConsoleError("console-time", f"{field} is no time") from None
    if at.utcoffset() is None or not 2000 <= at.year <= 2100:
        raise ConsoleError("console-time", f"{field} has no offset, or a year that nobody meant")
    return at


def member(kind: type[_E], value: object, field: str) -> _E:
    """Return the member of *kind* that *value* names."""
    try:
        return kind(value)
    except ValueError:
        raise ConsoleError("console-field", f"{field}: one of {_values(kind)}") from None


def maybe(kind: type[_E], plain: Mapping[str, Any], field: str) -> _E | None:
    """Return the member of *kind* in *field*, None where it is missing."""
    return None if plain.get(field) is None else member(kind, plain[field], field)


def _values(kind: Iterable[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)


def point(plain: Mapping[str, Any], field: str) -> LatLng | None:
    """Return the point of *field*, None where it is missing."""
    value = plain.get(field)
    return None if value is None else lat_lng(value, field)


def points(plain: Mapping[str, Any], field: str, least: int) -> tuple[LatLng, ...]:
    """Return the points of *field*: none, or *least* and more."""
    values = plain.get(field, [])
    if not isinstance(values, list) or len(values) > MAX_POINTS or 0 < len(values) < least:
        raise ConsoleError("console-field", f"{field} has {least} to {MAX_POINTS} points")
    return tuple(lat_lng(value, field) for value in values)


def ring(plain: Mapping[str, Any], field: str) -> Ring:
    """Return the closed ring of *field*, empty where it is missing."""
    corners = points(plain, field, 4)
    if corners and corners[0] != corners[-1]:
        raise ConsoleError("console-field", f"{field} does not end where it begins")
    return corners


def lat_lng(value: object, field: str) -> LatLng:
    """Return a point written as [lat, lng], CAP's order."""
    if not isinstance(value, list) or len(value) != 2 or not all(type(number) in (int, float) for number in value):
        raise ConsoleError("console-field", f"{field}: a point is [lat, lng]")
    lat, lng = float(value[0]), float(value[1])
    if not (math.isfinite(lat) and math.isfinite(lng) and -90 <= lat <= 90 and -180 <= lng <= 180):
        raise ConsoleError("console-field", f"{field}: latitude first, in degrees")
    return LatLng(lat, lng)
