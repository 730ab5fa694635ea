"""CAP feeds over HTTP: the real NWS index, messages in several languages, RSS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.cap_pull import CapPull, CapPullSettings
from feeds.read import read
from feeds.source import Missed, RawReport
from feeds.web import Web
from tests.feeds.server import Page, Server, serving

THEN = datetime(2020, 5, 7, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def web(server: Server) -> Iterator[Web]:
    with Web(frozenset({server.origin}), monotonic=lambda: 0.0) as opened:
        yield opened


def source(server: Server, path: str = "/index") -> CapPull:
    return CapPull(CapPullSettings("cap-test", server.origin + path))


def test_a_real_index_gives_its_messages_once(shared_data: Path, server: Server, web: Web) -> None:
    raw = (shared_data / "06_cap" / "nws_2020-05-07.xml").read_text(encoding="utf-8")
    server.pages["/index"] = Page(raw.replace("https://alerts.weather.gov", server.origin).encode(), etag='"1"')
    messages = sorted((shared_data / "06_cap" / "oasiscap").glob("*.xml"))[:4]
    one = source(server)
    # None of its documents is there: four refusals, and nothing is given up at the first.
    missed = [item for item in one.fetch(web, THEN) if isinstance(item, Missed)]
    assert [item.reason for item in missed] == ["fetch-status"] * 4
    for item, message in zip(missed, messages, strict=True):
        server.pages[item.name.removeprefix(server.origin)] = Page(message.read_bytes())
    reports = [item for item in one.fetch(web, THEN) if isinstance(item, RawReport)]
    assert {report.raw for report in reports} == {message.read_bytes() for message in messages}
    assert {read(report.raw, name=report.name, received=THEN).feed for report in reports} == {"cap"}
    asked = len(server.asked)
    assert list(one.fetch(web, THEN + timedelta(minutes=1))) == []
    assert server.asked[asked:] == [("/index", 304)]


def test_rss_leads_to_a_message_in_two_languages(shared_data: Path, server: Server, web: Web) -> None:
    message = (shared_data / "06_cap" / "google-cap-library" / "testdata__canada_signed.cap").read_bytes()
    server.pages["/canada.cap"] = Page(message)
    server.pages["/index"] = Page(
        f"<rss><channel><item><link>{server.origin}/canada.cap</link><guid>1</guid></item></channel></rss>".encode()
    )
    (report,) = source(server).fetch(web, THEN)
    assert isinstance(report, RawReport)
    infos = read(report.raw, name=report.name, received=THEN).alert.infos
    assert {info.language for info in infos} == {"en-CA", "fr-CA"}


def test_memory_outlives_the_process(server: Server, web: Web) -> None:
    server.pages["/a"] = Page(b"<alert/>")
    server.pages["/index"] = Page(
        f"<rss><channel><item><link>{server.origin}/a</link></item></channel></rss>".encode(), etag='"1"'
    )
    one = source(server)
    assert len(list(one.fetch(web, THEN))) == 1
    restarted = source(server)
    restarted.remember(one.memory())
    assert list(restarted.fetch(web, THEN)) == []
    assert server.asked[-1] == ("/index", 304)
    restarted.remember({"backlog": None})
    assert list(restarted.fetch(web, THEN)) == []
