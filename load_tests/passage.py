"""Where a telegram's milliseconds go: when it passed each step, by the stamps that its records carry.

The stages' stamps are headers of its notice (`t-report` and so on); that its people were chosen is said by the time of
the first `told` record; the first and the last accepted push are in the receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from alerts.notice import Notice
from load_tests.budget import Stage
from load_tests.journey import stages_of
from streams.brokers.client import read_to_end
from streams.payloads import ReceiptRecord
from streams.topics import TOLD


class Step(StrEnum):
    """What happens to a telegram after its arrival, in order."""

    SETTLED = "settled"
    MAPPED = "mapped"
    DRAFTED = "drafted"
    APPROVED = "approved"
    CHOSEN = "chosen"
    FIRST_ACCEPTED = "first accepted"
    LAST_ACCEPTED = "last accepted"


_BY_HEADER = {Step.SETTLED: Stage.REPORT, Step.MAPPED: Stage.HAZARD, Step.DRAFTED: Stage.NOTICE}


@dataclass(frozen=True, slots=True)
class Passage:
    """One telegram on its way: when it came and when it passed each step (milliseconds since 1970)."""

    lineage: str
    revision: int
    pushes: int
    arrived_ms: float
    at_ms: Mapping[Step, float]

    def after_ms(self, step: Step) -> float:
        """Return the milliseconds from the arrival to *step*."""
        return self.at_ms[step] - self.arrived_ms

    def took_ms(self) -> dict[Step, float]:
        """Return what each step took after the one before; one without a stamp is within the next that has one."""
        took, before = {}, self.arrived_ms
        for step in Step:
            if step in self.at_ms:
                took[step], before = self.at_ms[step] - before, self.at_ms[step]
        return took


def passage(
    arrived_ms: float, notice: Notice, headers: Mapping[str, bytes], receipts: Sequence[ReceiptRecord]
) -> Passage:
    """Return how a telegram passed that led to *notice*; *receipts* are its workers', with a push accepted by each."""
    stamps = stages_of(headers.items())
    at: dict[Step, float] = {step: stamps[stage] for step, stage in _BY_HEADER.items() if stage in stamps}
    at[Step.APPROVED] = notice.approved_at.timestamp() * 1000
    at[Step.FIRST_ACCEPTED] = min(one.first_accepted_ms for one in receipts if one.first_accepted_ms is not None)
    at[Step.LAST_ACCEPTED] = max(one.last_accepted_ms for one in receipts if one.last_accepted_ms is not None)
    pushes = sum(one.outcomes.get("accepted", 0) for one in receipts)
    return Passage(notice.lineage, notice.revision, pushes, arrived_ms, at)


def chosen_ms(bootstrap: str) -> dict[tuple[str, int], int]:
    """Return by lineage and revision when the first of its people were chosen: the time of the first `told` record."""
    found: dict[tuple[str, int], int] = {}
    for record in read_to_end(bootstrap, TOLD.name):
        lineage, revision, _ = record.key.decode().rsplit("|", 2)
        place = lineage, int(revision)
        found[place] = min(record.timestamp_ms, found.get(place, record.timestamp_ms))
    return found


def with_choice(one: Passage, chosen: Mapping[tuple[str, int], int]) -> Passage:
    """Return *one* with when its people were chosen, where that is known."""
    place = one.lineage, one.revision
    return one if place not in chosen else replace(one, at_ms={**one.at_ms, Step.CHOSEN: chosen[place]})


def steps_of(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    """Return what each step took over all *passages*, in order; one that none has a stamp of is left out."""
    took = [one.took_ms() for one in passages]
    by_step = {step: [one[step] for one in took if step in one] for step in Step}
    return [
        {"step": step.value, "p50_ms": share(ms, 50), "p99_ms": share(ms, 99), "most_ms": round(max(ms), 1)}
        for step, ms in by_step.items()
        if ms
    ]


def slowest(passages: Sequence[Passage], count: int) -> list[dict[str, Any]]:
    """Return the slowest by their last push: the how manieth each was, from 0, and what each step of it took."""
    after = [one.after_ms(Step.LAST_ACCEPTED) for one in passages]
    return [
        {
            "number": at,
            "accepted_ms": round(after[at], 1),
            "took_ms": {step.value: round(ms, 1) for step, ms in passages[at].took_ms().items()},
        }
        for at in sorted(range(len(after)), key=lambda at: -after[at])[:count]
    ]


def share(values: Sequence[float], percent: int) -> float:
    """Return the percentile of *values*, to a tenth."""
    return round(float(np.percentile(values, percent)), 1)
