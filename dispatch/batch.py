"""Hand pushes over by the hundred: columns instead of an object for each.

How a dispatcher uses it:

    room = min(sender.free, slots.room(origin, lane, now))     # how many may go to this push service now
    batch = Batch(origin, headers, expires_at, keys, paths, bodies)   # at most `room` rows
    slots.take_many(origin, lane, len(batch.keys))
    sender.submit_batch(batch)                                 # all of it, or SenderFull
    for answer in sender.poll_batches(0.01):                   # each key comes back exactly once
        ...answer.batch, answer.outcome, answer.keys...        # usually one answer for tens of keys

`headers` are the same for the whole batch and leave out TTL: the sender reckons it when the bytes go out,
and again for what waited. A batch of one origin, VAPID key, Urgency and Topic is therefore natural; the same
headers *tuple* used again costs nothing, another one is encoded once for each connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatch.outcomes import PushOutcome
from dispatch.sender import Headers


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pushes to one push service that differ in address and body only; the three columns have equal length.

    `keys` are the caller's own (a row, an ordinal) and come back with the answers. `paths` are the part of the
    endpoint after its origin, as ASCII, and were checked at sign-up; `bodies` stay the same for every try. The
    sender keeps the columns until the last answer and changes none of them.
    """

    origin: str
    headers: Headers
    expires_at: float
    keys: Sequence[int]
    paths: Sequence[bytes]
    bodies: Sequence[bytes]


@dataclass(frozen=True, slots=True, eq=False)
class BatchAnswer:
    """What came back for some pushes of one batch, all with the same end.

    `status` is 0 where no status was read. `started_at` and `ended_at` are monotonic seconds and hold for all
    `keys` of this answer; both are the same where nothing was sent.
    """

    batch: Batch
    outcome: PushOutcome
    status: int
    retry_after_seconds: float | None
    started_at: float
    ended_at: float
    keys: Sequence[int]


class BatchSender(Protocol):
    """`Sender`, by the batch. One thread calls it, and it calls nobody back.

    Every key comes back from `poll_batches` exactly once. What has expired comes back as EXPIRED without a
    request. Which push service may have how many open is the caller's to decide (`Slots`): batches of an origin
    that cannot be reached wait here, hold up no other origin, and come back as NOT_SENT.
    """

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        ...

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        ...

    def open_ahead(self, origins: Sequence[str]) -> None:
        """Begin connections to push services that none leads to: pushes to them are about to be submitted."""
        ...

    def submit_batch(self, batch: Batch) -> None:
        """Take all of *batch*; raises SenderFull, and takes none, when it is larger than `free`."""
        ...

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        """Work for at most *timeout_seconds*; return as soon as there are answers."""
        ...

    def close(self) -> None:
        """Drop what is open; nothing comes back any more."""
        ...
