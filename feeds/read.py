"""Read any telegram: tell what it is by its own bytes, and name the series of raw bytes.

XML is told by its root's name (JMA, CAP, Atom), JSON by its fields (our console's own, gauges), a table by
its columns.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from alerts.report import Report
from feeds.cap import read_cap
from feeds.console import looks_like_console, read_console, series_of_console
from feeds.errors import UnknownFormat
from feeds.feed_index import ATOM_ROOT, read_feed_index
from feeds.gauges.plain_csv import ColumnMap
from feeds.gauges.recognise import (
    NO_MAPS,
    gauge_series_of,
    is_gauge_json,
    is_gauge_table,
    read_gauge_json,
    read_gauge_table,
)
from feeds.jma.envelope import series_key
from feeds.jma.headlines import is_headline, read_headline, series_of_headline
from feeds.jma.telegram import read_jma
from feeds.json_text import JsonLimits, parse_json
from feeds.xml import parse

_JMA_ROOT = "{http://xml.kishou.go.jp/jmaxml1/}Report"
# Both that OASIS published (1.0 had none of the later form) end in "cap:" and the version.
_CAP_ROOT = re.compile(r"^\{(urn:oasis:names:tc:emergency:cap:|http://www\.incident\.com/cap/)[0-9.]+\}alert$")

# All stations of England are 4.0 MB in one list; the topic takes 8 MB.
_JSON_LIMITS = JsonLimits(max_bytes=8 * 1024 * 1024)


def read(
    raw: bytes,
    *,
    name: str,
    received: datetime,
    feed: str = "",
    column_maps: Mapping[str, ColumnMap] = NO_MAPS,
) -> Report:
    """Return what the document *raw* says; raise `FeedError` with a stable reason.

    *name* is the file or entry it came by, *feed* the way it came. Neither decides what XML or JSON is; a
    table has no name of its own, and is read by the *column_maps* of its feed.
    """
    if looks_like_console(raw):
        return read_console(raw, received=received, feed=feed)
    if raw[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        document = parse_json(raw, _JSON_LIMITS)
        if is_gauge_json(document):
            return read_gauge_json(raw, document, received)
        if isinstance(document, dict) and is_headline(document):
            return read_headline(raw, document, received)
        raise UnknownFormat("json-unknown", f"{feed or 'document'}: JSON of no kind that we read")
    if is_gauge_table(raw, feed):
        return read_gauge_table(raw, feed, received, column_maps)
    root = parse(raw)
    if root.tag == _JMA_ROOT:
        return read_jma(root, raw, received=received)
    if _CAP_ROOT.match(str(root.tag)):
        return read_cap(raw, name, received)
    if root.tag == ATOM_ROOT:
        return read_feed_index(raw, name, received)
    raise UnknownFormat("not-cap-or-jma", f"{feed or 'document'} has root {str(root.tag)[:80]}")


# A telegram's header is in its first kilobytes; a key must be found without building a stranger's tree.
_HEADER_BYTES = 8192


def series_of(raw: bytes, feed: str = "") -> str:
    """Return the key of the series that *raw* belongs to; never raise.

    The same as `Report.series`. Bytes that name none share one key per *feed*,
    so that they are read in order and end as dead-letters.
    """
    if looks_like_console(raw):
        return series_of_console(raw)
    gauges = gauge_series_of(raw, feed)
    if gauges:
        return gauges
    headline = series_of_headline(raw)
    if headline:
        return headline
    header = raw[:_HEADER_BYTES].decode("utf-8", "replace")
    if "http://www.w3.org/2005/Atom" in header:
        # An index repeats parts of the messages that it lists, so its namespaces name CAP as well.
        index = _element(header, "id")
        if index:
            return f"atom:{index}"
    elif "http://xml.kishou.go.jp/jmaxml1/" in header:
        title = _element(header, "Title")
        if title:
            return series_key(title, _element(header, "EditorialOffice"), tuple(_element(header, "EventID").split()))
    elif ":cap:" in header or "/cap/" in header:
        sender = _element(header, "sender")
        if sender:
            return f"cap:{sender}"
    return f"unreadable:{feed}"


def _element(header: str, name: str) -> str:
    found = re.search(rf"<(?:[\w.\-]+:)?{name}(?:\s[^>]*)?>([^<]*)<", header)
    return found.group(1).strip() if found else ""
