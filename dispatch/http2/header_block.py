"""The header block of an answer: put together from its frames, and read for what matters to a sender."""

from dataclasses import dataclass

from dispatch.errors import PushServiceBroken
from dispatch.http2.frames import CONTINUATION, PROTOCOL_ERROR
from dispatch.http2.status import LARGEST_BLOCK_BYTES, head_of, retry_after_seconds, status_at
from dispatch.outcomes import outcome_of_status, rule_of


@dataclass(slots=True)
class OpenBlock:
    """A block whose end has not come: its stream, the flags of its first frame and its bytes."""

    number: int
    flags: int
    so_far: bytearray

    def expect(self, kind: int, number: int) -> None:
        """Raise PushServiceBroken unless the block goes on: nothing may come between (RFC 9113, 6.10)."""
        if kind != CONTINUATION or number != self.number:
            raise PushServiceBroken("h2-continuation-expected", PROTOCOL_ERROR)

    def add(self, payload: bytes) -> None:
        """Take the next piece; raise PushServiceBroken where no end is in sight."""
        self.so_far += payload
        if len(self.so_far) > LARGEST_BLOCK_BYTES:
            raise PushServiceBroken("h2-header-block-too-large", PROTOCOL_ERROR)


def status_and_wait(block: bytes, wall: float, cap_seconds: float) -> tuple[int, float | None]:
    """Return the status that *block* says, and for how many seconds its sender wants to be left alone.

    *wall* is epoch seconds, for dates. Only an answer that asks to wait is read to the end, or one whose first bytes
    did not tell its status.
    """
    status = status_at(block, 0, len(block))
    if status and not (rule_of(outcome_of_status(status)).retry and status >= 300):
        return status, None
    head = head_of(block)
    return head.status, retry_after_seconds(head.retry_after, wall, cap_seconds)
