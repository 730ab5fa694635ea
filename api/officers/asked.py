"""Acts of a command line, written down by the console: the trail has one writer, and two would break its chain.

Who acts puts the act on `asked-acts`, waits until the trail has it, and then acts: as at the console, what was not
written down is not done. Direction of safety: a question that nobody took in time is no act any more, so that a console
that starts later writes down nothing that never happened.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.officers.audit import Act, Entry, Trail, read
from streams.brokers.client import BrokerNotReady, Consumer, Producer, Record
from streams.topics import ASKED, AUDIT
from streams.wire import decode, encode

log = logging.getLogger(__name__)

# What may be asked for here; all else is done at the console itself.
ALLOWED = frozenset({Act.POLICY_ADOPT, Act.GRANT})
WAIT_SECONDS = 30.0
# Under the wait: whoever asked has not given up when the entry is written.
_YOUNG_ENOUGH = timedelta(seconds=20)
_STORED_WITHIN_SECONDS = 10.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class AskedAct:
    """An act that is about to be done; `id` tells it from the same act done again."""

    id: str
    by: str
    act: Act
    on: str
    detail: str
    at: datetime

    @property
    def written(self) -> str:
        """Return the detail under which the trail has it."""
        return f"{self.detail} asked={self.id}"


class AskedActs:
    """The console's side: write down what was asked for, each once."""

    def __init__(self, trail: Trail, now: Callable[[], datetime]) -> None:
        self._trail = trail
        self._now = now

    def apply(self, record: Record) -> None:
        """Write down the act in *record*. Raises `Refused` for one that cannot be read, and what a broker raises."""
        if record.value is None:
            return
        asked = decode(AskedAct, record.value)
        if asked.act not in ALLOWED or abs(self._now() - asked.at) > _YOUNG_ENOUGH:
            log.warning("an act that was asked for is not written down", extra={"act": asked.act.value})
            return
        # Read once more after a broker was away.
        if not self._trail.done_at(asked.by, asked.act, asked.on, asked.written):
            try:
                self._trail.add(asked.by, asked.act, asked.on, asked.written)
            except TimeoutError as error:
                raise BrokerNotReady("the trail could not be written to") from error


def write_down(
    bootstrap: str, by: str, act: Act, on: str, detail: str, at: datetime, within_seconds: float = WAIT_SECONDS
) -> Entry | None:
    """Ask for an entry and return it once the trail has it; None when no console wrote it, and then nothing is done."""
    asked = AskedAct(uuid.uuid4().hex, by, act, on, detail[:400], at)
    until = time.monotonic() + within_seconds
    with Consumer(bootstrap) as consumer, Producer(bootstrap) as producer:
        marks = consumer.watermarks(AUDIT.name)
        consumer.assign({place: mark.high for place, mark in marks.items()})
        producer.send(ASKED.name, asked.id.encode(), encode(asked)).result(_STORED_WITHIN_SECONDS)
        while time.monotonic() < until:
            for record in consumer.poll_many(100, _POLL_SECONDS):
                if record.value is None:
                    continue
                entry, _ = read(record.value)
                if (entry.by, entry.act, entry.on, entry.detail) == (by, act.value, on, asked.written):
                    return entry
    return None
