"""Fetch readings from one address: the whole answer each time that it changed."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeds.gauges.document import FEED
from feeds.source import Missed, Pace, RawReport
from feeds.web import NO_VALIDATORS, Validators, Web

# Gauges of large rivers are renewed every ten minutes, crisis gauges every two while the water is high.
DEFAULT_PACE = Pace(interval_seconds=120.0, grace_seconds=600.0)


@dataclass(frozen=True, slots=True)
class GaugePollSettings:
    """Settings of one source of readings."""

    name: str
    """What it is called in metrics, log and register, e.g. `uk-ea`."""

    url: str
    """Where its readings are: crisis gauges, USGS, Environment Agency, AMeDAS, or a table."""

    columns: str = ""
    """The source in `ops/gauges.toml` whose column map reads the table; empty where the form is known."""

    pace: Pace = DEFAULT_PACE
    """How often it is asked, and how late it may be."""


class GaugePoll:
    """One address, and the answer that we have of it."""

    def __init__(self, settings: GaugePollSettings) -> None:
        self._settings = settings
        self._validators = NO_VALIDATORS
        self._digest = ""

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        return self._settings.pace

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
        """Yield the answer unless it is the one that we have.

        Many such servers know no validators, so that the same bytes are told by their digest; both are
        remembered once the caller has stored the document and asks for the next.
        """
        answer = web.get(self._settings.url, self._validators)
        if answer.body is None:
            return
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest != self._digest:
            feed = f"{FEED}:{self._settings.columns}" if self._settings.columns else FEED
            yield RawReport(f"{self.name} {at.isoformat(timespec='seconds')}", feed, answer.body)
        self._validators, self._digest = answer.validators, digest

    def memory(self) -> Mapping[str, Any]:
        return {"validators": [self._validators.etag, self._validators.last_modified], "digest": self._digest}

    def remember(self, memory: Mapping[str, Any]) -> None:
        try:
            validators = Validators(*map(str, memory["validators"]))
            digest = str(memory["digest"])
        except (KeyError, TypeError):
            return
        self._validators, self._digest = validators, digest
