"""Fetch one address that holds one document: an office's current report, replaced as things change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeds.pull import MAX_DOCUMENT_BYTES
from feeds.source import Missed, Pace, RawReport
from feeds.web import NO_VALIDATORS, Validators, Web


@dataclass(frozen=True, slots=True)
class DocumentPullSettings:
    """Settings of one address."""

    name: str
    """What it is called in metrics, log and register."""

    url: str
    """Where the document is."""

    feed: str
    """The way that it is believed as: dis, l-alert or supply."""

    pace: Pace
    """How often it is asked, and how late it may be."""


class DocumentPull:
    """One address, and which version of its document we have."""

    def __init__(self, settings: DocumentPullSettings) -> None:
        self._settings = settings
        self._have = NO_VALIDATORS

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        return self._settings.pace

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:  # noqa: ARG002 - a source's form
        """Yield the document unless the server says that we have it; the same again ends as a duplicate."""
        answer = web.get(self._settings.url, self._have, max_bytes=MAX_DOCUMENT_BYTES)
        if answer.body is not None:
            yield RawReport(self._settings.url, self._settings.feed, answer.body)
            self._have = answer.validators

    def memory(self) -> Mapping[str, Any]:
        return {"have": [self._have.etag, self._have.last_modified]}

    def remember(self, memory: Mapping[str, Any]) -> None:
        have = memory.get("have")
        if isinstance(have, list) and len(have) == 2 and all(isinstance(part, str) for part in have):
            self._have = Validators(*have)
