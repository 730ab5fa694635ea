"""A request is bounded in time and size, stays on its origins, and fails with a stable reason."""

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from feeds.errors import FetchError
from feeds.web import NO_VALIDATORS, Validators, Web, WebLimits, looks_like_a_page
from tests.feeds.server import Page, Server, serving

MEGABYTE = 1024 * 1024
LIMITS = WebLimits(max_bytes=MEGABYTE, connect_seconds=1.0, silent_seconds=0.3, whole_seconds=1.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def web(server: Server) -> Iterator[Web]:
    ticks = iter(range(10_000_000))
    with Web(frozenset({server.origin}), monotonic=lambda: next(ticks) * 1e-6, limits=LIMITS) as opened:
        yield opened


def reason_of(web: Web, url: str) -> str:
    with pytest.raises(FetchError) as refused:
        web.get(url)
    return refused.value.reason


def test_what_is_unchanged_is_not_sent_again(server: Server, web: Web) -> None:
    server.pages["/etag"] = Page(b"<a/>", etag='"v1"')
    server.pages["/date"] = Page(b"<b/>", modified="Wed, 25 Nov 2026 10:00:00 GMT")
    for path in ("/etag", "/date"):
        first = web.get(server.origin + path)
        assert first.body is not None
        assert web.get(server.origin + path, first.validators).body is None
    server.pages["/etag"] = Page(b"<c/>", etag='"v2"')
    assert web.get(server.origin + "/etag", Validators('"v1"')).body == b"<c/>"


def test_a_304_that_was_not_asked_for_is_an_error(server: Server, web: Web) -> None:
    server.pages["/"] = Page(status=304)
    assert reason_of(web, server.origin + "/") == "fetch-redirect"


def test_validators_that_cannot_be_sent_back_are_not_kept() -> None:
    assert Validators.of({"etag": "x" * 5000, "last-modified": "a\r\nEvil: 1"}) == NO_VALIDATORS


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, web: Web, status: int) -> None:
    server.pages["/"] = Page(status=status, headers={"Location": f"{server.origin}/inside"})
    server.pages["/inside"] = Page(b"<a/>")
    assert reason_of(web, server.origin + "/") == "fetch-redirect"
    assert "/inside" not in server.paths()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "/etc/passwd",
        "",
        "http://[::1",
        "http://" + "a" * 70_000,
    ],
)
def test_an_address_beyond_the_named_origins_is_not_asked(web: Web, url: str) -> None:
    assert reason_of(web, url) == "fetch-address"


def test_a_password_in_an_address_is_not_sent(server: Server, web: Web) -> None:
    server.pages["/"] = Page(b"<a/>")
    assert reason_of(web, server.origin.replace("http://", "http://user:secret@") + "/") == "fetch-address"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503, 204])
def test_any_other_status_is_no_document(server: Server, web: Web, status: int) -> None:
    server.pages["/"] = Page(status=status)
    assert reason_of(web, server.origin + "/") == "fetch-status"


def test_what_the_server_asks_for_by_retry_after_is_kept(server: Server, web: Web) -> None:
    server.pages["/"] = Page(status=503, headers={"Retry-After": "120"})
    with pytest.raises(FetchError) as refused:
        web.get(server.origin + "/")
    assert refused.value.retry_after_seconds == 120


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html><body>Please sign in</body></html>",
        b"\xef\xbb\xbf\n  <!-- portal --> <HTML lang='ja'><title>login</title>",
        b"<html>",
    ],
)
def test_a_login_page_with_200_is_no_document(server: Server, web: Web, page: bytes) -> None:
    server.pages["/"] = Page(page, headers={"Content-Type": "application/xml"})
    assert reason_of(web, server.origin + "/") == "fetch-page"


def test_a_document_is_no_page() -> None:
    assert not looks_like_a_page(b"<?xml version='1.0'?><Report>&lt;html&gt;</Report>")
    assert not looks_like_a_page(b"<htmlish/>")


def test_a_huge_body_is_dropped_at_its_announcement_or_at_the_limit(server: Server, web: Web) -> None:
    server.pages["/announced"] = Page(bytes(2 * MEGABYTE))

    def without_length(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(4096):
            handler.wfile.write(bytes(65_536))

    server.pages["/endless"] = without_length
    assert reason_of(web, server.origin + "/announced") == "fetch-too-large"
    assert reason_of(web, server.origin + "/endless") == "fetch-too-large"


def test_a_gigabyte_of_zeros_in_gzip_costs_no_more_than_the_limit(server: Server, web: Web) -> None:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    zeros = bytes(16 * MEGABYTE)
    bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    assert len(bomb) < 2 * MEGABYTE
    server.pages["/"] = Page(bomb[: LIMITS.max_bytes - 1], headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    assert reason_of(web, server.origin + "/") == "fetch-too-large"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MEGABYTE


def test_a_packed_document_is_unpacked(server: Server, web: Web) -> None:
    server.pages["/"] = Page(gzip.compress(b"<a>" + b"x" * 100_000 + b"</a>"), headers={"Content-Encoding": "gzip"})
    body = web.get(server.origin + "/").body
    assert body is not None
    assert len(body) == 100_007


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"Content-Encoding": "gzip"}, b"this is not gzip", "fetch-encoding"),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"<a/>" * 1000, mtime=0)[:-20], "fetch-broken"),
        ({"Content-Encoding": "br"}, b"anything", "fetch-encoding"),
    ],
    ids=["not-gzip", "cut-off", "another-encoding"],
)
def test_a_body_that_does_not_unpack_is_refused(
    server: Server, web: Web, headers: dict[str, str], body: bytes, reason: str
) -> None:
    server.pages["/"] = Page(body, headers=headers)
    assert reason_of(web, server.origin + "/") == reason


def test_a_server_that_hangs_is_left(server: Server, web: Web) -> None:
    released = threading.Event()

    def hang(_handler: BaseHTTPRequestHandler) -> None:
        released.wait(10)

    server.pages["/"] = hang
    assert reason_of(web, server.origin + "/") == "fetch-timeout"
    released.set()


def test_a_server_that_drips_is_left_at_the_end_of_its_whole_time(server: Server) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(bytes(20_000))

    server.pages["/"] = drip
    # The clock is moved: each look at it is half a second later than the one before.
    ticks = iter(range(1000))
    with Web(frozenset({server.origin}), monotonic=lambda: next(ticks) * 0.5, limits=LIMITS) as web:
        assert reason_of(web, server.origin + "/") == "fetch-timeout"


def test_a_server_that_is_not_there_or_speaks_no_http_is_told_apart(server: Server, web: Web) -> None:
    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n")

    server.pages["/"] = nonsense
    assert reason_of(web, server.origin + "/") == "fetch-broken"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Web(frozenset({origin}), monotonic=lambda: 0.0, limits=LIMITS) as nobody:
            assert reason_of(nobody, origin + "/") == "fetch-unreachable"
