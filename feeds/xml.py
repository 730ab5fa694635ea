"""Build XML from strangers: every limit is checked in a first pass that builds nothing.

Two passes over at most a few megabytes cost a few milliseconds; a tree of two million elements
costs a gigabyte before the first line of our code could have refused it.
"""

import codecs
import re
from dataclasses import dataclass
from typing import TypeAlias
from xml.parsers import expat

from lxml import etree

from feeds.errors import XmlError

# The type that lxml gives to what it builds; its name is private only by its underscore.
Element: TypeAlias = etree._Element


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How large a document may be. The largest real one at hand has 434 kB."""

    max_bytes: int = 8 * 1024 * 1024
    max_depth: int = 64
    max_elements: int = 200_000
    max_attributes: int = 64


DEFAULT_LIMITS = XmlLimits()

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
# Those that expat and libxml2 read alike: a third would be read by one pass and not by the other.
_ENCODINGS = frozenset({"utf-8", "utf-16", "iso8859-1", "ascii"})


def parse(raw: bytes, limits: XmlLimits = DEFAULT_LIMITS) -> Element:
    """Return the root element of *raw*, or raise `XmlError` before anything is built.

    Refused: any DTD, any entity beyond the five of XML itself, bytes that do not fit their declared
    encoding, and whatever passes *limits*. Comments and processing instructions are left out.
    """
    if len(raw) > limits.max_bytes:
        raise XmlError("too-large", f"{len(raw)} bytes, the limit is {limits.max_bytes}")
    if not raw.strip(b" \t\r\n\0"):
        raise XmlError("empty", "no bytes")
    _check_encoding(raw)
    _scan(raw, limits)
    builder = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(raw, builder)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError("xml-malformed", str(error)) from None


def encoding_of(raw: bytes) -> str:
    """Return the normal name of the encoding that *raw* declares; UTF-8 where it declares none."""
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return name
    declared = _DECLARED.match(raw[:300])
    if declared is None:
        return "utf-8"
    name = declared.group(1).decode("ascii")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name.lower()


def _check_encoding(raw: bytes) -> None:
    encoding = encoding_of(raw)
    if encoding not in _ENCODINGS:
        raise XmlError("encoding", f"{encoding} is not one of {', '.join(sorted(_ENCODINGS))}")
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise XmlError("encoding", f"byte {error.start} is not {encoding}") from None


class _Refusal(Exception):
    """Leave the first pass from inside a callback."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def _scan(raw: bytes, limits: XmlLimits) -> None:
    scanner = expat.ParserCreate()
    scanner.buffer_text = True
    depth = 0
    elements = 0

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > limits.max_depth:
            raise _Refusal("xml-too-deep", f"more than {limits.max_depth} levels")
        if elements > limits.max_elements:
            raise _Refusal("xml-too-many-elements", f"more than {limits.max_elements}")
        if len(attributes) > limits.max_attributes:
            raise _Refusal("xml-too-many-attributes", f"{len(attributes)} in one element")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise _Refusal("xml-forbidden-dtd", "a document type declaration")

    def entity(*_: object) -> None:
        raise _Refusal("xml-forbidden-entity", "an entity declaration")

    scanner.StartElementHandler = start
    scanner.EndElementHandler = end
    scanner.StartDoctypeDeclHandler = doctype
    scanner.EntityDeclHandler = entity
    try:
        scanner.Parse(raw, True)
    except _Refusal as refusal:
        raise XmlError(refusal.reason, refusal.detail) from None
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
            raise XmlError("xml-forbidden-entity", str(error)) from None
        raise XmlError("xml-malformed", str(error)) from None
