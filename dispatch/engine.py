"""Choose what speaks HTTP to push services; either kind of caller can use any engine."""

from collections.abc import Callable
from enum import StrEnum

from dispatch.batch import BatchSender
from dispatch.curl import CurlSender
from dispatch.http2.sender import Http2Sender
from dispatch.one_by_one import OneByOne
from dispatch.settings import DispatchSettings


class Engine(StrEnum):
    """What speaks HTTP."""

    H2 = "h2"  # HTTP/2 framed by hand; libcurl for push services that speak HTTP/1.1 only
    CURL = "curl"  # libcurl for all


def always() -> bool:
    """Allow every write: for a caller that nobody can replace."""
    return True


MaySend = Callable[[], bool]


def batch_sender_of(settings: DispatchSettings, may_send: MaySend = always) -> BatchSender:
    """Return the engine that *settings* name, for a caller with batches; it asks *may_send* before it writes."""
    return _ENGINES[Engine(settings.engine)](settings, may_send)


def _http2(settings: DispatchSettings, may_send: MaySend) -> Http2Sender:
    return Http2Sender(settings, lambda: _curl(settings, may_send), may_send=may_send)


def _curl(settings: DispatchSettings, may_send: MaySend) -> OneByOne:
    return OneByOne(CurlSender(settings, may_send=may_send))


_ENGINES: dict[Engine, Callable[[DispatchSettings, MaySend], BatchSender]] = {Engine.H2: _http2, Engine.CURL: _curl}
