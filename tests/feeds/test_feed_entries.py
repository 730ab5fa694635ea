"""An index names documents: Atom and RSS, the real ones, and what is none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds import feed_entries
from feeds.errors import FeedError
from feeds.feed_entries import read_entries


@pytest.mark.parametrize(
    ("file", "entries"),
    [
        ("04_jma_xml/atom_extra.xml", 10),
        ("04_jma_xml/atom_eqvol.xml", 42),
        ("06_cap/ibm-cap/nws_atom_feed_example.xml", 163),
        ("06_cap/nws_2020-05-07.xml", 4),
    ],
)
def test_every_entry_of_a_real_index_has_its_own_key_an_address_and_a_time(
    shared_data: Path, file: str, entries: int
) -> None:
    index = read_entries((shared_data / file).read_bytes())
    assert len({entry.key for entry in index.entries}) == len(index.entries) == entries
    assert all(entry.link.startswith("https://") for entry in index.entries)
    assert all(entry.updated is not None for entry in index.entries)
    assert index.updated is not None


RSS = b"""<rss version="2.0"><channel><title>Warnings</title>
<lastBuildDate>Wed, 25 Nov 2026 10:00:00 +0900</lastBuildDate>
<item><title>Flood</title><link>https://cap.example/1.xml</link><guid>urn:1</guid>
<pubDate>Wed, 25 Nov 2026 09:59:00 +0900</pubDate></item>
<item><title>No address</title><guid>urn:2</guid></item>
<item><link>https://cap.example/3.xml</link></item>
</channel></rss>"""


def test_rss_is_read_as_atom_is() -> None:
    index = read_entries(RSS)
    assert index.updated == datetime(2026, 11, 25, 1, tzinfo=UTC)
    assert [entry.link for entry in index.entries] == ["https://cap.example/1.xml", "https://cap.example/3.xml"]
    assert [entry.updated for entry in index.entries] == [datetime(2026, 11, 25, 0, 59, tzinfo=UTC), None]


def test_the_link_to_the_document_goes_before_the_page_about_it() -> None:
    index = read_entries(
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id>'
        b'<link rel="self" href="https://cap.example/self"/><link type="text/html" href="https://cap.example/page"/>'
        b'<link type="application/cap+xml" href="https://cap.example/cap"/></entry></feed>'
    )
    assert [entry.link for entry in index.entries] == ["https://cap.example/cap"]


def test_an_entry_whose_document_changed_is_another_entry() -> None:
    def key(updated: str) -> str:
        raw = (
            f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><updated>{updated}</updated>'
            '<link href="https://cap.example/1"/></entry></feed>'
        )
        return read_entries(raw.encode()).entries[0].key

    assert key("2026-01-01T00:00:00Z") != key("2026-01-01T00:00:01Z")
    assert key("not a time") == key("not a time")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"<feed/>", "not-an-index"),
        (b"<!DOCTYPE html><html/>", "xml-forbidden-dtd"),
        (b"<rss><channel>", "xml-malformed"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_what_is_no_index_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(FeedError) as refused:
        read_entries(raw)
    assert refused.value.reason == reason


def test_an_index_that_lists_nothing_is_an_index() -> None:
    assert read_entries(b"<rss/>").entries == ()
    assert read_entries(b'<feed xmlns="http://www.w3.org/2005/Atom"/>').entries == ()
    assert read_entries(b"<rss><channel><item/></channel></rss>").entries == ()


def long_index(entries: int) -> bytes:
    """Return an index as long as a week of storms makes it, in the form of the JMA's."""
    line = (
        "<entry><title>気象警報・注意報（Ｒ０６）（大雨）</title><id>https://feed.example/{0}_0_VPWW55_130000.xml</id>"
        "<updated>2026-09-08T00:00:00Z</updated><author><name>気象庁</name></author>"
        '<link type="application/xml" href="https://feed.example/{0}_0_VPWW55_130000.xml"/>'
        '<content type="text">【東京都気象警報・注意報】東京地方では、土砂災害や低い土地の浸水に警戒してください。'
        "</content></entry>"
    )
    body = "".join(line.format(number) for number in range(entries))
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>2026-09-08T01:00:00Z</updated>{body}</feed>'.encode()


def test_the_index_of_a_week_of_storms_is_read_and_one_without_end_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = long_index(30_000)
    assert len(raw) > 12_000_000
    assert len(read_entries(raw).entries) == 30_000
    monkeypatch.setattr(feed_entries, "MAX_ENTRIES", 100)
    with pytest.raises(FeedError) as refused:
        read_entries(long_index(101))
    assert refused.value.reason == "index-too-long"
