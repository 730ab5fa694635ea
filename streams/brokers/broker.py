"""Two brokers behind one setting: `embedded`, or the `HOST:PORT` of Apache Kafka.

A process that is given an address finds out by itself which of the two is behind it, so that a worker
started beside an embedded broker behaves like its parent.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from streams.brokers.embedded import PARTITIONS as EMBEDDED_PARTITIONS
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.errors import BrokerNotReady, TopicError
from streams.topics import HOUR_MS, Cleanup, Topic

log = logging.getLogger(__name__)

# librdkafka's broker names its cluster so; Apache Kafka's is a base64 UUID.
_EMBEDDED_CLUSTER = "mockCluster"

_ADMIN_SECONDS = 30.0


class BrokerKind(StrEnum):
    """Which of the two brokers, for what differs: partitions, compaction, how long a fetch waits."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


@dataclass(slots=True)
class Broker:
    """A broker that answers, and the in-process one itself when it is ours to close."""

    bootstrap: str
    kind: BrokerKind
    _embedded: EmbeddedBroker | None = field(default=None, repr=False)

    def close(self) -> None:
        """End the embedded broker if this object started it; Apache Kafka is left alone."""
        if self._embedded is not None:
            self._embedded.close()
            self._embedded = None

    def partitions_of(self, topic: Topic) -> int:
        """Return how many partitions *topic* has here: declared on Kafka, always 4 on the embedded broker."""
        return EMBEDDED_PARTITIONS if self.kind is BrokerKind.EMBEDDED else topic.partitions

    def __enter__(self) -> "Broker":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def open_broker(where: str) -> Broker:
    """Start the embedded broker for "embedded", or connect to the one at HOST:PORT (a comma-separated list)."""
    if where == BrokerKind.EMBEDDED:
        embedded = EmbeddedBroker()
        return Broker(embedded.bootstrap, BrokerKind.EMBEDDED, embedded)
    return Broker(where, kind_of(where))


def kind_of(bootstrap: str, within_seconds: float = 10.0) -> BrokerKind:
    """Ask the broker at *bootstrap* what it is; raises `BrokerNotReady` when nobody answers."""
    try:
        cluster = _admin(bootstrap).list_topics(timeout=within_seconds)
    except KafkaException as error:
        raise BrokerNotReady(
            f"no broker answers at {bootstrap}: is it started, and is the address right? `make kafka` starts one here"
        ) from error
    named: str = cluster.cluster_id or ""
    return BrokerKind.EMBEDDED if named.startswith(_EMBEDDED_CLUSTER) else BrokerKind.KAFKA


def ensure_topics(broker: Broker, topics: Sequence[Topic], *, replication: int = 1) -> None:
    """Make every topic exist as declared; safe to call again and from several processes at once.

    On Kafka: created, and the settings of existing ones brought up to date. An existing topic with another
    number of partitions is an error, because its keys would move. On the embedded broker asking for the
    metadata is what creates a topic; nothing else of the declaration holds there.
    """
    admin = _admin(broker.bootstrap)
    if broker.kind is BrokerKind.EMBEDDED:
        for topic in topics:
            admin.list_topics(topic=topic.name, timeout=_ADMIN_SECONDS)
        return
    existing = admin.list_topics(timeout=_ADMIN_SECONDS).topics
    _refuse_other_partitions(topics, {name: len(found.partitions) for name, found in existing.items()})
    created = _create(admin, [topic for topic in topics if topic.name not in existing], replication)
    _update(admin, [topic for topic in topics if topic.name in existing])
    if created:
        log.info("topics created", extra={"topics": created})
    _wait_for(admin, {topic.name for topic in topics})


def members_of(bootstrap: str, group: str) -> dict[str, frozenset[tuple[str, int]]]:
    """Return the static members of *group* by their names, and the partitions that each was given."""
    admin = _admin(bootstrap)  # by a name: a client that nobody keeps takes its answers with it
    try:
        found = admin.describe_consumer_groups([group], request_timeout=_ADMIN_SECONDS)[group].result(_ADMIN_SECONDS)
    except KafkaException as error:
        raise BrokerNotReady(f"the broker does not say who is in {group}: {error.args[0].str()}") from error
    return {
        member.group_instance_id: frozenset(
            (place.topic, place.partition)
            for place in (member.assignment.topic_partitions if member.assignment else ())
        )
        for member in found.members
        if member.group_instance_id
    }


def changelog_of(app_id: str, table: str, source: Topic) -> Topic:
    """Declare the changelog of a Faust table: co-partitioned with *source*, compacted, made before the app starts."""
    return Topic(
        name=f"{app_id}-{table}-changelog",
        key=source.key,
        partitions=source.partitions,
        cleanup=Cleanup.COMPACT,
        retention_hours=None,
        max_message_bytes=source.max_message_bytes,
        data_class=source.data_class,
        readers=(app_id,),
        note=f"state of {app_id}, rebuilt from here after a restart",
    )


def config_of(topic: Topic) -> dict[str, str]:
    """Return the Kafka settings that follow from a declaration."""
    settings = {"cleanup.policy": topic.cleanup.value, "max.message.bytes": str(topic.max_message_bytes)}
    if "delete" in topic.cleanup.value:
        retention_ms = -1 if topic.retention_hours is None else topic.retention_hours * HOUR_MS
        settings["retention.ms"] = str(retention_ms)
    return settings | dict(topic.extra)


def _admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _refuse_other_partitions(topics: Iterable[Topic], existing: dict[str, int]) -> None:
    wrong = [
        f"{topic.name} has {existing[topic.name]} partitions, declared are {topic.partitions}"
        for topic in topics
        if existing.get(topic.name, topic.partitions) != topic.partitions
    ]
    if wrong:
        raise TopicError(
            f"{'; '.join(wrong)}. Keys would move between partitions and lose their order: "
            "use a new topic, or drain and recreate this one."
        )


def _create(admin: AdminClient, topics: Sequence[Topic], replication: int) -> list[str]:
    if not topics:
        return []
    wanted = [
        NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=replication, config=config_of(topic))
        for topic in topics
    ]
    created: list[str] = []
    for name, answer in admin.create_topics(wanted, operation_timeout=_ADMIN_SECONDS).items():
        try:
            answer.result(timeout=_ADMIN_SECONDS)
            created.append(name)
        except KafkaException as error:
            # Another process was faster: what we wanted exists.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicError(f"topic {name} cannot be created: {error.args[0].str()}") from error
    return created


def _update(admin: AdminClient, topics: Sequence[Topic]) -> None:
    if not topics:
        return
    wanted = [
        ConfigResource(
            ResourceType.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in config_of(topic).items()
            ],
        )
        for topic in topics
    ]
    for resource, answer in admin.incremental_alter_configs(wanted).items():
        try:
            answer.result(timeout=_ADMIN_SECONDS)
        except KafkaException as error:
            raise TopicError(f"settings of topic {resource.name} cannot be changed: {error.args[0].str()}") from error


def _wait_for(admin: AdminClient, names: set[str]) -> None:
    """Return when the broker itself lists every topic with a leader: a created topic is not usable at once."""
    for name in sorted(names):
        for _attempt in range(100):
            found = admin.list_topics(topic=name, timeout=_ADMIN_SECONDS).topics[name]
            if found.error is None and found.partitions and all(p.leader >= 0 for p in found.partitions.values()):
                break
        else:
            raise TopicError(f"topic {name} was created and still has no leader: look at the broker's log")
