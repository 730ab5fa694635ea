"""What two policies make of the same recorded documents: which notices a change adds, holds or takes away (R24).

Pure but for the table: each policy has a pipeline of its own from the first document on, because what a document
becomes depends on what the series has said before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.claim import Claim, Release
from alerts.place import Cells
from alerts.policy import Policy
from alerts.report import OutcomeKind
from alerts.theme import Audience
from feeds.archive import Telegram
from feeds.read import series_of
from geo.areas import AreaTable
from geo.cells import union
from streams.ingest.settlement import Arrival, Settled, settle

FEWEST_SHOWN = 20
_TOLD = (OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL)


class Effect(StrEnum):
    """What a change does to one document."""

    ADDED = "added"  # goes out by itself now
    WITH_SIGN = "with-sign"  # goes out now where somebody else says that it is dangerous
    WAITS = "waits"  # waits for a person now, as a draft or held
    TAKEN_AWAY = "taken-away"  # is told to nobody now
    AUDIENCE = "audience"  # goes out as before, to other people


@dataclass(frozen=True, slots=True)
class End:
    """What one policy makes of a document."""

    outcome: OutcomeKind
    reason: str
    release: Release
    rule: str
    staff_only: bool
    cells: Cells

    @property
    def leaves(self) -> bool:
        """Say whether residents may be told of it without a person."""
        return self.outcome in _TOLD and self.release in (Release.AUTOMATIC, Release.WITH_SIGN)


@dataclass(frozen=True, slots=True)
class Changed:
    """One document that the two policies treat differently. `people` is who would be sent it; None: nobody counted."""

    name: str
    sent: datetime | None
    before: End
    after: End
    people: int | None

    @property
    def effect(self) -> Effect:
        """Return what the change does to it."""
        if self.after.outcome is OutcomeKind.HELD:
            return Effect.WAITS
        if not self.after.leaves:
            return Effect.TAKEN_AWAY
        if self.before.leaves and self.before.release is self.after.release:
            return Effect.AUDIENCE
        return Effect.ADDED if self.after.release is Release.AUTOMATIC else Effect.WITH_SIGN

    @property
    def plain(self) -> dict[str, Any]:
        """Return it for the JSON line."""
        sides = {
            name: {"outcome": end.outcome.value, "reason": end.reason, "release": end.release.value, "rule": end.rule}
            for name, end in (("before", self.before), ("after", self.after))
        }
        sent = self.sent.isoformat() if self.sent else None
        return {"document": self.name, "sent": sent, "effect": self.effect.value, **sides} | {
            "people": None if self.people is None else shown(self.people)
        }


def shown(people: int) -> int | str:
    """Return a number of people as it may be shown: under 20 reads "<20" (promise 15)."""
    return "<20" if 0 < people < FEWEST_SHOWN else people


def replay_both(
    arrivals: Iterable[Arrival],
    old: Policy,
    new: Policy,
    *,
    table: AreaTable,
    reach: Callable[[Cells], int | None] = lambda _cells: None,
    since: datetime | None = None,
) -> Iterator[Changed]:
    """Yield each of *arrivals* that ends otherwise under *new* than under *old*; *reach* counts people in cells.

    Those before *since* are settled and not yielded: what an update becomes depends on what came before it.
    """
    before: dict[str, Mapping[str, Any]] = {}
    after: dict[str, Mapping[str, Any]] = {}
    for arrival in arrivals:
        ends = []
        for stored, policy in ((before, old), (after, new)):
            key = series_of(arrival.raw, arrival.feed)
            settled = settle(arrival, stored.get(key), table=table, policy=policy)
            if settled.stored is not None:
                stored[key] = settled.stored
            ends.append(_end(settled))
        first, second = ends
        if _shown(first) != _shown(second) and (since is None or arrival.received >= since):
            cells = second.cells if second.leaves else first.cells
            sent = settled.record.sent
            yield Changed(arrival.name, sent, first, second, reach(cells) if cells else 0)


def arrivals_of(telegrams: Iterable[Telegram]) -> Iterator[Arrival]:
    """Yield documents of an archive as if each had arrived when it says that it was sent."""
    for telegram in telegrams:
        if telegram.sent is not None:
            yield Arrival(telegram.raw, telegram.name, telegram.name, "", telegram.sent, timedelta(0))


def _end(settled: Settled) -> End:
    record = settled.record
    return End(
        record.outcome,
        record.reason,
        record.release,
        record.release_reason,
        any(claim.provenance.audience is Audience.STAFF for claim in settled.claims),
        _cells(settled.claims),
    )


def _cells(claims: Iterable[Claim]) -> Cells:
    return union(*(danger.cells for claim in claims for danger in claim.dangers))


def _shown(end: End) -> tuple[object, ...]:
    """Return what makes a difference to anybody: the name of the rule does not."""
    held = end.reason if end.outcome is OutcomeKind.HELD else ""
    return (end.outcome, held, end.release if end.leaves else None, end.staff_only)
