"""What hands pushes over to push services: a bounded number at once, pumped by its owner's loop."""

from dataclasses import dataclass
from typing import Protocol

from dispatch.outcomes import PushOutcome

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Push:
    """One request. `key` is the caller's own and comes back with the answer.

    `headers` leave out TTL, which is reckoned at hand-over. The body stays the same for every try.
    """

    key: object
    origin: str
    url: str
    headers: Headers
    body: bytes
    expires_at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one push. `status` is 0 where no status was read.

    `started_at` and `ended_at` are monotonic seconds; both are the same where nothing was sent.
    """

    push: Push
    outcome: PushOutcome
    status: int
    retry_after_seconds: float | None
    started_at: float
    ended_at: float


class Sender(Protocol):
    """Hands pushes over. One thread calls it; it starts none of its own and calls nobody back.

    Every submitted push comes back from `poll` exactly once. One that has expired comes back
    as EXPIRED without a request.
    """

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        ...

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        ...

    def submit(self, push: Push) -> None:
        """Take *push*; raises SenderFull when `free` is 0."""
        ...

    def poll(self, timeout_seconds: float) -> list[Answer]:
        """Work for at most *timeout_seconds*; return as soon as there are answers."""
        ...

    def close(self) -> None:
        """Drop what is open; nothing comes back any more."""
        ...
