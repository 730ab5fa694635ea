"""The one door to plain Kafka for the rest of the system: produce, consume, read a topic to its end."""

from streams.brokers.consumer import Consumer, Partition, Watermarks, batches_to_end, read_to_end, refuse_lost
from streams.brokers.errors import BrokerNotReady, GapError, SendError, TopicError
from streams.brokers.producer import Producer, Stored
from streams.brokers.record import Record

__all__ = [
    "BrokerNotReady",
    "Consumer",
    "GapError",
    "Partition",
    "Producer",
    "Record",
    "SendError",
    "Stored",
    "TopicError",
    "Watermarks",
    "batches_to_end",
    "read_to_end",
    "refuse_lost",
]
