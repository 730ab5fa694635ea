"""Write down every request that arrived, and read it back: the judge's only evidence.

One line per request, fields separated by tabs, appended and flushed on a timer. A line that a kill cut short has
no line feed and is not read. Lines are written when the whole request is there, before it is answered: what a
sender never heard of still counts as received.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

DIGEST_CHARACTERS = 32  # 128 bits of the SHA-256: no two bodies of a run meet
FLUSH_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as the push service saw it. Status 0: it was never answered, on purpose."""

    wall_ms: int
    monotonic_ns: int
    status: int
    origin: str
    token: str
    topic: str
    ttl: str
    urgency: str
    body_sha: str
    body_bytes: int
    reason: str


class RequestLog:
    """Append lines to a file through a buffer. The owner calls `flush` on a timer and `close` at the end."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._lines: list[str] = []
        self._waiting = 0

    def write(self, entry: Entry) -> None:
        """Add one request; it reaches the file with the next flush."""
        line = (
            f"{entry.wall_ms}\t{entry.monotonic_ns}\t{entry.status}\t{entry.origin}\t{entry.token}\t{entry.topic}\t"
            f"{entry.ttl}\t{entry.urgency}\t{entry.body_sha}\t{entry.body_bytes}\t{entry.reason}\n"
        )
        self._lines.append(line)
        self._waiting += len(line)
        if self._waiting >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand what is waiting to the operating system."""
        if self._lines:
            waiting = memoryview("".join(self._lines).encode("utf-8", "replace"))
            self._lines.clear()
            self._waiting = 0
            while waiting:
                waiting = waiting[self._file.write(waiting) :]

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()


def entries(path: Path) -> Iterator[Entry]:
    """Read a log from its beginning; a last line without its line feed is left out."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            wall, mono, status, origin, token, topic, ttl, urgency, sha, size, reason = line[:-1].split("\t")
            yield Entry(int(wall), int(mono), int(status), origin, token, topic, ttl, urgency, sha, int(size), reason)
