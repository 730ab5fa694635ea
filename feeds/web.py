"""Ask a server for one document: bounded in time and size, on origins that were named, never elsewhere.

No redirect is followed: an agency's feed that suddenly leads elsewhere is a case for a person, and a
link in a feed was written by somebody else. What unpacks to more than the limit is dropped while it
unpacks; a gigabyte of zeros costs no more than the limit.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from feeds.errors import FetchError, FetchReason

USER_AGENT = "shirase (disaster alerts)"


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server calls the version that we have: sent back, it answers 304 where nothing changed."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}

    @staticmethod
    def of(headers: Mapping[str, str]) -> "Validators":
        """Return what an answer's *headers* name, as far as it can be sent back."""
        return Validators(_sendable(headers.get("etag", "")), _sendable(headers.get("last-modified", "")))


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` None: not modified, what we have is current."""

    body: bytes | None
    validators: Validators = NO_VALIDATORS


@dataclass(frozen=True, slots=True)
class WebLimits:
    """Bounds of one request."""

    max_bytes: int = 8 * 1024 * 1024
    connect_seconds: float = 5.0
    # Without a byte for so long.
    silent_seconds: float = 10.0
    # In all: a server that sends a byte now and then is a hang too.
    whole_seconds: float = 60.0


DEFAULT_WEB_LIMITS = WebLimits()

# Larger chunks would let one of them unpack to a thousand times as much before it is counted.
_CHUNK_BYTES = 16_384
_MAX_VALIDATOR_CHARACTERS = 1000
_PAGE = re.compile(rb"^(\xef\xbb\xbf)?\s*(<!--.{0,400}?-->\s*)*<(!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)


def looks_like_a_page(body: bytes) -> bool:
    """Say whether *body* is a page for people and not a document: they come with 200 OK as well."""
    return _PAGE.match(body[:1000]) is not None


class Web:
    """Fetch from some origins (``https://host`` or ``https://host:port``) and from no other."""

    def __init__(
        self,
        origins: frozenset[str],
        *,
        monotonic: Callable[[], float],
        limits: WebLimits = DEFAULT_WEB_LIMITS,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._origins = origins
        self._monotonic = monotonic
        self._limits = limits
        self._client = httpx.Client(
            follow_redirects=False,
            # Proxies and passwords in the environment or in ~/.netrc are not for strangers.
            trust_env=False,
            timeout=httpx.Timeout(limits.silent_seconds, connect=limits.connect_seconds),
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(headers or {})},
        )

    def __enter__(self) -> "Web":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, validators: Validators = NO_VALIDATORS, *, max_bytes: int | None = None) -> Answer:
        """Return what *url* gives, or raise `FetchError` with a stable reason."""
        address = self._allowed(url)
        limit = self._limits.max_bytes if max_bytes is None else max_bytes
        until = self._monotonic() + self._limits.whole_seconds
        try:
            with self._client.stream("GET", address, headers=validators.headers()) as answer:
                return self._read(answer, validators, limit, until)
        except httpx.TimeoutException as error:
            raise FetchError(FetchReason.TIMEOUT, type(error).__name__) from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise FetchError(FetchReason.UNREACHABLE, str(error)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(FetchReason.BROKEN, f"{type(error).__name__}: {error}") from None

    def _allowed(self, url: str) -> httpx.URL:
        try:
            address = httpx.URL(url)
        except (httpx.InvalidURL, TypeError, ValueError):
            raise FetchError(FetchReason.ADDRESS, f"{url[:80]!r} is no URL") from None
        origin = f"{address.scheme}://{address.netloc.decode('ascii', 'replace')}"
        if address.userinfo or origin not in self._origins:
            raise FetchError(FetchReason.ADDRESS, f"{origin[:100]} is not an origin of this source")
        return address

    def _read(self, answer: httpx.Response, validators: Validators, limit: int, until: float) -> Answer:
        if answer.status_code == 304 and validators != NO_VALIDATORS:
            return Answer(None, validators)
        if answer.is_redirect or 300 <= answer.status_code < 400:
            where = answer.headers.get("location", "")[:100]
            raise FetchError(FetchReason.REDIRECT, f"{answer.status_code} to {where!r}")
        if answer.status_code != 200:
            wait = _retry_after(answer.headers.get("retry-after", ""))
            raise FetchError(FetchReason.STATUS, str(answer.status_code), wait)
        length = answer.headers.get("content-length", "")
        if length.isdigit() and int(length[:20]) > limit:
            raise FetchError(FetchReason.TOO_LARGE, f"{length[:20]} bytes, the limit is {limit}")
        body = b"".join(self._bounded(_unpacked(answer, limit), limit, until))
        if looks_like_a_page(body):
            raise FetchError(FetchReason.PAGE, "200 OK, and a page for people")
        return Answer(body, Validators.of(answer.headers))

    def _bounded(self, chunks: Iterator[bytes], limit: int, until: float) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise FetchError(FetchReason.TOO_LARGE, f"more than {limit} bytes")
            if self._monotonic() > until:
                raise FetchError(FetchReason.TIMEOUT, f"not there after {self._limits.whole_seconds:.0f} s")
            yield chunk


def _unpacked(answer: httpx.Response, limit: int) -> Iterator[bytes]:
    """Yield the body's bytes, unpacked a little at a time."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from answer.iter_raw(_CHUNK_BYTES)
        return
    if encoding not in ("gzip", "x-gzip"):
        raise FetchError(FetchReason.ENCODING, f"{encoding[:40]!r}, and gzip was asked for")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for packed in answer.iter_raw(_CHUNK_BYTES):
            # One byte more than allowed is enough to know.
            yield unpacker.decompress(packed, limit + 1)
            if unpacker.unconsumed_tail:
                raise FetchError(FetchReason.TOO_LARGE, f"unpacks to more than {limit} bytes")
    except zlib.error as error:
        raise FetchError(FetchReason.ENCODING, f"not gzip: {error}") from None
    if not unpacker.eof:
        raise FetchError(FetchReason.BROKEN, "the packed body ends too early")


def _sendable(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _MAX_VALIDATOR_CHARACTERS and text.isascii() and text.isprintable() else ""


def _retry_after(text: str) -> float:
    # The other form is a date; agencies' clocks are not ours, and the usual wait is polite as well.
    return float(text) if text.isdigit() and len(text) < 8 else 0.0
