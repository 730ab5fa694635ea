"""Write what a coordinator gave as the console's document: `shirase post` and the console's forms alike."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alerts.place import LatLng
from feeds.console import FEED, FORMAT, read_console


def console_document(kind: str, thing: str, *, by: str, at: datetime, **fields: Any) -> bytes:
    """Return the console's document about *thing*; fields that are None or empty are left out.

    Raises:
        ConsoleError: the document would be refused; nothing is sent then.
    """
    plain: dict[str, Any] = {"shirase": FORMAT, "kind": kind, "id": thing, "by": by, "at": at.isoformat()}
    plain |= {name: _plain(value) for name, value in fields.items() if not _says_nothing(value)}
    raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    read_console(raw, received=at, feed=FEED)
    return raw


def _says_nothing(value: object) -> bool:
    # Not by truth: nobody there (0 people) is news.
    return value is None or value is False or value in ("", ())


def _plain(value: object) -> object:
    if isinstance(value, LatLng):
        return [value.lat, value.lng]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        return [_plain(one) for one in value]
    return value
