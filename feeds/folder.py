"""Watch a folder into which an office's system writes its reports.

A file is taken when it has stood still between two looks, so that half a report is never read; a name
that begins with a dot or ends in .part or .tmp is somebody still writing. What was taken is moved to
`done/`, what cannot be read to `failed/`: the officer who looks into the folder sees what became of it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from feeds.errors import FeedError
from feeds.pull import MAX_DOCUMENT_BYTES
from feeds.read import read
from feeds.source import Missed, Pace, RawReport
from feeds.web import Web

DONE, FAILED = "done", "failed"
MISSING, TOO_LARGE = "folder-missing", "too-large"
_BEING_WRITTEN = (".part", ".tmp", ".crdownload", ".filepart")
_MOST_A_ROUND = 300


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Settings of one folder."""

    name: str
    """What it is called in metrics, log and register."""

    path: Path
    """The folder; `done` and `failed` are made in it."""

    feed: str
    """The way that its files are believed as: dis, l-alert or supply."""

    pace: Pace
    """How often it is looked at, and how long it may be away."""


# Size and time of change: what moves while a file is written.
_Look = tuple[int, int]


class Folder:
    """One folder, and how its files looked the last time."""

    def __init__(self, settings: FolderSettings) -> None:
        self._settings = settings
        self._looks: dict[str, _Look] = {}

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        return self._settings.pace

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:  # noqa: ARG002 - a source's form
        """Yield the files that stand still; each is moved away when the next is asked for."""
        folder = self._settings.path
        if not folder.is_dir():
            # A share that is not mounted is a source that is silent, not one with nothing to say.
            raise FeedError(MISSING, folder.name)
        looks: dict[str, _Look] = {}
        taken = 0
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or not path.is_file() or _is_being_written(path):
                continue
            state = path.stat()
            look = (state.st_size, state.st_mtime_ns)
            if self._looks.get(path.name) != look or taken >= _MOST_A_ROUND:
                looks[path.name] = look
                continue
            taken += 1
            yield from self._take(path, at)
        self._looks = looks

    def _take(self, path: Path, at: datetime) -> Iterator[RawReport | Missed]:
        with path.open("rb") as file:
            raw = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(raw) > MAX_DOCUMENT_BYTES:
            self._move(path, FAILED, raw)
            yield Missed(path.name, TOO_LARGE, given_up=True)
            return
        yield RawReport(path.name, self._settings.feed, raw)
        try:
            read(raw, name=path.name, received=at, feed=self._settings.feed)
        except FeedError:
            self._move(path, FAILED, raw)
        else:
            self._move(path, DONE, raw)

    def _move(self, path: Path, where: str, raw: bytes) -> None:
        target = self._settings.path / where
        target.mkdir(exist_ok=True)
        # Systems use one name again and again; nothing that was taken is written over.
        digest = hashlib.sha256(raw).hexdigest()[:12]
        path.replace(target / f"{path.stem}.{digest}{path.suffix}")

    def memory(self) -> Mapping[str, Any]:
        return {}

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Take nothing back: what was seen to stand still before a restart may have moved since."""


def _is_being_written(path: Path) -> bool:
    return path.name.startswith((".", "~")) or path.suffix.lower() in _BEING_WRITTEN
