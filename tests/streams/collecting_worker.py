"""A worker process for tests: per key, collect the values seen in a table and send the collection on.

Run as ``python -m tests.streams.collecting_worker BROKER SOURCE OUT FOLDER INSTANCE``. Some values are
instructions: ``fail`` raises, ``refuse`` is refused, ``wait`` is handled once FOLDER/go exists, ``large``
sends what the broker must refuse.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.faust_app import Outlet, add_agent, add_table, build_app, changelogs, run_worker
from streams.brokers.record import Record
from streams.dead_letters import Limit, Refused
from streams.topics import DEAD_LETTERS, Cleanup, Topic

LARGER_THAN_ALLOWED = 20_000


def topic(name: str) -> Topic:
    """Return the declaration that the worker and its test share."""
    return Topic(name, "key", 4, Cleanup.DELETE, 1, 10_000, 0, ("tests",), "")


def main(where: str, source_name: str, out_name: str, folder: Path, instance: str) -> None:
    """Build the app and run it."""
    broker = open_broker(where)
    source, to = topic(source_name), topic(out_name)
    app = build_app(source_name, broker, data_dir=folder, instance=instance)
    seen = add_table(app, "seen", source)
    out = Outlet(app, to)

    async def collect(record: Record) -> None:
        value = record.value or b""
        match value:
            case b"fail":
                raise LookupError("made to fail")
            case b"refuse":
                raise Refused("made-up-reason", "by the test")
            case b"wait":
                (folder / "waiting").touch()
                while not (folder / "go").exists():  # noqa: ASYNC110  (another process makes it)
                    await asyncio.sleep(0.02)
            case b"large":
                await out.send(record.key, os.urandom(LARGER_THAN_ALLOWED))  # does not shrink when it is compressed
        # A set, so that a record handled twice leaves what a record handled once leaves.
        collected = b",".join(sorted({value, *filter(None, (seen.get(record.key) or b"").split(b","))}))
        seen[record.key] = collected
        await out.send(record.key, collected)

    add_agent(app, source, collect, limit=Limit(share=0.5, at_least=5))
    ensure_topics(broker, [source, to, DEAD_LETTERS, *changelogs(app)])
    run_worker(app, heartbeat=folder / "heartbeat")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), sys.argv[5])
