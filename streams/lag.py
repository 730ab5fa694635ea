"""Measure how much a worker has not handled yet: the first thing to look at when nothing goes out."""

import asyncio
import time

from streams.faust_app import ShiraseApp, progress_of
from streams.metrics import Role, StreamMetrics
from streams.topics import Topic

_EVERY_SECONDS = 1.0


def measure_lag(app: ShiraseApp, role: Role, source: Topic, metrics: StreamMetrics) -> None:
    """Keep `lag_records` of *role* current while *app* runs."""

    @app.task(on_leader=False)
    async def measure() -> None:
        while not app.should_stop:
            progress = progress_of(app)
            metrics.lag(role, source.name, progress.waiting)
            metrics.progressed(role, time.time())
            await asyncio.sleep(_EVERY_SECONDS)
