"""Follow what ingest settled and compare the satellite with the internet feed.

A thread beside the collector: it reads `reports`, keeps the newest of each danger and place of both
sources, and sets a gauge per kind of disagreement. It decides nothing and stores nothing; after a restart it
has read the last hours again.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from alerts.agreement import Difference, Disagreement, Sayings, differences, with_report
from feeds.jma.telegram import FEED as INTERNET
from feeds.qzss import FEED as SATELLITE
from streams.brokers.client import Consumer
from streams.brokers.errors import StreamsError
from streams.dead_letters import Refused
from streams.metrics import SecondSourceMetrics
from streams.payloads import ReportRecord
from streams.topics import REPORTS
from streams.wire import decode

log = logging.getLogger(__name__)

_BATCH = 500
_POLL_SECONDS = 1.0
_AGAIN_SECONDS = 5.0


class SecondSource:
    """Both sources' newest words, and the disagreements that were last shown."""

    def __init__(self, metrics: SecondSourceMetrics) -> None:
        self._metrics = metrics
        self._satellite: Sayings = {}
        self._internet: Sayings = {}
        self._shown: tuple[Difference, ...] = ()

    def hear(self, record: ReportRecord) -> None:
        """Take in one settled document of either source."""
        if record.report is None:
            return
        if record.feed == SATELLITE:
            self._satellite = with_report(self._satellite, record.report)
            self._metrics.heard(record.received)
        elif record.feed == INTERNET:
            self._internet = with_report(self._internet, record.report)

    def look(self, at: datetime) -> tuple[Difference, ...]:
        """Compare at *at*, show what differs, and say what is new about it."""
        found = differences(self._satellite, self._internet, at=at)
        for kind in Disagreement:
            self._metrics.disagree(kind, sum(one.kind is kind for one in found))
        for one in found:
            if one not in self._shown:
                log.warning(
                    "two sources disagree",
                    extra={"reason": one.kind.value, "hazard": one.hazard.value, "area": one.place},
                )
        self._shown = found
        return found


def follow(bootstrap: str, second: SecondSource, stopped: threading.Event) -> None:
    """Read `reports` from its oldest record until *stopped*; a broker that is away is asked again."""
    while not stopped.is_set():
        try:
            with Consumer(bootstrap, on_lost=_passed_over) as consumer:
                consumer.assign_from_oldest([REPORTS.name])
                _read(consumer, second, stopped.is_set)
        except StreamsError as error:
            log.warning("reports cannot be read", extra={"reason": type(error).__name__})
            stopped.wait(_AGAIN_SECONDS)


def _read(consumer: Consumer, second: SecondSource, should_stop: Callable[[], bool]) -> None:
    while not should_stop():
        for record in consumer.poll_many(_BATCH, _POLL_SECONDS):
            if record.value is None:
                continue
            try:
                second.hear(decode(ReportRecord, record.value))
            except Refused as error:
                log.warning("a record is left out", extra={"record": record.place, "reason": error.reason})
        second.look(datetime.fromtimestamp(time.time(), UTC))


def _passed_over(topic: str, _partition: int, expected: int, first: int) -> None:
    # What was removed is older than anything that is compared.
    log.info("older records are gone", extra={"topic": topic, "records": first - expected})
