"""Refusals of the readers, each with a reason code that stays stable.

    FeedError
    ├── XmlError        the bytes are not XML that we are willing to build
    ├── CapError        XML, but not a CAP message that we can act on
    ├── JmaError        XML, but not a JMA telegram that we can act on
    ├── ConsoleError    a document of our own console that breaks its format
    ├── JsonError       the bytes are not JSON that we are willing to build
    ├── CsvError        the bytes are not a table that we are willing to read
    ├── GaugeError      a table or JSON, but no readings or stations that we know
    ├── DisError        a municipal report that breaks its form or that nobody could act on
    ├── LAlertError     an L-Alert document whose wrapper or inside cannot be acted on
    ├── QzssError       a satellite message that cannot be read
    ├── UnknownFormat   a document of no kind that we know
    ├── ArchiveError    a folder or archive that cannot be read within its limits
    └── FetchError      a request that gave nothing usable

The reason goes to the dead-letters, the metrics and the operator; the detail is for a person and
never repeats more than a few words of the document.
"""

from enum import StrEnum

MAX_DETAIL_CHARACTERS = 200


class FeedError(Exception):
    """A document that is refused. `reason` is a stable code; `detail` says where and what."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail[:MAX_DETAIL_CHARACTERS]
        super().__init__(f"{reason}: {self.detail}" if self.detail else reason)


class XmlError(FeedError):
    """The bytes are not XML that we are willing to build."""


class CapError(FeedError):
    """A CAP message that breaks the standard or that nobody could act on."""


class JmaError(FeedError):
    """A JMA telegram that breaks its format or that nobody could act on."""


class ConsoleError(FeedError):
    """A document of our own console that breaks its format, or that came another way."""


class JsonError(FeedError):
    """The bytes are not JSON that we are willing to build."""


class CsvError(FeedError):
    """The bytes are not a table that we are willing to read."""


class GaugeError(FeedError):
    """A table or JSON that holds no readings or stations that we know how to read."""


class DisError(FeedError):
    """A municipal report that breaks its form or that nobody could act on."""


class LAlertError(FeedError):
    """An L-Alert document whose wrapper or inside cannot be acted on."""


class QzssError(FeedError):
    """A satellite message that cannot be read."""


class UnknownFormat(FeedError):
    """A document of no kind that we know."""


class ArchiveError(FeedError):
    """A folder or archive that cannot be read within its limits."""


class FetchReason(StrEnum):
    """Why a request gave nothing. The values are reason codes: stable, in metrics, log and tests."""

    ADDRESS = "fetch-address"  # not a URL on one of the origins that were named for the source
    UNREACHABLE = "fetch-unreachable"  # name, connection or TLS
    TIMEOUT = "fetch-timeout"
    REDIRECT = "fetch-redirect"
    STATUS = "fetch-status"
    TOO_LARGE = "fetch-too-large"
    ENCODING = "fetch-encoding"
    BROKEN = "fetch-broken"  # the answer is not HTTP, or ends too early
    PAGE = "fetch-page"  # 200 OK and a page for people: a login, an error, a captive portal


class FetchError(FeedError):
    """A request that gave nothing usable. `retry_after_seconds` is what the server asked for."""

    def __init__(self, reason: FetchReason, detail: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason.value, detail)
        self.retry_after_seconds = retry_after_seconds
