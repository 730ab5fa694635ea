"""Which sources there are: one table of readers, and the register that a deployment writes.

[[source]]
name = "jma-extra"           # in metrics, log and alarms
reader = "jma"               # a key of `READERS`
url = "https://..."
long_url = "https://..."     # what else its reader asks for
interval_seconds = 60
grace_seconds = 120          # so late it may be before that is an alarm
origins = ["https://..."]    # where documents may come from, besides the origin of `url`
owner = "..."                # whom to call, under which licence, for people
licence = "..."
contact = "..."

[[signer]]                   # a sender of CAP whose messages count only with its signature
sender = "..."               # byte for byte as in its messages
certificate = "FILE.pem"     # beside the register
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feeds.cap_pull import CapPull, CapPullSettings
from feeds.document_pull import DocumentPull, DocumentPullSettings
from feeds.folder import Folder, FolderSettings
from feeds.gauges.poll import GaugePoll, GaugePollSettings
from feeds.jma.pull import JmaPull, JmaPullSettings
from feeds.source import Pace, Source

Table = Mapping[str, Any]


class RegisterError(ValueError):
    """Say which line of the register is off, and what it should be."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One source with what its owner said about it."""

    source: Source
    origins: frozenset[str]
    owner: str
    licence: str
    contact: str


def jma_source(table: Table, pace: Pace) -> Source:
    """Return one of the JMA's PULL feeds."""
    return JmaPull(JmaPullSettings(_text(table, "name"), _text(table, "url"), _text(table, "long_url"), pace))


def cap_source(table: Table, pace: Pace) -> Source:
    """Return a CAP feed."""
    feed = _text(table, "feed") if "feed" in table else "cap"
    return CapPull(CapPullSettings(_text(table, "name"), _text(table, "url"), feed, pace))


def gauge_source(table: Table, pace: Pace) -> Source:
    """Return an address of readings."""
    columns = _text(table, "columns") if "columns" in table else ""
    return GaugePoll(GaugePollSettings(_text(table, "name"), _text(table, "url"), columns, pace))


def document_source(table: Table, pace: Pace) -> Source:
    """Return an address of one municipal document."""
    return DocumentPull(DocumentPullSettings(_text(table, "name"), _text(table, "url"), _municipal(table), pace))


def folder_source(table: Table, pace: Pace) -> Source:
    """Return a watched folder of municipal documents."""
    return Folder(FolderSettings(_text(table, "name"), Path(_text(table, "path")), _municipal(table), pace))


def _municipal(table: Table) -> str:
    """Return the way that a source's documents are believed as: named by whoever answers for it, never assumed."""
    feed = _text(table, "feed")
    if feed not in (*MUNICIPAL_FEEDS, "qzss"):
        raise RegisterError(f"{table.get('name')}: feed {feed!r} is not one of {', '.join(MUNICIPAL_FEEDS)}, qzss")
    return feed


# A new kind of source is a module with a `fetch()` and one line here.
READERS: Mapping[str, Callable[[Table, Pace], Source]] = {
    "jma": jma_source,
    "cap": cap_source,
    "gauge": gauge_source,
    "document": document_source,
    "folder": folder_source,
}
MUNICIPAL_FEEDS = ("dis", "l-alert", "supply")
_SHORTEST_INTERVAL_SECONDS = 10.0


def registered(register: Table) -> tuple[Registered, ...]:
    """Return the sources of *register*; raise `RegisterError` where it does not say what a source needs."""
    tables = register.get("source", [])
    if not isinstance(tables, list):
        raise RegisterError("write [[source]], with two brackets")
    found = tuple(_registered(table) for table in tables if table.get("on", True))
    names = [one.source.name for one in found]
    if len(set(names)) < len(names):
        raise RegisterError("two sources have one name")
    return found


def pinned(register: Table) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the certificate files that *register* pins to senders of CAP."""
    found: dict[str, tuple[str, ...]] = {}
    for table in register.get("signer", []):
        sender = _text(table, "sender")
        found[sender] = (*found.get(sender, ()), _text(table, "certificate"))
    return found


def _registered(table: Table) -> Registered:
    reader = READERS.get(_text(table, "reader"))
    if reader is None:
        raise RegisterError(f"reader {table['reader']!r} is not one of {', '.join(READERS)}")
    pace = Pace(_seconds(table, "interval_seconds"), _seconds(table, "grace_seconds"))
    if pace.interval_seconds < _SHORTEST_INTERVAL_SECONDS:
        raise RegisterError(f"{table['name']}: an interval under {_SHORTEST_INTERVAL_SECONDS:.0f} s is not polite")
    addresses = [str(value) for key, value in table.items() if key == "url" or key.endswith("_url")]
    return Registered(
        source=reader(table, pace),
        origins=frozenset({*map(origin_of, addresses), *map(str, table.get("origins", ()))}),
        owner=str(table.get("owner", "")),
        licence=str(table.get("licence", "")),
        contact=str(table.get("contact", "")),
    )


def origin_of(url: str) -> str:
    """Return scheme, host and port of *url*."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise RegisterError(f"{url[:80]!r} is not an address that can be fetched")
    return f"{parts.scheme}://{parts.netloc}"


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise RegisterError(f"{table.get('name', 'a source')}: {key} is missing or no text")
    return value


def _seconds(table: Table, key: str) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise RegisterError(f"{table.get('name', 'a source')}: {key} is a number of seconds up to a day")
    return float(value)
