"""Recognise an Atom index: a list of what there is to fetch, which is not a warning itself.

The entries of such an index repeat a part of each message (NWS gives an empty polygon) and their links
lead to the whole one. Acting on the part would tell people half; it is recorded, and the messages come
by themselves.
"""

import hashlib
from datetime import datetime

from alerts.alert import Alert
from alerts.cap import MsgType, Status
from alerts.report import Linkage, Report
from feeds.errors import UnknownFormat
from feeds.moment import moment
from feeds.xml import Element, parse

ATOM = "{http://www.w3.org/2005/Atom}"
ATOM_ROOT = f"{ATOM}feed"
KIND = "atom-index"
INFORMATIONAL = "feed-index"


def read_feed_index(raw: bytes, name: str, received: datetime, root: Element | None = None) -> Report:
    """Return the index *raw* (*root* is its tree) as one informational document; raise where it is no Atom feed."""
    root = parse(raw) if root is None else root
    if root.tag != ATOM_ROOT:
        raise UnknownFormat("not-atom", f"{name} has root {str(root.tag)[:80]}")
    index = _text(root, "id") or name
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed="cap" if b"emergency:cap" in raw else "jma",
        kind=KIND,
        series=f"atom:{index}",
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=index,
            sender=_text(root.find(f"{ATOM}author"), "name") or index,
            sent=_updated(root) or received,
            sent_text=_text(root, "updated"),
            status=Status.ACTUAL,
            msg_type=MsgType.ALERT,
            note=f"{len(root.findall(f'{ATOM}entry'))} entries",
        ),
        received=received,
        informational=INFORMATIONAL,
    )


def _text(element: Element | None, name: str) -> str:
    return ((element.findtext(f"{ATOM}{name}") if element is not None else None) or "").strip()


def _updated(root: Element) -> datetime | None:
    return moment(_text(root, "updated"))
