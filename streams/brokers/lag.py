"""Measure how much a worker has not handled yet: the first thing to look at when nothing goes out."""

import asyncio
import time

import confluent_kafka
from confluent_kafka import TopicPartition

from streams.brokers.consumer import Consumer
from streams.brokers.faust_app import ShiraseApp, progress_of
from streams.metrics import Role, StreamMetrics
from streams.processes.progress import is_progress
from streams.topics import Topic

_EVERY_SECONDS = 1.0
_ASK_SECONDS = 10.0


def measure_lag(app: ShiraseApp, role: Role, source: Topic, metrics: StreamMetrics) -> None:
    """Keep `lag_records` of *role* current while *app* runs, and note when it moves on or has nothing to do.

    A loop that turns is no sign of life: with records waiting, only moving past one is.
    """

    @app.task(on_leader=False)
    async def measure() -> None:
        before = progress_of(app)
        metrics.progressed(role, time.time())
        while not app.should_stop:
            await asyncio.sleep(_EVERY_SECONDS)
            now = progress_of(app)
            metrics.lag(role, source.name, now.waiting)
            if is_progress(before, now):
                metrics.progressed(role, time.time())
            before = now


def group_lag(bootstrap: str, group: str, topic: str) -> int:
    """Return how many records of *topic* the members of *group* have not committed, as the broker knows it.

    For whoever looks from outside: a worker that is down measures nothing. Where nothing was ever committed,
    everything that is kept counts.
    """
    with Consumer(bootstrap) as reader:
        marks = reader.watermarks(topic)
    # Asks the group's coordinator and does not join: a second member would take partitions away.
    asking = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        committed = asking.committed([TopicPartition(*place) for place in marks], timeout=_ASK_SECONDS)
    finally:
        asking.close()
    return sum(
        marks[place.topic, place.partition].high - max(place.offset, marks[place.topic, place.partition].low)
        for place in committed
    )
