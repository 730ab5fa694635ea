"""The first pass refuses what must not be built."""

import pytest

from feeds.errors import XmlError
from feeds.xml import DEFAULT_LIMITS, XmlLimits, parse


def _reason(raw: bytes, limits: XmlLimits = DEFAULT_LIMITS) -> str:
    with pytest.raises(XmlError) as refused:
        parse(raw, limits)
    return refused.value.reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xff\xff\xff", "encoding"),
        (b"<a>\x93\xfa</a>", "encoding"),
        (b'<?xml version="1.0" encoding="Shift_JIS"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "encoding"),
        (b"<a><b></a>", "xml-malformed"),
        (b"not xml at all", "xml-malformed"),
        (b"<a/><b/>", "xml-malformed"),
        (b"<x:a/>", "xml-malformed"),
        (b"<!DOCTYPE a><a/>", "xml-forbidden-dtd"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "xml-forbidden-dtd"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml-forbidden-dtd"),
        (b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>', "xml-forbidden-dtd"),
        (b"<a>&x;</a>", "xml-forbidden-entity"),
        (b"<a " + b" ".join(b'x%d="1"' % n for n in range(65)) + b"/>", "xml-too-many-attributes"),
    ],
)
def test_what_is_refused_has_a_reason(raw: bytes, reason: str) -> None:
    assert _reason(raw) == reason


def test_depth_64_is_read_and_65_is_not() -> None:
    assert parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert _reason(b"<a>" * 65 + b"</a>" * 65) == "xml-too-deep"


def test_two_million_elements_are_refused_before_they_are_built() -> None:
    raw = b"<a>" + b"<b/>" * 2_000_000 + b"</a>"
    assert _reason(raw) == "xml-too-many-elements"


def test_size_is_checked_before_anything_else() -> None:
    assert _reason(b"<" * 101, XmlLimits(max_bytes=100)) == "too-large"


def test_latin_1_and_utf_16_are_read_where_they_are_declared() -> None:
    assert parse('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")).text == "é"
    assert parse('<?xml version="1.0" encoding="UTF-16"?><a>津波</a>'.encode("utf-16")).text == "津波"


def test_comments_do_not_split_text() -> None:
    assert parse(b"<a>one<!-- x -->two<?pi?>three</a>").text == "onetwothree"


def test_the_five_entities_of_xml_itself_are_read() -> None:
    assert parse(b"<a>&lt;&amp;&gt;&quot;&apos;&#9;</a>").text == "<&>\"'\t"
