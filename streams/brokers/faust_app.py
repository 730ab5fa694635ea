"""Build a Faust app the way every one of ours must be built, and run it as a process.

An agent here is a function of one record:

    app = build_app("hazards", broker, data_dir=folder)
    table = add_table(app, "standings", CLAIMS)
    out = Outlet(app, HAZARDS)

    async def fold(record: Record) -> None:
        ...decode, one call...
        table[record.key] = state              # assigned, never mutated: only an assignment is recorded
        await out.send(key, value)             # handed over; acknowledged before the record is committed

    add_agent(app, CLAIMS, fold)
    ensure_topics(broker, [CLAIMS, HAZARDS, *changelogs(app)])
    run_worker(app)

What holds then: a record is committed only when everything that its handling sent is stored (at least once;
effects are idempotent); an exception sends the record aside and the next one is handled; a record whose
handling was cut short by a stop is not committed.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import faust
import uvloop
from faust.types import EventT, StreamT, TableT

from streams.brokers.broker import Broker, BrokerKind, changelog_of, open_broker
from streams.brokers.errors import TooManyDeadLetters
from streams.brokers.faust_transport import (
    FETCH_WAIT_EMBEDDED_MS,
    FETCH_WAIT_KAFKA_MS,
    Consumer,
    LostRecords,
    say_lost,
    transport_for,
)
from streams.brokers.record import Record
from streams.dead_letters import Limit, Recent, Refused, dead_letter, reason_of
from streams.processes.progress import Progress, is_progress
from streams.topics import DEAD_LETTERS, Cleanup, Topic

log = logging.getLogger(__name__)

# Failure is noticed after this long; three heartbeats fit (promise 8: recovery within 15 s).
SESSION_SECONDS = 10.0
HEARTBEAT_SECONDS = 3.0

# What a kill -9 makes us do again. Each commit waits for acknowledgements, so much less costs throughput.
COMMIT_SECONDS = 0.5

# Five seconds are what the supervisor gives a worker; a Faust worker whose broker is gone needs the fifth.
STOP_WITHIN_SECONDS = 4.0

Handle = Callable[[Record], Awaitable[None]]


class ShiraseApp(faust.App):
    """A Faust app that knows its broker and the tables it was given."""

    broker: Broker
    table_sources: dict[str, Topic]


def build_app(
    name: str,
    broker: Broker | str,
    *,
    data_dir: Path,
    instance: str | None = None,
    on_lost: LostRecords = say_lost,
) -> ShiraseApp:
    """Return an app with the settings of promise 1: nothing declared, nothing served, nothing committed early.

    *name* is the consumer group and the prefix of its changelogs. *broker* is an opened one or what
    `open_broker` takes. *instance* makes the membership static: a restart within the session keeps its
    partitions instead of moving them twice. Call it inside the process that runs the app, never at import.
    """
    broker = broker if isinstance(broker, Broker) else open_broker(broker)
    embedded = broker.kind is BrokerKind.EMBEDDED
    app = ShiraseApp(
        name,
        broker=[f"kafka://{address}" for address in broker.bootstrap.split(",")],
        datadir=data_dir / name,
        store="memory://",  # state is rebuilt from the changelog; rocksdb would be one more thing to restore
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        processing_guarantee="at_least_once",
        key_serializer="raw",
        value_serializer="raw",
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        producer_request_timeout=30.0,
        producer_acks=-1,
        # JSON of cells shrinks to a quarter; the embedded broker, which keeps 5 MB a partition, then keeps four times
        # as much.
        producer_compression_type="gzip",
        consumer_max_fetch_size=8_388_608,
        producer_max_request_size=8_388_608,
        # Not "error": Faust would meet it for every changelog. The start is the oldest record on purpose,
        # and the transport notices when records behind the commit are gone.
        consumer_auto_offset_reset="earliest",
        # The embedded broker knows no static members: a restart would wait for the old one to time out.
        consumer_group_instance_id=None if embedded else instance,
        worker_redirect_stdouts=False,
    )
    app.broker = broker
    app.table_sources = {}
    transport = transport_for(
        app,
        fetch_wait_ms=FETCH_WAIT_EMBEDDED_MS if embedded else FETCH_WAIT_KAFKA_MS,
        on_lost=on_lost,
    )
    app.transport = transport
    app.producer_transport = transport
    return app


def add_table(app: ShiraseApp, name: str, source: Topic) -> TableT[bytes, bytes]:
    """Return a table of bytes by bytes for the agent that reads *source*; its partitions follow the source's."""
    app.table_sources[name] = source
    table: TableT[bytes, bytes] = app.Table(
        name,
        key_type=bytes,  # bytes go as they are, to the changelog too
        value_type=bytes,
        partitions=app.broker.partitions_of(source),
        help=f"state by {source.key}",
    )
    return table


def changelogs(app: ShiraseApp) -> tuple[Topic, ...]:
    """Return the changelog topics of *app*'s tables, for `ensure_topics` before the app starts."""
    return tuple(changelog_of(app.conf.id, table, source) for table, source in app.table_sources.items())


def add_agent(
    app: ShiraseApp,
    source: Topic,
    handle: Handle,
    *,
    limit: Limit | None = None,
    on_aside: Callable[[str], None] = lambda _reason: None,
) -> None:
    """Give every record of *source* to *handle*, one at a time and in order within a partition.

    A record that *handle* refuses or fails on goes to `dead-letters` and *on_aside* is told the reason; past
    *limit* the worker stops with `TooManyDeadLetters` and that record is not committed.
    """
    recent = Recent(limit or Limit())
    aside = Outlet(app, DEAD_LETTERS)
    # The embedded broker compacts nothing: there every topic is without holes.
    without_holes = app.broker.kind is BrokerKind.EMBEDDED or source.cleanup is Cleanup.DELETE
    channel = app.topic(source.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def read(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            record = _record_of(event)
            try:
                if without_holes:
                    await _consumer_of(app).hand_out(event.message.tp, record.offset)
                wrong = await _handle_or_put_aside(record, handle, aside, on_aside)
                stop = recent.add(wrong=wrong, at=time.monotonic())
                if stop is not None:
                    raise TooManyDeadLetters(stop)
            except asyncio.CancelledError:
                _leave_uncommitted(event)
                raise
            except Exception as error:
                # The dead letter could not be sent, or there are too many: the process ends, the record stays.
                _leave_uncommitted(event)
                await app.crash(error)
                raise

    read.__name__ = f"{source.name}_{getattr(handle, '__name__', 'handle')}"
    app.agent(channel, name=f"{app.conf.id}.{read.__name__}", concurrency=1)(read)


async def _handle_or_put_aside(
    record: Record, handle: Handle, aside: "Outlet", on_aside: Callable[[str], None]
) -> bool:
    """Return whether handling failed unexpectedly; either way the record is dealt with."""
    try:
        await handle(record)
    except Exception as error:
        fields = {"place": record.place, "reason": reason_of(error)}
        if isinstance(error, Refused):
            log.warning("record refused", extra=fields)
        else:
            log.error("record failed", extra=fields, exc_info=error)
        key, value, headers = dead_letter(record, error)
        await aside.send(key, value, headers)
        on_aside(fields["reason"])
        return not isinstance(error, Refused)
    return False


def _consumer_of(app: ShiraseApp) -> Consumer:
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    return consumer


def _record_of(event: EventT[bytes]) -> Record:
    message = event.message
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key or b"",
        value=message.value,
        headers=dict(message.headers or ()),
        timestamp_ms=int((message.timestamp or 0.0) * 1000),
    )


def _leave_uncommitted(event: EventT[bytes]) -> None:
    """Hold one reference for good: Faust acknowledges in a ``finally`` also what was cut short.

    At stop it would then be committed, and the record lost.
    """
    event.message.incref()


class Outlet:
    """Send records to one topic from inside a Faust app."""

    __slots__ = ("_app", "_topic")

    def __init__(self, app: faust.App, topic: Topic) -> None:
        self._app = app
        self._topic = topic

    async def send(self, key: bytes, value: bytes | None, headers: Mapping[str, bytes] | None = None) -> Awaitable[Any]:
        """Hand a record over; None as *value* is a tombstone.

        Nothing more is needed for safety: the commit waits for it. To have the acknowledgement at once,
        await what is returned: ``await (await out.send(...))``.
        """
        producer = await self._app.maybe_start_producer()
        acknowledged: Awaitable[Any] = await producer.send(
            self._topic.name, key, value, partition=None, timestamp=None, headers=list((headers or {}).items())
        )
        return acknowledged


# ── the process ───────────────────────────────────────────────────────────────────────────────────


class _Worker(faust.Worker):
    """A Faust worker that ends when it is told to, even when its broker is gone."""

    def _on_sigterm(self) -> None:
        self._end_soon()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._end_soon()
        super()._on_sigint()

    def _end_soon(self) -> None:
        # Without a broker the consumer's farewell never returns. A thread, because the loop may hang too.
        ending = threading.Timer(STOP_WITHIN_SECONDS, os._exit, args=(1,))
        ending.daemon = True
        ending.start()


def run_worker(app: ShiraseApp, *, heartbeat: Path | None = None, sensors: Sequence[faust.Sensor] = ()) -> NoReturn:
    """Run *app* until SIGTERM or SIGINT, on uvloop; exit code 0 when told to stop, 1 when it failed.

    *heartbeat* is touched while there is progress, for the supervisor. Logging is left as the caller set it up.
    """
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    if heartbeat is not None:
        watch_progress(app, heartbeat)
    worker = _Worker(
        app, loop=loop, quiet=True, sensors=sensors, redirect_stdouts=False, override_logging=False, console_port=0
    )
    worker.spinner = None  # it writes terminal codes into logs
    worker.execute_from_commandline()


# How often progress is looked at; the supervisor's patience is a multiple of it.
_LOOK_EVERY_SECONDS = 0.5


def watch_progress(app: ShiraseApp, heartbeat: Path) -> None:
    """Touch *heartbeat* whenever *app* has moved on or has nothing to do.

    The first touch comes when the sources were asked for records once: before that a worker is not ready, and
    whoever starts a pipeline waits for it. With its partitions alone it took 2 s more until it heard its first.
    """
    heartbeat.parent.mkdir(parents=True, exist_ok=True)
    touch = heartbeat.touch  # an inode's time: no reason to leave the loop for it

    @app.task(on_leader=False)
    async def watch() -> None:
        before, ready = progress_of(app), False
        while not app.should_stop:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            now = progress_of(app)
            ready = ready or _consumer_of(app).listens
            if ready and is_progress(before, now):
                touch()
            before = now


def progress_of(app: ShiraseApp) -> Progress:
    """Return how far *app* has read and what it knows to be waiting."""
    consumer = _consumer_of(app)
    read, waiting = consumer.read_and_waiting()
    return Progress(moved=read + app.monitor.events_total, waiting=waiting + len(consumer.unacked))
