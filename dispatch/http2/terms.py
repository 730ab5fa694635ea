"""What the owner of a connection wants of it."""

from dataclasses import dataclass

from dispatch.native.library import Library

# nginx ends a connection after about 29,500 bodies that it threw away ("http2 flood detected"), and counts
# bytes too; a connection that is replaced before costs one handshake in 20,000 pushes.
RETIRE_AFTER_REQUESTS = 20_000
RETIRE_AFTER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Terms:
    """What the owner of a connection wants of it."""

    max_reply_bytes: int
    retry_after_cap_seconds: float
    retire_after_requests: int = RETIRE_AFTER_REQUESTS
    retire_after_bytes: int = RETIRE_AFTER_BYTES
    library: Library | None = None  # reads plain answers; Python reads all of them without it
