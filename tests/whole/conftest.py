"""A broker, an area table and a pipeline's settings for each test of the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.brokers.errors import BrokerError
from streams.brokers.kafka import KafkaServer
from tests.whole.scenes import Brokers


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[Brokers]:
    """Return a maker of Apache Kafka nodes with nothing in them.

    One for each pipeline: topics and groups have fixed names, and the account of a run starts at zero.
    """
    started: list[KafkaServer] = []

    def start() -> str:
        server = KafkaServer()
        started.append(server)
        try:
            return server.start(tmp_path / f"kafka-{len(started)}")
        except BrokerError as error:
            pytest.fail(f"Apache Kafka is needed for this test and cannot be used: {error}", pytrace=False)

    yield start
    for server in started:
        server.kill()
