"""Take single pushes, and hand them to a sender of batches: how tests ask both engines alike."""

from itertools import groupby

from dispatch.batch import Batch, BatchSender
from dispatch.errors import SenderFull
from dispatch.sender import Answer, Push


class Singly:
    """`Sender` over a sender of batches: what is alike and submitted between two polls becomes one batch."""

    def __init__(self, sender: BatchSender) -> None:
        self._sender = sender
        self._waiting: list[Push] = []
        self._open: dict[int, Push] = {}
        self._next_key = 0

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        return self._sender.in_flight + len(self._waiting)

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        return self._sender.free - len(self._waiting)

    def submit(self, push: Push) -> None:
        """Take *push*; it is handed over by the next `poll`."""
        if self.free <= 0:
            raise SenderFull("sender-full", f"{self.in_flight} pushes are open; poll first")
        self._waiting.append(push)

    def poll(self, timeout_seconds: float) -> list[Answer]:
        """Hand over what was submitted and wait up to *timeout_seconds* for answers."""
        waiting, self._waiting = self._waiting, []
        for (origin, headers, expires_at), alike in groupby(
            waiting, lambda one: (one.origin, one.headers, one.expires_at)
        ):
            pushes = list(alike)
            keys = range(self._next_key, self._next_key + len(pushes))
            self._next_key = keys.stop
            self._open.update(zip(keys, pushes, strict=True))
            # An address elsewhere has no path here, and the engine refuses it.
            paths = [push.url.removeprefix(origin).encode() for push in pushes]
            self._sender.submit_batch(Batch(origin, headers, expires_at, keys, paths, [push.body for push in pushes]))
        return [
            Answer(
                self._open.pop(key),
                answer.outcome,
                answer.status,
                answer.retry_after_seconds,
                answer.started_at,
                answer.ended_at,
            )
            for answer in self._sender.poll_batches(timeout_seconds)
            for key in answer.keys
        ]

    def close(self) -> None:
        """Drop what is open."""
        self._waiting.clear()
        self._open.clear()
        self._sender.close()
