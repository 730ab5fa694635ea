"""The one process that turns drafts into notices, in the order in which it is asked.

It remembers by reading: at its start `drafts` and `notices` tell what has been decided and sent, so
that a command that was handled but not committed is recognised and changes nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime

from alerts.notice import Notice
from streams.brokers.client import Consumer, Producer, Record, Stored, read_to_end
from streams.dead_letters import Refused, dead_letter
from streams.deciding.decision import Decided, Ledger, decide, outlived
from streams.ingest.acceptance import HEADER_NOTICE_MS
from streams.metrics import Hop, Role, StreamMetrics
from streams.notices.drill import topic_of
from streams.payloads import Command, DraftRecord, DraftState
from streams.topics import COMMANDS, DEAD_LETTERS, DRAFTS, DRILL_NOTICES, NOTICES
from streams.wire import decode, encode

log = logging.getLogger(__name__)

HEADER_APPROVED_MS = "t-approved"
_BATCH = 100
_POLL_SECONDS = 0.1
# Until here the broker must have stored what a batch led to; later the process ends and starts afresh.
_STORED_WITHIN_SECONDS = 30.0


def recall(bootstrap: str) -> Ledger:
    """Return the ledger as the two topics have it."""
    ledger = Ledger()
    for record in read_to_end(bootstrap, DRAFTS.name):
        if record.value is not None:
            ledger.knows(decode(DraftRecord, record.value))
    for topic in (NOTICES, DRILL_NOTICES):
        for record in read_to_end(bootstrap, topic.name):
            if record.value is not None:
                ledger.has_sent(decode(Notice, record.value))
    return ledger


class Decider:
    """Apply commands, a batch at a time; a batch is finished when all it led to is stored."""

    def __init__(self, bootstrap: str, *, instance: str, metrics: StreamMetrics) -> None:
        self._metrics = metrics
        self._ledger = recall(bootstrap)
        self._producer = Producer(bootstrap)
        self._consumer = Consumer(bootstrap, group="decider", instance=f"decider-{instance}")
        self._consumer.subscribe([COMMANDS.name])

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Decide until told to stop; *beat* is called whenever there was progress or nothing to do."""
        while not should_stop():
            self.step()
            beat()

    def step(self) -> int:
        """Handle what has come, and return how many commands that was."""
        records = self._consumer.poll_at_once(_BATCH, _POLL_SECONDS)
        self._metrics.lag(Role.DECIDER, COMMANDS.name, len(records))
        stored: list[Future[Stored]] = []
        for record in records:
            stored.extend(self._handle(record))
        # Compared each time and not only when a notice goes out: a process that ended in between closes them later.
        for verdict in outlived(self._ledger, at=datetime.now(UTC)):
            stored += self._store(Decided(verdict, None), {})
        until = time.monotonic() + _STORED_WITHIN_SECONDS
        for future in stored:
            future.result(max(0.0, until - time.monotonic()))
        for record in records:
            self._consumer.finished(record)
        self._metrics.lag(Role.DECIDER, COMMANDS.name, 0)
        self._metrics.progressed(Role.DECIDER, time.time())
        return len(records)

    def close(self) -> None:
        """Commit and leave."""
        self._consumer.close()
        self._producer.close()

    def _handle(self, record: Record) -> list["Future[Stored]"]:
        try:
            command = decode(Command, record.value)
        except Refused as error:
            key, value, headers = dead_letter(record, error)
            self._metrics.dead_letter(COMMANDS.name, error.reason)
            return [self._producer.send(DEAD_LETTERS.name, key, value, headers)]
        now = datetime.now(UTC)
        decided = decide(self._ledger, command, at=now)
        if decided.refusal:
            log.info("command changed nothing", extra={"draft": command.draft_id, "reason": decided.refusal})
        return self._store(decided, {**record.headers, HEADER_APPROVED_MS: b"%d" % round(now.timestamp() * 1000)})

    def _store(self, decided: Decided, headers: Mapping[str, bytes]) -> list["Future[Stored]"]:
        stored = []
        notice, verdict = decided.notice, decided.record
        if notice is not None:
            # The notice first: were the verdict stored alone, the notice would never go out.
            topic = topic_of(notice.lane).name
            stored.append(self._producer.send(topic, notice.lineage.encode(), encode(notice), headers))
            self._ledger.has_sent(notice)
            for part in notice.parts:
                self._metrics.notice_part(notice.kind, part.phase)
        if verdict is not None:
            if verdict.state is DraftState.HELD:
                self._metrics.draft_held(verdict.reason)
                log.warning("a draft is held", extra={"draft": verdict.draft_id, "reason": verdict.reason})
            if notice is not None:
                stored[0].result(_STORED_WITHIN_SECONDS)
            stored.append(self._producer.send(DRAFTS.name, verdict.draft_id.encode(), encode(verdict), headers))
            self._ledger.knows(verdict)
        drafted = headers.get(HEADER_NOTICE_MS, b"")
        if drafted.isdigit():
            self._metrics.hop(Hop.DRAFTED_TO_APPROVED, time.time() - int(drafted) / 1000)
        return stored
