"""One record as every reader of ours sees it, whichever client fetched it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stands. A tombstone has `value` None: test with ``is None``, never by truth."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    timestamp_ms: int = 0

    @property
    def place(self) -> str:
        """Return topic-partition-offset: what a dead letter is filed under."""
        return f"{self.topic}-{self.partition}-{self.offset}"
