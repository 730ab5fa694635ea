"""Hazard maps become drafts: global, one active instance, level-triggered.

The board is rebuilt at every start from the logs that hold all it needs: what this stage proposed
(`commands`), what a person let go (`notices`) and what holds (`hazards`). Each start therefore reads
`hazards` from its beginning, under a group of its own; nothing here is committed, and nothing here can
be lost by a commit.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts.claim import HazardSnapshot
from alerts.notice import Notice
from alerts.policy import SignRule
from geo.help_lines import NO_HELP_LINES, HelpLines
from streams.brokers.broker import Broker
from streams.brokers.client import read_to_end
from streams.brokers.faust_app import Outlet, ShiraseApp, add_agent, build_app, progress_of
from streams.brokers.lag import measure_lag
from streams.brokers.record import Record
from streams.ingest.acceptance import HEADER_HAZARD_MS, HEADER_NOTICE_MS
from streams.ingest.agent import acknowledged
from streams.metrics import Hop, Role, StreamMetrics
from streams.notices.notice_board import NoticeBoard
from streams.payloads import Command, Draft, Verb
from streams.topics import COMMANDS, HAZARDS, NOTICES
from streams.wire import decode, encode

# How often documents that miss a shard are looked at; a fraction of the wait itself.
TICK_SECONDS = 0.05
_AUTHOR = "notices"


class Notices:
    """The board, and the way from a snapshot to a command."""

    def __init__(self, board: NoticeBoard, read: dict[int, int]) -> None:
        """*read* is the offset up to which each partition of `hazards` is on the board already."""
        self.board = board
        self._read = read
        self._headers: dict[str, Mapping[str, bytes]] = {}

    def hear(self, record: Record) -> None:
        """Put a snapshot on the board, unless it is there since the start."""
        if record.offset < self._read.get(record.partition, 0):
            return
        snapshot = decode(HazardSnapshot, record.value)
        for standing in snapshot.standings:
            if standing.provenance.lineage == snapshot.changed:
                self._headers[standing.provenance.document] = record.headers
        self.board.hear(snapshot, at=time.monotonic())

    def due(self, *, unread: bool) -> tuple[tuple[Draft, dict[str, bytes]], ...]:
        """Return the drafts that are due, each with the headers that its document came with."""
        drafts = self.board.due(at=time.monotonic(), unread=unread)
        stamp = b"%d" % round(time.time() * 1000)
        return tuple((draft, {**self._of(draft), HEADER_NOTICE_MS: stamp}) for draft in drafts)

    def _of(self, draft: Draft) -> Mapping[str, bytes]:
        document = draft.provenance.document
        return self._headers.pop(document, {}) if draft.complete else self._headers.get(document, {})


def recall(
    bootstrap: str,
    sign: SignRule = SignRule(),  # noqa: B008 - frozen
    help_lines: HelpLines = NO_HELP_LINES,
) -> Notices:
    """Return the board as the logs have it: what was proposed, what a person let go, then what holds."""
    board = NoticeBoard(sign, help_lines)
    for record in read_to_end(bootstrap, COMMANDS.name):
        if record.value is not None:
            board.remember(decode(Command, record.value))
    for record in read_to_end(bootstrap, NOTICES.name):
        if record.value is not None:
            board.hear_notice(decode(Notice, record.value))
    notices = Notices(board, {})
    read: dict[int, int] = {}
    for record in read_to_end(bootstrap, HAZARDS.name):
        if record.value is not None:
            notices.hear(record)
        read[record.partition] = record.offset + 1
    notices._read = read
    return notices


def build_notices(
    broker: Broker | str, *, data_dir: Path, instance: str, metrics: StreamMetrics, notices: Notices
) -> ShiraseApp:
    """Return the notices app of the instance that holds the lease; nothing runs yet."""
    app = build_app(f"notices-{instance}-{time.time_ns()}", broker, data_dir=data_dir)
    commands = Outlet(app, COMMANDS)

    async def hear(record: Record) -> None:
        if record.value is not None:
            notices.hear(record)
            await propose()

    async def propose() -> None:
        sent: list[Awaitable[Any]] = []
        for draft, headers in notices.due(unread=progress_of(app).waiting > 0):
            key, value = command_of(draft)
            sent.append(await commands.send(key, value, headers))
            metrics.hop_since(Hop.MAPPED_TO_DRAFTED, headers.get(HEADER_HAZARD_MS), time.time())
        await acknowledged(sent)

    async def approved(record: Record) -> None:
        if record.value is not None:
            notices.board.hear_notice(decode(Notice, record.value))

    add_agent(app, NOTICES, approved, on_aside=lambda reason: metrics.dead_letter(NOTICES.name, reason))
    add_agent(app, HAZARDS, hear, on_aside=lambda reason: metrics.dead_letter(HAZARDS.name, reason))
    measure_lag(app, Role.NOTICES, HAZARDS, metrics)

    @app.task(on_leader=False)
    async def tick() -> None:
        while not app.should_stop:
            await asyncio.sleep(TICK_SECONDS)
            await propose()

    return app


def command_of(draft: Draft) -> tuple[bytes, bytes]:
    """Return key and value of the command that proposes *draft*; the lineage keeps its order."""
    command = Command(Verb.CREATE, draft.draft, by=_AUTHOR, at=datetime.now(UTC), draft=draft)
    return draft.provenance.lineage.encode(), encode(command)
