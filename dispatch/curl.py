"""The sender on libcurl: HTTP/2 over TLS, many streams on few connections, one epoll.

`socket_action` instead of `perform`: the latter looks at all open requests in every turn, which at
four thousand of them costs more than the requests.
"""

import ipaddress
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pycurl

from dispatch.endpoint import origin_is_allowed
from dispatch.errors import DispatchError, SenderFull
from dispatch.message import ttl_seconds
from dispatch.outcomes import PushOutcome, outcome_of_status
from dispatch.sender import Answer, Push
from dispatch.settings import DispatchSettings

# Reckoned into TTL, so that a handshake between hand-over and arrival cannot make it too long.
HANDOVER_SECONDS = 1.0
# A longer silence between two polls means that the process was stopped or starved.
STOPPED_SECONDS = 1.0
_STREAMS_PER_CONNECTION = 100

# Failures before a byte of the request can have left. Everything else counts as "may have arrived".
_NOT_SENT = frozenset(
    (
        pycurl.E_UNSUPPORTED_PROTOCOL,
        pycurl.E_URL_MALFORMAT,
        pycurl.E_COULDNT_RESOLVE_PROXY,
        pycurl.E_COULDNT_RESOLVE_HOST,
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
        pycurl.E_SSL_PINNEDPUBKEYNOTMATCH,
    )
)


class _Reply:
    """Counts the bytes of one answer's body, and stops a push service that talks on."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = 0

    def __call__(self, chunk: bytes) -> int:
        self.left -= len(chunk)
        return len(chunk) if self.left >= 0 else 0


class CurlSender:
    """`Sender` on libcurl."""

    def __init__(
        self,
        settings: DispatchSettings,
        clock: Callable[[], float] = time.time,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """*may_send* is asked before a request is begun: a worker that may have been replaced says no."""
        if "nghttp2" not in pycurl.version:
            raise DispatchError(
                "curl-without-http2", f"install a pycurl whose libcurl has nghttp2; this is {pycurl.version}"
            )
        self._settings = settings
        self._clock = clock
        self._may_send = may_send
        self._idle: list[Any] = []
        self._open: dict[Any, tuple[Push, float]] = {}
        self._waiting: deque[Push] = deque()
        self._answers: list[Answer] = []
        self._allowed: dict[str, bool] = {}
        self._epoll = select.epoll()
        self._watched: dict[int, int] = {}
        self._timer_at: float | None = None
        self._polled_at = time.monotonic()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, settings.max_connections_per_origin)
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, _STREAMS_PER_CONNECTION)
        self._multi.setopt(pycurl.M_MAXCONNECTS, 4 * settings.max_connections_per_origin)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        return len(self._open) + len(self._waiting) + len(self._answers)

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        return self._settings.max_in_flight - self.in_flight

    def submit(self, push: Push) -> None:
        """Take *push*; it is handed over by the next `poll`."""
        if self.free <= 0:
            raise SenderFull("sender-full", f"{self.in_flight} pushes are open; poll first")
        self._waiting.append(push)

    def poll(self, timeout_seconds: float) -> list[Answer]:
        """Hand over what was submitted and wait up to *timeout_seconds* for answers."""
        until = time.monotonic() + timeout_seconds
        self._take_back_after_a_stop(time.monotonic())
        self._hand_over()
        while True:
            self._drive(0.0 if self._answers else max(0.0, until - time.monotonic()))
            self._collect()
            if self._answers or time.monotonic() >= until:
                break
        self._polled_at = time.monotonic()
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        """Drop what is open and close all connections."""
        for easy in tuple(self._open):
            self._multi.remove_handle(easy)
        self._idle.extend(self._open)
        self._open.clear()
        self._waiting.clear()
        self._answers.clear()
        for easy in self._idle:
            easy.close()
        self._idle.clear()
        self._multi.close()
        self._epoll.close()

    def _hand_over(self) -> None:
        while self._waiting and self._may_send():
            push = self._waiting.popleft()
            ttl = ttl_seconds(push.expires_at, self._clock() + HANDOVER_SECONDS)
            started_at = time.monotonic()
            if ttl <= 0:
                self._answers.append(_unsent(push, PushOutcome.EXPIRED, started_at))
            elif not self._may_send_to(push.origin) or not push.url.startswith(push.origin + "/"):
                self._answers.append(_unsent(push, PushOutcome.FAILED, started_at))
            else:
                self._start(push, ttl, started_at)

    def _start(self, push: Push, ttl: int, started_at: float) -> None:
        easy = self._idle.pop() if self._idle else self._new_easy()
        easy.reply.left = self._settings.max_reply_bytes
        easy.setopt(pycurl.URL, push.url)
        easy.setopt(pycurl.HTTPHEADER, [f"TTL: {ttl}", *(f"{name}: {value}" for name, value in push.headers)])
        easy.setopt(pycurl.POSTFIELDS, push.body)
        # Ends with the notice: what hangs must not arrive afterwards.
        left_seconds = min(self._settings.total_timeout_seconds, float(ttl))
        easy.setopt(pycurl.TIMEOUT_MS, int(left_seconds * 1000))
        if push.origin in self._settings.extra_origins:
            easy.unsetopt(pycurl.OPENSOCKETFUNCTION)
        else:
            easy.setopt(pycurl.OPENSOCKETFUNCTION, _open_public_socket)
        self._open[easy] = (push, started_at)
        self._multi.add_handle(easy)

    def _new_easy(self) -> Any:
        settings = self._settings
        easy = pycurl.Curl()
        easy.reply = _Reply()
        easy.setopt(pycurl.WRITEFUNCTION, easy.reply)
        easy.setopt(pycurl.POST, 1)
        easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        easy.setopt(pycurl.PIPEWAIT, 1)
        easy.setopt(pycurl.FOLLOWLOCATION, 0)
        easy.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS)
        easy.setopt(pycurl.PROXY, "")  # never one from the environment: it would see endpoints
        easy.setopt(pycurl.NOSIGNAL, 1)
        easy.setopt(pycurl.CONNECTTIMEOUT_MS, int(settings.connect_timeout_seconds * 1000))
        easy.setopt(pycurl.SSL_VERIFYPEER, 1)
        easy.setopt(pycurl.SSL_VERIFYHOST, 2)
        easy.setopt(pycurl.USERAGENT, "Shirase")
        if settings.ca_file:
            easy.setopt(pycurl.CAINFO, settings.ca_file)
        return easy

    def _may_send_to(self, origin: str) -> bool:
        if origin not in self._allowed:
            self._allowed[origin] = origin_is_allowed(origin, self._settings)
        return self._allowed[origin]

    def _take_back_after_a_stop(self, now: float) -> None:
        """Reckon anew what libcurl holds but has not begun, if this process stood still.

        Otherwise a laptop that slept or a stopped process would send with the TTL of long ago.
        """
        if now - self._polled_at < STOPPED_SECONDS:
            return
        for easy, (push, _) in tuple(self._open.items()):
            if easy.getinfo(pycurl.PRETRANSFER_TIME) == 0:
                self._multi.remove_handle(easy)
                del self._open[easy]
                self._idle.append(easy)
                self._waiting.append(push)

    def _drive(self, wait_seconds: float) -> None:
        """Let libcurl work on the sockets that are ready and on its timers."""
        if self._timer_at is not None:
            wait_seconds = min(wait_seconds, max(0.0, self._timer_at - time.monotonic()))
        for descriptor, ready in self._epoll.poll(wait_seconds):
            mask = pycurl.CSELECT_IN if ready & (select.EPOLLIN | select.EPOLLHUP) else 0
            mask |= pycurl.CSELECT_OUT if ready & select.EPOLLOUT else 0
            mask |= pycurl.CSELECT_ERR if ready & select.EPOLLERR else 0
            if descriptor in self._watched:  # an earlier one in this round may have closed it
                self._multi.socket_action(descriptor, mask)
        if self._timer_at is not None and time.monotonic() >= self._timer_at:
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _collect(self) -> None:
        while True:
            queued, finished, failed = self._multi.info_read()
            now = time.monotonic()
            for easy in finished:
                self._finish(easy, now, 0)
            for easy, error, _ in failed:
                self._finish(easy, now, error)
            if not queued:
                return

    def _finish(self, easy: Any, now: float, error: int) -> None:
        push, started_at = self._open.pop(easy)
        status = easy.getinfo(pycurl.RESPONSE_CODE)
        outcome = _outcome(easy, status, error)
        asked_seconds = float(easy.getinfo(pycurl.RETRY_AFTER)) if status >= 300 else 0.0
        waits = min(asked_seconds, self._settings.retry_after_cap_seconds)
        self._multi.remove_handle(easy)
        self._idle.append(easy)
        self._answers.append(Answer(push, outcome, status, waits or None, started_at, now))

    def _on_socket(self, event: int, descriptor: int, *_: object) -> None:
        if event == pycurl.POLL_REMOVE:
            if self._watched.pop(descriptor, None) is not None:
                with suppress(OSError):  # closed already: the kernel has forgotten it by itself
                    self._epoll.unregister(descriptor)
            return
        mask = 0
        if event in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            mask |= select.EPOLLIN
        if event in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            mask |= select.EPOLLOUT
        if descriptor in self._watched:
            self._epoll.modify(descriptor, mask)
        else:
            self._epoll.register(descriptor, mask)
        self._watched[descriptor] = mask

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000


def _unsent(push: Push, outcome: PushOutcome, at: float) -> Answer:
    return Answer(push, outcome, 0, None, at, at)


def _outcome(easy: Any, status: int, error: int) -> PushOutcome:
    # A status that was read is an answer, whatever happened to the connection after it.
    if status >= 200:
        return outcome_of_status(status)
    if error in _NOT_SENT or (error and easy.getinfo(pycurl.PRETRANSFER_TIME) == 0):
        return PushOutcome.NOT_SENT
    return PushOutcome.TIMEOUT if error == pycurl.E_OPERATION_TIMEDOUT else PushOutcome.UNKNOWN


def _open_public_socket(_purpose: int, address: tuple[int, int, int, tuple[Any, ...]]) -> Any:
    """Open the socket for a push service unless its name leads to an address that is not public."""
    family, kind, protocol, where = address
    if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(str(where[0])):
        return pycurl.SOCKET_BAD
    return socket.socket(family, kind, protocol)


def is_public(address: str) -> bool:
    """Tell whether *address* is on the public internet (no push service is anywhere else)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not (mapped or found).is_multicast
