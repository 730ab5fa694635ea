"""Choose what speaks HTTP to push services; either kind of caller can use any engine."""

from collections.abc import Callable
from enum import StrEnum

from dispatch.batch import BatchSender
from dispatch.curl import CurlSender
from dispatch.one_by_one import OneByOne
from dispatch.sender import Sender
from dispatch.settings import DispatchSettings


class Engine(StrEnum):
    """What speaks HTTP."""

    CURL = "curl"  # libcurl: also HTTP/1.1


def sender_of(settings: DispatchSettings) -> Sender:
    """Return the engine that *settings* name, for a caller with one push at a time."""
    return _ENGINES[Engine(settings.engine)][0](settings)


def batch_sender_of(settings: DispatchSettings) -> BatchSender:
    """Return the engine that *settings* name, for a caller with batches."""
    return _ENGINES[Engine(settings.engine)][1](settings)


_Makers = tuple[Callable[[DispatchSettings], Sender], Callable[[DispatchSettings], BatchSender]]
_ENGINES: dict[Engine, _Makers] = {
    Engine.CURL: (CurlSender, lambda settings: OneByOne(CurlSender(settings))),
}
