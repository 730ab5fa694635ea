"""Judge from the stub's log what was lost and what came twice. Imports nothing of the sender."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatch.stub.log import Entry, entries

ACCEPTED = 201


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the receiving side saw.

    `duplicates` counts pushes accepted again with the same token, Topic and bytes: a retry or a take-over sends
    identical bytes, a newer revision never does. `revisions` counts further accepted bodies for a token and
    Topic: updates, or a retry that was wrongly encrypted afresh; the caller knows how many it sent.
    """

    requests: int
    accepted: int
    unique: int
    duplicates: int
    revisions: int
    by_status: dict[int, int]
    by_reason: dict[str, int]
    tokens: int
    first_accepted_ms: int | None
    last_accepted_ms: int | None

    def to_plain(self) -> dict[str, object]:
        """Return a JSON-able form."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "unique": self.unique,
            "duplicates": self.duplicates,
            "revisions": self.revisions,
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "by_reason": dict(sorted(self.by_reason.items())),
            "tokens": self.tokens,
            "first_accepted_ms": self.first_accepted_ms,
            "last_accepted_ms": self.last_accepted_ms,
        }


def judge(logs: Iterable[Path], *, topics: Container[str] | None = None) -> Verdict:
    """Return the verdict over all *logs*, or over the requests with one of *topics*."""
    return verdict_of(entry for entry in _all(logs) if topics is None or entry.topic in topics)


def by_topic(logs: Iterable[Path]) -> dict[str, Verdict]:
    """Return a verdict for each Topic: a place of a lineage, and whether it is a way."""
    grouped: dict[str, list[Entry]] = {}
    for entry in _all(logs):
        grouped.setdefault(entry.topic, []).append(entry)
    return {topic: verdict_of(of_topic) for topic, of_topic in sorted(grouped.items())}


def lost(logs: Iterable[Path], expected: Iterable[str], *, topics: Container[str] | None = None) -> frozenset[str]:
    """Return the *expected* tokens that no push was ever accepted for."""
    arrived = {
        entry.token for entry in _all(logs) if entry.status == ACCEPTED and (topics is None or entry.topic in topics)
    }
    return frozenset(expected) - arrived


def verdict_of(seen: Iterable[Entry]) -> Verdict:
    """Return the verdict over some entries."""
    by_status: Counter[int] = Counter()
    by_reason: Counter[str] = Counter()
    pushes: set[tuple[str, str, str]] = set()
    requests, first, last = 0, None, None
    for entry in seen:
        if not entry.body_sha:
            by_reason[entry.reason] += 1  # a note about a connection: no request
            continue
        requests += 1
        by_status[entry.status] += 1
        if entry.reason:
            by_reason[entry.reason] += 1
        if entry.status == ACCEPTED:
            pushes.add((entry.token, entry.topic, entry.body_sha))
            first = entry.wall_ms if first is None else min(first, entry.wall_ms)
            last = entry.wall_ms if last is None else max(last, entry.wall_ms)
    accepted = by_status[ACCEPTED]
    return Verdict(
        requests=requests,
        accepted=accepted,
        unique=len(pushes),
        duplicates=accepted - len(pushes),
        revisions=len(pushes) - len({(token, topic) for token, topic, _ in pushes}),
        by_status={status: count for status, count in by_status.items() if count},
        by_reason=dict(by_reason),
        tokens=len({token for token, _, _ in pushes}),
        first_accepted_ms=first,
        last_accepted_ms=last,
    )


def _all(logs: Iterable[Path]) -> Iterator[Entry]:
    for log in logs:
        yield from entries(log)
