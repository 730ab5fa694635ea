"""The feed of notices (RFC 4287): one entry for each CAP message, newest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lxml import etree

from alerts.wording import JAPAN
from api.open_data.book import Published
from api.open_data.cap_out import clean
from feeds.xml import Element

_ATOM = "http://www.w3.org/2005/Atom"
_PREFIXES: Any = {None: _ATOM}
# What a reader that looks in once an hour in the worst night needs; the rest is on the topic and at its sources.
MOST_ENTRIES = 200


def feed_of(newest: Iterable[Published], *, site_url: str, updated: datetime) -> bytes:
    """Return the feed of *newest*; *updated* is the time of the newest, or of the start where there is none."""
    site = site_url.rstrip("/")
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap=_PREFIXES)
    _add(root, "id", f"{site}/open/atom.xml")
    _add(root, "title", "知らせ Shirase: notices")
    _add(root, "updated", _time(updated))
    _link(root, "self", f"{site}/open/atom.xml", "application/atom+xml")
    author = _add(root, "author")
    _add(author, "name", "Shirase")
    for published in newest:
        _entry(root, published, site)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _entry(root: Element, published: Published, site: str) -> None:
    notice = published.notice
    entry = _add(root, "entry")
    address = f"{site}/open/cap/{published.name}.xml"
    _add(entry, "id", address)
    drill = "訓練 DRILL: " if published.drill else ""
    _add(entry, "title", clean(f"{drill}{_title(published)}"))
    _add(entry, "updated", _time(notice.approved_at))
    _add(entry, "published", _time(notice.sent))
    author = _add(entry, "author")
    _add(author, "name", clean(notice.issuer) or "-")
    _link(entry, "alternate", address, "application/cap+xml")
    _link(entry, "related", f"{site}/open/events/{published.name.rpartition('-')[0]}.json", "application/json")
    if published.drill:
        _add(entry, "category").set("term", "drill")
    _add(entry, "summary", clean("、".join(_names(published))[:500]))


def _title(published: Published) -> str:
    said = (*published.notice.parts,)
    texts = {text.language: text for part in said for text in part.texts}
    text = texts.get("ja") or next(iter(texts.values()), None)
    return text.title if text is not None else "避難の道順 Ways to shelters"


def _names(published: Published) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in published.notice.parts for name in part.area_names))


def _time(at: datetime) -> str:
    return at.astimezone(JAPAN).replace(microsecond=0).isoformat()


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    child.text = text
    return child


def _link(parent: Element, rel: str, address: str, media_type: str) -> None:
    link = _add(parent, "link")
    link.set("rel", rel)
    link.set("type", media_type)
    link.set("href", address)
