"""Keep the bodies that were accepted, within a bound, and read them back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

HEAD = Struct(">BBH")  # lengths of token, topic, body
FLUSH_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Stored:
    """One accepted body, as it arrived."""

    token: str
    topic: str
    body: bytes


class BodyStore:
    """Append one in *every* accepted bodies to a file, until *limit_bytes* are reached; 0 keeps none."""

    def __init__(self, path: Path, every: int, limit_bytes: int) -> None:
        self._file = path.open("ab", buffering=FLUSH_BYTES)
        self._every = every
        self._limit_bytes = limit_bytes
        self._seen = 0
        self._kept_bytes = self._file.tell()

    def keep(self, token: str, topic: str, body: bytes) -> None:
        """Keep this body if it is its turn and there is room."""
        self._seen += 1
        if not self._every or (self._seen - 1) % self._every:
            return
        record = HEAD.pack(len(token), len(topic), len(body)) + token.encode() + topic.encode() + body
        if self._kept_bytes + len(record) <= self._limit_bytes:
            self._kept_bytes += len(record)
            self._file.write(record)

    def flush(self) -> None:
        """Hand what is waiting to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        self._file.close()


def stored(path: Path) -> Iterator[Stored]:
    """Read the kept bodies in order of arrival; a last one that a kill cut short is left out."""
    with path.open("rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            token_bytes, topic_bytes, body_bytes = HEAD.unpack(head)
            size = token_bytes + topic_bytes + body_bytes
            record = file.read(size)
            if len(record) < size:
                return
            topic_end = token_bytes + topic_bytes
            yield Stored(record[:token_bytes].decode(), record[token_bytes:topic_end].decode(), record[topic_end:])
