"""Fetch the documents that an index lists: what every pulled source does alike."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from feeds.backlog import Backlog
from feeds.errors import FetchError, FetchReason
from feeds.source import Missed, RawReport
from feeds.web import Web

# The largest telegram that the topic takes, with room for its headers.
MAX_DOCUMENT_BYTES = 3_900_000
# A round ends before the next is due, however much has piled up; the rest waits its turn.
MAX_DOCUMENTS_A_ROUND = 300
# So many timeouts in a row are a server that is away: every other document would wait as long.
MAX_TIMEOUTS_IN_A_ROW = 3
TOO_OLD = "too-old"

_AWAY = frozenset({FetchReason.TIMEOUT.value, FetchReason.UNREACHABLE.value, FetchReason.BROKEN.value})


def fetch_waiting(
    web: Web, backlog: Backlog, feed: str, at: datetime, *, not_older_than: timedelta
) -> Iterator[RawReport | Missed]:
    """Yield the documents that wait in *backlog*; each is done when the next is asked for.

    What was written longer ago than *not_older_than* can hold no more and is given up.
    """
    for entry in backlog.drop_older(at - not_older_than):
        yield Missed(entry.link, TOO_OLD, given_up=True)
    in_a_row = 0
    for entry in backlog.waiting()[:MAX_DOCUMENTS_A_ROUND]:
        try:
            body = web.get(entry.link, max_bytes=MAX_DOCUMENT_BYTES).body or b""
        except FetchError as error:
            away = error.reason in _AWAY or (error.reason == FetchReason.STATUS and error.detail.startswith("5"))
            yield Missed(entry.link, error.reason, backlog.failed(entry, refused=not away))
            in_a_row = in_a_row + 1 if away else 0
            if in_a_row == MAX_TIMEOUTS_IN_A_ROW:
                return
            continue
        in_a_row = 0
        yield RawReport(entry.link, feed, body)
        backlog.done(entry)
