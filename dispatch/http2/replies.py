"""Replies that go on after their answer: nobody reads what they say, but they are open, and they must end."""


class Replies:
    """By stream until when a reply may go on, and what has come of it."""

    def __init__(self, most_bytes: int) -> None:
        """*most_bytes* is what one may say before it is cut off."""
        self._most_bytes = most_bytes
        self._until: dict[int, float] = {}
        self._bytes: dict[int, int] = {}  # where there were any

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, number: object) -> bool:
        return number in self._until

    def begin(self, number: int, deadline: float) -> None:
        """Note that stream *number* was answered and goes on."""
        self._until[number] = deadline

    def more(self, number: int, size: int) -> bool:
        """Take *size* bytes that do not end the reply; return whether it has said too much."""
        got = self._bytes[number] = self._bytes.get(number, 0) + size
        return got >= self._most_bytes

    def end(self, number: int) -> None:
        """Note that a reply has ended, if there was one."""
        if self._until.pop(number, None) is not None and self._bytes:
            self._bytes.pop(number, None)

    def late(self, now: float) -> list[int]:
        """Return the streams of those that should have ended by *now*."""
        return [number for number, deadline in self._until.items() if deadline <= now]

    def clear(self) -> None:
        """Forget all: the connection is gone."""
        self._until.clear()
        self._bytes.clear()
