"""What an Atom or RSS index lists: names and addresses of documents, never the documents themselves."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from feeds.errors import UnknownFormat
from feeds.feed_index import ATOM, ATOM_ROOT
from feeds.moment import in_range, moment
from feeds.xml import Element, XmlLimits, parse

# A week of the JMA's long feed has about seven thousand, in a week of storms three times as many: the index is
# needed most when it is longest. Nine elements and half a kilobyte an entry.
MAX_ENTRIES = 50_000
INDEX_LIMITS = XmlLimits(max_bytes=24 * 1024 * 1024, max_elements=600_000)
MAX_NAME_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index. `key` changes when the document behind it does."""

    key: str
    link: str
    updated: datetime | None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """An index, read: its own time (None where it says none that can be read) and its entries as listed."""

    updated: datetime | None
    entries: tuple[Entry, ...]


def read_entries(raw: bytes) -> Index:
    """Return what the Atom or RSS 2.0 index *raw* lists; raise `FeedError` where it is neither.

    An entry without an address that could be fetched is left out. The order says nothing and repeats are
    kept: feeds reorder and repeat.
    """
    root = parse(raw, INDEX_LIMITS)
    if root.tag == ATOM_ROOT:
        found = [_atom_entry(entry) for entry in root.findall(f"{ATOM}entry")]
        updated = moment(root.findtext(f"{ATOM}updated") or "")
    elif root.tag == "rss":
        channel = root.find("channel")
        items = channel.findall("item") if channel is not None else []
        found = [_rss_entry(item) for item in items]
        stamp = None
        if channel is not None:
            stamp = channel.findtext("lastBuildDate") or channel.findtext("pubDate")
        updated = _rfc822(stamp)
    else:
        raise UnknownFormat("not-an-index", f"root {str(root.tag)[:80]} is neither Atom nor RSS")
    if len(found) > MAX_ENTRIES:
        raise UnknownFormat("index-too-long", f"{len(found)} entries, the limit is {MAX_ENTRIES}")
    return Index(updated, tuple(entry for entry in found if entry is not None))


# A link to the document itself, then one of no stated type, then whatever there is.
_TYPES = ("application/cap+xml", "application/xml", "text/xml", "application/common-alerting-protocol+xml")


def _atom_entry(entry: Element) -> Entry | None:
    links = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: _TYPES.index(link.get("type", "")) if link.get("type") in _TYPES else len(_TYPES))
    address = _short(links[0].get("href") if links else None)
    name = _short(entry.findtext(f"{ATOM}id")) or address
    written = _short(entry.findtext(f"{ATOM}updated"))
    if not address:
        return None
    return Entry(f"{name} {written}", address, moment(written), _short(entry.findtext(f"{ATOM}title")))


def _rss_entry(item: Element) -> Entry | None:
    address = _short(item.findtext("link"))
    name = _short(item.findtext("guid")) or address
    written = _short(item.findtext("pubDate"))
    if not address:
        return None
    return Entry(f"{name} {written}", address, _rfc822(written), _short(item.findtext("title")))


def _short(text: str | None) -> str:
    stripped = (text or "").strip()
    return stripped if len(stripped) <= MAX_NAME_CHARACTERS else ""


def _rfc822(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime((text or "").strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo is not None and in_range(at) else None
