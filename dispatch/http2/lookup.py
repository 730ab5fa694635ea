"""Find the addresses of push services without waiting: a resolver that hangs must not stop the fan-out."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Push services move their names between data centres within minutes.
KEPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to."""

    family: int
    where: Any


Resolve = Callable[[str, int], list[Address]]


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of *host* in the order that the system prefers; none when there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [Address(family, where) for family, _, _, _, where in found if family in (socket.AF_INET, socket.AF_INET6)]


class Lookup:
    """Addresses by host, looked up in a thread of their own and kept for a minute."""

    def __init__(self, wake: Callable[[], None], resolve: Resolve = resolve) -> None:
        self._wake = wake
        self._resolve = resolve
        self._known: dict[tuple[str, int], tuple[float, list[Address]]] = {}
        self._asked: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._found: deque[tuple[tuple[str, int], list[Address]]] = deque()

    def addresses(self, host: str, port: int) -> list[Address] | None:
        """Return the addresses of *host*; None while they are being looked up, then *wake* is called."""
        name = host, port
        while self._found:
            found, addresses = self._found.popleft()
            self._asked.discard(found)
            self._known[found] = time.monotonic(), addresses
        known = self._known.get(name)
        if known is not None and time.monotonic() - known[0] < KEPT_SECONDS:
            if not known[1]:
                del self._known[name]  # asked again for the next push
            return known[1]
        if name not in self._asked:
            self._asked.add(name)
            # A daemon: nothing is lost when the process ends before the resolver does.
            threading.Thread(target=self._ask, args=name, name="lookup", daemon=True).start()
        return None

    def close(self) -> None:
        """Wake nobody any more: what would be woken is gone."""
        with self._lock:
            self._closed = True

    def _ask(self, host: str, port: int) -> None:
        self._found.append(((host, port), self._resolve(host, port)))
        with self._lock:
            if not self._closed:
                self._wake()
