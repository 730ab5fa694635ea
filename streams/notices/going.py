"""Notice 2, how it is going: what is worth telling of a river to people who know of the danger already.

Pure. A picture is told again when the water reached another level or moved by a marked step
(`alerts.river_stage.tells_more`), so that hours of restated forecasts are not hours of pushes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from alerts.cap import Severity
from alerts.claim import Danger, Provenance, Standing, Tie
from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.help_words import with_help
from alerts.level import Level
from alerts.notice import NoticePart, Phase, Picture, Recipients
from alerts.place import Cells, Shard
from alerts.river_stage import RiverStage, tells_more
from alerts.river_words import RiverFacts, compose_river
from alerts.shaking import intensity_of, rank
from alerts.wave import worst_wave
from geo.cells import difference, intersection, union
from geo.change import Told
from geo.depth import DepthRank, deepest, depth_text
from geo.help_lines import HelpLines


@dataclass(frozen=True, slots=True)
class Shown:
    """The cells of one picture, and what was said of the danger there."""

    picture: Picture
    level: Level | None
    severity: Severity
    area_names: tuple[str, ...]
    cells: Cells


def shown(current: Mapping[Shard, Standing]) -> tuple[Shown, ...]:
    """Return the pictures of what holds, disjoint in cells; where a zone says how deep, its word comes first."""
    found: dict[tuple[Picture, Level | None, Severity], tuple[set[str], list[int]]] = defaultdict(lambda: (set(), []))
    for standing in current.values():
        for danger in standing.dangers:
            picture = _drawn(danger)
            if picture is None:
                continue
            key = picture, danger.level, danger.severity
            names, cells = found[key]
            names.add(danger.area_name)
            cells += danger.cells
    taken: Cells = ()
    listed = []
    for (picture, level, severity), (names, cells) in sorted(found.items(), key=lambda one: _deepest_first(one[0])):
        left = difference(cells, taken)
        if left:
            listed.append(Shown(picture, level, severity, tuple(sorted(names)), left))
            taken = union(taken, left)
    return tuple(listed)


def _drawn(danger: Danger) -> Picture | None:
    """Return what is drawn of *danger*, None of one without a picture."""
    if danger.hazard is HazardKind.EARTHQUAKE:
        intensity = intensity_of((danger.event,))
        return None if intensity is None else Picture(intensity=intensity)
    if danger.wave is not None:
        return Picture(wave=danger.wave)
    if danger.stage is None or danger.tie is Tie.RIVER_ASSUMED:
        return None
    return Picture(danger.stage, danger.depth_rank)


def going(
    provenance: Provenance,
    current: Mapping[Shard, Standing],
    told: Told,
    last: Mapping[str, RiverStage],
    languages: Iterable[str],
    lines: HelpLines,
) -> tuple[NoticePart, ...]:
    """Return the parts of a notice 2, none where no river moved enough since the *last* that people were shown.

    A part is the people of one picture and of one help line of *lines*.

    Only people in cells that were *told* of the danger, and not those to whom another source told it.
    """
    if not told.parts:
        return ()
    within = difference(union(*(part.cells for part in told.parts)), told.silent)
    moved = [
        (one, here)
        for one in shown(current)
        if one.picture.river is not None
        and _moved(one.picture.river, last)
        and (here := intersection(one.cells, within))
    ]
    ladder = sorted({one.level or 0 for one, _ in moved}, reverse=True)
    return tuple(
        _part(provenance, one, inside, ladder.index(one.level or 0), tuple(languages), said)
        for one, here in sorted(moved, key=lambda pair: -(pair[0].level or 0))
        for inside, said in lines.split(here)
    )


def picture_at(pictures: Iterable[Shown], cells: Cells) -> Picture | None:
    """Return what people of *cells* may be shown together; the depth only where it is known in all of them."""
    here = [(one, common) for one in pictures if (common := intersection(one.cells, cells))]
    if not here:
        return None
    left = difference(cells, union(*(common for _, common in here)))
    first = here[0][0].picture
    if first.intensity is not None:
        return first  # the strongest: nobody reads less than where she is
    if first.wave is not None:
        return Picture(wave=worst_wave(one.picture.wave for one, _ in here if one.picture.wave is not None))
    ranks = [_rank(one.picture) for one, _ in here]
    return Picture(here[0][0].picture.river, None if left else deepest(ranks))


def _rank(picture: Picture) -> DepthRank | None:
    return None if picture.depth_rank is None else DepthRank(picture.depth_rank)


def _moved(now: RiverStage, last: Mapping[str, RiverStage]) -> bool:
    before = last.get(now.station)
    return before is None or tells_more(before, now)


def _part(
    provenance: Provenance,
    one: Shown,
    cells: Cells,
    rank: int,
    languages: tuple[str, ...],
    lines: tuple[HelpLine, ...],
) -> NoticePart:
    depth, river = _rank(one.picture), one.picture.river
    assert river is not None
    texts = (
        compose_river(
            RiverFacts(
                level=one.level,
                stage=river,
                issuer=provenance.issuer,
                expires=provenance.expires,
                depth="" if depth is None else depth_text(depth, language),
            ),
            language,
        )
        for language in languages
    )
    return NoticePart(
        rank=rank,
        phase=Phase.CHANGED,
        recipients=Recipients.CELLS,
        level=one.level,
        severity=one.severity,
        hazards=(HazardKind.FLOOD,),
        area_names=one.area_names,
        cells=cells,
        texts=tuple(with_help(text, lines) for text in texts),
        picture=one.picture,
        help_lines=lines,
    )


def _deepest_first(key: tuple[Picture, Level | None, Severity]) -> tuple[object, ...]:
    picture, level, _ = key
    shaken = 0 if picture.intensity is None else rank(picture.intensity)
    station = "" if picture.river is None else f"{picture.river.station} {picture.river.now.at.timestamp():.0f}"
    return -(picture.depth_rank or 0), -(level or 0), -shaken, station, str(picture.wave)


def stations_shown(parts: Iterable[NoticePart]) -> Iterator[RiverStage]:
    """Yield the rivers of which *parts* show a picture."""
    for part in parts:
        if part.picture is not None and part.picture.river is not None:
            yield part.picture.river
