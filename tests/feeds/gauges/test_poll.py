"""One address of readings: told once for each answer, again after a restart only when it changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from feeds.errors import FetchError, FetchReason
from feeds.gauges.poll import GaugePoll, GaugePollSettings
from feeds.source import Missed, RawReport
from feeds.web import Web, WebLimits
from tests.feeds.server import Page, Server, serving

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TABLE = b"station,time,value\nA,2026-11-25T11:50:00Z,1.5\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def web(server: Server) -> Iterator[Web]:
    limits = WebLimits(connect_seconds=1.0, silent_seconds=1.0, whole_seconds=5.0)
    with Web(frozenset({server.origin}), monotonic=lambda: 0.0, limits=limits) as opened:
        yield opened


def source(server: Server, columns: str = "") -> GaugePoll:
    return GaugePoll(GaugePollSettings("ward", f"{server.origin}/g.csv", columns))


def fetched(one: GaugePoll, web: Web, minutes: int = 0) -> list[RawReport | Missed]:
    return list(one.fetch(web, NOON + timedelta(minutes=minutes)))


@pytest.mark.parametrize("etag", ["", '"1"'])
def test_an_answer_that_we_have_is_told_once(server: Server, web: Web, etag: str) -> None:
    server.pages["/g.csv"] = Page(TABLE, etag=etag)
    one = source(server)
    assert fetched(one, web) == [RawReport("ward 2026-11-25T12:00:00+00:00", "gauge", TABLE)]
    assert fetched(one, web, 2) == []
    server.pages["/g.csv"] = Page(TABLE + b"A,2026-11-25T12:00:00Z,1.6\n", etag=etag and '"2"')
    assert len(fetched(one, web, 4)) == 1


def test_what_was_not_stored_is_fetched_again(server: Server, web: Web) -> None:
    server.pages["/g.csv"] = Page(TABLE)
    one = source(server)
    next(one.fetch(web, NOON))  # the caller could not store it and never asked for the next
    assert len(fetched(one, web)) == 1


def test_a_restart_remembers(server: Server, web: Web) -> None:
    server.pages["/g.csv"] = Page(TABLE, etag='"1"')
    one = source(server)
    fetched(one, web)
    again = source(server)
    again.remember(one.memory())
    assert fetched(again, web) == []
    broken = source(server)
    broken.remember({"validators": 3})
    assert len(fetched(broken, web)) == 1


def test_a_column_map_is_named_by_the_feed(server: Server, web: Web) -> None:
    server.pages["/g.csv"] = Page(TABLE)
    (report,) = fetched(source(server, "ward-gauges"), web)
    assert isinstance(report, RawReport)
    assert report.feed == "gauge:ward-gauges"
    assert source(server).pace.interval_seconds == 120


def test_a_log_in_page_under_200_is_an_error_of_the_source(server: Server, web: Web) -> None:
    page = b"<!DOCTYPE html><html><body>please sign in</body></html>"
    server.pages["/g.csv"] = Page(page, headers={"Content-Type": "text/html"})
    with pytest.raises(FetchError) as refused:
        fetched(source(server), web)
    assert refused.value.reason == FetchReason.PAGE.value
