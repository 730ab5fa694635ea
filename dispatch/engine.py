"""Choose what speaks HTTP to push services; either kind of caller can use any engine."""

from collections.abc import Callable
from enum import StrEnum

from dispatch.batch import BatchSender
from dispatch.curl import CurlSender
from dispatch.http2.sender import Http2Sender
from dispatch.one_by_one import OneByOne
from dispatch.sender import Sender
from dispatch.settings import DispatchSettings
from dispatch.singly import Singly


class Engine(StrEnum):
    """What speaks HTTP."""

    H2 = "h2"  # HTTP/2 framed by hand; libcurl for push services that speak HTTP/1.1 only
    CURL = "curl"  # libcurl for all


def always() -> bool:
    """Allow every write: for a caller that nobody can replace."""
    return True


MaySend = Callable[[], bool]


def sender_of(settings: DispatchSettings) -> Sender:
    """Return the engine that *settings* name, for a caller with one push at a time."""
    return _ENGINES[Engine(settings.engine)][0](settings)


def batch_sender_of(settings: DispatchSettings, may_send: MaySend = always) -> BatchSender:
    """Return the engine that *settings* name, for a caller with batches; it asks *may_send* before it writes."""
    return _ENGINES[Engine(settings.engine)][1](settings, may_send)


def _http2(settings: DispatchSettings, may_send: MaySend) -> Http2Sender:
    return Http2Sender(settings, lambda: _curl(settings, may_send), may_send=may_send)


def _curl(settings: DispatchSettings, may_send: MaySend) -> OneByOne:
    return OneByOne(CurlSender(settings, may_send=may_send))


_Makers = tuple[Callable[[DispatchSettings], Sender], Callable[[DispatchSettings, MaySend], BatchSender]]
_ENGINES: dict[Engine, _Makers] = {
    Engine.H2: (lambda settings: Singly(_http2(settings, always)), _http2),
    Engine.CURL: (CurlSender, _curl),
}
