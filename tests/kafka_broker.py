"""One local Apache Kafka for the whole test run.

In a folder's `conftest.py`:

    from tests.kafka_broker import kafka_bootstrap  # noqa: F401

and mark the tests that use it with ``pytest.mark.kafka``. When it cannot be fetched or started they fail
with what to do; they are never skipped and never run on the embedded broker instead.
"""

import atexit
import functools
import tempfile
from pathlib import Path

import pytest

from streams.brokers.errors import BrokerError
from streams.brokers.kafka import KafkaServer


@functools.cache
def _shared_server() -> KafkaServer:
    # Shared by a cache and not by a session fixture: imported into two folders a fixture exists twice.
    folder = tempfile.TemporaryDirectory(prefix="shirase-kafka-")
    server = KafkaServer()
    atexit.register(folder.cleanup)
    atexit.register(server.kill)
    server.start(Path(folder.name))
    return server


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    """Return HOST:PORT of a running Apache Kafka; topics are the test's own to name."""
    try:
        return _shared_server().bootstrap
    except BrokerError as error:
        pytest.fail(f"Apache Kafka is needed for this test and cannot be used: {error}", pytrace=False)
