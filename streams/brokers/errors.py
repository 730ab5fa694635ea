"""What can go wrong between us and a broker.

    StreamsError
    ├── BrokerError            the broker itself
    │   ├── KafkaMissing       Apache Kafka cannot be fetched or is not what we pinned
    │   └── BrokerNotReady     it was started, or named, and does not answer
    ├── TopicError             a topic cannot be created, or is not what docs/topics.md says
    ├── SendError              a delivery report said no
    ├── SkippedRecords         a client left out records that are still there
    ├── GapError               records that we had not read are gone
    └── TooManyDeadLetters     so many refusals that the code is the likelier culprit

Raised for what should not happen. A record that cannot be read is not an error here: it
is a dead letter, and its neighbours go on (promise 14).
"""


class StreamsError(Exception):
    """Be the root of everything raised on purpose in this package."""


class BrokerError(StreamsError):
    """Say that the broker is the problem, not the record."""


class KafkaMissing(BrokerError):
    """Say what to install: Apache Kafka's jars could not be had or do not match the pinned list."""


class BrokerNotReady(BrokerError):
    """Say that nobody answered at the broker's address before the deadline."""


class TopicError(StreamsError):
    """Say which topic could not be created or has another shape than declared."""


class SendError(StreamsError):
    """Carry the broker's reason for refusing a record; nothing may be assumed to be stored."""


class GapError(StreamsError):
    """Say that unread records were removed: silence here would be a lost alert (promise 1)."""


class SkippedRecords(StreamsError):
    """End a worker whose client left out records: it starts again at its last commit, which lies before them."""


class TooManyDeadLetters(StreamsError):
    """Stop a worker whose dead letters say that its code is wrong, not its input."""
