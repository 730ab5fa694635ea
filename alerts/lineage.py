"""What is remembered of one series: its messages, its lineages, and what was told of them.

A lineage is what one incident is told under: a thread of messages that name each other (CAP), or an
episode of a series that restates itself (JMA). Kept are times, names and digests, never a text. The rules
are in `alerts.references` and `alerts.series`; who has a message starts at `alerts.lifecycle`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.alert import Alert
from alerts.cap import MsgType, ResponseType
from alerts.report import Outcome, Report

# Enough to know every repetition of a pull feed that lists a day of one office.
MAX_SEEN = 64
LINEAGE_HEX_DIGITS = 24
_CONTENT_HEX_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a thread: what the rules need to know of it, never its text."""

    key: str  # identifier and instant, as a reference names it
    identifier: str
    written_at: datetime
    msg_type: MsgType
    references: tuple[str, ...]
    cancels_to: datetime | None  # for a Cancel: the newest time that it names
    content: str
    document: str
    all_clear: bool
    expires_at: datetime | None
    lineage: str

    @property
    def rank(self) -> tuple[datetime, int, int, str]:
        """Order of the thread: time, then an update after its original, then by name."""
        return self.written_at, int(self.msg_type is not MsgType.ALERT), len(self.references), self.identifier


@dataclass(frozen=True, slots=True)
class Thread:
    """What was let out of a lineage. `standing` is the key of the message that holds downstream."""

    lineage: str
    told: bool
    standing: str
    revision: int


@dataclass(frozen=True, slots=True)
class Episode:
    """The newest telegram of a series that restates itself."""

    lineage: str
    identifier: str
    sent: datetime
    rank: int
    content: str
    ended: str  # "", "lifted" or "cancelled"
    told: bool
    revision: int
    expires_at: datetime | None
    serial: int = 0  # the source's own rising number, 0 where it has none


@dataclass(frozen=True, slots=True)
class SeriesState:
    """All that is remembered of one series."""

    series: str = ""
    entries: tuple[Entry, ...] = ()
    threads: tuple[Thread, ...] = ()
    episode: Episode | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The state afterwards and what became of the document.

    `lineage` is empty where the document belongs to none. `replaces` names other lineages whose claims
    end now, whatever the outcome: threads that turned out to be this one.
    """

    state: SeriesState
    outcome: Outcome
    lineage: str = ""
    revision: int = 0
    replaces: tuple[str, ...] = ()


class ThreadStatus(StrEnum):
    """What holds in a lineage, by the set of its messages."""

    LIVE = "live"
    LIFTED = "lifted"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"  # a cancel names older revisions only: a person decides
    UNKNOWN = "unknown"


def lineage_id(series: str, first: str) -> str:
    """Return the short name of the lineage that *first* begins in *series*."""
    return hashlib.sha256(f"{series}\x1f{first}".encode()).hexdigest()[:LINEAGE_HEX_DIGITS]


def says_all_clear(alert: Alert) -> bool:
    """Return whether nothing is left in force: no info at all, or each one an AllClear."""
    return all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)


def content_of(alert: Alert) -> str:
    """Return a short name of all that *alert* says: two of one identifier with one name are repetitions."""
    return hashlib.sha256(repr(alert).encode()).hexdigest()[:_CONTENT_HEX_DIGITS]


def newest_expiry(alert: Alert) -> datetime | None:
    """Return the last moment that any part of *alert* names; None where none names one."""
    times = [info.expires for info in alert.infos if info.expires is not None]
    return max(times) if times else None


def having_seen(state: SeriesState, report: Report) -> SeriesState:
    """Return *state* with the document of *report* among those that are known."""
    return replace(state, seen=(*state.seen, report.document)[-MAX_SEEN:])


# --------------------------------------------------------------------------------- plain, for tables


def series_to_plain(state: SeriesState) -> dict[str, Any]:
    """Return *state* as what JSON can hold."""
    episode = state.episode
    return {
        "v": 1,
        "series": state.series,
        "seen": list(state.seen),
        "threads": [[thread.lineage, thread.told, thread.standing, thread.revision] for thread in state.threads],
        "entries": [
            {
                "key": entry.key,
                "identifier": entry.identifier,
                "written_at": entry.written_at.isoformat(),
                "msg_type": entry.msg_type.value,
                "references": list(entry.references),
                "cancels_to": _text(entry.cancels_to),
                "content": entry.content,
                "document": entry.document,
                "all_clear": entry.all_clear,
                "expires_at": _text(entry.expires_at),
                "lineage": entry.lineage,
            }
            for entry in state.entries
        ],
        "episode": None
        if episode is None
        else {
            "lineage": episode.lineage,
            "identifier": episode.identifier,
            "sent": episode.sent.isoformat(),
            "rank": episode.rank,
            "content": episode.content,
            "ended": episode.ended,
            "told": episode.told,
            "revision": episode.revision,
            "expires_at": _text(episode.expires_at),
            "serial": episode.serial,
        },
    }


def series_from_plain(plain: Mapping[str, Any] | None) -> SeriesState:
    """Return the state that `series_to_plain` wrote; an empty one for nothing at all."""
    if not plain:
        return SeriesState()
    if plain.get("v") != 1:
        raise ValueError(f"series state of version {plain.get('v')!r}: this program reads version 1")
    episode = plain["episode"]
    return SeriesState(
        series=plain["series"],
        seen=tuple(plain["seen"]),
        threads=tuple(Thread(*fields) for fields in plain["threads"]),
        entries=tuple(
            Entry(
                **{
                    **entry,
                    "written_at": datetime.fromisoformat(entry["written_at"]),
                    "msg_type": MsgType(entry["msg_type"]),
                    "references": tuple(entry["references"]),
                    "cancels_to": _time(entry["cancels_to"]),
                    "expires_at": _time(entry["expires_at"]),
                }
            )
            for entry in plain["entries"]
        ),
        episode=None
        if episode is None
        else Episode(
            **{
                **episode,
                "sent": datetime.fromisoformat(episode["sent"]),
                "expires_at": _time(episode["expires_at"]),
            }
        ),
    )


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
