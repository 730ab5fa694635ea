"""What each word on a road, shelter or line led to: said once, also by a worker that goes on after a crash."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.place import Cell
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from streams.evacuation.fact_book import FactBook
from streams.evacuation.ways_told import WaysTold
from streams.payloads import FactEffect

News = RoadReport | ShelterReport | WardCap


class FactEffects:
    """Which facts have been acted on, and what is to be said of those that are new."""

    def __init__(self, people: Mapping[Cell, int], facts: FactBook, told: WaysTold) -> None:
        self._people = people
        self._facts = facts
        self._told = told
        self._acted: dict[bytes, datetime] = {}

    def recall(self, effect: FactEffect) -> None:
        """Take back that a fact has been acted on: its effect is not counted a second time."""
        self._acted[effect.fact.encode()] = effect.fact_at

    def of(self, news: Mapping[bytes, News], moved: Mapping[str, set[Cell]], at: datetime) -> Iterator[FactEffect]:
        """Yield the effect of each of *news* by its key, with the cells that were *moved* because of it."""
        for key, report in sorted(news.items()):
            if self._acted.get(key) == report.attribution.fact_at:
                continue
            cells = moved.get(report.id, set()) | self._moved_before(report)
            self._acted[key] = report.attribution.fact_at
            verdict = self._facts.verdict(report) if isinstance(report, RoadReport) else None
            yield FactEffect(
                fact=key.decode(),
                fact_at=report.attribution.fact_at,
                acted_at=at,
                reason=verdict.reason if verdict else _reason(report),
                roads=verdict.roads if verdict else (),
                moved=len(cells),
                people=sum(self._people.get(cell, 0) for cell in cells),
            )

    def _moved_before(self, report: News) -> set[Cell]:
        """Return whom *report* moved by drafts that are out, where a crash came before its effect was."""
        spoken_of = any(key.rpartition(b"|")[0] == report.id.encode() for key in self._acted)
        if spoken_of and not report.undo:
            return set()  # what was told because of it was counted with an earlier word
        told = (self._told.told_because(ways, report.id, restored=report.undo) for ways in self._told.lineages())
        return set().union(*told)


def _reason(report: News) -> str:
    if isinstance(report, ShelterReport):
        return f"shelter-{report.state.value}"
    return "lifted" if isinstance(report, WardCap) and report.lifted else "caps"
