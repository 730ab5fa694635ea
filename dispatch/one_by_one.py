"""Take batches, and hand them to a sender of single pushes: libcurl wants an object for each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dispatch.batch import Batch, BatchAnswer
from dispatch.errors import SenderFull
from dispatch.sender import Answer, Push, Sender


class OneByOne:
    """`BatchSender` over a sender of single pushes."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        return self._sender.in_flight

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        return self._sender.free

    def open_ahead(self, origins: Sequence[str]) -> None:
        """Do nothing: libcurl connects when it has something to send."""

    def submit_batch(self, batch: Batch) -> None:
        """Take all of *batch*, or raise SenderFull."""
        if len(batch.keys) > self.free:
            raise SenderFull("sender-full", f"{len(batch.keys)} pushes are more than the {self.free} that may be open")
        for key, path, body in zip(batch.keys, batch.paths, batch.bodies, strict=True):
            url = batch.origin + path.decode("latin-1")
            self._sender.submit(Push(_Seat(batch, key), batch.origin, url, batch.headers, body, batch.expires_at))

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        """Work for at most *timeout_seconds*; join answers that end alike."""
        answers = self._sender.poll(timeout_seconds)
        found: list[BatchAnswer] = []
        for _, alike in groupby(answers, _alike):
            ends = list(alike)
            first = ends[0]
            batch = _from(first).batch
            keys = [_from(end).key for end in ends]
            found.append(
                BatchAnswer(
                    batch,
                    first.outcome,
                    first.status,
                    first.retry_after_seconds,
                    first.started_at,
                    first.ended_at,
                    keys,
                )
            )
        return found

    def close(self) -> None:
        """Drop what is open."""
        self._sender.close()


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a single push came from: what it carries as its key."""

    batch: Batch
    key: int


def _from(answer: Answer) -> _Seat:
    came = answer.push.key
    assert isinstance(came, _Seat)
    return came


def _alike(answer: Answer) -> tuple[object, ...]:
    end = answer.outcome, answer.status, answer.retry_after_seconds, answer.started_at, answer.ended_at
    return (id(_from(answer).batch), *end)
