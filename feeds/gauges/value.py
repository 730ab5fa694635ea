"""One value of a gauge as a source writes it: a number, or the many ways to say that there is none.

A source that has no value writes -9999, an empty field or a word. None of them is a low river: such a
reading has no value and says why, and is kept, so that silence and calm differ.
"""

import math
import re
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Any

from alerts.gauge import Doubt
from alerts.place import LatLng

# What agencies write where they have nothing (JMA, MLIT, USGS, EA and their exports).
SENTINELS = frozenset({-9999.0, -999.0, -99.0, -9999.9, -999.9, -99.9, -999999.0, -999.99, 9999.0, 99999.0, 999999.0})
# float() also reads "nan", "1e999", "1_0" and "٣": none of them is a reading. "3,5" is 3.5 or 35, nobody knows.
_NUMBER = re.compile(r"[-+]?(?:\d{1,9}(?:\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_MAX_NUMBER = 1e9


def value_of(written: Any, sentinels: frozenset[float] = SENTINELS) -> tuple[float | None, Doubt | None]:
    """Return the number that *written* is, or None and why there is none."""
    number = number_of(written)
    if number is None or number in sentinels:
        return None, Doubt.SENTINEL
    return number, None


def number_of(written: Any) -> float | None:
    """Return *written* as a finite number, None where it is none; full-width digits are digits."""
    if isinstance(written, bool) or written is None:
        return None
    if isinstance(written, int | float):
        return float(written) if abs(written) < _MAX_NUMBER and math.isfinite(written) else None
    text = unicodedata.normalize("NFKC", written).strip() if isinstance(written, str) else ""
    return float(text) if _NUMBER.fullmatch(text) else None


def time_of(written: Any, zone: timedelta | None = None) -> datetime | None:
    """Return the instant *written* (ISO 8601); *zone* is the offset of what names none.

    None where it cannot be read, or names no offset and the source states none: nine hours off is no time.
    """
    if not isinstance(written, str) or len(written) > 40:
        return None
    try:
        at = datetime.fromisoformat(written.strip().replace("/", "-"))
    except ValueError:
        return None
    if at.tzinfo is None:
        if zone is None:
            return None
        at = at.replace(tzinfo=timezone(zone))
    # Year 1 and year 9999 have no neighbours to compare with: adding a minute to them overflows.
    return at if 1900 <= at.year <= 2200 else None


def point_of(lat: Any, lng: Any) -> LatLng | None:
    """Return the point, None where there is none on Earth (0, 0 is what an empty field becomes)."""
    north, east = number_of(lat), number_of(lng)
    if north is None or east is None or not (-90 <= north <= 90 and -180 <= east <= 180) or north == east == 0:
        return None
    return LatLng(north, east)


def text_of(written: Any, limit: int = 200) -> str:
    """Return *written* as one line of text; of a list the first entry, as sources mix the two."""
    if isinstance(written, list):
        written = written[0] if written else ""
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return ""
    # What steers a terminal or a page (U+202E among them) is not part of a name.
    plain = "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in str(written)
    )
    return " ".join(plain.split())[:limit]


def scalar(written: Any) -> Any:
    """Return the first entry of a list, anything else as it is: EA writes arrays where it has two values."""
    return written[0] if isinstance(written, list) and written else written
