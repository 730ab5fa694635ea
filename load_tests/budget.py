"""Read the latency budget."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from load_tests.errors import BudgetMalformed

BUDGET = Path(__file__).with_name("budget.toml")


class Stage(StrEnum):
    """The Kafka headers that carry when a document passed a stage, in order."""

    RECEIVED = "t-received"
    REPORT = "t-report"
    HAZARD = "t-hazard"
    NOTICE = "t-notice"
    APPROVED = "t-approved"
    FIRST_ACCEPTED = "t-first-accepted"


@dataclass(frozen=True, slots=True)
class Span:
    """What may pass between two stages."""

    name: str
    begins: Stage
    ends: Stage
    p50_ms: int
    p99_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class RatioGate:
    """How many times better than the reference we must be, measured beside it."""

    name: str
    least: float
    why: str


@dataclass(frozen=True, slots=True)
class Budget:
    """The hops in order, the journeys that they make up, and what is held against the reference."""

    hops: tuple[Span, ...]
    journeys: tuple[Span, ...]
    ratios: tuple[RatioGate, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return hops and journeys."""
        return self.hops + self.journeys


def read_budget(path: Path = BUDGET) -> Budget:
    """Read and check a budget: hops follow each other, and no journey is promised faster than its hops."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BudgetMalformed(f"{path.name}: {error}") from error
    budget = Budget(_spans(plain, "hop"), _spans(plain, "journey"), _ratios(plain))
    for before, after in zip(budget.hops, budget.hops[1:], strict=False):
        if before.ends is not after.begins:
            raise BudgetMalformed(f"{after.name} does not begin where {before.name} ends")
    order = list(Stage)
    for journey in budget.journeys:
        begin, end = order.index(journey.begins), order.index(journey.ends)
        needed = sum(hop.p99_ms for hop in budget.hops if begin <= order.index(hop.begins) < end)
        if needed > journey.p99_ms:
            raise BudgetMalformed(f"the hops of {journey.name} may take {needed} ms, the whole only {journey.p99_ms}")
    return budget


def _spans(plain: Mapping[str, object], kind: str) -> tuple[Span, ...]:
    tables = plain.get(kind)
    if not isinstance(tables, Mapping) or not tables:
        raise BudgetMalformed(f"no [{kind}.…] in the budget")
    spans = []
    for name, said in tables.items():
        try:
            span = Span(
                str(name), Stage(said["from"]), Stage(said["to"]), int(said["p50_ms"]), int(said["p99_ms"]), said["why"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BudgetMalformed(f"[{kind}.{name}]: {error!r}") from error
        if not 0 < span.p50_ms <= span.p99_ms:
            raise BudgetMalformed(f"[{kind}.{name}]: 0 < p50_ms <= p99_ms does not hold")
        spans.append(span)
    return tuple(spans)


def _ratios(plain: Mapping[str, object]) -> tuple[RatioGate, ...]:
    tables = plain.get("ratio", {})
    if not isinstance(tables, Mapping):
        raise BudgetMalformed("[ratio] is not a table")
    gates = []
    for name, said in tables.items():
        try:
            gate = RatioGate(str(name), float(said["least"]), said["why"])
        except (KeyError, TypeError, ValueError) as error:
            raise BudgetMalformed(f"[ratio.{name}]: {error!r}") from error
        if not gate.least >= 1:
            raise BudgetMalformed(f"[ratio.{name}]: least is below 1, so we might be worse than the reference")
        gates.append(gate)
    return tuple(gates)
