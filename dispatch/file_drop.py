"""Files as a channel: what another system fetches from a folder, whole or not at all."""

import os
from collections import deque
from pathlib import Path

from dispatch.channel import ChannelState, Outgoing, Passage
from dispatch.outcomes import PushOutcome


class FileDrop:
    """`Channel` into *folder*: a file is accepted once its bytes are on the disk under their name.

    The id is the file's name. The same id with the same bytes is the same file; with others it fails and the first
    stays, because somebody may have fetched it. *replaces* is for pages that are meant to change.
    """

    def __init__(self, folder: Path, *, replaces: bool = False) -> None:
        self._folder = folder
        self._replaces = replaces
        self._waiting: deque[Outgoing] = deque()

    @property
    def waiting(self) -> int:
        """Return how many were sent and have not come back."""
        return len(self._waiting)

    def send(self, outgoing: Outgoing, at: float) -> None:
        """Take *outgoing*; it is written by the next `poll`."""
        del at
        if "/" in outgoing.id or outgoing.id in ("", ".", ".."):
            raise ValueError("the id of what leaves must be the name of a file")
        self._waiting.append(outgoing)

    def poll(self, at: float, timeout_seconds: float) -> list[Passage]:
        """Write what waits; a disk that refuses is a failure with its reason, to be sent again by whoever decides."""
        del timeout_seconds
        ended = []
        while self._waiting:
            outgoing = self._waiting.popleft()
            ended.append(self._written(outgoing, at))
        return ended

    def close(self) -> None:
        """Drop what waits."""
        self._waiting.clear()

    def _written(self, outgoing: Outgoing, at: float) -> Passage:
        if outgoing.expires_at <= at:
            return Passage(outgoing.id, ChannelState.FAILED, PushOutcome.EXPIRED.value, 0, outgoing.sha256)
        path = self._folder / outgoing.id
        try:
            if path.exists() and not self._replaces:
                same = path.read_bytes() == outgoing.body
                state = ChannelState.ACCEPTED if same else ChannelState.FAILED
                return Passage(outgoing.id, state, "" if same else "other-bytes", 1, outgoing.sha256)
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f".{outgoing.id}.new"
            with fresh.open("wb") as file:
                file.write(outgoing.body)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        except OSError as error:
            return Passage(outgoing.id, ChannelState.FAILED, f"disk-{error.errno}", 1, outgoing.sha256)
        return Passage(outgoing.id, ChannelState.ACCEPTED, "", 1, outgoing.sha256)
