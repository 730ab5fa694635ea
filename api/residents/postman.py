"""Hand single pushes over while somebody waits at the page: one thread, one sender, a bounded queue.

Notices never go this way; they are the fan-out workers'. Here are only the pushes that a person asked
for a moment ago: the welcome, and the test that she starts herself.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from dispatch.endpoint import check_endpoint
from dispatch.envelope import encrypt
from dispatch.outcomes import PushOutcome
from dispatch.sender import Push, Sender
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid

# As many as a rush of sign-ups may have waiting; the next one is told to come back.
MOST_WAITING = 2000
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Letter:
    """One push to one browser."""

    endpoint: str
    p256dh: bytes
    auth: bytes
    vapid_key: int
    payload: bytes
    padded_bytes: int
    urgency: str
    ttl_seconds: int


class PostmanBusy(Exception):
    """Too many letters wait already."""


class Postman:
    """A thread that sends letters; `post` gives each one's outcome."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        vapid: Vapid,
        settings: DispatchSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._make_sender = sender
        self._vapid = vapid
        self._settings = settings
        self._clock = clock
        self._letters: queue.Queue[tuple[Letter, Future[PushOutcome]]] = queue.Queue(MOST_WAITING)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; what still waits is not sent."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def post(self, letter: Letter) -> "Future[PushOutcome]":
        """Take *letter*; raises PostmanBusy when too many wait, EndpointRefused for an address off the list."""
        check_endpoint(letter.endpoint, self._settings)
        outcome: Future[PushOutcome] = Future()
        try:
            self._letters.put_nowait((letter, outcome))
        except queue.Full:
            raise PostmanBusy from None
        return outcome

    def _run(self) -> None:
        sender = self._make_sender()
        try:
            while not self._stopping.is_set():
                self._take(sender)
                for answer in sender.poll(_POLL_SECONDS):
                    asked = answer.push.key
                    assert isinstance(asked, Future)
                    asked.set_result(answer.outcome)
        finally:
            sender.close()

    def _take(self, sender: Sender) -> None:
        while sender.free > 0:
            try:
                # Only an idle sender may wait for letters: an open request must be pumped.
                letter, outcome = self._letters.get(block=sender.in_flight == 0, timeout=_POLL_SECONDS)
            except queue.Empty:
                return
            sender.submit(self._push(letter, outcome))

    def _push(self, letter: Letter, outcome: "Future[PushOutcome]") -> Push:
        now = self._clock()
        origin = check_endpoint(letter.endpoint, self._settings).origin
        headers = (
            ("Urgency", letter.urgency),
            ("Content-Encoding", "aes128gcm"),
            ("Content-Type", "application/octet-stream"),
            ("Authorization", self._vapid.authorization(origin, now, letter.vapid_key)),
        )
        body = encrypt(letter.p256dh, letter.auth, letter.payload, letter.padded_bytes)
        return Push(outcome, origin, letter.endpoint, headers, body, now + letter.ttl_seconds)
