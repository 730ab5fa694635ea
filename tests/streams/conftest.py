"""Both brokers, and topics that no other test touches."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from streams.brokers.broker import Broker, open_broker
from streams.topics import Cleanup, Topic
from tests.kafka_broker import kafka_bootstrap  # noqa: F401

NewTopic = Callable[..., Topic]


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        yield broker


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Return each of the two brokers in turn: what a test says here holds on both."""
    if request.param == "embedded":
        opened: Broker = request.getfixturevalue("embedded_broker")
        return opened
    return open_broker(request.getfixturevalue("kafka_bootstrap"))


@pytest.fixture
def kafka(request: pytest.FixtureRequest) -> Broker:
    """Return Apache Kafka, for what holds only there."""
    return open_broker(request.getfixturevalue("kafka_bootstrap"))


@pytest.fixture
def new_topic() -> NewTopic:
    """Return a maker of topics with names of their own."""

    def make(
        name: str = "contract",
        partitions: int = 8,
        cleanup: Cleanup = Cleanup.DELETE,
        max_message_bytes: int = 1_000_000,
        extra: dict[str, str] | None = None,
    ) -> Topic:
        return Topic(
            f"{name}-{uuid4().hex[:8]}",
            "key",
            partitions,
            cleanup,
            1,
            max_message_bytes,
            0,
            ("tests",),
            "",
            extra or {},
        )

    return make
