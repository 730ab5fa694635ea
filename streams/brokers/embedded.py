"""The broker inside librdkafka: the real wire protocol in this process, nothing to install, nothing kept.

For a first try and for fast tests. Other processes on this machine may connect to its address while
this one lives. What it is not, measured; `docs/topics.md` says per topic what follows:

* it keeps the newest 5 MB or 100,000 records of a partition and drops older ones without a word;
* every topic has 4 partitions, made by the first who asks for its metadata; CreateTopics,
  DescribeConfigs and DeleteRecords do not work; nothing is compacted;
* nobody is fenced, and a fetch is not woken by new records: ask with a short wait (10 ms).
"""

import logging
from types import TracebackType

from confluent_kafka.admin import AdminClient

from streams.brokers.errors import BrokerNotReady

log = logging.getLogger(__name__)

PARTITIONS = 4
KEEPS_BYTES_PER_PARTITION = 5 * 1024 * 1024
KEEPS_RECORDS_PER_PARTITION = 100_000

NOTICE = (
    "embedded broker: kept in memory, gone when this process ends; it holds the newest "
    f"{KEEPS_RECORDS_PER_PARTITION:,} records or {KEEPS_BYTES_PER_PARTITION // 1_048_576} MB of a partition. "
    "For anything that must survive, use Apache Kafka (--broker HOST:PORT)."
)


class EmbeddedBroker:
    """Run librdkafka's broker for as long as this object lives."""

    __slots__ = ("_host", "bootstrap")

    def __init__(self) -> None:
        # Any client can host it; an admin client has no threads for producing or consuming.
        self._host: AdminClient | None = AdminClient({"test.mock.num.brokers": 1, "log_level": 0})
        brokers = self._host.list_topics(timeout=10).brokers.values()
        if not brokers:
            raise BrokerNotReady("the embedded broker did not come up: is loopback (127.0.0.1) usable here?")
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        log.warning("%s", NOTICE, extra={"bootstrap": self.bootstrap})

    def close(self) -> None:
        """End it; everything it held is gone."""
        self._host = None

    def __enter__(self) -> "EmbeddedBroker":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
