"""A socket with TLS that never waits: what cannot be done now is done when the socket is ready."""

import errno
import socket
import ssl
from collections import deque
from enum import Enum, auto
from typing import Any

from dispatch.errors import LinkLost

# More than a busy push service answers between two looks; one system call takes it all.
_READ_BYTES = 262_144
# Most push services put each answer into a record of its own, so most of what is read is short: room for more is
# allocated only behind what filled this.
_SHORT_BYTES = 256
_CHUNK_BYTES = 4096
# TLS never makes larger records (RFC 8446, 5.1).
_RECORD_BYTES = 16_384
# A push service that takes nothing for so long is gone, whatever its machine's network says.
_UNHEARD_MS = 10_000


class Stage(Enum):
    """How far a link is."""

    CONNECTING = auto()
    SHAKING_HANDS = auto()
    OPEN = auto()


class Link:
    """One connection's socket and its TLS.

    Over two memory buffers and not over the socket itself: OpenSSL reads a socket in two system calls for each
    record, and writes it in one for each.
    """

    def __init__(self, address: Any, family: int, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._unsent = memoryview(b"")
        self._sealed = 0  # bytes of ciphertext made, and handed to the kernel
        self._sent = 0
        self._plain = 0
        self._marks: deque[tuple[int, int]] = deque()  # ciphertext end, plain bytes in it and before
        self.handed_over = 0  # plain bytes of which the kernel has at least a part
        self.stage = Stage.CONNECTING
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
        self.descriptor = self._socket.fileno()
        failed = self._socket.connect_ex(address)
        if failed not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise LinkLost("connect", errno.errorcode.get(failed, str(failed)))

    @property
    def wants_to_write(self) -> bool:
        """Tell whether the socket's being writable would be news."""
        return self.stage is Stage.CONNECTING or len(self._unsent) > 0

    @property
    def protocol(self) -> str:
        """Return what ALPN agreed on."""
        return self._tls.selected_alpn_protocol() or ""

    def advance(self) -> bool:
        """Go on with connecting and shaking hands; return whether the link is open. Raises LinkLost."""
        if self.stage is Stage.CONNECTING:
            failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise LinkLost("connect", errno.errorcode.get(failed, str(failed)))
            self.stage = Stage.SHAKING_HANDS
        elif not self._fill():
            raise LinkLost("handshake", "closed by the other side")
        try:
            self._tls.do_handshake()
            self.stage = Stage.OPEN
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._flush_alert()
            raise LinkLost("tls", getattr(error, "verify_message", "") or error.reason or "") from None
        self.flush()
        return self.stage is Stage.OPEN

    def read(self) -> bytes:
        """Return what has come; nothing when nothing has. Raises LinkLost at the end."""
        alive = self._fill()
        chunks: list[bytes] = []
        take = self._tls.read
        try:
            # Until it wants more: asking how much is left costs as much as a record of one answer.
            size = _SHORT_BYTES
            while chunk := take(size):
                chunks.append(chunk)
                size = _CHUNK_BYTES if len(chunk) == size else _SHORT_BYTES
            alive = False
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            alive = False
        if chunks:
            return b"".join(chunks)  # a link that ended after this is found ended by the next read
        if not alive:
            raise LinkLost("closed")
        return b""

    def write(self, data: bytes) -> None:
        """Encrypt *data* and send what the kernel takes. Raises LinkLost."""
        view = memoryview(data)
        try:
            while view:
                done = self._tls.write(view[:_RECORD_BYTES])
                view = view[done:]
                self._plain += done
        except ssl.SSLError:
            raise LinkLost("tls") from None
        self._marks.append((self._sealed + self._outgoing.pending, self._plain))
        self.flush()

    def flush(self) -> None:
        """Send what the kernel takes of what is waiting. Raises LinkLost."""
        if self._outgoing.pending:
            fresh = self._outgoing.read()
            self._sealed += len(fresh)
            self._unsent = memoryview(bytes(self._unsent) + fresh) if self._unsent else memoryview(fresh)
        if not self._unsent:
            return
        try:
            taken = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            raise LinkLost("closed", errno.errorcode.get(error.errno or 0, "")) from None
        self._unsent = self._unsent[taken:]
        before, self._sent = self._sent, self._sent + taken
        while self._marks and taken:
            end, plain = self._marks[0]
            if before < end:
                self.handed_over = plain
            if self._sent < end:
                break
            self._marks.popleft()

    def close(self) -> None:
        """Close the socket; what is unsent stays unsent."""
        self._socket.close()

    def _fill(self) -> bool:
        """Move what has come into the TLS; return False when the other side has ended."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self._incoming.write(data)
        return bool(data)

    def _flush_alert(self) -> None:
        # The other side learns why; nobody is hurt when it does not.
        try:
            self.flush()
        except LinkLost:
            return
