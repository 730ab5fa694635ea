"""Ask every source at its pace and hand what it gives to acceptance.

A thread for each source: one that hangs delays no other. What is yielded is marked as seen only after the
broker has stored it, so that a crash fetches it again and loses nothing. A source that is away is a metric
and an alarm; nothing here ever ends a danger.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from feeds.errors import FeedError, FetchError
from feeds.source import Missed, RawReport, Source
from feeds.sources import Registered
from feeds.web import Web
from streams.brokers.client import Producer
from streams.brokers.errors import SendError
from streams.ingest.acceptance import receive
from streams.metrics import CollectMetrics
from streams.payloads import SourceRecord
from streams.topics import SOURCES
from streams.wire import encode

log = logging.getLogger(__name__)

# A report that is not stored by then is asked for again in the next round.
_STORED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, as the process has it and a test moves it."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Round:
    """How one round of a source ended: what was stored, why it failed (empty: it did not), what it asked for."""

    stored: int
    reason: str = ""
    retry_after_seconds: float = 0.0


class Collector:
    """The sources of a deployment, their memory, and the threads that ask them."""

    def __init__(
        self,
        sources: Sequence[Registered],
        producer: Producer,
        *,
        folder: Path,
        metrics: CollectMetrics,
        clock: Clock,
        random: Random,
        web: Callable[[Registered], Web] | None = None,
    ) -> None:
        self._sources = tuple(sources)
        self._producer = producer
        self._folder = folder
        self._metrics = metrics
        self._clock = clock
        self._random = random
        self._web = web or (lambda one: Web(one.origins, monotonic=clock.monotonic))
        self._written: dict[str, str] = {}
        self._answered: dict[str, datetime] = {}
        self._ended: dict[str, str] = {}
        self._started = clock.now()
        folder.mkdir(parents=True, exist_ok=True)
        for one in self._sources:
            self._recall(one.source)
            # A source that never answers is stale from its first interval on.
            metrics.expects(one.source.name, one.source.pace.fresh_until(clock.now()))

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None], look_seconds: float = 0.5) -> None:
        """Ask until told to stop; a thread of a source that ended by an error of ours ends the process."""
        stopped = threading.Event()
        failed: list[BaseException] = []
        threads = [
            threading.Thread(target=self._keep_asking, args=(one, stopped, failed), name=one.source.name, daemon=True)
            for one in self._sources
        ]
        for thread in threads:
            thread.start()
        while not should_stop() and not failed:
            beat()
            stopped.wait(look_seconds)
        stopped.set()
        # Daemons: one that hangs in a request holds no restart up, and what it has not stored it asks for again.
        for thread in threads:
            thread.join(timeout=1.0)
        if failed:
            raise failed[0]

    def ask(self, one: Registered, web: Web) -> Round:
        """Ask one source once, store what it gives, and say on `sources` how that went."""
        ended = self._ask(one, web)
        before = self._ended.get(one.source.name, "")
        if ended.reason != before:
            # Said when it changes; how long it lasts is what the metric is for.
            words = "a source gives nothing" if ended.reason else "a source answers again"
            log.warning(words, extra={"source": one.source.name, "reason": ended.reason, "before": before})
        self._ended[one.source.name] = ended.reason
        self._tell(one, ended.reason)
        return ended

    def _ask(self, one: Registered, web: Web) -> Round:
        source, at, stored = one.source, self._clock.now(), 0
        try:
            for item in source.fetch(web, at):
                if isinstance(item, Missed):
                    self._missed(source, item)
                else:
                    self._store(item)
                    self._metrics.fetched(source.name)
                    stored += 1
        except FetchError as error:
            return self._failed(source, error.reason, stored, error.retry_after_seconds)
        except FeedError as error:
            return self._failed(source, error.reason, stored)
        except (SendError, TimeoutError) as error:
            # The source has answered; it is our side that is away.
            log.error("a report could not be stored", extra={"source": source.name, "error": str(error)})
            self._metrics.failed(source.name, "not-stored")
            return Round(stored, "not-stored")
        finally:
            self._memorize(source)
        answered = self._answered[source.name] = self._clock.now()
        self._metrics.answered(source.name, answered, source.pace.fresh_until(answered))
        return Round(stored)

    def _tell(self, one: Registered, reason: str) -> None:
        """Put what is known of the source on its topic; the metric says it too, so a failure here is only logged."""
        name, answered = one.source.name, self._answered.get(one.source.name)
        record = SourceRecord(
            source=name,
            owner=one.owner,
            contact=one.contact,
            answered=answered,
            fresh_until=one.source.pace.fresh_until(answered or self._started),
            reason=reason,
            at=self._clock.now(),
        )
        try:
            self._producer.send(SOURCES.name, name.encode(), encode(record), {}).result(_STORED_WITHIN_SECONDS)
        except (SendError, TimeoutError) as error:
            log.warning("the state of a source could not be stored", extra={"source": name, "error": str(error)})

    def _keep_asking(self, one: Registered, stopped: threading.Event, failed: list[BaseException]) -> None:
        failures = 0
        try:
            with self._web(one) as web:
                # The first round of all sources together would be one burst from a restart.
                wait = self._random.random()
                while not stopped.wait(wait):
                    ended = self.ask(one, web)
                    failures = failures + 1 if ended.reason else 0
                    wait = one.source.pace.wait_seconds(
                        self._random.random(), max(0, failures - 1), ended.retry_after_seconds
                    )
        except Exception as error:
            log.exception("a source ended", extra={"source": one.source.name})
            failed.append(error)

    def _store(self, item: RawReport) -> None:
        receipt = receive(self._producer, item.raw, name=item.name, feed=item.feed, received=self._clock.now())
        receipt.stored.result(_STORED_WITHIN_SECONDS)

    def _missed(self, source: Source, missed: Missed) -> None:
        self._metrics.missed(source.name, missed.reason, given_up=missed.given_up)
        log.warning(
            "a listed document was not there",
            extra={
                "source": source.name,
                "document": missed.name[:200],
                "reason": missed.reason,
                "given_up": missed.given_up,
            },
        )

    def _failed(self, source: Source, reason: str, stored: int, retry_after_seconds: float = 0.0) -> Round:
        self._metrics.failed(source.name, reason)
        return Round(stored, reason, retry_after_seconds)

    def _recall(self, source: Source) -> None:
        try:
            memory = json.loads(self._file_of(source).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return
        if isinstance(memory, dict):
            source.remember(memory)

    def _memorize(self, source: Source) -> None:
        written = json.dumps(source.memory(), ensure_ascii=False)
        if written == self._written.get(source.name):
            return
        target = self._file_of(source)
        part = target.with_suffix(".part")
        part.write_text(written, encoding="utf-8")
        part.replace(target)
        self._written[source.name] = written

    def _file_of(self, source: Source) -> Path:
        return self._folder / f"{source.name}.json"


def system_clock(now: Callable[[], float], monotonic: Callable[[], float]) -> Clock:
    """Return the process's clock from the two functions of `time`."""
    return Clock(lambda: datetime.fromtimestamp(now(), UTC), monotonic)
