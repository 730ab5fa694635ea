"""What is remembered of a municipality's orders between two documents, as the ingest table holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.drill import drill_words_in, is_live_status
from alerts.lifecycle import Accepted
from alerts.report import OutcomeKind, Report
from alerts.returned import Judged, OrderSaid, Verdict, from_plain, judge, orders_of, said_of, to_plain

# A municipality has a handful of orders open at a time; these are those of a bad month.
_KEPT = 50
# What was said, so that a return of it is recognised: also what waits for a person, and our own reports.
_SAID = frozenset({OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL, OutcomeKind.INFORMATIONAL})


@dataclass(frozen=True, slots=True)
class Orders:
    """The newest of each thread, and which threads were found to be another's return."""

    known: tuple[OrderSaid, ...] = ()
    aliases: Mapping[str, str] | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Orders":
        """Return what *stored* holds."""
        if not stored:
            return cls()
        return cls(tuple(from_plain(plain) for plain in stored.get("orders", ())), stored.get("aliases", {}))

    @property
    def plain(self) -> dict[str, Any]:
        """Return what the table keeps; nothing where there is nothing."""
        kept: dict[str, Any] = {"orders": [to_plain(said) for said in self.known], "aliases": dict(self.aliases or {})}
        return {name: value for name, value in kept.items() if value}

    def judge(self, report: Report) -> Judged:
        """Return what *report* is beside these. What is no live order is judged by its life cycle alone."""
        live = is_live_status(report.alert.status) and not report.hold and drill_words_in(report.alert) is None
        if not report.thread or not live or not orders_of(report):
            return Judged(Verdict.NEW, report.thread)
        return judge(self.known, self.aliases or {}, report, at=report.received)

    def with_report(self, report: Report, name: str, accepted: Accepted) -> "Orders":
        """Return these with what an accepted *report* ordered; it called its own thread *name*."""
        if accepted.outcome.kind not in _SAID or not report.thread or not orders_of(report):
            return self
        lineage = accepted.lineage or report.thread
        others = tuple(said for said in self.known if said.thread != report.thread)
        return Orders((*others, said_of(report, name, lineage))[-_KEPT:], self.aliases)

    def with_alias(self, report: Report, judged: Judged) -> "Orders":
        """Return these with *report*'s thread as another name of the one that it repeats."""
        if judged.verdict is not Verdict.RETURNED or judged.thread == report.thread:
            return self
        aliases = {**(self.aliases or {}), report.thread: judged.thread}
        return Orders(self.known, dict(list(aliases.items())[-_KEPT:]))
