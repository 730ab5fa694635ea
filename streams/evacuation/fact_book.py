"""Facts as they hold now: one source's newest word on each thing, and what follows for the network.

Only what is confirmed or official closes a road or a shelter; a report alone is kept to be shown with
its age. Of several sources that stand behind something the newest word counts.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from alerts.fact import Confidence, Heartbeat
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport, ShelterState
from feeds.console import SOURCE as CONSOLE
from routing.assignment import WardLimits
from routing.closure import NotConfirmed, RoadClosure, close
from routing.network import RoadNetwork
from routing.planner import Reported
from routing.shelter import Shelter
from routing.snap import Snapper
from streams.ingest.facts import fact_key

Word = TypeVar("Word", RoadReport, ShelterReport, WardCap)

# A site that no list has is offered only when a way leads to it: its entrance is on the network.
_FURTHEST_ENTRANCE_M = 300.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one road report does: the closure that it makes, or why it makes none."""

    report: RoadReport
    closure: RoadClosure | None
    reason: str
    roads: tuple[str, ...]


class FactBook:
    """The newest words, by thing and source."""

    def __init__(self, network: RoadNetwork, sites: Iterable[Shelter]) -> None:
        self._network = network
        self._snapper = Snapper(network)
        self._sites = {site.id: site for site in sites}
        self._roads: dict[str, dict[str, RoadReport]] = {}
        self._roads_of: dict[bytes, tuple[RoadReport, tuple[str, ...]]] = {}
        self._shelters: dict[str, dict[str, ShelterReport]] = {}
        self._caps: dict[str, dict[str, WardCap]] = {}
        self._beats: dict[str, Heartbeat] = {}

    def hear_road(self, report: RoadReport) -> bool:
        """Take in a word on a road; return whether it is news."""
        return _newer(self._roads.setdefault(report.id, {}), report)

    def hear_shelter(self, report: ShelterReport) -> bool:
        """Take in a word on a shelter; return whether it is news."""
        return _newer(self._shelters.setdefault(report.id, {}), report)

    def hear_cap(self, cap: WardCap) -> bool:
        """Take in a ward's word on how many it takes from another; return whether it is news."""
        return _newer(self._caps.setdefault(cap.id, {}), cap)

    def limits(self) -> WardLimits:
        """Return what wards take from one another, as each line was spoken of last."""
        newest = (max(words.values(), key=lambda cap: cap.attribution.fact_at) for words in self._caps.values())
        return tuple(sorted((cap.from_ward, cap.to_ward, cap.most) for cap in newest if not cap.lifted))

    def supposing(self, report: RoadReport) -> "FactBook":
        """Return the facts as they would be with *report*, which nobody has said yet."""
        other = copy(self)
        other._roads = {**self._roads, report.id: dict(self._roads.get(report.id, {}))}
        other._roads_of = dict(self._roads_of)
        other.hear_road(report)
        return other

    def hear_heartbeat(self, beat: Heartbeat) -> None:
        """Take in that a source of closures was heard."""
        known = self._beats.get(beat.source)
        if known is None or known.received_at < beat.received_at:
            self._beats[beat.source] = beat

    def facts_at(self, at: datetime) -> datetime:
        """Return up to when every source of closures was heard, at most *at*.

        The console is not counted: a person posts when there is something, and no news from her is calm.
        With no other source there is nothing whose silence could be noticed, and *at* holds.
        """
        beats = [beat.received_at for source, beat in self._beats.items() if source != CONSOLE]
        return min([*beats, at])

    def verdict(self, report: RoadReport) -> Verdict:
        """Return what *report* does on this network."""
        roads = self._on_network(report)
        closed = close(report, roads)
        if isinstance(closed, RoadClosure):
            return Verdict(report, closed, "blocks", roads)
        if closed is NotConfirmed.LIFTED:
            return Verdict(report, None, "undone" if report.undo else "lifted", roads)
        return Verdict(report, None, closed.value, roads)

    def closures(self, at: datetime) -> tuple[RoadClosure, ...]:
        """Return the closures that hold at *at*, by id."""
        found = []
        for _, words in sorted(self._roads.items()):
            report = _decisive(words.values())
            closure = self.verdict(report).closure if report else None
            if closure is not None and closure.holds(at):
                found.append(closure)
        return tuple(found)

    def reported(self, at: datetime) -> tuple[Reported, ...]:
        """Return the reports that nobody has confirmed and that nobody entitled has answered since."""
        found = []
        for _, words in sorted(self._roads.items()):
            decided = _decisive(words.values())
            for _, report in sorted(words.items()):
                said = report.attribution
                answered = decided is not None and decided.attribution.fact_at >= said.fact_at
                over = report.valid_until is not None and report.valid_until <= at
                if said.confidence is not Confidence.REPORTED or report.lifted or answered or over:
                    continue
                roads = self._on_network(report)
                if roads:
                    found.append(Reported(report.id, frozenset(roads), said.fact_at))
        return tuple(found)

    def next_edge(self, at: datetime) -> datetime | None:
        """Return when the next closure begins or ends by itself after *at*."""
        reports = [report for words in self._roads.values() for report in words.values() if not report.lifted]
        edges = [report.valid_from for report in reports]
        edges += [report.valid_until for report in reports if report.valid_until is not None]
        return min((edge for edge in edges if edge > at), default=None)

    def shelters(self) -> tuple[Shelter, ...]:
        """Return all sites in the state that they were last said to be in, by id."""
        found = dict(self._sites)
        for name, words in self._shelters.items():
            site = found.get(name) or self._new_site(words.values())
            if site is not None:
                found[name] = _told(site, words.values())
        return tuple(found[name] for name in sorted(found))

    def names(self) -> Mapping[str, str]:
        """Return what people call each closure and each shelter, by id."""
        named = {site.id: site.name for site in self.shelters()}
        for name, words in self._roads.items():
            for report in sorted(words.values(), key=lambda report: report.attribution.fact_at):
                if report.place.name:
                    named[name] = report.place.name
        return named

    def _on_network(self, report: RoadReport) -> tuple[str, ...]:
        key = fact_key(report)
        known = self._roads_of.get(key)
        if known is None or known[0].place != report.place:
            known = self._roads_of[key] = report, self._snapper.snap(report.place).road_ids
        return known[1]

    def _new_site(self, words: Iterable[ShelterReport]) -> Shelter | None:
        for report in sorted(words, key=lambda report: report.attribution.fact_at, reverse=True):
            if report.point is None or report.fit_for is None:
                continue
            node, metres = self._network.nearest_node(report.point)
            if metres <= _FURTHEST_ENTRANCE_M:
                fit = frozenset(report.fit_for)
                return Shelter(report.id, report.name or report.id, report.point, node, fit, report.capacity)
        return None


def _newer(known: dict[str, Word], report: Word) -> bool:
    source = report.attribution.source
    before = known.get(source)
    if (before is not None and before.attribution.fact_at > report.attribution.fact_at) or before == report:
        return False
    known[source] = report
    return True


def _decisive(words: Iterable[RoadReport]) -> RoadReport | None:
    """Return the newest word of somebody entitled; on one moment the first source by name."""
    entitled = [word for word in words if word.attribution.confidence is not Confidence.REPORTED]
    return min(
        entitled, key=lambda word: (-word.attribution.fact_at.timestamp(), word.attribution.source), default=None
    )


def _told(site: Shelter, words: Iterable[ShelterReport]) -> Shelter:
    """Return *site* with what was said of it, oldest first; what nobody said stays as it was (R11)."""
    for report in sorted(words, key=lambda word: (word.attribution.fact_at, word.attribution.source)):
        if report.attribution.confidence is Confidence.REPORTED:
            continue
        silent = report.state is ShelterState.UNKNOWN
        site = replace(
            site,
            name=report.name or site.name,
            state=site.state if silent else report.state,
            state_at=site.state_at if silent else report.attribution.fact_at,
            site_class=report.site_class or site.site_class,
            step_free=site.step_free if report.step_free is None else report.step_free,
            capacity=site.capacity if report.capacity is None else report.capacity,
            occupants=site.occupants if report.occupants is None else report.occupants,
            accepts=report.accepts or site.accepts,
            agreed_wards=site.agreed_wards if report.agreed_wards is None else frozenset(report.agreed_wards),
            fit_for=site.fit_for if report.fit_for is None else frozenset(report.fit_for),
        )
    return site
