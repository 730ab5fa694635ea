"""The planner's process for a test that kills it: python -m tests.streams.planner_process BROKER FOLDER.

While FOLDER/stop-at names a topic, the process stops for good just before it would store there, and makes
FOLDER/reached: so the kill falls between two stores and not somewhere by luck.
"""

import sys
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from streams.evacuation.stage import Evacuation
from streams.metrics import StreamMetrics
from streams.topics import Topic
from tests.streams.small_town import AT, town


class Stopping(Evacuation):
    """A planner that stands still where it is told to."""

    folder: Path

    def _store(self, topic: Topic, records: Iterable[tuple[bytes, bytes, Mapping[str, bytes]]]) -> None:
        listed, stop_at = list(records), self.folder / "stop-at"
        if listed and stop_at.exists() and stop_at.read_text() == topic.name:
            (self.folder / "reached").touch()
            threading.Event().wait()
        super()._store(topic, listed)


if __name__ == "__main__":
    began = time.monotonic()
    planner = Stopping(
        sys.argv[1],
        town(),
        StreamMetrics(CollectorRegistry()),
        lambda: AT + timedelta(minutes=10, seconds=time.monotonic() - began),
    )
    planner.folder = Path(sys.argv[2])
    planner.run(lambda: False, lambda: None)
