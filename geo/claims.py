"""One document becomes one claim per shard that it covers or used to cover."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from alerts.alert import GEOCODE_RIVER, PARAMETER_DECIDE_BY, Alert, AlertInfo, Area, Geocode
from alerts.cap import ResponseType
from alerts.claim import Claim, Danger, Lane, Provenance, Release, Tie
from alerts.hazard import HazardKind
from alerts.place import Cells, Shard
from alerts.report import Outcome, OutcomeKind, Report
from alerts.river_stage import RiverStage, worst_of
from alerts.theme import Audience
from geo.areas import AreaCover
from geo.cells import difference, intersection, split_by_shard, union
from geo.cover import DEFAULT_LIMITS, Bounds, Limits, cover
from geo.depth import DepthRank
from geo.river_zone import NO_ZONES, Endangered, RiverTie, RiverZones, cells_endangered

# A source that gives no end is not believed for ever, and not dropped within a night either. The end
# of a push, never of an order (R10): what holds without an end of its own is restated within a day.
DEFAULT_LIFE = timedelta(hours=24)


class Accepted(Protocol):
    """What the life cycle decided about a report."""

    @property
    def outcome(self) -> Outcome:
        """Return notice, update or cancel, with its reason."""

    @property
    def lineage(self) -> str:
        """Return the lineage that the report belongs to."""

    @property
    def revision(self) -> int:
        """Return its place in the lineage; it rises."""


class Areas(Protocol):
    """Where codes become cells."""

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        """Return the cells of *geocode*, None if unknown."""


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """The claims of one document, and the codes that no table knows (to be counted, not lost)."""

    claims: tuple[Claim, ...]
    shards: tuple[Shard, ...]  # those with a danger now: `previous_shards` of the next revision
    unknown_areas: tuple[Geocode, ...]


def claims_of(
    report: Report,
    accepted: Accepted,
    table: Areas,
    release: Release,
    lane: Lane,
    previous_shards: Iterable[Shard] = (),
    *,
    limits: Limits = DEFAULT_LIMITS,
    expected: Bounds | None = None,
    rivers: RiverZones = NO_ZONES,
    audience: Audience = Audience.PUBLIC,
) -> ClaimSet:
    """Return what *report* says, shard by shard.

    What it says of a river is said of the municipalities that it names and of the ground that the
    river endangers (*rivers*): both are kept, each with its tie.

    A shard of *previous_shards* that the report no longer covers gets a claim without dangers: the
    withdrawal. A cancel withdraws everywhere; an info that says AllClear states no danger. Each claim
    states how many there are in all.

    Raises ShapeError for a shape that is no place: the whole document is refused then, because a
    notice for a part of its area would look complete.
    """
    previous = set(previous_shards)
    dangers: list[Danger] = []
    unknown: dict[Geocode, None] = {}
    if accepted.outcome.kind is not OutcomeKind.CANCEL:
        for info in told_infos(report.alert):
            if ResponseType.ALL_CLEAR in info.response_types:
                continue  # it names the area where the danger is over (CAP 1.2, 3.2.2), not a danger
            for area in info.areas:
                found, missing = _dangers(info, area, table, limits, expected)
                dangers += found
                unknown.update(dict.fromkeys(missing))
            dangers += _of_rivers(info, rivers)
    by_shard: dict[Shard, list[Danger]] = {}
    for danger in dangers:
        partial = split_by_shard(danger.partial) if danger.partial else {}
        for shard, cells in split_by_shard(danger.cells).items():
            by_shard.setdefault(shard, []).append(replace(danger, cells=cells, partial=partial.get(shard, ())))
    provenance = _provenance(report, accepted, release, lane, audience)
    every = sorted(previous | set(by_shard))
    claims = tuple(Claim(provenance, shard, len(every), tuple(by_shard.get(shard, ()))) for shard in every)
    return ClaimSet(claims, tuple(sorted(by_shard)), tuple(unknown))


def told_infos(alert: Alert) -> tuple[AlertInfo, ...]:
    """Return the infos that state dangers, each event in one language.

    CAP repeats an event once per language; counted each time it would be told several times.
    Japanese if there is any, else English, else the language of the first info.
    """
    languages = [info.language.lower()[:2] for info in alert.infos]
    chosen = next((language for language in ("ja", "en") if language in languages), languages[0] if languages else "")
    return tuple(info for info, language in zip(alert.infos, languages, strict=True) if language == chosen)


def expires_at(alert: Alert) -> datetime:
    """Return when the last danger of *alert* ends.

    The latest of its infos: a document that names a short and a long danger holds until the long one
    is over. An info without an end counts as the house's 24 hours after the document was sent.
    """
    ends = [info.expires or alert.sent + DEFAULT_LIFE for info in told_infos(alert)]
    return max(ends, default=alert.sent + DEFAULT_LIFE)


def _dangers(
    info: AlertInfo, area: Area, table: Areas, limits: Limits, expected: Bounds | None
) -> tuple[list[Danger], list[Geocode]]:
    """Return the dangers of one info in one area, and the codes that nobody knows."""
    covers: list[AreaCover] = []
    missing: list[Geocode] = []
    for geocode in area.geocodes:
        found = table.lookup(geocode)
        if found is None:
            missing.append(geocode)
        else:
            covers.append(found)
    if area.polygons or area.circles:
        covers.append(AreaCover("", "", cover(area.polygons, area.circles, limits=limits, expected=expected)))
    if not covers:
        return [], missing
    cells, partial = _together(covers)
    name = area.description or "、".join(found.name for found in covers if found.name)
    return [
        Danger(
            hazard=info.hazard,
            level=info.level,
            severity=info.severity,
            urgency=info.urgency,
            certainty=info.certainty,
            event=info.event,
            area_name=name,
            area_code=" ".join(found.code for found in covers if found.code),
            cells=cells,
            partial=partial,
            onset=info.onset,
            headline=info.headline,
            instruction=info.instruction,
            evacuate=ResponseType.EVACUATE in info.response_types,
            stage=stage_for(info.stages, (code.value for code in area.geocodes)),
            wave=info.wave,
        )
    ], missing


def stage_for(stages: Iterable[RiverStage], places: Iterable[str]) -> RiverStage | None:
    """Return the worst station that stands for one of *places*, else the worst of all: never a calmer one."""
    listed, wanted = tuple(stages), set(places)
    return worst_of(one for one in listed if wanted & set(one.places)) or worst_of(listed)


def _of_rivers(info: AlertInfo, rivers: RiverZones) -> list[Danger]:
    """Return the danger of a flood forecast on the ground that its rivers endanger."""
    if info.hazard is not HazardKind.FLOOD:
        return []
    found = []
    for code in dict.fromkeys(code.value for code in info.event_codes if code.value_name == GEOCODE_RIVER):
        endangered = cells_endangered(rivers, code)
        if not endangered.cells:
            continue
        tie = Tie.RIVER_ZONE if endangered.tie is RiverTie.TABLE else Tie.RIVER_ASSUMED
        found += [
            Danger(
                hazard=info.hazard,
                level=info.level,
                severity=info.severity,
                urgency=info.urgency,
                certainty=info.certainty,
                event=info.event,
                area_name=f"{endangered.name or '川'}の浸水想定区域",
                area_code=code,
                cells=cells,
                onset=info.onset,
                headline=info.headline,
                instruction=info.instruction,
                tie=tie,
                stage=worst_of(info.stages),
                depth_rank=depth,
            )
            for depth, cells in by_depth(endangered)
        ]
    return found


def by_depth(endangered: Endangered) -> Iterator[tuple[int | None, Cells]]:
    """Yield the endangered cells by how deep the water may stand there, disjoint.

    A cell of several zones stands as deep as the deepest of them; where one does not say, it is not known.
    """
    left = endangered.cells
    # What is not known first: it overrides any depth that another zone gives.
    for depth in (None, *sorted(DepthRank, reverse=True)):
        zones = [zone.cells for zone in endangered.zones if zone.depth is depth]
        here = intersection(left, union(*zones)) if zones else ()
        if here:
            yield depth, here
            left = difference(left, here)
    if left:
        yield None, left


def _together(covers: list[AreaCover]) -> tuple[Cells, Cells]:
    """Return cells and partial cells of one CAP area, which is the union of all it names."""
    if len(covers) == 1:
        return covers[0].cells, covers[0].partial
    cells = union(*(found.cells for found in covers))
    whole = union(*(difference(found.cells, found.partial) for found in covers))
    return cells, difference(cells, whole)


def _provenance(report: Report, accepted: Accepted, release: Release, lane: Lane, audience: Audience) -> Provenance:
    alert = report.alert
    return Provenance(
        document=report.document,
        lineage=accepted.lineage,
        revision=accepted.revision,
        feed=report.feed,
        kind=report.kind,
        issuer=next((info.sender_name for info in alert.infos if info.sender_name), alert.sender_name or alert.sender),
        sent=alert.sent,
        received=report.received,
        expires=expires_at(alert),
        release=release,
        lane=lane,
        outcome=accepted.outcome.kind.value,
        source_ref=f"{alert.sender},{alert.identifier},{alert.sent_text or alert.sent.isoformat()}",
        audience=audience,
        decide_by=decide_by_of(alert),
    )


def decide_by_of(alert: Alert) -> datetime | None:
    """Return until when the draft of *alert* is to be decided: the earliest that it names, None for none."""
    named = (one.value for info in alert.infos for one in info.parameters if one.value_name == PARAMETER_DECIDE_BY)
    times = [at for at in map(_instant, named) if at is not None]
    return min(times, default=None)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
