"""Read any telegram: tell what it is by its own bytes, and name the series of raw bytes.

XML is told by its root's name (JMA, CAP, Atom), JSON by its fields (our console's own, municipal reports,
gauges), a table by its columns.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.report import Report
from feeds.cap import read_cap
from feeds.cap_signature import NO_SIGNERS, Signers
from feeds.console import looks_like_console, read_console, series_of_console
from feeds.csv_text import columns_of, parse_csv
from feeds.dis import read as dis
from feeds.dis.document import series_of_issuer
from feeds.dis.table import is_report_table
from feeds.errors import FeedError, UnknownFormat
from feeds.feature_table import COLLECTION, table_of
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
from feeds.lalert.names import EDXL
from feeds.lalert.read import is_l_alert, read_l_alert
from feeds.qzss import is_sentence, read_qzss, series_of_qzss
from feeds.resident import FEED as RESIDENT
from feeds.resident import read_resident, series_of_resident
from feeds.supply import is_supply_table, read_supply, series_of_supply
from feeds.ushahidi import is_crowd_table, read_crowd, series_of_crowd
from feeds.xml import parse

_JMA_ROOT = "{http://xml.kishou.go.jp/jmaxml1/}Report"
# Both that OASIS published (1.0 had none of the later form) end in "cap:" and the version.
_CAP_ROOT = re.compile(r"^\{(urn:oasis:names:tc:emergency:cap:|http://www\.incident\.com/cap/)[0-9.]+\}alert$")

# All stations of England are 4.0 MB in one list; the topic takes 8 MB.
_JSON_LIMITS = JsonLimits(max_bytes=8 * 1024 * 1024)

# What our own stages write as CAP: a policy and series of their own, so that no message from outside can
# continue or cancel one of theirs. All three are drafts; who may name a feed is acceptance's business.
OWN_FEEDS = frozenset({"gauge", "forecast", "night"})


def read(
    raw: bytes,
    *,
    name: str,
    received: datetime,
    feed: str = "",
    column_maps: Mapping[str, ColumnMap] = NO_MAPS,
    signers: Signers = NO_SIGNERS,
) -> Report:
    """Return what the document *raw* says; raise `FeedError` with a stable reason.

    *name* is the file or entry it came by, *feed* the way it came. Neither decides what XML or JSON is; a
    table has no name of its own, and is read by the *column_maps* of its feed. *signers* are the certificates
    that are pinned to senders of CAP.
    """
    if feed == RESIDENT:
        # By the way that it came and not by what it says: nobody else's document may pass for a resident's.
        return read_resident(raw, received=received)
    if looks_like_console(raw):
        return read_console(raw, received=received, feed=feed)
    if is_json(raw):
        document = parse_json(raw, _JSON_LIMITS)
        if dis.is_report(document):
            return dis.read_json_report(document, raw, received, feed)
        table = table_of(document)
        if table is not None and is_report_table(table.columns):
            return dis.read_table_report(table, raw, received, feed)
        if isinstance(document, dict) and "crs" in document:
            # GeoJSON is WGS 84 and has no such member (RFC 7946, 4): metres read as degrees would be anywhere.
            raise UnknownFormat("geojson-crs", f"{feed or 'document'}: coordinates of another system")
        if is_gauge_json(document):
            return read_gauge_json(raw, document, received)
        if isinstance(document, dict) and is_headline(document):
            return read_headline(raw, document, received)
        raise UnknownFormat("json-unknown", f"{feed or 'document'}: JSON of no kind that we read")
    if is_sentence(raw):
        return read_qzss(raw, received, feed)
    if is_gauge_table(raw, feed):
        return read_gauge_table(raw, feed, received, column_maps)
    columns = columns_of(raw)
    if is_supply_table(columns):
        return read_supply(parse_csv(raw), raw, received, feed)
    if is_report_table(columns):
        return dis.read_table_report(parse_csv(raw), raw, received, feed)
    if is_crowd_table(columns):
        return read_crowd(parse_csv(raw), raw, name, received)
    if len(columns) > 1:
        raise UnknownFormat("table-unknown", f"{feed or 'document'}: a table with no columns that we read")
    root = parse(raw)
    if root.tag == _JMA_ROOT:
        return read_jma(root, raw, received=received)
    if _CAP_ROOT.match(str(root.tag)):
        report = read_cap(raw, name, received, root, signers)
        if feed in OWN_FEEDS:
            return replace(report, feed=feed, series=f"{feed}:{report.alert.sender}")
        return report
    if root.tag == ATOM_ROOT:
        return read_feed_index(raw, name, received, root)
    if is_l_alert(root):
        return read_l_alert(root, raw, received=received, came_by=feed)
    raise UnknownFormat("not-cap-or-jma", f"{feed or 'document'} has root {str(root.tag)[:80]}")


def is_json(raw: bytes) -> bool:
    """Say whether *raw* begins as JSON does."""
    return raw[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


# A telegram's header is in its first kilobytes; a key must be found without building a stranger's tree.
_HEADER_BYTES = 8192


def series_of(raw: bytes, feed: str = "") -> str:
    """Return the key of the series that *raw* belongs to; never raise.

    The same as `Report.series`. Bytes that name none share one key per *feed*,
    so that they are read in order and end as dead-letters.
    """
    if feed == RESIDENT:
        return series_of_resident(raw)
    if looks_like_console(raw):
        return series_of_console(raw)
    try:
        told = _series_by_content(raw, feed)
    except FeedError:
        return f"unreadable:{feed}"
    if told:
        return told
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
    elif EDXL in header:
        code = _element(header, "jisX0402")
        if re.fullmatch(r"\d{5,7}", code):
            return series_of_issuer(code[:5])
    elif ":cap:" in header or "/cap/" in header:
        sender = _element(header, "sender")
        if sender:
            return f"{feed if feed in OWN_FEEDS else 'cap'}:{sender}"
    return f"unreadable:{feed}"


def _series_by_content(raw: bytes, feed: str) -> str:
    """Return the series of JSON or a table, which say whose they are anywhere; "" for what is neither."""
    if is_json(raw) and dis.NAMED in raw:
        built = parse_json(raw)
        if dis.is_report(built):
            return dis.series_of_json(built)
    if is_json(raw) and COLLECTION in raw:
        table = table_of(parse_json(raw, _JSON_LIMITS))
        if table is not None and is_report_table(table.columns):
            return dis.series_of_table(table)
    if is_sentence(raw):
        return series_of_qzss()
    gauges = gauge_series_of(raw, feed)
    if gauges:
        return gauges
    headline = series_of_headline(raw)
    if headline:
        return headline
    columns = columns_of(raw)
    if is_supply_table(columns):
        return series_of_supply(parse_csv(raw))
    if is_report_table(columns):
        return dis.series_of_table(parse_csv(raw))
    return series_of_crowd() if is_crowd_table(columns) else ""


def _element(header: str, name: str) -> str:
    found = re.search(rf"<(?:[\w.\-]+:)?{name}(?:\s[^>]*)?>([^<]*)<", header)
    return found.group(1).strip() if found else ""
