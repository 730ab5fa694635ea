"""The way in: raw bytes onto `telegrams`, acknowledged by the broker before anybody is told "accepted".

The key is the series, so that an alert, its updates and its cancel never overtake each other. The
bytes go on as they came: what they mean is decided behind the topic, where it can be replayed.
"""

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from feeds.read import series_of
from streams.brokers.client import Producer, Stored
from streams.topics import TELEGRAMS

HEADER_RECEIPT = "receipt"
HEADER_RECEIVED_MS = "t-received"
# When the document arrived by the clock that its life cycle is judged by; `t-received` is the real one.
HEADER_ARRIVED_MS = "arrived"
HEADER_NAME = "name"
HEADER_FEED = "feed"
# Moves the times of an old document so that it can be sent today (`replay --clock shift`), in ms.
HEADER_SHIFT_MS = "clock-shift"
HEADER_REPORT_MS = "t-report"
HEADER_HAZARD_MS = "t-hazard"
HEADER_NOTICE_MS = "t-notice"


def epoch_ms(at: datetime) -> int:
    """Return *at* as whole milliseconds since 1970."""
    return round(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The name under which a reception is accounted for, and what completes when it is stored."""

    receipt: str
    stored: "Future[Stored]"


def receive(
    producer: Producer,
    raw: bytes,
    *,
    name: str,
    feed: str,
    received: datetime,
    arrived: datetime | None = None,
    shift_ms: int = 0,
    new_receipt: Callable[[], str] = lambda: uuid.uuid4().hex,
) -> Receipt:
    """Put *raw* on `telegrams`; the caller may say "accepted" only when `stored` has completed."""
    receipt = new_receipt()
    headers: Mapping[str, bytes] = {
        HEADER_RECEIPT: receipt.encode(),
        HEADER_RECEIVED_MS: str(epoch_ms(received)).encode(),
        HEADER_ARRIVED_MS: str(epoch_ms(arrived or received)).encode(),
        HEADER_NAME: name.encode(),
        HEADER_FEED: feed.encode(),
        HEADER_SHIFT_MS: str(shift_ms).encode(),
    }
    return Receipt(receipt, producer.send(TELEGRAMS.name, series_of(raw, feed).encode(), raw, headers))
