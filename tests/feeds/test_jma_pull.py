"""The JMA's feeds over HTTP: the real indexes and telegrams, gaps, and a server that misbehaves."""

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from feeds.errors import FeedError
from feeds.jma import pull
from feeds.jma.pull import JmaPull, JmaPullSettings
from feeds.read import read
from feeds.source import Missed, RawReport
from feeds.web import Web, WebLimits
from tests.feeds.server import Page, Server, serving

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIMITS = WebLimits(connect_seconds=1.0, silent_seconds=0.2, whole_seconds=5.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def web(server: Server) -> Iterator[Web]:
    with Web(frozenset({server.origin}), monotonic=lambda: 0.0, limits=LIMITS) as opened:
        yield opened


def source(server: Server) -> JmaPull:
    return JmaPull(JmaPullSettings("jma-test", f"{server.origin}/short.xml", f"{server.origin}/long.xml"))


@cache
def telegrams(shared_data: Path) -> dict[str, bytes]:
    """Return the telegrams that the two real indexes point at, by their path."""
    with tarfile.open(shared_data / "04_jma_xml" / "mican3_atom_feed_and_telegrams.tar.xz") as packed:
        files = [member for member in packed.getmembers() if member.isfile()]
        found = {member.name.removeprefix("./"): packed.extractfile(member) for member in files}
        return {name: content.read() for name, content in found.items() if content is not None}


def serve_real(server: Server, shared_data: Path, index: str) -> None:
    base = "https://mican3.github.io/jmaxml_test"
    raw = (shared_data / "04_jma_xml" / index).read_text(encoding="utf-8").replace(base, server.origin)
    server.pages["/short.xml"] = Page(raw.encode(), etag='"1"')
    server.pages["/long.xml"] = Page(raw.encode(), etag='"l"')
    for name, content in telegrams(shared_data).items():
        server.pages[f"/{name}"] = Page(content)


def index_of(server: Server, *documents: tuple[str, datetime], updated: datetime = NOON, etag: str = "") -> Page:
    for name, at in documents:
        server.pages.setdefault(f"/{name}", Page(f"<telegram>{name} {at.isoformat()}</telegram>".encode()))
    lines = "".join(
        f"<entry><id>{server.origin}/{name}</id><updated>{at.isoformat()}</updated>"
        f'<link href="{server.origin}/{name}"/></entry>'
        for name, at in documents
    )
    raw = f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated.isoformat()}</updated>{lines}</feed>'
    return Page(raw.encode(), etag=etag)


def got(one: JmaPull, web: Web, at: datetime = NOON) -> list[str]:
    return [item.name.rpartition("/")[2] for item in one.fetch(web, at) if isinstance(item, RawReport)]


@pytest.mark.parametrize(("index", "entries"), [("atom_extra.xml", 10), ("atom_eqvol.xml", 42)])
def test_every_telegram_of_a_real_index_comes_once_and_is_readable(
    shared_data: Path, server: Server, web: Web, index: str, entries: int
) -> None:
    serve_real(server, shared_data, index)
    one = source(server)
    reports = [item for item in one.fetch(web, LONG_AGO) if isinstance(item, RawReport)]
    assert len({report.name for report in reports}) == len(reports) == entries
    for report in reports:
        assert read(report.raw, name=report.name, received=NOON, feed=report.feed).feed == "jma"
    asked = len(server.asked)
    assert got(one, web, LONG_AGO + timedelta(minutes=1)) == []
    assert server.asked[asked:] == [("/short.xml", 304)]


def test_an_index_that_repeats_and_reorders_its_entries_gives_nothing_twice(
    shared_data: Path, server: Server, web: Web
) -> None:
    serve_real(server, shared_data, "atom_extra.xml")
    one = source(server)
    assert len(got(one, web, LONG_AGO)) == 10
    page = server.pages["/short.xml"]
    assert isinstance(page, Page)
    head, *rest = page.body.decode().split("<entry>")
    last = rest[-1].partition("</entry>")
    rest[-1] = "".join(last[:2])
    shuffled = "<entry>".join([head, *reversed(rest), *rest]) + last[2]
    server.pages["/short.xml"] = Page(shuffled.encode())
    assert got(one, web, LONG_AGO + timedelta(minutes=1)) == []


def test_after_a_gap_the_long_index_gives_what_the_short_one_lists_no_more(server: Server, web: Web) -> None:
    minutes = {name: NOON + timedelta(minutes=number) for number, name in enumerate("abcdefgh")}
    listed = list(minutes.items())
    server.pages["/long.xml"] = index_of(server, *listed[:1])
    server.pages["/short.xml"] = index_of(server, *listed[:2])
    one = source(server)
    assert got(one, web) == ["b", "a"]
    # Twenty minutes without us: c to f came and went.
    server.pages["/short.xml"] = index_of(server, *listed[6:])
    server.pages["/long.xml"] = index_of(server, *listed, updated=NOON + timedelta(minutes=8))
    assert got(one, web, NOON + timedelta(minutes=20)) == ["h", "g", "f", "e", "d", "c"]
    assert not one.gap_open()


def test_the_long_index_is_read_again_until_it_reaches_over_the_gap(server: Server, web: Web) -> None:
    minutes = {name: NOON + timedelta(minutes=number) for number, name in enumerate("abcd")}
    listed = list(minutes.items())
    server.pages["/short.xml"] = index_of(server, listed[3])
    # Renewed each hour: it does not know of c yet, and the short one does not any more.
    server.pages["/long.xml"] = index_of(server, *listed[:2], updated=NOON + timedelta(minutes=1), etag='"old"')
    one = source(server)
    at = NOON + timedelta(minutes=4)
    assert got(one, web, at) == ["d", "b", "a"]
    assert one.gap_open()
    restarted = source(server)
    restarted.remember(one.memory())
    assert restarted.gap_open()
    assert got(restarted, web, at + timedelta(minutes=1)) == []
    server.pages["/long.xml"] = index_of(server, *listed, updated=NOON + timedelta(minutes=60))
    assert got(restarted, web, at + timedelta(minutes=7)) == ["c"]
    assert not restarted.gap_open()
    asked = len(server.asked)
    assert got(restarted, web, at + timedelta(minutes=8)) == []
    assert [path for path, _ in server.asked[asked:]] == ["/short.xml"]


def test_a_long_index_that_is_away_does_not_keep_the_short_one_s_telegrams(server: Server, web: Web) -> None:
    server.pages["/short.xml"] = index_of(server, ("a", NOON))
    server.pages["/long.xml"] = Page(b"<html>sign in</html>")
    one = source(server)
    items = list(one.fetch(web, NOON))
    assert [type(item) for item in items] == [Missed, RawReport]
    assert isinstance(items[0], Missed)
    assert items[0].reason == "fetch-page"
    assert one.gap_open()
    # It is not asked for ever.
    server.pages["/long.xml"] = index_of(server, ("a", NOON), updated=NOON - timedelta(hours=9))
    assert got(one, web, NOON + pull.LONG_FOR + timedelta(minutes=1)) == []
    assert not one.gap_open()


def test_what_was_not_stored_comes_again(server: Server, web: Web) -> None:
    server.pages["/short.xml"] = server.pages["/long.xml"] = index_of(server, ("a", NOON), etag='"1"')
    one = source(server)
    fetching = one.fetch(web, NOON)
    first = next(fetching)
    fetching.close()  # type: ignore[attr-defined]
    restarted = source(server)
    restarted.remember(one.memory())
    # Its index answers 304, and what waits is asked for all the same.
    assert [item for item in restarted.fetch(web, NOON) if isinstance(item, RawReport)] == [first]
    assert got(restarted, web) == []


@pytest.mark.parametrize(
    "memory",
    [
        {},
        {"backlog": 7},
        {"backlog": {"seen": None}},
        {"backlog": {"seen": [], "waiting": [[1]], "looked_at": None}},
        {"backlog": {"seen": [], "waiting": [], "looked_at": "yesterday"}},
    ],
)
def test_a_memory_that_is_none_is_forgotten(server: Server, web: Web, memory: dict[str, object]) -> None:
    server.pages["/short.xml"] = server.pages["/long.xml"] = index_of(server, ("a", NOON))
    one = source(server)
    one.remember(memory)
    assert got(one, web) == ["a"]


def test_a_link_that_leads_elsewhere_is_not_followed(server: Server, web: Web) -> None:
    page = index_of(server, ("a", NOON))
    server.pages["/short.xml"] = server.pages["/long.xml"] = Page(
        page.body.replace(f'href="{server.origin}/a"'.encode(), b'href="http://169.254.169.254/latest"')
    )
    one = source(server)
    missed = [item for _ in range(5) for item in one.fetch(web, NOON) if isinstance(item, Missed)]
    assert {item.reason for item in missed} == {"fetch-address"}
    assert [item.given_up for item in missed] == [False] * 4 + [True]
    assert list(one.fetch(web, NOON)) == []


def test_a_document_server_that_is_away_is_left_after_three_and_nothing_is_given_up(server: Server, web: Web) -> None:
    names = [(f"t{number}", NOON) for number in range(9)]
    server.pages["/short.xml"] = server.pages["/long.xml"] = index_of(server, *names)
    kept = dict(server.pages)
    for name, _ in names:
        server.pages[f"/{name}"] = Page(status=503)
    one = source(server)
    for _ in range(10):
        assert len([item for item in one.fetch(web, NOON) if isinstance(item, Missed)]) == 3
    server.pages.update(kept)
    assert len(got(one, web)) == 9
    # A day on, what could not be fetched holds no more.
    server.pages["/short.xml"] = index_of(server, *names, ("late", NOON + timedelta(minutes=1)))
    server.pages["/late"] = Page(status=500)
    list(one.fetch(web, NOON + timedelta(minutes=2)))
    (given_up,) = one.fetch(web, NOON + timedelta(days=2))
    assert isinstance(given_up, Missed)
    assert (given_up.reason, given_up.given_up) == ("too-old", True)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(b"<!doctype html><html>login</html>"), "fetch-page"),
        (Page(status=500), "fetch-status"),
        (Page(status=302, headers={"Location": "/long.xml"}), "fetch-redirect"),
        (Page(b"<Report/>"), "not-an-index"),
        (Page(b""), "empty"),
        (Page(b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"), "xml-malformed"),
    ],
)
def test_an_index_that_is_none_says_why_and_forgets_nothing(server: Server, web: Web, page: Page, reason: str) -> None:
    good = index_of(server, ("a", NOON))
    server.pages["/short.xml"] = server.pages["/long.xml"] = good
    one = source(server)
    assert got(one, web) == ["a"]
    server.pages["/short.xml"] = page
    with pytest.raises(FeedError) as refused:
        list(one.fetch(web, NOON))
    assert refused.value.reason == reason
    server.pages["/short.xml"] = good
    assert got(one, web) == []
