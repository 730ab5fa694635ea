"""A channel: one way by which what was approved leaves, besides the fan-out to residents.

It is handed bytes and hands over the same bytes at every try. Web Push to one device and a signed webhook are
held to one contract; files for other systems keep the part of it that files can keep. The fan-out to millions is
no channel: it has its own account for each row.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dispatch.outcomes import PushOutcome
from dispatch.retry import RetryAt, next_attempt
from dispatch.sender import Answer, Push, Sender
from dispatch.settings import DispatchSettings


class ChannelState(StrEnum):
    """Where a revision stands on a channel. *Accepted*: the other side took it; nobody says that it was read."""

    SENT = "sent"  # begun; no answer yet, or another try is due
    ACCEPTED = "accepted"
    FAILED = "failed"
    TYPED = "typed-by-hand"  # a person put it in at the other system and says so


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What leaves, and until when. `id` is the same at every try and after a restart: the receiver counts it once."""

    id: str
    body: bytes
    content_type: str
    expires_at: float
    urgent: bool = True

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes, by which channels are compared with what was approved."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of one `Outgoing`: it is final. `reason` is a stable code, empty when it was accepted."""

    id: str
    state: ChannelState
    reason: str
    attempts: int
    sha256: str


class Channel(Protocol):
    """Hands over what it is given; every `send` comes back from `poll` exactly once.

    Times are seconds since 1970 and given by the caller. What has expired comes back failed without a request.
    """

    @property
    def waiting(self) -> int:
        """Return how many were sent and have not come back."""
        ...

    def send(self, outgoing: Outgoing, at: float) -> None:
        """Take *outgoing*; raises when it can never be handed over by this way."""
        ...

    def poll(self, at: float, timeout_seconds: float) -> list[Passage]:
        """Work for at most *timeout_seconds*, tries that are due included; return what has ended."""
        ...

    def close(self) -> None:
        """Drop what is open; nothing comes back any more."""
        ...


@dataclass(slots=True)
class _Trying:
    outgoing: Outgoing
    attempts: int = 0
    due_at: float = 0.0


class PostChannel:
    """`Channel` over HTTP: what a request looks like is given by *request*, which is asked anew for each try."""

    def __init__(self, sender: Sender, request: Callable[[Outgoing, float], Push], settings: DispatchSettings) -> None:
        self._sender = sender
        self._request = request
        self._settings = settings
        self._due: list[_Trying] = []
        self._open: dict[object, _Trying] = {}

    @property
    def waiting(self) -> int:
        """Return how many were sent and have not come back."""
        return len(self._due) + len(self._open)

    def send(self, outgoing: Outgoing, at: float) -> None:
        """Take *outgoing*; it is handed over by the next `poll`."""
        self._due.append(_Trying(outgoing, due_at=at))

    def poll(self, at: float, timeout_seconds: float) -> list[Passage]:
        """Hand over what is due and wait up to *timeout_seconds* for answers."""
        ended = self._hand_over(at)
        for answer in self._sender.poll(0.0 if ended else timeout_seconds):
            trying = self._open.pop(answer.push.key)
            passage = self._answered(trying, answer, at)
            if passage is not None:
                ended.append(passage)
        return ended

    def close(self) -> None:
        """Drop what is open."""
        self._sender.close()

    def _hand_over(self, at: float) -> list[Passage]:
        ended = []
        due, self._due = [one for one in self._due if one.due_at <= at], [one for one in self._due if one.due_at > at]
        for trying in due:
            if trying.outgoing.expires_at <= at:
                ended.append(_passage(trying, ChannelState.FAILED, PushOutcome.EXPIRED.value))
            elif self._sender.free <= 0:
                self._due.append(trying)
            else:
                trying.attempts += 1
                push = self._request(trying.outgoing, at)
                self._open[push.key] = trying
                self._sender.submit(push)
        return ended

    def _answered(self, trying: _Trying, answer: Answer, at: float) -> Passage | None:
        if answer.outcome is PushOutcome.ACCEPTED:
            return _passage(trying, ChannelState.ACCEPTED, "")
        again = next_attempt(
            answer.outcome,
            trying.attempts,
            now=at,
            expires_at=trying.outgoing.expires_at,
            jitter=jitter_of(trying.outgoing.id, trying.attempts),
            settings=self._settings,
            retry_after_seconds=answer.retry_after_seconds,
        )
        if not isinstance(again, RetryAt):
            return _passage(trying, ChannelState.FAILED, answer.outcome.value)
        trying.due_at = again.at
        self._due.append(trying)
        return None


def jitter_of(identifier: str, attempt: int) -> float:
    """Return a number from 0 to 1 that spreads tries: a function, so that a run can be repeated."""
    return hashlib.sha256(f"{identifier} {attempt}".encode()).digest()[0] / 255


def _passage(trying: _Trying, state: ChannelState, reason: str) -> Passage:
    return Passage(trying.outgoing.id, state, reason, trying.attempts, trying.outgoing.sha256)
