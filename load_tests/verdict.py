"""Decide whether a run passed: its counts agree, its stamps run forward, its ratios hold.

Milliseconds are no reason to fail here: they belong to the machine and to who else uses it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from load_tests.budget import RatioGate
from load_tests.report import Mark, Row


@dataclass(frozen=True, slots=True)
class Counts:
    """One number, counted by four who do not know of each other, and what must be zero.

    `selected`, `accepted` and `gave_way` are the workers' own: a row gives way when a newer revision speaks to it
    before the older was sent. `brute_force` is a count over the plain list of subscribers, `judge` is the push
    service's log. `lost` are people of a danger for whom nothing about it was ever accepted.
    """

    selected: int
    accepted: int
    gave_way: int
    brute_force: int
    judge: int
    lost: int
    duplicates: int
    decrypt_failures: int
    unexpected: tuple[str, ...]

    def failures(self) -> tuple[str, ...]:
        """Return a sentence for each thing that does not agree."""
        ended = self.accepted + self.gave_way
        told = (("selected", self.selected), ("ended well", ended), ("judge", self.judge + self.gave_way))
        found = [
            f"{name} {number:,}, but {self.brute_force:,} people should have been told"
            for name, number in told
            if number != self.brute_force
        ]
        if self.lost:
            found.append(f"{self.lost:,} people never heard of a danger that was theirs")
        if self.brute_force == 0:
            found.append("nobody was to be told: nothing was measured")
        if self.duplicates:
            found.append(f"{self.duplicates:,} pushes were accepted twice")
        if self.decrypt_failures:
            found.append(f"{self.decrypt_failures:,} messages could not be read by their receivers")
        found += [f"unexpected outcome: {line}" for line in self.unexpected]
        return tuple(found)


def broken_ratios(gates: Iterable[RatioGate], measured: Mapping[str, float]) -> tuple[str, ...]:
    """Return a sentence for each ratio below its gate; one that was not measured is broken too."""
    return tuple(
        f"{gate.name}: {measured.get(gate.name, 0.0):.2f} times the reference, at least {gate.least:g} is promised"
        for gate in gates
        if not measured.get(gate.name, 0.0) >= gate.least
    )


def failures(
    counts: Counts, rows: Sequence[Row], gates: Iterable[RatioGate], ratios: Mapping[str, float]
) -> tuple[str, ...]:
    """Return why the run failed; empty when it passed."""
    backwards = tuple(f"{row.span}: stamps run backwards" for row in rows if row.mark is Mark.BACKWARDS)
    missing = tuple(f"{row.span}: not measured" for row in rows if row.mark is Mark.UNMEASURED)
    return (*counts.failures(), *backwards, *missing, *broken_ratios(gates, ratios))


def over_budget(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return a sentence for each span that took longer than the budget allows."""
    return tuple(
        f"{row.span}: p50 {row.p50_ms} ms of {row.budget_p50_ms}, p99 {row.p99_ms} ms of {row.budget_p99_ms}"
        for row in rows
        if row.mark is Mark.OVER
    )
