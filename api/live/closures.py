"""The closures of a shard: what blocks a way, and what somebody only reported, each with its age.

Nobody's report is called a closure, and no report is left out because nobody confirmed it; one that the console has
answered since is. The free text of
a report is for coordinators; residents read the cause and the name of the place.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.fact import AGEING_AFTER, UNCONFIRMED_AFTER, Confidence, freshness
from alerts.place import LatLng, Shard
from alerts.road import RoadReport
from api.known.roads import RoadLine
from api.known.same_road import answered, is_answer
from api.live.body import Content
from api.live.facts import LiveFacts, shards_of
from feeds.resident import SOURCE as RESIDENTS
from feeds.resident import road_of

_DIGITS = 6


def closures_in(facts: LiveFacts, shard: Shard, at: datetime) -> Content:
    """Return what is known of roads in *shard* as GeoJSON; residents' reports of one road are one feature."""
    shown: list[RoadReport] = []
    crowd: dict[str, list[RoadReport]] = {}
    edges: list[datetime] = []
    # The console rejects a report by its own word on the place, which is another thing than the report.
    answers = tuple(word for words in facts.roads.values() for word in words.values() if is_answer(word))
    for name, where in sorted(facts.road_shards.items()):
        if shard not in where:
            continue
        words = facts.roads[name].values()
        edges += [edge for word in words for edge in (word.valid_from, word.valid_until) if edge is not None]
        for report in standing(words, at):
            if shard not in shards_of(report.place, facts.line_of):
                continue
            reported = report.attribution.confidence is Confidence.REPORTED
            if reported and answered(report, answers):
                continue
            edges += [report.attribution.fact_at + after for after in (AGEING_AFTER, UNCONFIRMED_AFTER)]
            if report.attribution.source == RESIDENTS:
                crowd.setdefault(road_of(report.id), []).append(report)
            else:
                shown.append(report)
    features = [_feature(report, 1, at, facts.line_of) for report in shown]
    for reports in crowd.values():
        newest = max(reports, key=lambda report: report.attribution.fact_at)
        features.append(_feature(newest, len(reports), at, facts.line_of))
    times = [report.attribution.fact_at for report in (*shown, *(one for many in crowd.values() for one in many))]
    return Content(
        {
            "type": "FeatureCollection",
            "shard": f"{shard:x}",
            "not_an_all_clear": True,
            "features": features,
        },
        max(times, default=None),
        min((edge for edge in edges if edge > at), default=None),
    )


def standing(words: Iterable[RoadReport], at: datetime) -> tuple[RoadReport, ...]:
    """Return what stands of *words* on one thing: the newest of those entitled, else what was reported since.

    The same rule as the planner's: a report that somebody entitled has answered since is answered.
    """
    known = tuple(words)
    entitled = [word for word in known if word.attribution.confidence is not Confidence.REPORTED]
    decided = min(
        entitled, key=lambda word: (-word.attribution.fact_at.timestamp(), word.attribution.source), default=None
    )
    found = [] if decided is None or decided.lifted or not _holds(decided, at) else [decided]
    for word in sorted(known, key=lambda word: word.attribution.source):
        if word.attribution.confidence is not Confidence.REPORTED or word.lifted or not _holds(word, at):
            continue
        if decided is None or decided.attribution.fact_at < word.attribution.fact_at:
            found.append(word)
    return tuple(found)


def _holds(report: RoadReport, at: datetime) -> bool:
    return report.valid_from <= at and (report.valid_until is None or at < report.valid_until)


def _feature(report: RoadReport, count: int, at: datetime, line_of: RoadLine) -> dict[str, Any]:
    said = report.attribution
    return {
        "type": "Feature",
        "id": report.id,
        "geometry": _geometry(report, line_of),
        "properties": {
            "status": "reported" if said.confidence is Confidence.REPORTED else "confirmed",
            "by_residents": said.source == RESIDENTS,
            "count": count,
            "reason": report.cause.value,
            "name": report.place.name,
            "valid_until": report.valid_until,
            "freshness": freshness(said, at=at).value,
            "fact_at": said.fact_at,
        },
    }


def _geometry(report: RoadReport, line_of: RoadLine) -> dict[str, Any] | None:
    place = report.place
    if len(place.polygon) > 3:
        return {"type": "Polygon", "coordinates": [_line(place.polygon)]}
    if len(place.line) > 1:
        return {"type": "LineString", "coordinates": _line(place.line)}
    roads = [line for road in place.road_ids if len(line := line_of(road)) > 1]
    if roads:
        return {"type": "MultiLineString", "coordinates": [_line(line) for line in roads]}
    if place.point is not None:
        return {"type": "Point", "coordinates": _line((place.point,))[0]}
    return None


def _line(points: Iterable[LatLng]) -> list[list[float]]:
    return [[round(point.lng, _DIGITS), round(point.lat, _DIGITS)] for point in points]
